"""`qingdan import`: tables of another system, or of last year, become a county workbook, and a report accounts for all.

The tables are read and taken in apart from this process (`addin.reading.isolation`).
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from addin.office.earlier import FINGERPRINT, changed_since, fingerprint, keep
from addin.office.results import Answer, Card, FindingRow, by_sheet, count_words, standing_errors, verdict
from addin.problems import Stop, output
from addin.reading.inbox import IMPORT_REPORT
from addin.reading.isolation import LARGE_MEMORY, TABLE_SECONDS, Failure, each
from addin.reading.layout_files import layout_of
from addin.reading.ruleset_store import round_name, submitting
from addin.reading.steps import Step, silent
from addin.reading.workbooks import read_all, read_whole
from validators.columns import SHEET_TITLES
from validators.findings import Finding, Json, counts, stops
from validators.meanings import Value
from validators.ruleset import RuleSet, load
from workbook_templates.county.identities import identities
from workbook_templates.county.template import write_county
from workbook_templates.layouts.accounts import Taken
from workbook_templates.layouts.declared import Layout, WrongLayout
from workbook_templates.layouts.found import fits
from workbook_templates.layouts.import_report import address, guessed_fields, write_report
from workbook_templates.layouts.sheet_taker import TooMany, take_sheet
from workbook_templates.layouts.tables import read_tables
from workbook_templates.layouts.taker import Taker
from workbook_templates.xlsx.opened import UnreadableWorkbook


@dataclass
class Imported(Answer):
    """A county workbook that was made of foreign tables."""

    out: Path
    report: Path
    taken: Taken
    findings: list[Finding]
    """What the workbook opens with."""
    unread: str = ""
    """Why the new workbook could not be judged, or ''."""

    @property
    def code(self) -> int:
        """2 where it could not be judged, 1 where an error was found."""
        return 2 if self.unread else 1 if stops(self.findings) else 0

    def warnings(self) -> list[str]:
        """That it could not be judged."""
        return [self.unread] if self.unread else []

    def to_json(self) -> Json:
        """The contract's object."""
        return to_json(self.taken, str(self.out), self.findings) | {"report": str(self.report)}

    def lines(self) -> Iterator[str | FindingRow]:
        """What was taken, what is to be looked at, and what was found."""
        yield from _shown(self.to_json(), self.taken, self.findings)

    def card(self) -> Card:
        """How many rows were taken, what was guessed, and what is to be filled in."""
        taken = self.taken
        guessed, errors = sum(one.what == "推测" for one in taken.cells), standing_errors(self.findings)
        words = [f"{SHEET_TITLES[key]} {len(rows)} 行" for key, rows in taken.rows.items() if rows]
        left = left_over(taken)
        words += [*([left] if left else []), *taken.notes, f"逐列、逐行、逐格的交代在“{self.report.name}”里"]
        if guessed:
            words.append(f"有 {guessed} 格是推测的，已着色，理由写在各表最右的“待确认”列")
        return Card(
            result=f"已导入，还有 {errors} 处要补" if errors else "已导入，没有错误",
            tone="open" if errors or guessed else "good",
            words=words,
            listed=[one.to_json() for one in self.findings],
        )


def import_tables(
    paths: Sequence[Path],
    layout: str,
    county: str,
    rules: RuleSet,
    out: Path,
    *,
    round_: str,
    revision: int,
    force: bool = False,
    step: Step = silent,
) -> Imported:
    """Make a county workbook of foreign tables, and a report beside it. Raises `Stop`."""
    code = submitting(rules, county)
    round_name(rules, round_)
    for path in paths:
        if not path.is_file():
            raise Stop(f"“{path}”不是文件。请核对路径。" if path.exists() else f"“{path}”不存在。请核对路径。")
    own = layout_of(layout)
    report = out.with_name(out.stem + IMPORT_REPORT)
    step(0, 3, "读表")
    with output(out, force=force, inputs=paths) as file, output(report, force=force, inputs=paths) as beside:
        taken = take(paths, own, code, rules, numbers(out, code))
        if changed_since(out, report):
            taken.notes.append(keep(out, "在上次导入以后改过"))
        step(1, 3, "写填报表")
        write_county(
            file,
            county=code,
            ruleset=rules,
            round_=round_,
            revision=revision,
            enterprises=len(taken.rows["enterprises"]),
            rows=taken.rows,
            guessed=guessed_fields(taken),
        )
        write_report(beside, taken, rules, [(FINGERPRINT, fingerprint(file))])
    step(2, 3, "校验")
    [read] = read_all([out], rules=rules.id)
    if isinstance(read, Failure):
        return Imported(out, report, taken, [], read.message)
    return Imported(out, report, taken, read.findings)


