"""`qingdan ledger decide`, `history` and `diff`: the office's record of decisions and versions (`addin.office.ledger`)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import Field

from addin.office import ledger
from addin.office.ledger import Ledger, Version
from addin.office.record import compare, result_of
from addin.office.results import Document, Part, Result
from addin.problems import Stop
from addin.reading import ruleset_store
from addin.reading.inbox import LEDGER
from validators.columns import ROOTS, SHEETS
from validators.decisions import (
    CONFLICTS,
    EXCLUSION,
    FIELD_NAMES,
    GRADE,
    HOLDS,
    WAIVER,
    Decision,
    Wrong,
    checked,
    standing,
)
from validators.findings import Json
from validators.rule import value_text
from validators.ruleset import RuleSet, default, newest
from validators.versions import Change


class Slip(Stop):
    """A decision that cannot be taken; `fields` are those to put right."""

    def __init__(self, message: str, fields: tuple[str, ...]) -> None:
        super().__init__(message)
        self.fields = fields


_LISTED = 200
"""Changes that are listed for people; the JSON has all."""
_MOST_CONFLICTS, _SHOWN_OF_HASH, _FEWEST_OF_HASH = 10, 12, 8
"""Conflicts that a refusal lists, characters of a hash in it, and how many of them say which one is meant."""


def record_decision(place: Path, year: int, decision: Decision, *, who: str = "") -> Decision:
    """Put a decision on record beside the city workbooks of a folder; returns the record. Raises `Stop`.

    What was seen is filled in: the county's file of the last version for an exclusion, else the city workbook. What it
    is about must stand in that version; of a conflict the side may be said as 甲 or 乙, as the sheet 冲突清单 has it.
    """
    if not place.exists():
        raise Stop(f"“{place}”不存在。请指定全市汇总，或它所在的文件夹。")
    rules = ruleset_store.rules_of(str(year))
    with ledger.opened(place, writing=True) as record:
        assert record is not None  # noqa: S101 - for the type checker
        last = ledger.latest(record.versions(), year)
        result = result_of(record, last) if last else None
        if decision.kind == HOLDS and decision.rule in CONFLICTS and decision.key and decision.value:
            decision = about_conflict(decision, (result or {}).get("conflicts", []), rules)
        try:
            one = checked(decision, rules)
        except Wrong as error:
            raise Slip(f"没有记下：{error}。", error.fields) from error
        known = record.decisions(year)
        if one.replaces and one.replaces not in {other.id for other in standing(known)}:
            raise Stop(f"没有记下：第 {one.replaces} 号决定不在有效的决定之中。用 qingdan ledger history 可以查看。")
        if last and one.kind in (WAIVER, GRADE) and one.key:
            check_is_there(one, record, last, result)
        if one.kind == EXCLUSION:
            seen = last.said["contents"].get(one.county, "").partition("+")[0] if last else ""
        else:
            workbook = place if place.is_file() else place / last.workbook if last else place
            seen = ledger.hash_of(workbook)
        return record.add(year, Decision(**{**_fields(one), "seen": seen}), who=who)


def check_is_there(one: Decision, record: Ledger, last: Version, result: Json | None) -> None:
    """Raise `Slip` where the last version has nothing of what a waiver or a grade names."""
    rows = any(_is_there(one, record, code, content) for code, content in last.said["contents"].items())
    found = one.kind == WAIVER and any(one.key in (f["key"], f["file"]) for f in (result or {}).get("findings", ()))
    if not rows and not found:
        what = "清单编号或生产线编码，也没有问题是关于它的" if one.kind == WAIVER else "清单编号"
        raise Slip(f"没有记下：第 {last.id} 版汇总里没有“{one.key}”这个{what}。请对照《问题清单》核对。", ("key",))


def _is_there(one: Decision, record: Ledger, county: str, content: str) -> bool:
    """Whether a county's rows, which are kept under `content`, have what a decision names."""
    if not one.key.startswith(county):
        return False
    sheets = record.kept(content)
    return any(
        row[at] == one.key
        for key, kept in sheets.items()
        if one.kind == WAIVER or key == ROOTS["inventory"]
        for at, field in enumerate(kept["fields"])
        if field in ("list_id", "line_id")
        for row in kept["rows"]
    )


