"""What the page knows of the city: the counties, what was decided, the versions, and whether they are still up to date."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from addin.office import ledger
from addin.office.ledger_entries import Slip, changes, record_decision
from addin.office.record import result_of
from addin.office.returning import OLD, OURS
from addin.problems import Stop
from addin.reading.inbox import inbox
from addin.reading.ruleset_store import rules_of
from validators.columns import SHEETS
from validators.decisions import DECISION_KINDS, FIELD_NAMES, Wrong, parsed, standing
from validators.findings import Json
from validators.rule import all_rules, page, value_text

_MOST_CHANGES = 500
"""Changes between two versions that the page lists."""


def city_view(inbox_at: Path, results: Path, version: int | None = None) -> Json:
    """The last consolidation on record in the folder of results, or the one of that number; None parts where there is none.

    `board` has a county a row, `late` the text to copy, `stale` why it should be consolidated again.
    """
    with ledger.opened(results) as record:
        if record is None or not (versions := record.versions()):
            rules = rules_of(None)
            return {
                "version": None,
                "versions": [],
                "decisions": [],
                "fields": FIELD_NAMES,
                "kinds": DECISION_KINDS,
                "counties": rules.submitting,
            }
        shown = next((one for one in versions if one.id == version), versions[-1])
        found = result_of(record, shown) or {}
        decisions = record.decisions(shown.year)
        written = any(record.has(f"workbook:{ledger.hash_of(results / name)}") for name in [versions[-1].workbook])
    taken = {one["id"] for one in versions[-1].said["decisions"]}
    held = {one.id for one in standing(decisions)}
    workbook = results / versions[-1].workbook
    rules = rules_of(str(shown.year))
    board = _with_days(found.get("board", []), found.get("due"), _returned(results))
    return {
        "version": shown.id,
        "year": shown.year,
        "round": shown.round,
        "at": shown.at,
        "workbook": shown.workbook,
        "board": board,
        "late": _late(board, found),
        "conflicts": found.get("conflicts", []),
        "standing": sum(
            one["severity"] in ("ERROR", "BLOCKER") and not one.get("waiver") for one in found.get("findings", ())
        ),
        "counts": shown.said["counts"],
        "remarks": found.get("remarks", []),
        "errors": found.get("errors", []),
        "versions": [
            {
                "version": one.id,
                "at": one.at,
                "who": one.who,
                "workbook": one.workbook,
                "year": one.year,
                "round": one.round,
                "counts": one.said["counts"],
                "files": sum(file["status"] == "采用" for file in one.said["files"]),
            }
            for one in versions
        ],
        "decisions": [
            {**one.to_json(), "holds": one.id in held, "pending": one.id in held and one.id not in taken}
            for one in reversed(decisions)
        ],
        "fields": FIELD_NAMES,
        "kinds": DECISION_KINDS,
        "grades": rules.values["grades"],
        "counties": rules.submitting,
        "stale": _stale(inbox_at, versions[-1], workbook, written, bool(held - taken)),
    }


def findings_of(results: Path, version: int) -> list[Json]:
    """The findings of a version on record. Raises `Stop` where it is not there."""
    with ledger.opened(results) as record:
        for one in record.versions() if record else ():
            if record is not None and one.id == version:
                return list((result_of(record, one) or {}).get("findings", []))
    raise Stop(f"台账里没有第 {version} 版。请刷新页面后重选。")


def decide(results: Path, said: Mapping[str, Any]) -> Json:
    """Put a decision on record as typed on the page. Raises `Stop`, for a slip `Slip`."""
    with ledger.opened(results) as record:
        versions = record.versions() if record else []
    if not versions:
        raise Stop("还没有汇总过，没有台账可记。请先汇总。")
    try:
        one = parsed(said)
    except Wrong as error:
        raise Slip(f"没有记下：{error}。", error.fields) from error
    workbook = results / versions[-1].workbook
    place = workbook if workbook.is_file() else results
    made = record_decision(place, versions[-1].year, one, who=str(said.get("who") or "").strip())
    return made.to_json()


def differences_of(results: Path, before: int, after: int) -> Json:
    """What changed from one version to another, in words. Raises `Stop`."""
    found = changes(results, before, after)
    rows = []
    for county, one in found[:_MOST_CHANGES]:
        sheet = SHEETS[one.sheet]
        cell = f"{sheet[one.field].header}：{value_text(one.before)} → {value_text(one.after)}" if one.field else ""
        rows.append([one.kind, county, sheet.title, one.key, one.name or "", cell])
    return {"total": len(found), "rows": rows}


def rule_page(id_: str) -> Json:
    """The page of a rule. Raises `Stop` where there is none."""
    rule = all_rules().get(id_)
    if rule is None:
        raise Stop(f"没有规则“{id_}”。")
    return {"id": rule.id, "name": rule.name, "basis": rule.basis, "page": page(rule.doc)}


def _with_days(board: list[Json], due: str | None, returned: Mapping[str, int]) -> list[Json]:
    """The rows of the board with the days that are left, and 退回 for those whose present version was given back."""
    left = (dt.date.fromisoformat(due) - dt.date.today()).days if due else None
    rows = []
    for one in board:
        status = one["status"]
        if one["revision"] and returned.get(one["name"], 0) > one["revision"] and status in ("已报", "迟报"):
            status = "退回"
        rows.append({**one, "status": status, "days": left if status in ("未报", "无法读取", "退回") else None})
    return rows


def _returned(results: Path) -> dict[str, int]:
    """The highest version that each county was asked for, by the names of the returned workbooks."""
    found: dict[str, int] = {}
    for path in results.rglob(OURS):
        name, _, rest = path.stem.partition("_")
        number = rest.rpartition("第")[2].removesuffix("版")
        if OLD not in path.parts and number.isdecimal():
            found[name] = max(found.get(name, 0), int(number))
    return found


def _late(board: list[Json], found: Json) -> str:
    """The text for those who are late."""
    by_status: dict[str, list[str]] = {}
    for one in board:
        by_status.setdefault(one["status"], []).append(one["name"])
    asked = {
        "未报": "还没有报来",
        "无法读取": "报来的文件打不开，请在表格软件中另存为 .xlsx 后重报",
        "退回": "已退回，请改好后按新版次重报",
    }
    lines = [f"{'、'.join(by_status[status])}：{words}。" for status, words in asked.items() if status in by_status]
    if not lines:
        return ""
    due = found.get("due")
    when = f"（县级上报期限 {due}）" if due else ""
    return "\n".join([f"{found.get('title', '')}应急减排清单报送情况{when}：", *lines, "请尽快报送。"])


def _stale(inbox_at: Path, last: ledger.Version, workbook: Path, written: bool, pending: bool) -> list[str]:
    """Why the city should be consolidated again, in words; empty where it need not."""
    why = []
    try:
        paths = inbox([inbox_at])
    except Stop:
        paths = []
    at = dt.datetime.fromisoformat(last.at).timestamp()
    names = {Path(one["file"]).name for one in last.said["files"]}
    newer = [path for path in paths if _touched(path) > at or path.name not in names]
    gone = names - {path.name for path in paths}
    if newer or gone:
        which = "、".join(sorted({path.name for path in newer} | gone)[:3])
        why.append(f"收件箱比全市汇总新（{which}{'等' if len(newer) + len(gone) > 3 else ''}），请重新汇总。")
    if pending:
        why.append("有决定记下以后还没有汇总，请重新汇总。")
    if workbook.is_file() and not written:
        why.append(f"“{workbook.name}”写出以后有人改过；里面录入的决定，重新汇总时记入台账。")
    return why


def _touched(path: Path) -> float:
    """When a file came or changed; a copy keeps the time of its content, but not the other."""
    about = path.stat()
    return max(about.st_mtime, about.st_ctime)
