"""Small inventories for tests, written as what differs from the valid rows of `base.yaml`."""

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from validators import ruleset
from validators.book import Book, Fault
from validators.columns import LEVELS, POLLUTANTS, SHEETS
from validators.records import CellFault, RowReader, Value

FIRST_ROW = 4
COUNTY = "371502"
Rows = Mapping[str, Sequence[Mapping[str, Value]]]

_BASE: dict[str, dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("base.yaml").read_text(encoding="utf-8"))
_LETTERS = {"enterprises": "G", "dust": "Y", "mobile": "D"}


def full_rows(rows: Rows, county: str = COUNTY) -> dict[str, list[dict[str, Value]]]:
    """Whole rows: those given laid over the valid ones; sheets that are not named get one valid row or none."""
    found: dict[str, list[dict[str, Value]]] = {}
    for sheet in SHEETS:
        default: Sequence[Mapping[str, Value]] = [{}] if sheet in ("enterprises", "lines", "transport") else []
        found[sheet] = []
        for number, changes in enumerate(rows.get(sheet, default), 1):
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


def make_book(rows: Rows, **facts: Any) -> Book:
    """A workbook as the reader would give it, cells read by `RowReader`."""
    rules = ruleset.load(str(facts.get("year", 2020)))
    county = facts.get("county", COUNTY)
    book = Book(
        facts.get("file", "东昌府区.xlsx"), rules, county, facts.get("round", "首报"), facts.get("revision", 1),
        facts.get("on", dt.date(2020, 8, 20)),
        {"template_version": "1.0", "division": county, "year": "2020", "round": "首报", "revision": "1"},
    )  # fmt: skip
    for sheet, own in full_rows(rows, county).items():
        reader = RowReader(sheet, rules)
        for number, row in enumerate(own, FIRST_ROW):
            cells = [_cell(row.get(column.field)) for column in SHEETS[sheet].columns]
            record, faults = reader.read(cells, number)
            book.tables[sheet].append(record)
            book.faults += [_fault(book, fault, number) for fault in faults]
    return book


def _cell(value: Value) -> Value:
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _fault(book: Book, fault: CellFault, row: int) -> Fault:
    column = fault.column
    return Fault(
        fault.rule, "cell", SHEETS[column.sheet].title, book.address(column.sheet, column.field, row), row,
        column.header, None, fault.value, fault.meant,
    )  # fmt: skip
