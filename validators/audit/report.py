"""What an audit found: evidence per check, and the report in the contract's shape."""

import unicodedata
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

CHECKS = {
    "AU01": "无公式",
    "AU02": "无宏",
    "AU03": "无外部连接",
    "AU04": "无嵌入对象",
    "AU05": "无隐藏内容",
    "AU06": "文件结构合法",
    "AU07": "取值合法",
    "AU08": "清单相符",
    "AU09": "双读一致",
    "AU10": "复算一致",
}
_KEPT = 50  # evidence items shown per check

AuditResult = Literal["通过", "不通过", "不适用"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing found: the part of the package, the sheet and cell where they are known, and what it is."""

    part: str | None
    sheet: str | None
    cell: str | None
    what: str


@dataclass(slots=True)
class AuditCheck:
    """One check of the contract: its result, the first `_KEPT` findings, and how many there are."""

    id: str
    name: str
    result: AuditResult = "通过"
    evidence: list[Evidence] = field(default_factory=list)
    count: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome for one file; `sha256` is hexadecimal."""

    file: str
    sha256: str
    verdict: Literal["通过", "不通过"]
    checks: list[AuditCheck]

    def to_json(self) -> dict[str, Any]:
        """Return the contract's object of `audit --json`."""
        return asdict(self)


class Findings:
    """Collects what the checks find."""

    def __init__(self) -> None:
        self.checks = {id_: AuditCheck(id_, name) for id_, name in CHECKS.items()}

    def add(
        self,
        check: str,
        what: str,
        part: str | None = None,
        sheet: str | None = None,
        cell: str | None = None,
    ) -> None:
        """Count one finding and keep it when it is among the first; texts from the file are made printable."""
        found = self.checks[check]
        found.result = "不通过"
        found.count += 1
        if found.count <= _KEPT:
            found.evidence.append(Evidence(part and plain(part), sheet and plain(sheet), cell, plain(what, 300)))

    def note(self, check: str, what: str) -> None:
        """Keep what the reader should know of a check that is none the worse for it."""
        self.checks[check].evidence.insert(0, Evidence(None, None, None, what))

    def failed(self, check: str) -> bool:
        """Say whether a check has found something."""
        return self.checks[check].count > 0


def plain(text: str, length: int = 120) -> str:
    """Return text from a file fit for a terminal: no control, format or broken characters, not too long."""
    shown = "".join("�" if unicodedata.category(c)[0] == "C" else c for c in text[: length + 1])
    return shown if len(shown) <= length else shown[: length - 1] + "…"
