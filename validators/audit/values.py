"""AU09: the values of every sheet as two independent readers see them, the one below and calamine.

Run only on packages in which the structure checks found nothing: calamine aborts the process on some hostile files.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from io import BytesIO
from itertools import groupby, islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile

from validators.audit.report import Findings
from validators.audit.sheets import BlockWalker, SheetFacts, T, valid_text
from validators.audit.walk import Attributes
from validators.columns import letter, position_of
from validators.ooxml.grid import EPOCH, EPOCH_1904
from validators.ooxml.package import Package

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

ReadValue = str | float | bool
Emit = Callable[[int, dict[int, ReadValue]], None]

PIECE = 32 << 20  # bytes of a sheet that calamine reads at once, and needs some eight times as much memory for
_DAY = timedelta(days=1)
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_ENTITY = re.compile("&(?:#([0-9]+)|([a-z]+));")
_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")
_INLINE = rb"<is>" + T + rb"</is>"
_ROW = re.compile(
    rb'(<row r="([0-9]+)"[^<>/]*+(?:/>|>((?:<c r="[^<>/]*+(?:/>|>(?:<v>[^<&]*+</v>|' + _INLINE + rb")?</c>))*+)</row>))"
)
_CELL = re.compile(
    rb'<c r="([A-Z]+)[0-9]+"(?: s="[0-9]+")?(?: t="([a-zA-Z]+)")?'
    rb'(?: ?/>|></c>|><v>([^<]*)</v></c>|><is><t( xml:space="preserve")?>([^<]*)</t></is></c>)'
)
_STRINGS = re.compile(rb"(?:<si>" + T + rb"</si>)*+")
_STRING = re.compile(rb'<t( xml:space="preserve")?>([^<]*)</t>')


def text_of(raw: str, keep: bool) -> str:
    """Return what a `t` element means: blanks at its ends count only when kept, and _x000D_ is a character."""
    if not keep:
        raw = raw.strip(" \t\r\n")
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), raw) if "_x" in raw else raw


def _raw_text(raw: bytes, keep: bytes) -> str:
    """Return what the bytes between two `t` tags mean."""
    text = raw.decode()
    if "&" in text:
        text = _ENTITY.sub(lambda match: chr(int(match[1])) if match[1] else _ENTITIES[match[2]], text)
    return text_of(text, bool(keep))


class _Texts(BlockWalker):
    """Collects the pieces of strings; what the allow-list says has been said before and is dropped."""

    def __init__(self, part: str, kind: str) -> None:
        super().__init__(part, kind, Findings())
        self.keep = False
        self.pieces: list[str] = []

    def opened(self, name: str, attributes: Attributes) -> None:
        """Begin a string or a piece of one."""
        if name == "t":
            self.keep = attributes.get("xml:space") == "preserve"
        elif name in ("si", "is"):
            self.pieces = []

    def closed(self, name: str, text: str) -> None:
        """Take a piece."""
        if name == "t":
            self.pieces.append(text_of(text, self.keep))


class _Strings(_Texts):
    """Reads the shared strings."""

    ending = b"</si>"
    depth = 1

    def __init__(self, part: str) -> None:
        super().__init__(part, "strings")
        self.strings: list[str] = []

    def closed(self, name: str, text: str) -> None:
        """Take a string."""
        super().closed(name, text)
        if name == "si":
            self.strings.append("".join(self.pieces))

    def plain_block(self, data: bytes) -> bool:
        """See the base class."""
        if _STRINGS.fullmatch(data) is None or not valid_text(data):
            return False
        self.strings += [_raw_text(raw, keep) for keep, raw in _STRING.findall(data)]
        return True


class _Cells(_Texts):
    """Reads the cells of a sheet and emits them row by row."""

    ending = b"</row>"
    depth = 2

    def __init__(self, part: str, strings: Sequence[str], emit: Emit) -> None:
        super().__init__(part, "sheet")
        self.strings, self.emit = strings, emit
        self.row = self.column = 0
        self.cells: dict[int, ReadValue] = {}
        self.type: str | None = None
        self.value: ReadValue = ""
        self.columns: dict[bytes, int] = {}

    def opened(self, name: str, attributes: Attributes) -> None:
        """Begin a row or a cell."""
        super().opened(name, attributes)
        if name == "row":
            self.row, self.column, self.cells = int(attributes.get("r", self.row + 1)), 0, {}
        elif name == "c":
            reference = attributes.get("r")
            self.column = position_of(reference.rstrip("0123456789")) + 1 if reference else self.column + 1
            self.type, self.value = attributes.get("t"), ""

    def closed(self, name: str, text: str) -> None:
        """Take a value, end a cell or a row."""
        super().closed(name, text)
        if name == "v":
            self.value = self.meaning(self.type, text)
        elif name == "is":
            self.value = "".join(self.pieces)
        elif name == "c":
            self.cells[self.column] = self.value
        elif name == "row":
            self.emit(self.row, self.cells)

    def meaning(self, kind: str | None, text: str) -> ReadValue:
        """Return the value that a `v` element of a cell of that type means; errors are blank, as to calamine."""
        if kind == "s":
            return self.strings[int(text)]
        if kind == "b":
            return text == "1"
        if kind == "str":
            return text_of(text, True)
        if kind == "e":
            return ""
        try:
            return float(text)
        except ValueError:
            return text

    def plain_block(self, data: bytes) -> bool:
        """See the base class."""
        rows = _ROW.findall(data)
        if sum([len(row[0]) for row in rows]) != len(data) or (b"<is>" in data and not valid_text(data)):
            return False
        columns, strings = self.columns, self.strings
        for _, number, body in rows:
            cells: dict[int, ReadValue] = {}
            for name, kind, value, keep, inline in _CELL.findall(body):
                column = columns.get(name)
                if column is None:
                    column = columns[name] = position_of(name) + 1
                if inline:
                    cells[column] = _raw_text(inline, keep)
                elif value:
                    if kind == b"s":
                        cells[column] = strings[int(value)]
                    elif kind in (b"", b"n"):
                        cells[column] = float(value)
                    else:
                        cells[column] = self.meaning(kind.decode(), value.decode())
            self.row = int(number)
            self.emit(self.row, cells)
        return True


def compare(
    package: Package,
    sheets: Sequence[SheetFacts],
    strings_part: str,
    findings: Findings,
    *,
    epoch_1904: bool,
) -> None:
    """Read all sheets twice; add each difference to AU09, and what merged cells cover to AU05.

    `strings_part` is "" where the package has no string table. Whatever calamine raises comes through.
    """
    import python_calamine

    strings = _Strings(strings_part)
    if strings_part:
        strings.run(package.chunks(strings_part))

    def compare_sheet(sheet: SheetFacts, theirs: Iterable["CalamineSheet"]) -> None:
        pair = _Pair(sheet, theirs, epoch_1904, findings)
        _Cells(sheet.part, strings.strings, pair.row).run(package.chunks(sheet.part))
        pair.pass_over(math.inf)

    package.file.seek(0)
    book = python_calamine.CalamineWorkbook.from_filelike(package.file)
    if book.sheet_names != [sheet.name for sheet in sheets]:
        findings.add("AU09", f"另一读表程序看到的工作表是「{'、'.join(book.sheet_names)}」")
        return
    long = [sheet for sheet in sheets if package.members[sheet.part].size > PIECE]
    for index, sheet in enumerate(sheets):
        if sheet not in long:
            compare_sheet(sheet, [book.get_sheet_by_index(index)])
    del book
    for sheet in long:
        compare_sheet(sheet, _in_pieces(package, sheets, sheets.index(sheet)))


def _in_pieces(package: Package, sheets: Sequence[SheetFacts], index: int) -> Iterator["CalamineSheet"]:
    """Let calamine read some rows at a time of a sheet that is too long to be held at once.

    It gets the same workbook again and again, in which the sheet has only some of its rows.
    """
    import python_calamine

    name = sheets[index].part
    others = BytesIO()
    with ZipFile(others, "w", ZIP_DEFLATED, compresslevel=1) as rest:
        for other in package.members.keys() - {sheet.part for sheet in sheets}:
            with rest.open(other, "w") as part:
                part.writelines(package.chunks(other))

    def workbook(xml: Iterable[bytes]) -> BytesIO:
        file = BytesIO(others.getvalue())
        with ZipFile(file, "a") as whole, whole.open(name, "w") as part:
            part.writelines(xml)
        file.seek(0)
        return file

    def read(file: BytesIO) -> "CalamineSheet":
        with file:  # its memory is free again as soon as calamine has its own copy
            book = python_calamine.CalamineWorkbook.from_filelike(file)
        return book.get_sheet_by_index(index)

    return map(read, map(workbook, cut(package.chunks(name))))


def cut(chunks: Iterable[bytes]) -> Iterator[Iterator[bytes]]:
    """Turn a long sheet into several, each with some of its rows and all that stands above the rows.

    It is only cut between rows that have nothing between them and that carry their numbers, so one that is spelled
    otherwise stays whole. None is held in memory: each is to be taken, chunk by chunk, before the next.
    """
    return ((xml for _, xml in piece) for _, piece in groupby(_numbered(chunks), itemgetter(0)))


def _numbered(chunks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Each chunk with the number of the piece that it goes into."""
    number, size, above = 0, 0, b""
    for chunk in chunks:
        if not number and not size:
            above = chunk[: chunk.find(b"<sheetData>") + len(b"<sheetData>")]
        end = chunk.rfind(b'</row><row r="') + len(b"</row>") if size >= PIECE else 0
        if above.endswith(b"<sheetData>") and end >= len(b"</row>"):
            yield number, chunk[:end] + b"</sheetData></worksheet>"
            number, size = number + 1, len(chunk) - end
            yield number, above + chunk[end:]
        else:
            yield number, chunk
            size += len(chunk)


