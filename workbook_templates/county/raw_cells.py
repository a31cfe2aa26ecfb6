"""What stood in cells that could not be read, as a list shows it."""

import datetime as dt

from validators.book import Book
from validators.columns import SHEETS
from validators.meanings import Value
from validators.rule import value_text


def raw_cells(book: Book, key: str) -> dict[tuple[int, str], Value]:
    """What stands in the unreadable cells of a sheet, by row and field."""
    title = SHEETS[key].title
    by_header = {column.header: column.field for column in SHEETS[key].columns}
    return {
        (fault.row, by_header[fault.header]): written(fault.value)
        for fault in book.faults
        if fault.sheet == title and fault.row and fault.header in by_header and fault.rule in ("GS03", "GS05", "GS07")
    }


def written(value: object) -> Value:
    """A value of a finding as a list can hold it: unreadable ones stay visible as text."""
    if isinstance(value, str | int | float | dt.date) and not isinstance(value, bool | dt.datetime):
        return value
    return None if value is None else value_text(value)
