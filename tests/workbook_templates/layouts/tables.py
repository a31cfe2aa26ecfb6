"""Tables for these tests: a made-up county as any layout writes it, in memory."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.addin.conftest import COUNTY, RULES, fill
from validators.book import Book
from validators.settlement import City, Handed, sort_out
from workbook_templates.county.reader import read_county
from workbook_templates.dataframes import book_of
from workbook_templates.layouts.accounts import Taken
from workbook_templates.layouts.declared import Layout, Table
from workbook_templates.layouts.found import fits
from workbook_templates.layouts.sheet_taker import take_sheet
from workbook_templates.layouts.taker import Taker
from workbook_templates.submission.submission_workbook import compiled, rows_of
from workbook_templates.xlsx.fast_reader import Seen
from workbook_templates.xlsx.opened import Grid

Row = tuple[Any, ...]


@cache
def county() -> Book:
    with TemporaryDirectory() as folder:
        return read_county(fill(Path(folder) / "东昌府区.xlsx", enterprises=14))


def city_of(book: Book) -> City:
    return sort_out([Handed(book.file, book)])


def written(layout: Layout, book: Book) -> list[list[Row]]:
    """The rows of each table of the layout."""
    city = city_of(book)
    return [[values for values, _ in rows_of(sheet, city)] for sheet in compiled(layout)]


def grid(title: str, heads: Sequence[Sequence[str]], rows: Iterable[Row], merged: Sequence[str] = ()) -> Grid:
    lines = [*heads, *rows]
    cells = [[float(cell) if type(cell) is int else "" if cell is None else cell for cell in line] for line in lines]
    return Grid(
        title,
        False,
        [(number, own) for number, own in enumerate(cells, 1) if any(c != "" for c in own)],
        Seen(merged=list(merged)),
    )


def grids(layout: Layout, book: Book) -> list[Grid]:
    """The tables of the layout as a reader sees them."""
    return [
        grid(table.title or "清单", [[entry.head for entry in table.entries]], rows)
        for table, rows in zip(layout.tables, written(layout, book), strict=True)
    ]


def taken(layout: Layout, tables: Sequence[Grid], before: dict[str, str] | None = None) -> Taken:
    taker = Taker(COUNTY, RULES, before)
    found = fits(layout, tables, "表.xlsx")
    for one in tables:
        if one.title in found:
            take_sheet(taker, "表.xlsx", one, found[one.title])
        else:
            taker.pass_over("表.xlsx", one)
    return taker.finish()


def as_book(found: Taken) -> Book:
    return book_of(
        found.rows, county=COUNTY, rules=RULES, round_="首报", revision=1, file="填报表", on=dt.date(2020, 8, 20)
    )


def carried(table: Table) -> Iterator[int]:
    """Places of the heads that mean something."""
    return (place for place, entry in enumerate(table.entries) if entry.means)
