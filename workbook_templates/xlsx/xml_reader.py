"""Reading a sheet cell by cell, for XML in an unusual spelling and for cells that lie far apart.

About five times slower than the fast way, but it holds only cells that hold something, and nothing in a file can
make it do more than that.
"""

import re
from collections.abc import Mapping

from validators.columns import position_of
from validators.meanings import Raw
from validators.ooxml.grid import LAST_ROW
from validators.ooxml.package import Package, SafeParser, TooBigError
from workbook_templates.xlsx.fast_reader import GridRows, Seen, Workbook, cornered, unescaped
from workbook_templates.xlsx.ink import Rich, Runs

_MOST_CELLS = 4_000_000
FARTHEST = 1000
"""Columns that are kept; what stands farther out is counted."""
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


def shared_strings(package: Package, part: str | None) -> list[str | Rich]:
    """The workbook's shared strings, by number, phonetic guides left out. Raises `PackageError`."""
    if part is None:
        return []
    found: list[str | Rich] = []
    runs = Runs()

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal runs
        if tag == "si":
            runs = Runs()
        runs.start(tag, attributes)

    def end(tag: str) -> None:
        runs.end(tag)
        if tag == "si":
            found.append(runs.found(unescaped))

    parser = SafeParser(part, start, end, lambda data: runs.text(data))  # noqa: PLW0108 - each string has its own
    for chunk in package.chunks(part):
        parser.feed(chunk)
    parser.close()
    return found


class _Sheet:
    """Gathers the cells of one sheet."""

    def __init__(self, part: str, book: Workbook) -> None:
        self.part = part
        self.book = book
        self.seen = Seen(since_1904=book.since_1904)
        self.rows: dict[int, dict[int, Raw]] = {}
        self.row, self.column, self.kind, self.style, self.cells = 0, -1, "n", "", 0
        self.formula: dict[str, str] | None = None
        self.texts: dict[str, list[str]] = {}
        self.inside = ""
        self.runs: Runs | None = None
        """The text that is being read where it stands in its cell, and that text when it is read."""
        self.inline: str | Rich = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "row":
            number = attributes.get("r", "")
            self.row = int(number) if number.isdecimal() and len(number) < 8 else self.row + 1
            self.column = -1
            if _hidden(attributes, "ht"):
                self.seen.hidden_rows.add(self.row)
        elif tag == "c":
            place = _REFERENCE.fullmatch(attributes.get("r", ""))
            self.column = position_of(place[1]) if place else self.column + 1
            self.row = int(place[2]) if place else self.row
            self.kind, self.style = attributes.get("t", "n"), attributes.get("s", "")
            self.formula, self.texts, self.inline, self.runs = None, {}, "", None
        elif tag == "is":
            self.runs = Runs()
        elif self.runs is not None:
            self.runs.start(tag, attributes)
        elif tag == "f":
            self.formula, self.inside = attributes, "f"
        elif tag == "v":
            self.inside = tag
        elif tag == "mergeCell":
            self.seen.merged.append(cornered(attributes.get("ref", "")))
        elif tag == "col" and _hidden(attributes, "width"):
            first, last = attributes.get("min", ""), attributes.get("max", "")
            if first.isdecimal() and last.isdecimal():
                self.seen.hidden_columns.append((int(first) - 1, int(last) - 1))

    def text(self, data: str) -> None:
        if self.runs is not None:
            self.runs.text(data)
        elif self.inside:
            self.texts.setdefault(self.inside, []).append(data)

    def end(self, tag: str) -> None:
        if self.runs is not None:
            self.runs.end(tag)
            if tag == "is":
                self.inline, self.runs = self.runs.found(unescaped), None
        if tag == self.inside:
            self.inside = ""
        if tag != "c":
            return
        place = self.row, self.column
        if self.formula is not None:
            self.seen.add_formula(place, self.formula, "".join(self.texts.get("f", ())))
        text = self.inline if self.kind == "inlineStr" else "".join(self.texts.get("v", ()))
        value = self.book.value(self.kind, text, self.style, place, self.seen)
        if value == "" and place not in self.seen.errors:
            return
        if self.row > LAST_ROW or self.column >= FARTHEST:
            self.seen.beyond += 1
            return
        self.cells += 1
        if self.cells > _MOST_CELLS:
            raise TooBigError("单元格过多，不像一份清单", self.part)
        own = self.rows.setdefault(self.row, {})
        if own.setdefault(self.column, value) != value:  # the cell stands in the file twice
            own[self.column] = ""
            self.seen.errors[place] = ""


def _hidden(attributes: Mapping[str, str], size: str) -> bool:
    """Whether a row or column is hidden, or of no height or width, which is the same to the eye."""
    return attributes.get("hidden") in ("1", "true") or re.fullmatch(r"0(\.0+)?", attributes.get(size, "")) is not None


def read_slowly(package: Package, part: str, book: Workbook) -> tuple[Seen, GridRows]:
    """What stands in a sheet, however it is spelled.

    Raises `PackageError`.
    """
    sheet = _Sheet(part, book)
    parser = SafeParser(part, sheet.start, sheet.end, sheet.text)
    for chunk in package.chunks(part):
        parser.feed(chunk)
    parser.close()
    rows = GridRows()
    for number, own in sorted(sheet.rows.items()):
        rows.append((number, [own.get(column, "") for column in range(max(own) + 1)]))
    return sheet.seen, rows
