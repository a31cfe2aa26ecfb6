"""Tables for those who script: the sheets of a workbook as pandas DataFrames of declared types, and back.

A frame has one column for each declared column (but 校验, which the workbook fills itself), named by field or by
Chinese head, and the 1-based row of the file as its index. What is blank, or could not be read, is missing. Whole
numbers are `Int64`, other numbers `Float64`, days `datetime64[s]`, choices categories, all else `string`.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from validators.book import Book
from validators.columns import KIND_OF, KINDS, SHEET_TITLES, SHEETS, TEMPLATE_VERSION, BookKind, Column, Sheet
from validators.expr import Record
from validators.meanings import Value
from validators.records import RowReader
from validators.ruleset import RuleSet
from workbook_templates.county.entries import cell_fault
from workbook_templates.formulas.default_formulas import OFFERED, SheetRows
from workbook_templates.formulas.plan import HELPER_HEAD
from workbook_templates.xlsx.appearance import BESIDE

Frames = dict[str, pd.DataFrame]
"""Tables by key of the sheet (`enterprises`), or by its title where heads are Chinese."""
ROW = "行"
"""Name of the index: the 1-based row in the file."""
_COUNTY, _FILE = "填报区县", "来源文件"
"""Columns that a city's frames have beside the declared ones."""


def columns_of(sheet: Sheet) -> list[Column]:
    """The columns that a frame of the sheet has."""
    return [column for column in sheet.columns if column.kind != "status"]


def dtype(column: Column, rules: RuleSet) -> Any:  # noqa: ANN401 - pandas has no name for what it takes as a type
    """The declared type of a column of a frame."""
    if column.kind == "int":
        return "Int64"
    if column.kind == "decimal":
        return "Float64"
    if column.kind == "date":
        return "datetime64[s]"
    return pd.CategoricalDtype(list(rules.allowed(column.values))) if column.kind == "enum" else "string"


def frame(key: str, records: Sequence[Record], rules: RuleSet, *, chinese: bool = False) -> pd.DataFrame:
    """The records of a sheet as a frame."""
    values = [*zip(*records, strict=True)]
    found = {
        column.header if chinese else column.field: pd.Series(
            list(values[column.position]) if records else [], dtype=dtype(column, rules)
        )
        for column in columns_of(SHEETS[key])
    }
    made = pd.DataFrame(found)
    made.index = pd.Index([record.row for record in records], name=ROW, dtype="int64")
    return made


def frames_of(books: Iterable[Book], *, chinese: bool = False) -> Frames:
    """The sheets of workbooks of one kind, put together; with several, each row says whose it is and from which file."""
    given = list(books)
    several = len(given) != 1
    found: Frames = {}
    for key in given[0].tables if given else ():
        own = []
        for book in given:
            made = frame(key, book.tables[key], book.ruleset, chinese=chinese)
            if several:
                made[_COUNTY] = pd.Series(book.county, index=made.index, dtype="string")
                made[_FILE] = pd.Series(book.file, index=made.index, dtype="string")
            own.append(made)
        found[SHEET_TITLES[key] if chinese else key] = pd.concat(own) if several else own[0]
    return found


class UnknownTable(ValueError):
    """A frame or a column of it is none of a workbook's; the message is Chinese."""


def rows_of_frames(frames: Mapping[str, pd.DataFrame]) -> SheetRows:
    """The rows of frames, named by key or title, with columns named by field or head. Raises `UnknownTable`.

    A missing value is left out, so that the formula offered in its cell stays; so is a row of nothing else, and what the
    workbook has beside its declared columns.
    """
    by_title = {title: key for key, title in SHEET_TITLES.items()}
    found: SheetRows = {}
    for name, table in frames.items():
        key = by_title.get(name, name)
        if key not in SHEETS:
            raise UnknownTable(f"没有名为“{name}”的工作表；可用的有：{'、'.join(by_title)}。")
        by_head = {column.header: column.field for column in SHEETS[key].columns}
        fields = [by_head.get(str(head), str(head)) for head in table.columns]
        own = [head for head in fields if head not in (_COUNTY, _FILE, *BESIDE) and not head.startswith(HELPER_HEAD)]
        if unknown := [head for head in own if head not in SHEETS[key]]:
            raise UnknownTable(f"《{SHEET_TITLES[key]}》没有“{'”“'.join(unknown)}”这一列。请改成清单的表头或字段名。")
        if len(set(fields)) < len(fields):
            raise UnknownTable(f"《{SHEET_TITLES[key]}》有重复的列。每列只能出现一次。")
        taken = [name for name in fields if name in SHEETS[key] and SHEETS[key][name].required != "auto"]
        columns = [_plain(table.iloc[:, fields.index(name)]) for name in taken]
        found[key] = [
            {name: value for name, value in zip(taken, values, strict=True) if value is not None}
            for values in zip(*columns, strict=True)
            if any(value is not None for value in values)
        ]
    return found


def _plain(series: "pd.Series[Any]") -> list[Value]:
    """The values of a column as Python has them, None where one is missing."""
    missing = series.isna().tolist()
    return [None if gone else _value(value) for gone, value in zip(missing, series.tolist(), strict=True)]


def _value(value: object) -> Value:
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str | int | float | dt.date) else str(value)


def book_of(
    rows: SheetRows, *, county: str, rules: RuleSet, round_: str, revision: int, file: str, on: dt.date | None = None
) -> Book:
    """A workbook as the rules see it, made of rows; formulas offered in cells that are left out are worked out."""
    kind: BookKind = next((KIND_OF[key] for key in rows), "inventory")
    facts = {
        "division": county,
        "year": rules.year,
        "round": round_,
        "revision": revision,
        "filled_on": on,
        "template_version": TEMPLATE_VERSION,
        "ruleset": rules.id,
    }
    book = Book(file, rules, county, round_, revision, on or dt.date.today(), facts, kind)
    for key in (one for one in KINDS[kind] if one in rows):  # enterprises before their lines
        reader, columns = RowReader(key, rules), SHEETS[key].columns
        for number, row in enumerate(rows[key], 1):
            values: dict[str, Value] = dict(row)
            root = book.enterprise(str(values.get("list_id"))) if key == "lines" else None
            for (sheet, name), formula in OFFERED.items():
                if sheet == key and values.get(name) is None:
                    values[name] = formula.value({**values, "row": number}, root=root)
            record, faults = reader.read([values.get(column.field) for column in columns], number)
            book.tables[key].append(record)
            book.faults += [cell_fault(book, fault, record) for fault in faults]
    return book
