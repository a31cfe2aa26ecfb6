"""The one reader: a workbook of a county, from a file or an application, becomes records, and what looks odd is kept.

A file becomes cells with addresses (`xlsx.opened`), the cover becomes facts (`cover_facts`), heads become places
(`sheet_layout`), rows become records (`entries`).
"""

import datetime as dt
from pathlib import Path

from validators import ruleset
from validators.book import Book
from validators.columns import KINDS
from workbook_templates.county.cover_facts import begin
from workbook_templates.county.entries import Entries
from workbook_templates.county.sheet_layout import below, lay_out, look_elsewhere, of_other_sheet
from workbook_templates.xlsx.opened import Source, open_workbook


def read_county(path: Path, *, on: dt.date | None = None, rules: ruleset.RuleSet | None = None) -> Book:
    """A county workbook. `on` is the day to judge dates by (default: its 填报日期, else today).

    `rules` is the rule set to judge it by if it is of that year (default: `ruleset.judging`).
    Raises `UnreadableWorkbook`, or OSError if the file cannot be opened.
    """
    opened = open_workbook(path)
    book = read_book(opened, on=on, rules=rules)
    book.sha256 = opened.sha256
    return book


def read_book(opened: Source, *, on: dt.date | None = None, rules: ruleset.RuleSet | None = None) -> Book:
    """A county workbook from a file or from an application; `on` and `rules` as in `read_county`."""
    book = begin(opened, on=on, rules=rules)
    for sheet in KINDS[book.kind].values():
        grid = opened.grid(sheet.title)
        layout = lay_out(book, sheet, grid)
        if grid and layout:
            Entries(book, sheet, below(layout, grid), layout).read()
    look_elsewhere(book, lambda fault: of_other_sheet(opened, book.kind, fault))
    return book
