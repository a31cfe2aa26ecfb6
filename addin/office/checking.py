"""`qingdan check`: county workbooks judged by the rules of scope cell, row, workbook and versions."""

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import Field

from addin.office.results import (
    Card,
    FindingRow,
    JsonFinding,
    Result,
    Tone,
    by_sheet,
    count_words,
    unread_files,
    verdict,
)
from addin.reading.isolation import Failure
from addin.reading.steps import Step, Unread, silent, worst
from addin.reading.workbooks import Reading, read_all
from validators.findings import Json, counts, in_order, stops
from validators.ruleset import RuleSet


class Checked(Result):
    """What was found in workbooks."""

    files: list[Json]
    findings: list[JsonFinding]
    counts: dict[str, int]
    errors: list[Unread]
    verdict: str
    readings: list[Reading] = Field(exclude=True)

    @property
    def code(self) -> int:
        """1 where an error was found."""
        return worst(self.errors, stops(self.findings))

    def lines(self) -> Iterator[str | FindingRow]:
        """Each workbook's findings as a compact table, its counts and its verdict."""
        for one in self.readings:
            summary, rows = one.summary, one.summary["rows"]
            year = f"{summary['year']}年" if summary["year"] else ""
            filled = (
                f"企业 {rows['企业基本信息']} 家，生产线 {rows['生产线减排措施']} 条"
                if one.kind == "inventory"
                else f"申报 {rows['申报']} 家"
            )
            yield (
                f"{summary['file']}：{one.county_name} {year}{one.round} 第 {summary['revision'] or '？'} 版，"
                f"{filled}，规则集 {summary['ruleset']}"
            )
            yield from by_sheet(one.findings)
            yield f"  {count_words(one.findings)} → {verdict(not stops(one.findings))}"

    def warnings(self) -> Iterator[str]:
        """What was not compared, and files that could not be read."""
        yield from (one.warning for one in self.readings if one.warning)
        yield from (one.message for one in self.errors)

    def card(self) -> Card:
        """The verdict, and what was found where."""
        listed = [*(one.to_json() for one in self.findings), *unread_files(self.errors)]
        tone: Tone = "good" if self.verdict == verdict(True) else "bad"
        return Card(result=self.verdict, tone=tone, verdict=self.verdict, listed=listed)


def check(
    paths: Sequence[Path],
    *,
    previous: Path | None = None,
    on: dt.date | None = None,
    rules: RuleSet | None = None,
    step: Step = silent,
) -> Checked:
    """Judge the workbooks: on a day, by a rule set (default: each by its own), against the last version. Raises `Stop`."""
    readings: list[Reading] = []
    errors: list[Unread] = []
    found = read_all(paths, previous=previous, on=on, rules=rules.id if rules else None)
    for number, (path, one) in enumerate(zip(paths, found, strict=True), 1):
        if isinstance(one, Failure):
            errors.append(Unread(file=path.name, message=one.message))
        else:
            readings.append(one)
        step(number, len(paths), path.name)
    findings = in_order(finding for one in readings for finding in one.findings)
    return Checked(
        files=[one.summary for one in readings],
        findings=findings,
        counts=counts(findings),
        errors=errors,
        verdict=verdict(not errors and not stops(findings)),
        readings=readings,
    )
