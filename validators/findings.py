"""What was found: its severity, its place, and the order in which findings are shown."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from validators.columns import SHEET_TITLES

Json = dict[str, Any]


class Severity(IntEnum):
    """How bad it is; the names are those of the contract."""

    INFO = 1
    WARNING = 2
    ERROR = 3
    BLOCKER = 4


SEVERITY_NAMES = {
    Severity.BLOCKER: "无法采用",
    Severity.ERROR: "错误",
    Severity.WARNING: "提醒",
    Severity.INFO: "说明",
}
SEVERITY_SYMBOLS = {Severity.BLOCKER: "■", Severity.ERROR: "✗", Severity.WARNING: "！", Severity.INFO: "ⓘ"}


@dataclass(frozen=True, slots=True)
class Place:
    """Another row that a finding speaks of."""

    file: str
    sheet: str
    cell: str | None
    key: str | None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found, as the contract's JSON has it; what is None is about more than a cell."""

    rule: str
    severity: Severity
    file: str | None
    sheet: str | None
    cell: str | None
    row: int | None
    header: str | None
    key: str | None
    value: object
    message: str
    basis: str
    column: int = 0
    """1-based column of the cell, for the order."""
    related: tuple[Place, ...] = ()
    waiver: int = 0
    """Number of the decision that lifts it; 0 where none does."""
    for_city: bool = False
    """Whether it is the city office that has to do something: then it is not sent to the county."""

    def to_json(self) -> Json:
        """The contract's object."""
        found: Json = {
            "rule": self.rule,
            "severity": self.severity.name,
            "file": self.file,
            "sheet": self.sheet,
            "cell": self.cell,
            "row": self.row,
            "header": self.header,
            "key": self.key,
            "value": self.value if self.value is None or isinstance(self.value, str | float | int) else str(self.value),
            "message": self.message,
            "basis": self.basis,
        }
        if self.waiver:
            found["waiver"] = self.waiver
        if self.related:
            found["related"] = [
                {"file": place.file, "sheet": place.sheet, "cell": place.cell, "key": place.key}
                for place in self.related
            ]
        return found


_SHEET_ORDER = {title: number for number, title in enumerate(SHEET_TITLES.values())}


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Findings in the order file, sheet (as in the workbook), row, column, rule."""
    return sorted(findings, key=order)


def order(f: Finding) -> tuple[str, int, str, int, int, str, str]:
    """What `in_order` sorts by."""
    return f.file or "", _SHEET_ORDER.get(f.sheet or "", -1), f.sheet or "", f.row or 0, f.column, f.rule, f.message


def counts(findings: Iterable[Finding]) -> dict[str, int]:
    """Number of findings by severity name, worst first."""
    found = dict.fromkeys((severity.name for severity in sorted(Severity, reverse=True)), 0)
    for finding in findings:
        found[finding.severity.name] += 1
    return found


def stops(findings: Iterable[Finding]) -> bool:
    """Whether anything found stops the export: an error without a waiver."""
    return any(finding.severity >= Severity.ERROR and not finding.waiver for finding in findings)
