"""Small inventories and grading workbooks for tests, written as what differs from the valid rows of `base.yaml`."""

import csv
import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import openpyxl
import yaml
from openpyxl.workbook.defined_name import DefinedName

from validators import ruleset
from validators.book import Book
from validators.columns import (
    COVER_TITLE,
    KIND_OF,
    KINDS,
    LETTERS,
    LEVELS,
    POLLUTANTS,
    SHEET_TITLES,
    SHEETS,
    TEMPLATE_VERSION,
    BookKind,
)
from validators.meanings import Value
from validators.references import Imports
from workbook_templates.city.reference_files import read_import
from workbook_templates.county.reader import read_county

FIRST_ROW = 4
COUNTY = "371502"
Rows = Mapping[str, Sequence[Mapping[str, Value]]]

_BASE: dict[str, dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("base.yaml").read_text(encoding="utf-8"))
_LETTERS = {"enterprises": "G", "dust": "Y", "mobile": "D", "applications": "G"}
ALWAYS: Rows = {sheet: [{}] for sheet in ("enterprises", "lines", "transport")} | {
    "applications": [{}],
    "aspects": [{"aspect": aspect} for aspect in SHEETS["aspects"]["aspect"].values.split("|")],
    **{sheet: [{}] for sheet in ("county", "visits", "city", "province")},
}
"""Valid rows of the sheets that a test does not name; the others have none."""

_KEYS = {title: key for key, title in SHEET_TITLES.items()}
_PLACE = re.compile(rf"({'|'.join(_KEYS)})!([a-z]\w*):(\d+)")


def cases_by_rule() -> dict[str, list[dict[str, Any]]]:
    """`cases/<ID>.yaml` by rule. There a cell is called by its field, 运输管控!trucks:4, so that it stays right when columns move."""
    return {
        path.stem: yaml.safe_load(_PLACE.sub(_with_letters, path.read_text(encoding="utf-8")))
        for path in sorted(Path(__file__).with_name("cases").glob("*.yaml"))
    }


def _with_letters(place: re.Match[str]) -> str:
    sheet, field, row = place.groups()
    return f"{sheet}!{LETTERS[_KEYS[sheet]][field]}{row}"


def kind_of(rows: Rows) -> BookKind:
    """The kind of workbook that has these sheets; an inventory where none is named."""
    return next((KIND_OF[sheet] for sheet in rows), "inventory")


def full_rows(rows: Rows, county: str = COUNTY) -> dict[str, list[dict[str, Value]]]:
    """Whole rows: those given laid over the valid ones; sheets that are not named get one valid row or none."""
    found: dict[str, list[dict[str, Value]]] = {}
    for sheet in KINDS[kind_of(rows)]:
        found[sheet] = []
        for number, changes in enumerate(rows.get(sheet, ALWAYS.get(sheet, [])), 1):
            row: dict[str, Value] = dict(_BASE[sheet])
            if sheet in _LETTERS:
                row["list_id"] = f"{county}-{_LETTERS[sheet]}-{number:04d}"
            row.update(changes)
            if sheet == "lines":
                row.setdefault("line_id", f"{row['list_id']}-L{number:02d}")
                for level in LEVELS:
                    for pollutant in POLLUTANTS:
                        daily, ratio = row[f"{pollutant}_daily"], row[f"{level}_ratio"]
                        if isinstance(daily, int | float) and isinstance(ratio, int | float):
                            row.setdefault(f"{level}_{pollutant}_cut", round(daily * ratio / 100, 6))
            unknown = row.keys() - {column.field for column in SHEETS[sheet].columns}
            assert not unknown, f"{sheet} has no column {unknown}"
            found[sheet].append(row)
    return found


def write_file(path: Path, rows: Rows, edits: Mapping[str, Any] | None = None, **facts: Any) -> Path:
    """A workbook with these rows, written by a program that is not ours; `edits` damages it (see `_EDITS`)."""
    county = facts.get("county", COUNTY)
    workbook = openpyxl.Workbook()
    cover = workbook.active
    assert cover is not None
    cover.title = COVER_TITLE
    said = {
        "区划代码": county, "年度": facts.get("year", 2020), "轮次": facts.get("round", "首报"),
        "版次": facts.get("revision", 1), "模板版本": TEMPLATE_VERSION, "规则集": str(facts.get("year", 2020)),
        "填报日期": facts.get("filled_on", dt.date(2020, 8, 20)), **(edits or {}).get("facts", {}),
    }  # fmt: skip
    for number, (name, value) in enumerate(said.items(), 1):
        if value is not None:
            cover.cell(number, 2, value)
            workbook.defined_names[name] = DefinedName(name, attr_text=f"{COVER_TITLE}!$B${number}")
    for key, own in full_rows(rows, county).items():
        sheet = workbook.create_sheet(SHEETS[key].title)
        for column in SHEETS[key].columns:
            sheet.cell(FIRST_ROW - 1, column.position + 1, column.header)
            for number, row in enumerate(own, FIRST_ROW):
                sheet.cell(number, column.position + 1, row.get(column.field))
    for name, edit in (edits or {}).items():
        if name != "facts":
            _EDITS[name](workbook, edit)
    workbook.save(path)
    return path


