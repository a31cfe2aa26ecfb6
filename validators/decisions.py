"""What the city office decides: waivers, exclusions, which of two rivals holds, grades, whole-society emissions.

A decision is a record that is never changed: a later one about the same subject takes its place, and a 撤销 takes one
back. How each kind is filled in stands in `DECISION_KINDS`.
"""

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from validators.book import Book
from validators.columns import POLLUTANT_NAMES
from validators.findings import Finding, Severity
from validators.references import pollutant_of
from validators.rule import all_rules
from validators.ruleset import RuleSet
from validators.settlement import City, conflict_key

WAIVER, EXCLUSION, HOLDS, GRADE, EMISSION, REVOKED = "豁免", "剔除", "冲突裁定", "等级变更", "全社会排放", "撤销"
DECISION_KINDS: Mapping[str, tuple[str, ...]] = {
    WAIVER: ("rule", "reason", "approver", "document", "until"),
    EXCLUSION: ("county", "reason"),
    HOLDS: ("rule", "key", "value", "reason"),
    GRADE: ("key", "value", "reason", "approver", "document"),
    EMISSION: ("key", "value", "reason"),
    REVOKED: ("replaces", "reason"),
}
"""What must be said for each kind of decision.

豁免: of one rule; `key` is the enterprise or line (or the file, where the finding is about one), else `county` the
county, else the whole city. 剔除: the county's
file that was seen, not a later one. 冲突裁定: HZ02 with `key` “信用代码|厂区名称” and `value` the county that holds;
HZ03 with `key` the county and `value` the SHA-256 (or its beginning) of the file that holds. 等级变更: `key` the
清单编号, `value` the grade. 全社会排放: `key` the pollutant, `value` t/d, `reason` its source.
"""
FIELD_NAMES = {
    "kind": "类别", "rule": "规则", "county": "区划代码", "key": "对象", "value": "取值", "reason": "理由",
    "approver": "批准人", "document": "文号", "until": "有效期至", "replaces": "撤销的编号",
}  # fmt: skip
CONFLICTS = ("HZ02", "HZ03")
_HASH = re.compile("[0-9a-f]{8,64}")
"""The SHA-256 of a file, or its beginning."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision; texts are '' where they say nothing. `id` is 0 until it is a record."""

    kind: str
    rule: str = ""
    county: str = ""
    key: str = ""
    value: str = ""
    reason: str = ""
    approver: str = ""
    document: str = ""
    until: dt.date | None = None
    """The last day on which a waiver counts."""
    replaces: int = 0
    """Number of the record that is taken back."""
    id: int = 0
    at: str = ""
    """When it was recorded: date, time and zone."""
    who: str = ""
    seen: str = ""
    """SHA-256 of what was decided about: the county's file for 剔除, else the city workbook; '' where there was none."""

    def subject(self) -> tuple[str, str, str, str]:
        """What it is about: a later decision with the same subject takes its place."""
        return self.kind, self.rule, self.county, self.key

    def said(self) -> tuple[object, ...]:
        """What was decided, without who recorded it when."""
        return (*self.subject(), self.value, self.reason, self.approver, self.document, self.until, self.replaces)

    def to_json(self) -> dict[str, Any]:
        """As the manifest has it; what says nothing is left out."""
        found = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {name: str(value) if name == "until" else value for name, value in found.items() if value}


def from_json(said: Mapping[str, Any]) -> Decision:
    """A decision as the manifest has it. Raises ValueError, TypeError or AttributeError for what is none."""
    until = said.get("until")
    texts = {name: str(said[name]) for name in Decision.__dataclass_fields__ if name in said}
    numbers = {name: int(said.get(name, 0)) for name in ("id", "replaces")}
    return Decision(**{**texts, **numbers, "until": dt.date.fromisoformat(until) if until else None})  # type: ignore[arg-type] # fields by name


