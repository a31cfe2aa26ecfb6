"""Reading a sheet cell by cell, for XML in an unusual spelling and for cells that lie far apart.

About five times slower than the fast way, but it holds only cells that hold something, and nothing in a file can
make it do more than that. Numbers stay numbers: whether a cell is formatted as a date is not looked at.
"""

import re
from xml.sax.saxutils import escape

from validators.columns import letter, position_of
from validators.package import Package, SafeParser, TooBigError
from validators.records import Raw
from workbook_templates.scan import Scan

MOST_CELLS = 4_000_000
LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")


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


def unescaped(text: str) -> str:
    """Text with Excel's `_x000A_` turned back into the character that it stands for."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


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

    def __init__(self, part: str, strings: list[str]) -> None:
        self.part = part
        self.strings = strings
        self.scan = Scan(plain=True)
        self.rows: dict[int, dict[int, Raw]] = {}
        self.row, self.column, self.kind, self.cells = 0, -1, "n", 0
        self.formula: dict[str, str] | None = None
        self.texts: dict[str, list[str]] = {}
        self.inside = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "row":
            number = attributes.get("r", "")
            self.row = int(number) if number.isdecimal() and len(number) < 8 else self.row + 1
            self.column = -1
            if attributes.get("hidden") in ("1", "true"):
                self.scan.hidden_rows.add(self.row)
        elif tag == "c":
            place = _REFERENCE.fullmatch(attributes.get("r", ""))
            self.column = position_of(place[1]) if place else self.column + 1
            self.row = int(place[2]) if place else self.row
            self.kind, self.formula, self.texts = attributes.get("t", "n"), None, {}
        elif tag == "f":
            self.formula, self.inside = attributes, "f"
        elif tag in ("v", "t"):
            self.inside = tag
        elif tag == "mergeCell":
            self.scan.merged.append(attributes.get("ref", ""))
        elif tag == "col" and attributes.get("hidden") in ("1", "true"):
            first, last = attributes.get("min", ""), attributes.get("max", "")
            if first.isdecimal() and last.isdecimal():
                self.scan.hidden_columns.append((int(first) - 1, int(last) - 1))

    def text(self, data: str) -> None:
        if self.inside:
            self.texts.setdefault(self.inside, []).append(data)

    def end(self, tag: str) -> None:
        if tag == self.inside:
            self.inside = ""
        if tag != "c" or self.row > LAST_ROW or self.column >= LAST_COLUMN:
            return
        place = self.row, self.column
        if self.formula is not None:
            self._formula(place, "".join(self.texts.get("f", ())), self.formula)
        value = self._value()
        if value == "" and self.formula is None:
            return
        self.cells += 1
        if self.cells > MOST_CELLS:
            raise TooBigError("单元格过多，不像一份清单", self.part)
        self.rows.setdefault(self.row, {})[self.column] = value

    def _formula(self, place: tuple[int, int], text: str, attributes: dict[str, str]) -> None:
        written = " ".join(f'{name}="{value}"' for name, value in attributes.items())
        self.scan.formulas.append(
            (letter(place[1]).encode(), str(place[0]).encode(), written.encode(), escape(text).encode())
        )

    def _value(self) -> Raw:
        text = "".join(self.texts.get("t" if self.kind == "inlineStr" else "v", ()))
        if not text:
            return ""
        if self.kind == "s":
            return self.strings[int(text)] if text.isdecimal() and int(text) < len(self.strings) else ""
        if self.kind in ("str", "inlineStr"):
            return unescaped(text)
        if self.kind == "b":
            return text.strip() in ("1", "true")
        if self.kind == "e":
            self.scan.errors[self.row, self.column] = text
            return ""
        try:
            return float(text)
        except ValueError:
            return text


def read_slowly(package: Package, part: str, strings: list[str]) -> tuple[Scan, list[tuple[int, list[Raw]]]]:
    """What `scan` would have seen in a sheet, and its rows as `(1-based row, cells from column A)`.

    Columns beyond the 1,000th are left out of the rows. Raises `PackageError`.
    """
    sheet = _Sheet(part, strings)
    parser = SafeParser(part, sheet.start, sheet.end, sheet.text)
    for chunk in package.chunks(part):
        parser.feed(chunk)
    parser.close()
    rows: list[tuple[int, list[Raw]]] = []
    for number in sorted(sheet.rows):
        own = {column: value for column, value in sheet.rows[number].items() if column < 1000}
        rows.append((number, [own.get(column, "") for column in range(max(own, default=-1) + 1)]))
    return sheet.scan, rows