def _rows(sheets: Iterable["CalamineSheet"]) -> Iterator[tuple[int, int, list[Any]]]:
    """Each row as calamine sees it, with its number and that of its first column; a sheet goes on where one ended."""
    last = 0
    for sheet in sheets:
        top, left = sheet.start or (0, 0)
        blank = min(top, last)  # calamine gives blank rows before its first one, but no blank columns
        for number, row in enumerate(islice(sheet.iter_rows(), blank, None), blank + 1):
            yield number, left + 1, row
            last = number
        del sheet  # calamine's copy, before there is the next


class _Pair:
    """The two readings of one sheet, row by row."""

    def __init__(
        self, sheet: SheetFacts, theirs: Iterable["CalamineSheet"], epoch_1904: bool, findings: Findings
    ) -> None:
        self.sheet, self.theirs, self.epoch_1904, self.findings = sheet, _rows(theirs), epoch_1904, findings
        self.next = next(self.theirs, None)
        self.merged: dict[int, list[tuple[int, int]]] = {}  # row -> columns that a merged area covers there
        for top, left, bottom, right in sheet.merged:
            self.merged.setdefault(top, []).append((left + 1, right))
            for row in range(top + 1, bottom + 1):
                self.merged.setdefault(row, []).append((left, right))

    def row(self, number: int, cells: dict[int, ReadValue]) -> None:
        """Take one row of ours and compare it with theirs."""
        self.pass_over(number)
        if self.next is not None and self.next[0] == number:
            self.compare(number, cells, *self.next[1:])
            self.next = next(self.theirs, None)
        else:
            self.compare(number, cells, 1, [])
        for left, right in self.merged.get(number, ()):
            for column in range(left, right + 1) if right - left < len(cells) else list(cells):
                if left <= column <= right and cells.get(column, "") != "":
                    self.add("AU05", number, column, "单元格被合并区域盖住，但有内容")

    def pass_over(self, end: float) -> None:
        """Compare their rows before row `end`, of which we have none."""
        while self.next is not None and self.next[0] < end:
            self.compare(self.next[0], {}, *self.next[1:])
            self.next = next(self.theirs, None)

    def compare(self, number: int, cells: dict[int, ReadValue], first: int, other: list[Any]) -> None:
        """Compare one row, theirs from column `first` on; the quick look first, for nearly all rows are the same."""
        end = first + len(other)
        get = cells.get
        mine = [get(column, "") for column in range(first, end)]
        if mine != other:
            for column, own, their in zip(range(first, end), mine, other, strict=True):
                if own != their and not self.same(own, their):
                    self.add("AU09", number, column, f"本程序读到「{own}」，另一读表程序读到「{their}」")
        if cells and (min(cells) < first or max(cells) >= end):
            for column in sorted(cells):
                if not first <= column < end and cells[column] != "":
                    self.add("AU09", number, column, f"本程序读到「{cells[column]}」，另一读表程序读不到")

    def same(self, own: ReadValue, their: object) -> bool:
        """Say whether two unequal values are one: dates are, through their serial number, to the millisecond."""
        if not isinstance(own, float) or isinstance(own, bool):
            return False
        early = False  # in 1900, calamine has days 59 and 60 in one
        if isinstance(their, date):
            days = float(their.toordinal() - (EPOCH_1904 if self.epoch_1904 else EPOCH).toordinal())
            if isinstance(their, datetime):
                days += (datetime.combine(date.min, their.time()) - datetime.min) / _DAY
            early = days < 62 and not self.epoch_1904
        elif isinstance(their, time):
            days = (datetime.combine(date.min, their) - datetime.min) / _DAY
        elif isinstance(their, timedelta):
            days = their / _DAY
        else:
            return False
        return abs(own - days) < 2e-8 or (early and abs(own - days + 1) < 2e-8)

    def add(self, check: str, row: int, column: int, what: str) -> None:
        """Add a finding at a cell."""
        self.findings.add(check, what, self.sheet.part, self.sheet.name, f"{letter(column - 1)}{row}")