class Wrong(ValueError):
    """A decision that cannot be taken: what is wrong in Chinese, and the fields that have to be put right."""

    def __init__(self, message: str, *fields: str) -> None:
        super().__init__(message)
        self.fields = fields


def parsed(said: Mapping[str, Any]) -> Decision:
    """A decision from what was typed, by field: texts, and a day or its text for `until`. Raises `Wrong`."""
    texts = {name: "" if said.get(name) is None else str(said[name]).strip() for name in FIELD_NAMES}
    until, day = said.get("until"), None
    if isinstance(until, dt.date):
        day = until
    elif texts["until"]:
        try:
            day = dt.date.fromisoformat(texts["until"])
        except ValueError as error:
            raise Wrong(f"有效期“{texts['until']}”不是日期，应写成 2020-12-31 的样子", "until") from error
    replaces = texts["replaces"] or "0"
    if not (replaces.isascii() and replaces.isdecimal() and len(replaces) < 10):
        raise Wrong(f"撤销的编号“{replaces}”应为整数", "replaces")
    del texts["until"], texts["replaces"]
    return Decision(**texts, until=day, replaces=int(replaces))  # type: ignore[arg-type] # fields by name


def checked(one: Decision, rules: RuleSet) -> Decision:
    """The decision with its subject in one spelling. Raises `Wrong`."""
    if one.kind not in DECISION_KINDS:
        said = f"类别“{one.kind}”不认得，应为" if one.kind else "还没有写类别，应为"
        raise Wrong(f"{said}{'、'.join(DECISION_KINDS)}之一", "kind")
    missing = [name for name in DECISION_KINDS[one.kind] if not getattr(one, name)]
    if missing:
        raise Wrong(f"{one.kind}还缺少{'、'.join(FIELD_NAMES[name] for name in missing)}", *missing)
    if one.county:
        code = rules.divisions.get(one.county, {}).get("code", one.county)
        if code not in rules.submitting:
            raise Wrong(f"区划代码“{one.county}”不是填报的区县", "county")
        one = replace(one, county=code)
    if one.kind == WAIVER:
        rule = all_rules().get(one.rule)
        if rule is None:
            raise Wrong(f"没有规则“{one.rule}”", "rule")
        if rule.severity == Severity.BLOCKER:
            raise Wrong(f"{one.rule}（{rule.name}）说的是文件读不成清单，不能豁免", "rule")
        if not one.key and not one.county and rule.scope != "city":
            raise Wrong(f"{one.rule}要写明豁免哪一家企业（清单编号）或哪个区县", "key", "county")
    if one.kind == HOLDS and one.rule not in CONFLICTS:
        raise Wrong(f"冲突裁定的规则应为{'或'.join(CONFLICTS)}", "rule")
    if one.kind == HOLDS and one.rule == "HZ02" and one.value not in rules.submitting:
        raise Wrong(f"取值应为认定有效的那个区县的区划代码，不是“{one.value}”", "value")
    if one.kind == HOLDS and one.rule == "HZ03" and not _HASH.fullmatch(one.value):
        raise Wrong(f"取值应为认定有效的那份文件的SHA-256（《冲突清单》里的取值），不是“{one.value}”", "value")
    if one.kind == GRADE and one.value not in rules.values["grades"]:
        raise Wrong(f"取值“{one.value}”不是绩效等级，应为{'、'.join(rules.values['grades'])}之一", "value")
    if one.kind == EMISSION:
        key = pollutant_of(one.key)
        try:
            right = key is not None and 0 < float(one.value) < 1e9
        except ValueError:
            right = False
        if not right:
            raise Wrong("全社会排放的对象应为 SO2、NOx、颗粒物、VOCs 之一，取值为大于 0 的数字（t/d）", "key", "value")
        one = replace(one, key=POLLUTANT_NAMES[str(key)])
    return one


