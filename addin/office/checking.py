"""`qingdan check`: county workbooks judged by the rules of scope cell, row, workbook and versions."""

import datetime as dt
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from addin.cli.arguments import files
from addin.cli.terminal import document, harmless, progress, say, unread, warn
from addin.reading.isolation import Failure
from addin.reading.ruleset_store import rules_of
from addin.reading.workbooks import Reading, read_all
from validators.findings import (
    SEVERITY_NAMES,
    SEVERITY_SYMBOLS,
    Finding,
    Json,
    Severity,
    counts,
    in_order,
    stops,
)

ALIKE = 20
"""Findings of one rule on one sheet that are listed for people; the JSON has all."""
COLOURS = {
    Severity.BLOCKER: "bold red",
    Severity.ERROR: "red",
    Severity.WARNING: "yellow",
    Severity.INFO: "dim",
}


def check(given: list[str], *, previous: str | None, on: dt.date | None, rules: str | None, as_json: bool) -> int:
    """Judge the workbooks and say what was found; returns the exit code."""
    paths = files(given)
    judged_on = on
    id_ = rules_of(None, rules).id if rules else None
    readings: list[Reading] = []
    errors: list[Json] = []
    with progress("校验") as step:
        found = read_all(paths, previous=Path(previous) if previous else None, on=judged_on, rules=id_)
        for number, (path, one) in enumerate(zip(paths, found, strict=True), 1):
            if isinstance(one, Failure):
                errors.append({"file": path.name, "message": one.message})
            else:
                readings.append(one)
            step(number, len(paths), path.name)
    for one in readings:
        if one.warning:
            warn(one.warning)
    findings = [finding for one in readings for finding in one.findings]
    passed = not errors and not stops(findings)
    if as_json:
        document(
            {
                "files": [one.summary for one in readings],
                "findings": [finding.to_json() for finding in in_order(findings)],
                "counts": counts(findings),
                "errors": errors,
                "verdict": verdict(passed),
            }
        )
    else:
        for one in readings:
            show(one)
    return unread(errors, 0 if passed else 1)


def verdict(passed: bool) -> str:
    """The word of the contract."""
    return "通过" if passed else "不通过"


def show(one: Reading) -> None:
    """A workbook's findings as a compact table, its counts and its verdict."""
    summary = one.summary
    rows = summary["rows"]
    year = f"{summary['year']}年" if summary["year"] else ""
    filled = (
        f"企业 {rows['企业基本信息']} 家，生产线 {rows['生产线减排措施']} 条"
        if one.kind == "inventory"
        else f"申报 {rows['申报']} 家"
    )
    say(
        f"{summary['file']}：{one.county_name} {year}{one.round} 第 {summary['revision'] or '？'} 版，"
        f"{filled}，规则集 {summary['ruleset']}"
    )
    print_findings(one.findings)
    say(f"  {count_words(one.findings)} → {verdict(not stops(one.findings))}")


def count_words(findings: list[Finding]) -> str:
    """`✗ 错误 3，！提醒 0`: how many there are of each severity, worst first."""
    found = counts(findings)
    return "，".join(
        f"{SEVERITY_SYMBOLS[severity]} {SEVERITY_NAMES[severity]} {found[severity.name]}"
        for severity in sorted(Severity, reverse=True)
    )


def print_findings(findings: list[Finding]) -> None:
    """Findings by sheet: symbol, cell, rule, message; a table that wraps on a terminal, else plain lines."""
    for sheet, own in groupby(findings, key=lambda finding: finding.sheet):
        say(f"  《{sheet}》" if sheet else "  整个文件")
        if sys.stdout.isatty():
            _print_table(list(own))
        else:
            for _, cells in _table_rows(list(own)):
                say(f"    {'  '.join(cells)}")


def _table_rows(findings: list[Finding]) -> Iterator[tuple[str, tuple[str, str, str, str]]]:
    """Colour and cells of each line; of many findings alike only the first are listed."""
    alike = Counter(finding.rule for finding in findings)
    listed: Counter[str] = Counter()
    for finding in findings:
        listed[finding.rule] += 1
        if listed[finding.rule] > ALIKE:
            continue
        symbol, place = SEVERITY_SYMBOLS[finding.severity], finding.cell or "—"
        yield COLOURS[finding.severity], (symbol, place, finding.rule, finding.message)
        if listed[finding.rule] == ALIKE < alike[finding.rule]:
            left = alike[finding.rule] - ALIKE
            yield "dim", ("…", "—", finding.rule, f"本表同类问题还有 {left} 条；加 --json 可得全部。")


def _print_table(findings: list[Finding]) -> None:
    from rich.cells import chop_cells
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    table = Table.grid(padding=(0, 2), pad_edge=False)
    rows = list(_table_rows(findings))
    room = console.width - max(len(place) for _, (_, place, _, _) in rows) - len("    ✗  " + "  GS01  ")
    for colour, (symbol, place, rule, message) in rows:
        # cut here: rich breaks lines at blanks, which Chinese has not
        lines = "\n".join(chop_cells(harmless(message), max(room, 20)))
        table.add_row(Text(f"    {symbol}", colour), Text(place), Text(rule, "cyan"), Text(lines, no_wrap=True))
    console.print(table)
