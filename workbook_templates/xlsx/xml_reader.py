"""Reading a sheet cell by cell, for XML in an unusual spelling and for cells that lie far apart.

About five times slower than the fast way, but it holds only cells that hold something, and nothing in a file can
make it do more than that.
"""

import re

from validators.columns import position_of
from validators.ooxml.grid import LAST_ROW
from validators.ooxml.package import Package, SafeParser, TooBigError
from validators.records import Raw
from workbook_templates.xlsx.fast_reader import GridRows, Seen, Workbook, unescaped

_MOST_CELLS = 4_000_000
FARTHEST = 1000
"""Columns that are kept; what stands farther out is counted."""
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


class _Strings:
    """The shared strings of a workbook, phonetic guides left out."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._inside = ""
        self._text: list[str] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "si":
            self._text = []
        elif tag in ("t", "rPh") and self._inside != "rPh":
            self._inside = tag

    def end(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = ""
        if tag == "si":
            self.found.append(unescaped("".join(self._text)))

    def text(self, data: str) -> None:
        if self._inside == "t":
            self._text.append(data)


def shared_strings(package: Package, part: str | None) -> list[str]:
    """The workbook's shared strings, by number. Raises `PackageError`."""
    if part is None:
        return []
    strings = _Strings()
    parser = SafeParser(part, strings.start, strings.end, strings.text)
    for chunk in package.chunks(part):
        parser.feed(chunk)
    parser.close()
    return strings.found


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
        self.guide = False
        """Whether a phonetic guide is being read, which the screen does not show in the cell."""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "row":
            number = attributes.get("r", "")
            self.row = int(number) if number.isdecimal() and len(number) < 8 else self.row + 1
            self.column = -1
            if attributes.get("hidden") in ("1", "true"):
                self.seen.hidden_rows.add(self.row)
        elif tag == "c":
            place = _REFERENCE.fullmatch(attributes.get("r", ""))
            self.column = position_of(place[1]) if place else self.column + 1
            self.row = int(place[2]) if place else self.row
            self.kind, self.style = attributes.get("t", "n"), attributes.get("s", "")
            self.formula, self.texts = None, {}
        elif tag == "f":
            self.formula, self.inside = attributes, "f"
        elif tag == "rPh":
            self.guide = True
        elif tag in ("v", "t") and not self.guide:
            self.inside = tag
        elif tag == "mergeCell":
            self.seen.merged.append(attributes.get("ref", ""))
        elif tag == "col" and attributes.get("hidden") in ("1", "true"):
            first, last = attributes.get("min", ""), attributes.get("max", "")
            if first.isdecimal() and last.isdecimal():
                self.seen.hidden_columns.append((int(first) - 1, int(last) - 1))

    def text(self, data: str) -> None:
        if self.inside:
            self.texts.setdefault(self.inside, []).append(data)

    def end(self, tag: str) -> None:
        if tag == self.inside:
            self.inside = ""
        elif tag == "rPh":
            self.guide = False
        if tag != "c":
            return
        place = self.row, self.column
        if self.formula is not None:
            self.seen.add_formula(place, self.formula, "".join(self.texts.get("f", ())))
        text = "".join(self.texts.get("t" if self.kind == "inlineStr" else "v", ()))
        value = self.book.value(self.kind, text, self.style, place, self.seen)
        if value == "" and place not in self.seen.errors:
            return
        if self.row > LAST_ROW or self.column >= FARTHEST:
            self.seen.beyond += 1
            return
        self.cells += 1
        if self.cells > _MOST_CELLS:
            raise TooBigError("单元格过多，不像一份清单", self.part)
        self.rows.setdefault(self.row, {})[self.column] = value


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
