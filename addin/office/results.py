"""What a command came to. It is shown in one place, `addin.cli.terminal.show`: as JSON, as lines, or as a card of the page.

A command of `addin.office` returns a `Result`: its fields are the JSON of the contract, letter for letter and in their
order; what only people are shown is a field that is excluded.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Annotated, Any, Literal, NamedTuple, Protocol, TypeAlias

from pydantic import BaseModel, ConfigDict, PlainSerializer

from addin.reading.steps import Unread
from validators.decisions import CONFLICTS
from validators.findings import SEVERITY_NAMES, SEVERITY_SYMBOLS, Finding, Json, Severity, counts, stops

Document: TypeAlias = Any
"""Whatever JSON can hold."""
JsonFinding = Annotated[Finding, PlainSerializer(Finding.to_json)]
"""A finding, which the contract has in a shape of its own."""
_UNREAD = "HZ05"
"""The rule that a file is found by which cannot be read."""
ALIKE = 20
"""Findings of one rule on one sheet that are listed for people; the JSON has all."""


class FindingRow(NamedTuple):
    """A finding as a line of a table; rows that follow each other are one table."""

    severity: Severity | None
    """None for the line that says how many more there are."""
    symbol: str
    place: str
    rule: str
    message: str


class Part(BaseModel):
    """A part of a result."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


Tone = Literal["good", "open", "bad"]
"""Done; done, but something stands open; not done, or not passed."""


class Card(Part):
    """What came of a command, as the page says it."""

    result: str = "完成"
    """In a few words: what was made, and what stands open."""
    tone: Tone = "good"
    words: list[str] = []
    """Line by line; the warnings are not among them."""
    verdict: str | None = None
    listed: list[Json] = []
    """What was found where, each in the shape of a finding."""
    checks: list[Json] = []
    """Of an audit: each check with its file, result and count, and what is to be known of it."""
    written: bool = True
    """Whether what was asked for was written."""


def made(said: str, *, look_at: int = 0, errors: Sequence[Unread] = (), words: Iterable[str] = ()) -> Card:
    """The card of what was made, where that many places are to be looked at and these files could not be read."""
    number = look_at + len(errors)
    result = f"{said}，{number} 处请看一看" if number else said
    return Card(result=result, tone="open" if number else "good", words=list(words), listed=unread_files(errors))


def unread_files(errors: Iterable[Unread]) -> list[Json]:
    """Files that could not be read, each in the shape of a finding."""
    about = {"rule": _UNREAD, "severity": Severity.BLOCKER.name, "sheet": None}
    return [{**about, "file": one.file, "message": one.message} for one in errors if one.file]


def standing_errors(findings: Iterable[Finding]) -> int:
    """How many errors no waiver lifts."""
    return sum(stops([one]) for one in findings)


class Answer(Protocol):
    """What can be shown; a `Result`, or what holds more than the contract's JSON and makes it when it is asked."""

    @property
    def code(self) -> int:
        """The exit code."""

    def lines(self) -> "Iterable[str | FindingRow]":
        """What people read of it."""

    def warnings(self) -> Iterable[str]:
        """What is said besides, also beside the JSON."""

    def to_json(self) -> Document:
        """The contract's document."""

    def card(self) -> Card:
        """What the page says of it."""
        return Card()


class Result(Part):
    """What a command came to."""

    @property
    def code(self) -> int:
        """The exit code: 0 done, 1 done and something was found, 2 something could not be read."""
        return 0

    def lines(self) -> "Iterator[str | FindingRow]":
        """What people read of it."""
        raise NotImplementedError

    def warnings(self) -> Iterable[str]:
        """What is said besides, also beside the JSON."""
        return ()

    def to_json(self) -> Document:
        """The contract's document."""
        return self.model_dump(mode="json")

    def card(self) -> Card:
        """What the page says of it."""
        return Card()


def verdict(passed: bool) -> str:
    """The word of the contract."""
    return "通过" if passed else "不通过"


def how_to_rule(findings: Iterable[Finding]) -> list[str]:
    """How conflicts that stand in the way are ruled, in one line; nothing where there is none."""
    rules = [rule for rule in CONFLICTS if any(one.rule == rule and stops([one]) for one in findings)]
    if not rules:
        return []
    return [
        f"{'、'.join(rules)} 是冲突，可以裁定：在全市汇总的《冲突清单》里选甲或乙、写明理由，"
        "或在办公页面（qingdan desk）的“冲突”里按“选甲”或“选乙”，然后重新汇总。"
    ]


def count_words(findings: Iterable[Finding]) -> str:
    """`✗ 错误 3，！提醒 0`: how many there are of each severity, worst first."""
    found = counts(findings)
    return "，".join(
        f"{SEVERITY_SYMBOLS[severity]} {SEVERITY_NAMES[severity]} {found[severity.name]}"
        for severity in sorted(Severity, reverse=True)
    )


def by_sheet(findings: Sequence[Finding]) -> Iterator[str | FindingRow]:
    """Findings by sheet; of many alike only the first are listed."""
    for sheet, own in groupby(findings, key=lambda finding: finding.sheet):
        yield f"  《{sheet}》" if sheet else "  整个文件"
        yield from _rows(list(own))


def by_file(findings: Sequence[Finding]) -> Iterator[str | FindingRow]:
    """Findings by file and sheet, those of the whole city among them."""
    for file, own in groupby(findings, key=lambda finding: finding.file):
        yield f"{file}：" if file else "全市："
        yield from by_sheet(list(own))


def _rows(findings: Sequence[Finding]) -> Iterator[FindingRow]:
    alike = Counter(finding.rule for finding in findings)
    listed: Counter[str] = Counter()
    for finding in findings:
        listed[finding.rule] += 1
        if listed[finding.rule] > ALIKE:
            continue
        symbol = SEVERITY_SYMBOLS[finding.severity]
        yield FindingRow(finding.severity, symbol, finding.cell or "—", finding.rule, finding.message)
        if listed[finding.rule] == ALIKE < alike[finding.rule]:
            left = alike[finding.rule] - ALIKE
            yield FindingRow(None, "…", "—", finding.rule, f"本表同类问题还有 {left} 条；加 --json 可得全部。")