def about_conflict(one: Decision, conflicts: Sequence[Json], rules: RuleSet) -> Decision:
    """The decision with the key of a conflict and the value of one of its sides. Raises `Slip`."""
    code = _county(one.key, rules)
    own = [other for other in conflicts if other["rule"] == one.rule and other["key"] in (one.key, code)]
    if not own:
        listed = "；".join(map(_conflict_said, conflicts[:_MOST_CONFLICTS])) or "没有"
        more = f"等 {len(conflicts)} 处" if len(conflicts) > _MOST_CONFLICTS else ""
        raise Slip(
            f"没有记下：{one.rule} 里没有对象是“{one.key}”的冲突。最近一次汇总的冲突：{listed}{more}。", ("rule", "key")
        )
    of_side = {side: {other["sides"][at] for other in own} for at, side in enumerate("甲乙")}
    values = dict.fromkeys(value for other in own for value in other["sides"])
    meant, start = _county(one.value, rules), one.value.lower()
    begun = one.rule == "HZ03" and len(start) >= _FEWEST_OF_HASH
    chosen = list(of_side.get(one.value) or (v for v in values if v == meant or (begun and v.startswith(start))))
    if len(chosen) != 1:
        sides = "；".join(map(_conflict_said, own))
        raise Slip(f"没有记下：“{one.value}”说不清以哪一个为准。请写甲或乙，或写它的取值：{sides}。", ("value",))
    return replace(one, key=own[0]["key"], value=chosen[0])


def _county(text: str, rules: RuleSet) -> str:
    """The code of the county that a text names by its code or name, of today or before; else the text."""
    name = rules.division_aliases.get(text, text)
    named = [code for code, own in rules.submitting.items() if own == name]
    return named[0] if named else rules.divisions.get(text, {}).get("code", text)


def _conflict_said(one: Json) -> str:
    """A conflict with what may be decided: both sides, and how each is written as a value."""
    sides = "，".join(
        f"{side} {name}（取值 {value[:_SHOWN_OF_HASH]}）"
        for side, name, value in zip("甲乙", one["names"], one["sides"], strict=True)
    )
    return f"{one['rule']} 对象 {one['key']}：{sides}"


def _fields(one: Decision) -> Json:
    return {name: getattr(one, name) for name in Decision.__dataclass_fields__}


class DecisionKept(Result):
    """A decision that was put on record."""

    decision: Json
    said: str = Field(exclude=True)

    def lines(self) -> Iterator[str]:
        """Its number, and when it takes effect."""
        yield f"已记入台账，第 {self.decision['id']} 号：{self.said}。下次汇总时照办；豁免在导出时即生效。"

    def to_json(self) -> Document:
        """The decision."""
        return self.decision


def decide(place: Path, decision: Decision, *, year: int | None = None, who: str = "") -> DecisionKept:
    """Put a decision on record (of a year, default: that of the last version). Raises `Stop`."""
    made = record_decision(place, year or _year(place), decision, who=who)
    return DecisionKept(decision=made.to_json(), said=said(made))


def _year(place: Path) -> int:
    """The year of the last version on record, else of the newest rule set."""
    with ledger.opened(place) as record:
        versions = record.versions() if record else []
    return versions[-1].year if versions else default().year


def said(one: Decision) -> str:
    """A decision in one line."""
    fields = ((name, getattr(one, field)) for field, name in FIELD_NAMES.items() if field != "kind")
    return f"{one.kind}　" + "，".join(f"{name} {value_text(value)}" for name, value in fields if value)