def _drop_sheet(workbook: openpyxl.Workbook, title: str) -> None:
    del workbook[title]


def _header(workbook: openpyxl.Workbook, edit: Mapping[str, Mapping[str, str]]) -> None:
    for title, names in edit.items():
        for cell in workbook[title][FIRST_ROW - 1]:
            if cell.value in names:
                cell.value = names[str(cell.value)]


def _cells(workbook: openpyxl.Workbook, edit: Mapping[str, Any]) -> None:
    for place, value in edit.items():
        title, _, cell = place.partition("!")
        workbook[title][cell] = value


def _merge(workbook: openpyxl.Workbook, place: str) -> None:
    title, _, area = place.partition("!")
    workbook[title].merge_cells(area)


def _hide_row(workbook: openpyxl.Workbook, place: str) -> None:
    title, _, row = place.partition("!")
    workbook[title].row_dimensions[int(row)].hidden = True


def _hide_column(workbook: openpyxl.Workbook, place: str) -> None:
    title, _, letters = place.partition("!")
    workbook[title].column_dimensions[letters].hidden = True


def _hide_sheet(workbook: openpyxl.Workbook, title: str) -> None:
    workbook[title].sheet_state = "hidden"


def _extra_sheet(workbook: openpyxl.Workbook, title: str) -> None:
    workbook.create_sheet(title)["A1"] = 1


def _extra_name(workbook: openpyxl.Workbook, name: str) -> None:
    workbook.defined_names[name] = DefinedName(name, attr_text=f"{COVER_TITLE}!$A$1")


def _swap(workbook: openpyxl.Workbook, place: str) -> None:
    """A row goes to the place of another, which moves up with those between: `3:5`."""
    title, _, rows = place.partition("!")
    first, last = map(int, rows.split(":"))
    sheet = workbook[title]
    cells = [[cell.value for cell in row] for row in sheet.iter_rows(first, last)]
    for number, values in enumerate([*cells[1:], cells[0]], first):
        for column, value in enumerate(values, 1):
            sheet.cell(number, column).value = value


def _copy_sheet(workbook: openpyxl.Workbook, title: str) -> None:
    workbook.copy_worksheet(workbook[title])


def _clear_row(workbook: openpyxl.Workbook, place: str) -> None:
    title, _, row = place.partition("!")
    for cell in workbook[title][int(row)]:
        cell.value = None


_EDITS: dict[str, Callable[[openpyxl.Workbook, Any], None]] = {
    "drop_sheet": _drop_sheet,
    "header": _header,
    "cells": _cells,
    "merge": _merge,
    "hide_row": _hide_row,
    "hide_column": _hide_column,
    "hide_sheet": _hide_sheet,
    "extra_sheet": _extra_sheet,
    "extra_name": _extra_name,
    "swap": _swap,
    "copy_sheet": _copy_sheet,
    "clear_row": _clear_row,
}
"""What a case can do to the file, by name; cells of headers stand in row `FIRST_ROW - 1`."""


def make_book(rows: Rows, edits: Mapping[str, Any] | None = None, **facts: Any) -> Book:
    """A workbook with these rows, written to a file and read back by the reader."""
    with TemporaryDirectory() as folder:
        path = write_file(Path(folder) / facts.get("file", "东昌府区.xlsx"), rows, edits, **facts)
        return read_county(path, on=facts.get("on"))


def make_imports(given: Mapping[str, Sequence[Mapping[str, Any]]]) -> Imports:
    """What the office brings, by kind: written as .csv files and read back."""
    imports = Imports()
    with TemporaryDirectory() as folder:
        for kind, rows in given.items():
            path = Path(folder) / f"{kind}.csv"
            with path.open("w", encoding="utf-8", newline="") as file:
                heads = dict.fromkeys(head for row in rows for head in row)
                writer = csv.DictWriter(file, heads)
                writer.writeheader()
                writer.writerows(rows)
            imports.files.append(read_import(path, kind, ruleset.load("2020")))
    for one in imports.files:
        imports.emissions.update(one.emissions)
    return imports
