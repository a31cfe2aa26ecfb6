"""The interface for those who script: workbooks as pandas DataFrames, and DataFrames as workbooks or as findings.

    from addin.frames import frames, from_frames, check_frames

    tables = frames("东昌府区.xlsx")
    tables["enterprises"].loc[lambda rows: rows["grade"] == "C", "name"]

Tables are as `workbook_templates.dataframes` describes them. From a workbook that is open in a spreadsheet:

    sheet["A4"].options(pd.DataFrame, expand="table", index=False).value   # xlwings
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from addin.problems import Stop, output
from addin.reading.inventories import read_inventories
from addin.reading.isolation import LARGE_MEMORY, Failure, each
from addin.reading.ruleset_store import round_name, rules_of, submitting
from addin.reading.workbooks import read_whole
from validators.meanings import Raw, Value
from validators.rule import judge
from workbook_templates.city.city_workbook import COUNTIES
from workbook_templates.county.cover_facts import kind_of
from workbook_templates.county.template import write_county
from workbook_templates.dataframes import Frames, UnknownTable, book_of, frames_of, rows_of_frames
from workbook_templates.submission.submission_workbook import heads
from workbook_templates.xlsx.opened import UnreadableWorkbook, open_workbook

FOUND = ("rule", "severity", "sheet", "row", "header", "key", "value", "message", "basis")
"""Columns of what `check_frames` gives."""


def frames(path: str | Path, *, chinese: bool = False) -> Frames:
    """The sheets of a county, grading or city workbook by key of the sheet, or of a submission by title.

    With `chinese`, sheets go by their titles and columns by their heads, which a submission's always do; its columns
    are `Float64` where numbers stand, `datetime64[s]` where days do, else `string`. A city's tables say of each row
    whose it is. The file is read apart from this process, with limits. Raises `Stop` with one Chinese line.
    """
    [what] = each(_what, [(Path(path),)], memory=LARGE_MEMORY)
    if isinstance(what, Failure):
        raise Stop(what.message)
    if isinstance(what, dict):
        return {title: _submitted(rows) for title, rows in what.items()}
    if what == "city":
        city, _ = read_inventories([Path(path)], lambda done, of, file: None)
        return frames_of(city.books(), chinese=chinese)
    return frames_of([read_whole(Path(path), None)], chinese=chinese)


def _what(path: Path) -> str | dict[str, list[list[Raw]]]:
    """In a child: what kind of workbook it is, or the rows of a submission by sheet."""
    try:
        opened = open_workbook(path)
        if COUNTIES in opened.sheets:
            return "city"
        if any(name in opened.names for name in ("区划代码", "年度")):
            return kind_of(opened)
        found = {title: grid.rows for title in opened.sheets if (grid := opened.grid(title))}
    except UnreadableWorkbook as error:
        raise Stop(str(error)) from error
    known = heads()
    own = {title: [cells for _, cells in rows] for title, rows in found.items()}
    if not any(rows and sum(cell in known for cell in rows[0]) * 2 > len(rows[0]) for rows in own.values()):
        raise Stop(f"“{path.name}”不是填报表、全市汇总或报省清单。别的表请先用 qingdan import 导入。")
    return {title: rows for title, rows in own.items() if rows}


def _submitted(rows: list[list[Raw]]) -> pd.DataFrame:
    head, *below = rows
    kinds = {"number": "Float64", "date": "datetime64[s]"}
    known = heads()
    columns = {}
    for place, name in enumerate(map(str, head)):
        values = [cells[place] if place < len(cells) and cells[place] != "" else None for cells in below]
        columns[name] = pd.Series(values, dtype=kinds.get(known.get(name, ""), "string"))
    return pd.DataFrame(columns)


def from_frames(
    target: str | Path,
    tables: Mapping[str, pd.DataFrame],
    *,
    county: str,
    year: int,
    round_: str = "首报",
    revision: int = 1,
    officer: Mapping[str, Value] | None = None,
    overwrite: bool = False,
) -> None:
    """Write a county workbook of these tables, as `frames` gives them, for a division (its code) and a year.

    A missing value leaves its cell blank, or the formula that is offered there. Raises `Stop` with one Chinese line.
    """
    rules = rules_of(str(year))
    try:
        rows = rows_of_frames(tables)
    except UnknownTable as error:
        raise Stop(str(error)) from error
    with output(Path(target), force=overwrite) as file:
        write_county(
            file,
            county=submitting(rules, county),
            ruleset=rules,
            round_=round_name(rules, round_),
            revision=revision,
            enterprises=len(rows.get("enterprises", ())),
            rows=rows,
            officer=officer,
        )


def check_frames(
    tables: Mapping[str, pd.DataFrame],
    *,
    county: str,
    year: int,
    round_: str = "首报",
    revision: int = 1,
    on: dt.date | None = None,
) -> pd.DataFrame:
    """What the rules find in these tables: one row for each finding (`FOUND`), `row` counted from 1 in its table.

    `on` is the day to judge dates by (default: today). Raises `Stop` with one Chinese line.
    """
    rules = rules_of(str(year))
    try:
        rows = rows_of_frames(tables)
    except UnknownTable as error:
        raise Stop(str(error)) from error
    book = book_of(
        rows,
        county=submitting(rules, county),
        rules=rules,
        round_=round_name(rules, round_),
        revision=revision,
        file="",
        on=on,
    )
    return _findings([finding.to_json() for finding in judge(book)])


def _findings(found: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    table = pd.DataFrame([{name: one[name] for name in FOUND} for one in found], columns=list(FOUND))
    return table.astype({"row": "Int64"})