class History(Result):
    """What is on record."""

    versions: list[Json]
    decisions: list[Json]
    made: list[ledger.Version] = Field(exclude=True)
    taken: list[tuple[Decision, bool]] = Field(exclude=True)
    """Each decision, and whether it holds."""

    def lines(self) -> Iterator[str]:
        """A line for each version and each decision."""
        for version in self.made:
            taken = sum(file["status"] == "采用" for file in version.said["files"])
            total = version.said["counts"]
            yield (
                f"第 {version.id} 版  {version.at}  {version.who}  {version.year}年{version.round}  {version.workbook}："
                f"采用 {taken} 份，错误 {total['ERROR'] + total['BLOCKER']}，提醒 {total['WARNING']}（{version.digest[:12]}）"
            )
        for one, holds in self.taken:
            yield f"第 {one.id} 号决定  {one.at}  {one.who}  {said(one)}{'' if holds else '（已被取代或撤销）'}"


def history(place: Path) -> History:
    """All versions and decisions of a place. Raises `Stop`."""
    with ledger.opened(place) as record:
        if record is None:
            raise Stop(f"“{place}”旁边没有台账“{LEDGER}”。汇总一次就会建立。")
        versions = record.versions()
        decisions = [(year, one) for year in sorted({one.year for one in versions}) for one in record.decisions(year)]
    held = {one.id for one in standing(one for _, one in decisions)}
    return History(
        versions=[
            {"version": v.id, "at": v.at, "who": v.who, "workbook": v.workbook, "digest": v.digest, **v.said}
            for v in versions
        ],
        decisions=[{**one.to_json(), "year": year, "holds": one.id in held} for year, one in decisions],
        made=versions,
        taken=[(one, one.id in held) for _, one in decisions],
    )


class VersionsCompared(Part):
    """One change between two versions."""

    change: str
    county: str
    sheet: str
    key: str | None
    name: str | None
    header: str | None
    before: Any
    after: Any


class Changes(Result):
    """What changed between two versions."""

    before: int
    after: int
    changes: list[VersionsCompared]

    @property
    def code(self) -> int:
        """1 where something changed."""
        return 1 if self.changes else 0

    def lines(self) -> Iterator[str]:
        """A line for each change."""
        for one in islice(self.changes, _LISTED):
            cell = f"{one.header}：{value_text(one.before)} → {value_text(one.after)}" if one.header else ""
            yield f"{one.change}  {one.county}  《{one.sheet}》 {one.key} {one.name or ''}  {cell}".rstrip()
        if len(self.changes) > _LISTED:
            yield f"还有 {len(self.changes) - _LISTED} 处；加 --json 可得全部。"
        number = f"{len(self.changes)} 处差别" if self.changes else "没有差别"
        yield f"第 {self.before} 版与第 {self.after} 版：{number}。"


def changes(place: Path, before: int, after: int) -> list[tuple[str, Change]]:
    """What changed between two versions on record, each with the name of the county. Raises `Stop`."""
    with ledger.opened(place) as record:
        known = {one.id: one for one in record.versions()} if record else {}
        missing = [str(number) for number in (before, after) if number not in known]
        if record is None or missing:
            raise Stop(f"台账里没有第 {'、'.join(missing)} 版。用 qingdan ledger history 可以查看有哪些版。")
        return compare(record, known[before], known[after], newest(str(known[after].year)))


def diff(place: Path, before: int, after: int) -> Changes:
    """What changed between two versions on record. Raises `Stop`."""
    return Changes(before=before, after=after, changes=[_changed(*one) for one in changes(place, before, after)])


def _changed(county: str, one: Change) -> VersionsCompared:
    sheet = SHEETS[one.sheet]
    return VersionsCompared(
        change=one.kind,
        county=county,
        sheet=sheet.title,
        key=one.key,
        name=one.name,
        header=sheet[one.field].header if one.field else None,
        before=one.before,
        after=one.after,
    )