def take(
    paths: Sequence[Path], layout: Layout, county: str, rules: RuleSet, before: Mapping[str, str] | None = None
) -> Taken:
    """What the tables give, read in a child process. Raises `Stop`."""
    arguments = (paths[0], paths, layout, county, rules.id, dict(before or {}))
    [taken] = each(_take, [arguments], memory=LARGE_MEMORY, seconds=TABLE_SECONDS)
    if isinstance(taken, Failure):
        raise Stop(taken.message)
    assert isinstance(taken, Taken)  # noqa: S101 - for the type checker
    return taken


def _take(_: Path, paths: Sequence[Path], layout: Layout, county: str, rules: str, before: Mapping[str, str]) -> Taken:
    """In the child."""
    taker = Taker(county, load(rules), before)
    try:
        for path in paths:
            foreign = read_tables(path)
            found = fits(layout, foreign.sheets, foreign.name)
            for grid in foreign.sheets:
                if grid.title in found:
                    take_sheet(taker, foreign.name, grid, found[grid.title])
                else:
                    taker.pass_over(foreign.name, grid)
            if foreign.blind:
                taker.taken.notes.append(
                    f"“{foreign.name}”的格式看不出哪些格是公式，取的是它保存时的值，请核对合计一类的数。"
                )
        taken = taker.finish()
    except (UnreadableWorkbook, WrongLayout, TooMany) as error:
        raise Stop(str(error)) from error
    if not any(taken.rows.values()):
        raise Stop(f"“{paths[0].name}”里没有取到一行。{left_over(taken)}请核对布局和区县代码。")
    return taken


def left_over(taken: Taken) -> str:
    """Why rows were left out, in a sentence."""
    why = Counter(one.note for one in taken.read if not one.taken)
    return f"没有取的行：{'；'.join(f'{note} {number} 行' for note, number in why.most_common(3))}。" if why else ""


def numbers(target: Path, county: str) -> dict[str, str]:
    """The 清单编号 that enterprises have in the workbook that is to be replaced, by what they are known by."""
    if not target.exists():
        return {}
    try:
        book = read_whole(target, "inventory")
    except Stop:
        return {}
    if book.county != county:
        return {}
    found: dict[str, str] = {}
    for record in book.tables["enterprises"]:
        for name in identities(record._asdict()):
            found.setdefault(name, record.list_id or "")
    return {name: list_id for name, list_id in found.items() if list_id}


def to_json(taken: Taken, out: str, findings: Sequence[Finding]) -> Json:
    """The contract's object."""
    left = [one for one in taken.read if not one.taken]
    return {
        "out": out,
        "rows": {"read": len(taken.read), "taken": len(taken.read) - len(left), "left": len(left)},
        "columns": [
            {
                "head": one.head,
                "status": one.status,
                "means": one.means,
                "note": one.note,
                "file": one.file,
                "sheet": one.sheet,
                "column": one.column,
            }
            for one in taken.columns
        ],
        "guessed": [
            {
                "sheet": SHEET_TITLES[one.key],
                "cell": address(one.key, one.index, one.field),
                "value": _plain(taken.rows[one.key][one.index].get(one.field)),
                "from": f"{one.file}《{one.sheet}》{one.cell}“{one.value}”：{one.words}",
            }
            for one in taken.cells
            if one.what == "推测"
        ],
        "left": [
            *({"file": one.file, "sheet": one.sheet, "row": one.row, "cell": None, "why": one.note} for one in left),
            *(
                {"file": one.file, "sheet": one.sheet, "row": None, "cell": one.cell, "why": one.note}
                for one in taken.cells
                if one.what == "未取"
            ),
        ],
        "notes": taken.notes,
        "findings": [finding.to_json() for finding in findings],
        "counts": counts(findings),
        "verdict": verdict(not stops(findings)),
    }


def _plain(value: Value) -> Value:
    return value.isoformat() if isinstance(value, dt.date) else value


def _shown(result: Json, taken: Taken, findings: Sequence[Finding]) -> Iterator[str | FindingRow]:
    for key, rows in taken.rows.items():
        if rows:
            yield f"{SHEET_TITLES[key]} {len(rows)} 行"
    rows = result["rows"]
    yield f"表里 {rows['read']} 行，取了 {rows['taken']} 行，没有取 {rows['left']} 行。{left_over(taken)}"
    for one in taken.columns:
        if one.status != "采用":
            yield f"  {one.status}  {one.column} 列“{one.head}”：{one.note}"
    for note in taken.notes:
        yield f"  请留意：{note}"
    guessed = len(result["guessed"])
    if guessed:
        yield f"有 {guessed} 格是推测的，已着色，理由写在各表最右的“待确认”列；确认一行就清空该行的“待确认”。"
    yield from by_sheet(findings)
    yield f"{count_words(findings)} → {result['verdict']}"
    yield f"已写出 {result['out']}，逐列、逐行、逐格的交代在 {result['report']}。"