def standing(records: Iterable[Decision]) -> list[Decision]:
    """The decisions that hold, in the order of their numbers: neither taken back nor followed by another."""
    held: dict[tuple[str, ...], Decision] = {}
    for one in sorted(records, key=lambda one: one.id):
        if one.kind == REVOKED:
            held = {subject: other for subject, other in held.items() if other.id != one.replaces}
        else:
            held.pop(one.subject(), None)
            held[one.subject()] = one
    return list(held.values())


def holding_files(decisions: Iterable[Decision]) -> dict[str, str]:
    """Beginning of the SHA-256 of the file that holds, by county (HZ03)."""
    return {one.key: one.value for one in decisions if one.kind == HOLDS and one.rule == "HZ03"}


def emissions(decisions: Iterable[Decision]) -> dict[str, float]:
    """Whole-society emissions in t/d by pollutant (`so2`)."""
    return {str(pollutant_of(one.key)): float(one.value) for one in decisions if one.kind == EMISSION}


def excluded(city: City, decisions: Iterable[Decision]) -> dict[str, str]:
    """Reason by county whose file is the one that was seen when it was excluded."""
    own = {county.code: county.handed.book.sha256 for county in city.counties if county.handed and county.handed.book}
    return {
        one.county: one.reason for one in decisions if one.kind == EXCLUSION and own.get(one.county, "") == one.seen
    }


def apply(city: City, decisions: Iterable[Decision]) -> dict[Book, list[Decision]]:
    """Change the workbooks that hold as was decided: grades, and rows of which another county's holds.

    Returns the workbooks that were changed, which must be judged anew, and by which decisions.
    """
    changed: dict[Book, list[Decision]] = {}
    for one in decisions:
        for book in list(city.books()):
            before = book.tables["enterprises"]
            if one.kind == GRADE:
                after = [
                    record._replace(grade=one.value, bad=record.bad - {"grade"})
                    if record.list_id == one.key
                    else record
                    for record in before
                ]
                if after != before:
                    book.tables["enterprises"] = after
                    changed.setdefault(book, []).append(one)
            elif one.kind == HOLDS and one.rule == "HZ02" and book.county != one.value:
                gone = {record.list_id for record in before if conflict_key(record) == one.key}
                if gone and _still_there(city, one):
                    for key, records in book.tables.items():
                        book.tables[key] = [record for record in records if record.list_id not in gone]
                    city.dropped += [(book, record) for record in before if record.list_id in gone]
                    changed.setdefault(book, []).append(one)
    for book in changed:
        book.forget_indexes()
    return changed


def _still_there(city: City, one: Decision) -> bool:
    """Whether the county that holds still reports the enterprise: else nobody would."""
    return any(
        conflict_key(record) == one.key
        for book in city.books()
        if book.county == one.value
        for record in book.tables["enterprises"]
    )


def waived(city: City, findings: Sequence[Finding], decisions: Iterable[Decision]) -> list[Finding]:
    """The findings, each with the number of the waiver that lifts it; waivers count to their last day, BLOCKERs stand."""
    own: dict[str, list[Decision]] = {}
    for one in decisions:
        if one.kind == WAIVER and one.until and one.until >= city.on:
            own.setdefault(one.rule, []).append(one)
    if not own:
        return list(findings)
    county_of = {county.handed.file: county.code for county in city.counties if county.handed}
    return [
        replace(finding, waiver=number) if (number := _waiver(finding, own, county_of)) else finding
        for finding in findings
    ]


def _waiver(finding: Finding, own: Mapping[str, Sequence[Decision]], county_of: Mapping[str, str]) -> int:
    if finding.severity == Severity.BLOCKER:
        return 0
    for one in own.get(finding.rule, ()):
        if one.key:
            about = finding.file if finding.key is None else finding.key
            lifted = about is not None and (about == one.key or about.startswith(f"{one.key}-L"))
        elif one.county:
            lifted = county_of.get(finding.file or "") == one.county
        else:
            lifted = all_rules()[finding.rule].scope == "city"
        if lifted:
            return one.id
    return 0
