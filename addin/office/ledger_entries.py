"""`qingdan ledger decide`, `history` and `diff`: the office's record of decisions and versions (`addin.office.ledger`)."""

from itertools import islice
from pathlib import Path

from addin.cli.arguments import day, rules_of, whole
from addin.cli.terminal import document, say
from addin.office import ledger
from addin.office.consolidation import compare
from addin.problems import Stop
from validators.columns import SHEETS
from validators.decisions import EXCLUSION, FIELD_NAMES, Decision, checked, standing
from validators.findings import Json
from validators.rule import value_text
from validators.ruleset import default, newest
from validators.versions import Change

LISTED = 200
"""Changes that are listed for people; the JSON has all."""


def record_decision(place: Path, year: int, decision: Decision, *, who: str = "") -> Decision:
    """Put a decision on record beside the city workbooks of a folder; returns the record. Raises `Stop`.

    What was seen is filled in: the county's file of the last version for an exclusion, else the city workbook.
    """
    if not place.exists():
        raise Stop(f"“{place}”不存在。请指定全市汇总，或它所在的文件夹。")
    rules = rules_of(str(year))
    try:
        one = checked(decision, rules)
    except ValueError as error:
        raise Stop(f"没有记下：{error}。") from error
    with ledger.opened(place, writing=True) as record:
        assert record is not None  # noqa: S101 - for the type checker
        known = record.decisions(year)
        if one.replaces and one.replaces not in {other.id for other in standing(known)}:
            raise Stop(f"没有记下：第 {one.replaces} 号决定不在有效的决定之中。用 qingdan ledger history 可以查看。")
        last = ledger.latest(record.versions(), year)
        if one.kind == EXCLUSION:
            seen = last.said["contents"].get(one.county, "").partition("+")[0] if last else ""
        else:
            workbook = place if place.is_file() else place / last.workbook if last else place
            seen = ledger.hash_of(workbook)
        return record.add(year, Decision(**{**_fields(one), "seen": seen}), who=who)


def _fields(one: Decision) -> Json:
    return {name: getattr(one, name) for name in Decision.__dataclass_fields__}


def decide(
    place: str,
    *,
    kind: str,
    rule: str,
    county: str,
    key: str,
    value: str,
    reason: str,
    approver: str,
    document_: str,
    until: str | None,
    replaces: str,
    who: str,
    year: str | None,
    as_json: bool,
) -> int:
    """Put a decision on record and say its number; returns the exit code."""
    own = Decision(
        kind, rule, county, key, value, reason, approver, document_, day("--until", until),
        whole("--revoke", replaces, 0, 10**9),
    )  # fmt: skip
    made = record_decision(Path(place), _year(Path(place), year), own, who=who)
    if as_json:
        document(made.to_json())
    else:
        say(f"已记入台账，第 {made.id} 号：{said(made)}。下次汇总时照办；豁免在导出时即生效。")
    return 0


def _year(place: Path, year: str | None) -> int:
    """The year that was given, else that of the last version on record, else of the newest rule set."""
    if year is not None:
        return rules_of(year).year
    with ledger.opened(place) as record:
        versions = record.versions() if record else []
    return versions[-1].year if versions else default().year


def said(one: Decision) -> str:
    """A decision in one line."""
    fields = ((name, getattr(one, field)) for field, name in FIELD_NAMES.items() if field != "kind")
    return f"{one.kind}　" + "，".join(f"{name} {value_text(value)}" for name, value in fields if value)


def history(place: str, *, as_json: bool) -> int:
    """List versions and decisions; returns the exit code."""
    with ledger.opened(Path(place)) as record:
        if record is None:
            raise Stop(f"“{place}”旁边没有台账“{ledger.NAME}”。汇总一次就会建立。")
        versions = record.versions()
        decisions = [(year, one) for year in sorted({one.year for one in versions}) for one in record.decisions(year)]
    held = {one.id for one in standing(one for _, one in decisions)}
    if as_json:
        document(
            {
                "versions": [
                    {"version": v.id, "at": v.at, "who": v.who, "workbook": v.workbook, "digest": v.digest, **v.said}
                    for v in versions
                ],
                "decisions": [{**one.to_json(), "year": year, "holds": one.id in held} for year, one in decisions],
            }
        )
        return 0
    for version in versions:
        taken = sum(file["status"] == "采用" for file in version.said["files"])
        total = version.said["counts"]
        say(
            f"第 {version.id} 版  {version.at}  {version.who}  {version.year}年{version.round}  {version.workbook}："
            f"采用 {taken} 份，错误 {total['ERROR'] + total['BLOCKER']}，提醒 {total['WARNING']}（{version.digest[:12]}）"
        )
    for _, one in decisions:
        state = "" if one.id in held else "（已被取代或撤销）"
        say(f"第 {one.id} 号决定  {one.at}  {one.who}  {said(one)}{state}")
    return 0


def changes(place: Path, before: int, after: int) -> list[tuple[str, Change]]:
    """What changed between two versions on record, each with the name of the county. Raises `Stop`."""
    with ledger.opened(place) as record:
        known = {one.id: one for one in record.versions()} if record else {}
        missing = [str(number) for number in (before, after) if number not in known]
        if record is None or missing:
            raise Stop(f"台账里没有第 {'、'.join(missing)} 版。用 qingdan ledger history 可以查看有哪些版。")
        return compare(record, known[before], known[after], newest(str(known[after].year)))


def diff(before: str, after: str, *, place: str, as_json: bool) -> int:
    """List what changed between two versions; returns the exit code."""
    found = changes(Path(place), whole("版号", before, 1, 10**9), whole("版号", after, 1, 10**9))
    if as_json:
        document({"before": int(before), "after": int(after), "changes": [_json(*one) for one in found]})
    else:
        for county, one in islice(found, LISTED):
            sheet = SHEETS[one.sheet]
            cell = f"{sheet[one.field].header}：{value_text(one.before)} → {value_text(one.after)}" if one.field else ""
            say(f"{one.kind}  {county}  《{sheet.title}》 {one.key} {one.name or ''}  {cell}".rstrip())
        if len(found) > LISTED:
            say(f"还有 {len(found) - LISTED} 处；加 --json 可得全部。")
        say(f"第 {before} 版与第 {after} 版：{f'{len(found)} 处差别' if found else '没有差别'}。")
    return 1 if found else 0


def _json(county: str, one: Change) -> Json:
    sheet = SHEETS[one.sheet]
    return {
        "change": one.kind, "county": county, "sheet": sheet.title, "key": one.key, "name": one.name,
        "header": sheet[one.field].header if one.field else None, "before": one.before, "after": one.after,
    }  # fmt: skip
