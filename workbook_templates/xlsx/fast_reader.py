"""Reading a sheet in the spelling that spreadsheet programs write: one regular expression takes a whole row.

Excel, WPS, LibreOffice, XlsxWriter and openpyxl write a sheet that `read_quickly` understands. At the first thing
that is spelled otherwise it gives up, and the sheet is read by the slower parser. Nothing in a file can make it
hold more than the cells that hold something.
"""

import datetime as dt
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import islice
from typing import Any

from validators.columns import letter, position_of
from validators.looks import Look, Shown, fifteen_digits
from validators.meanings import Raw
from validators.ooxml.grid import EPOCH, EPOCH_1904, LAST_COLUMN, LAST_ROW
from validators.text import joined
from workbook_templates.xlsx.ink import PLAIN, Mark, Paint, Rich, mark_of

GridPlace = tuple[int, int]
"""1-based row and 0-based column."""
GridRows = list[tuple[int, list[Raw]]]
"""Rows as `(1-based row, cells from column A)`; those without any value or error are left out."""

BATCH = 256
"""Rows that are turned into columns together."""
MOST_COLUMNS = 200
_HEAD = 1 << 15
"""Bytes of rows in which the widest one is looked for."""
_LONGEST = 16 << 20
"""Bytes; neither a row of a list nor what stands above its rows is longer."""


@dataclass
class Seen:
    """What stands in a sheet besides values."""

    formulas: dict[int, dict[int, str]] = field(default_factory=dict)
    """Texts of formulas by 0-based column, then by row; a shared one stands at its first cell (see `shared`)."""
    shared: dict[GridPlace, GridPlace] = field(default_factory=dict)
    """The other cells of a shared formula and the cell that holds its text."""
    masters: dict[str, GridPlace] = field(default_factory=dict)
    """The cell that holds the text of a shared formula, by its number."""
    errors: dict[GridPlace, str] = field(default_factory=dict)
    """Error values, and what stands in a cell that cannot be read ('' where its text is not in the file)."""
    merged: list[str] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    """0-based first and last column."""
    since_1904: bool = False
    """Whether its days are counted from 1904."""
    marks: dict[GridPlace, Mark] = field(default_factory=dict)
    """What is struck out or not to be seen."""
    beyond: int = 0
    """Cells with a value that stand too far out to be kept."""

    def places(self) -> set[GridPlace]:
        """Cells that hold a formula."""
        return {(row, column) for column, rows in self.formulas.items() for row in rows} | self.shared.keys()

    def add_formula(self, place: GridPlace, attributes: Mapping[str, str], text: str) -> None:
        """Take a formula as it stands in the XML; one of a kind that is never offered is kept without its text."""
        kind, number = attributes.get("t", "normal"), attributes.get("si", "")
        if kind == "shared" and not text and number in self.masters:
            self.shared[place] = self.masters[number]
            return
        if kind == "shared":
            self.masters[number] = place
        self.formulas.setdefault(place[1], {})[place[0]] = text if kind in ("normal", "shared") else ""


@dataclass(frozen=True)
class Workbook:
    """What the cells of all sheets refer to."""

    strings: Sequence[str | Rich]
    looks: Mapping[str, Look]
    """What the number formats of the cell styles make of a number, by number of the style; plain ones are absent."""
    since_1904: bool = False
    paints: Mapping[str, Paint] = field(default_factory=dict)
    """How cells look, by number of the style; plain ones are absent."""

    @cached_property
    def marking(self) -> frozenset[str]:
        """Styles whose cells are struck out or not to be seen."""
        return frozenset(style for style, paint in self.paints.items() if paint.marks(None))

    @cached_property
    def rich(self) -> bool:
        """Whether there is a string whose runs differ."""
        return Rich in set(map(type, self.strings))

    def value(self, kind: str, text: str | Rich, style: str, place: GridPlace, seen: Seen) -> Raw:
        """A cell's value from its type (attribute `t`), the text of its value and its style; one in place is `unescaped`.

        What cannot be read goes into the errors of `seen`, and the cell is blank; how it is marked into its marks.
        """
        found = self._value(kind, text, style, place, seen)
        return self.unmarked(found, style, place, seen) if style in self.marking or isinstance(found, Rich) else found

    def unmarked(self, cell: Raw | Rich, style: str, place: GridPlace, seen: Seen) -> Raw:
        """A cell as any other; what is struck out of it, or not to be seen, goes into the marks of `seen`."""
        mark = None if cell == "" else mark_of(cell, self.paints.get(style, PLAIN))
        if mark:
            seen.marks[place] = mark
        return cell.text if isinstance(cell, Rich) else cell

    def _value(self, kind: str, text: str | Rich, style: str, place: GridPlace, seen: Seen) -> Raw | Rich:
        if isinstance(text, Rich) or kind == "inlineStr":
            return text
        if kind == "str":
            return unescaped(text)
        if kind == "e":
            seen.errors[place] = text
            return ""
        if not text:
            return ""
        if kind == "s":
            if text.isdecimal() and int(text) < len(self.strings):
                return self.strings[int(text)]
            seen.errors[place] = ""
            return ""
        if kind == "b" and text.strip() in ("0", "1", "true", "false"):
            return text.strip() in ("1", "true")
        if kind == "d":
            with suppress(ValueError):
                found = dt.datetime.fromisoformat(text.strip()).replace(tzinfo=None)
                return found if found.time() != dt.time() else found.date()
        number = fifteen_digits(float(text)) if kind == "n" and _NUMBER.fullmatch(text) else math.inf
        if math.isinf(number):
            seen.errors[place] = text[:40]
            return ""
        return self.shown(number, style) if style in self.looks else number

    def shown(self, number: float, style: str) -> Raw:
        """What a style that changes the meaning makes of a number."""
        return shown(number, self.looks[style], EPOCH_1904 if self.since_1904 else EPOCH)


_NUMBER = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*", re.ASCII)


def shown(number: float, look: Look, epoch: dt.date = EPOCH) -> Raw:
    """What a number format that changes the meaning makes of a number; days are counted from `epoch`."""
    if look.kind in ("moment", "duration"):
        return moment(number, duration=look.kind == "duration", epoch=epoch)
    return Shown(number, look)


def moment(serial: float, *, duration: bool = False, epoch: dt.date = EPOCH) -> Raw:
    """The day, moment, time of day or duration that a number shows; itself where it is none."""
    if not 0 <= serial < 2_958_466:  # the year 10000
        return serial
    span = dt.timedelta(milliseconds=round(serial * 86_400_000))
    if duration:
        return span
    if serial < 1:
        return (dt.datetime.min + span).time()
    found = dt.datetime.combine(epoch, dt.time()) + span
    return found if found.time() != dt.time() else found.date()


_CELL = (
    r'(?:<c r="{}\1"(?: s="([0-9]++)")?+(?:'
    r' t="s"><v>([0-9]++)</v></c>'
    r"|>(?:<f>([^<]*+)</f>)?+<v>([0-9.-]{{1,25}}+(?:[eE][+-]?[0-9]{{1,2}})?+)?+</v></c>"
    r"|[^>/]*+/>"
    r"|([^>]*+>(?:<f[^>]*+>(?:[^<]*+</f>)?+)?+(?:<v[^>]*+>(?:[^<]*+</v>)?+|<is><t[^<]*+</t></is>)?+)</c>"
    r"))?+"
)
"""A cell: its style; a shared string, or a number or nothing that may have a formula, or blank, or anything else (a
number too large for a double among it)."""
_GROUPS = 5
_FIFTEEN = 16
"""Characters that a number of fifteen digits with a point has at least."""
_HELPER = re.compile('<c r="([B-Z]|[A-Z]{2,3})[0-9]+"[^>]*><f[^>]*>校验_'.encode())
"""A cell of the template that holds nothing but the name of a formula (`formulas.plan`); 校验 itself is column A."""
_PASSED_OVER = (
    r'(?:<c r="[A-Z]++\1"[^>]*+><f[^>]*+>[^<]*+</f>(?:<v>[^<]*+</v>)?+</c>)*+'  # nearly all of them
    r'(?:<c r="[A-Z]++\1"[^>]*+(?<=/)>'
    r'|<c r="[A-Z]++\1"[^>]*+>(?:<f[^>]*+>(?:[^<]*+</f>)?+(?:<v[^>]*+>(?:[^<]*+</v>)?+)?+)?+</c>'
    r'|<c r="[A-Z]++[1-4]"[^>]*+>(?:<v[^>]*+>[^<]*+</v>)?+</c>)*+'
)
"""Cells that hold nothing for a reader: formulas, and the heads over them. What an officer typed among them leaves the
sheet to the parser."""
_OTHER = re.compile(rb"([^>]*+)>(?:<f([^>]*+)>(?:([^<]*+)</f>)?+)?+(?:<(?:v|is><t)[^>]*+>([^<]*+)</)?+")
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
_LETTERS = re.compile(rb'<c r="([A-Z]++)')
_HIDDEN = re.compile(rb' (?:hidden="(?:1|true)"|(?:ht|width)="0(?:\.0+)?")')
"""A row or column that is hidden, or of no height or width, which is the same to the eye."""
_MERGED = re.compile(
    rb'<mergeCell ref="([A-Z]{1,3}[0-9]{1,7}:[A-Z]{1,3}[0-9]{1,7}|[0-9]{1,7}:[0-9]{1,7}|[A-Z]{1,3}:[A-Z]{1,3})"'
)
_COLUMN = re.compile(rb"<col ([^>]*)>")
_UNUSUAL = re.compile(
    rb'<!|encoding="(?![uU][tT][fF]-8")|encoding=\'|xmlns:\w+=["\'][^"\']*/(?:2006|spreadsheetml)/main["\']'
)
"""At the head of a part: a declaration or comment, another encoding, another name for the main namespace."""
_STRING = re.compile(rb'<si><t(?: xml:space="preserve")?+>([^<]*+)</t>(?:<phoneticPr[^>/]*+/>)?+</si>')
_ENTITY = re.compile(r"&(?:#([0-9]+)|#x([0-9a-fA-F]+)|(amp|lt|gt|quot|apos));")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")


def unescaped(text: str) -> str:
    """Text with Excel's `_x000A_` turned back into the character that it stands for."""
    return joined(_ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)) if "_x" in text else text


def decoded(text: bytes) -> str:
    """The text of an XML element."""
    found = text.decode()
    return _without_entities(found) if "&" in found else found


@lru_cache(500)  # some programs spell all Chinese so, and the rows of a list repeat much
def _without_entities(text: str) -> str:
    return _ENTITY.sub(lambda m: _ENTITIES[m[3]] if m[3] else chr(int(m[1]) if m[1] else int(m[2], 16)), text)


@lru_cache(64)
def row_pattern(columns: int, *, helped: bool = False) -> re.Pattern[bytes]:
    """Matches a row: its number, its attributes, and `_GROUPS` groups for each column from A.

    With `helped` the cells beyond these columns are passed over.
    """
    cells = "".join(_CELL.format(letter(position)) for position in range(columns))
    rest = _PASSED_OVER if helped else ""
    return re.compile(rf'\s*+<row r="([1-9][0-9]{{0,6}})"([^>]*+)>(?:{cells}{rest}</row>)?+'.encode())


def cornered(area: str) -> str:
    """An area by its corners: ONLYOFFICE writes merged whole rows as 6:6, and columns as C:C."""
    if row := re.fullmatch(r"(\d+):(\d+)", area):
        return f"A{row[1]}:{letter(LAST_COLUMN - 1)}{row[2]}"
    if column := re.fullmatch(r"([A-Z]+):([A-Z]+)", area):
        return f"{column[1]}1:{column[2]}{LAST_ROW}"
    return area


def read_strings(xml: bytes) -> list[str] | None:
    """The shared strings, or None where they are spelled unusually."""
    found = _STRING.findall(xml)
    if len(found) != xml.count(b"<si") or b"<!" in xml or _UNUSUAL.search(xml, 0, _HEAD):
        return None
    if b"&" in xml or b"_x" in xml or b"\r" in xml:
        return [unescaped(decoded(text.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))) for text in found]
    return list(map(bytes.decode, found))


def read_quickly(chunks: Callable[[], Iterator[bytes]], book: Workbook) -> tuple[Seen, GridRows] | None:
    """What stands in a sheet, or None where it is spelled unusually.

    `chunks` gives the part from its beginning, whenever it is called: the sheet is read anew where a row turns out
    to be wider than the first ones.
    """
    return _read(chunks(), None, book) or _read(chunks(), MOST_COLUMNS, book)


def _read(chunks: Iterator[bytes], columns: int | None, book: Workbook) -> tuple[Seen, GridRows] | None:
    data, head, start = b"", -1, 0
    for chunk in chunks:
        data += chunk
        head = data.find(b"<sheetData")
        start = data.find(b">", head) + 1 if head >= 0 else 0
        if (start and len(data) > start + _HEAD) or len(data) > _LONGEST:
            break
    if not start or _UNUSUAL.search(data, 0, start):
        return None
    if columns is None:
        columns = max(map(position_of, set(_LETTERS.findall(data, start, start + _HEAD))), default=0) + 1
    helpers = [position_of(letters) for letters in set(_HELPER.findall(data, start, start + _HEAD))]
    columns = min([columns, *helpers])
    if columns > MOST_COLUMNS:
        return None
    taken, rest = _Taken(columns, book, row_pattern(columns, helped=columns in helpers)), data[start:]
    closed = data[start - 2 : start] == b"/>"
    while not closed:
        end, last = rest.find(b"</sheetData>"), rest.rfind(b"</row>")
        closed = end >= 0
        whole = end if closed else last + len(b"</row>") if last >= 0 else 0
        if not taken.take(rest[:whole]):
            return None
        rest = rest[whole:]
        if not closed:
            more = b"".join(islice(chunks, 4))
            if not more or len(rest) > _LONGEST:
                return None
            rest += more
    rest += b"".join(chunks)
    if b"<sheetData" in rest:
        return None
    seen = taken.seen
    seen.merged = [cornered(match[1].decode()) for match in _MERGED.finditer(rest)]
    for match in _COLUMN.finditer(data, 0, head):
        if _HIDDEN.search(b" " + match[1]):
            own = _attributes(match[1])
            seen.hidden_columns.append((int(own.get("min", "1")) - 1, int(own.get("max", "1")) - 1))
    return seen, taken.rows


class _Taken:
    """What was read of a sheet of so many columns."""

    def __init__(self, columns: int, book: Workbook, pattern: re.Pattern[bytes]) -> None:
        self.columns, self.book, self.pattern = columns, book, pattern
        self.seen, self.rows = Seen(since_1904=book.since_1904), GridRows()
        self._last = 0
        self._blank = [""] * columns

    def take(self, xml: bytes) -> bool:
        """Read some rows that are whole; False at the first thing that is no part of one."""
        if b"\r" in xml:
            xml = xml.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        at = 0
        matches = self.pattern.finditer(xml)
        while batch := list(islice(matches, BATCH)):
            for match in batch:
                if match.start() != at:
                    return False
                at = match.end()
            numbers, attributes, *groups = zip(*[match.groups() for match in batch], strict=True)
            own = list(map(int, numbers))
            if own[0] <= self._last or own != sorted(set(own)):
                return False
            self._last = own[-1]
            said = b"".join(attributes)
            if b"hidden" in said or b'ht="0' in said:
                hidden = (number for number, text in zip(own, attributes, strict=True) if _HIDDEN.search(text))
                self.seen.hidden_rows.update(hidden)
            try:
                cells = [
                    _column(own, place, groups[_GROUPS * place : _GROUPS * (place + 1)], self.book, self.seen)
                    for place in range(self.columns)
                ]
            except (IndexError, ValueError):  # a shared string that is not there, a number that is none
                return False
            rows = zip(own, map(list, zip(*cells, strict=True)), strict=True)
            broken = {number for number, _ in self.seen.errors} if self.seen.errors else ()
            self.rows += [(number, row) for number, row in rows if row != self._blank or number in broken]
        return not xml[at:].strip()


def _column(
    rows: Sequence[int], position: int, groups: Sequence[tuple[bytes | None, ...]], book: Workbook, seen: Seen
) -> list[Raw]:
    """The values of one column of a batch; its formulas and errors go into `seen`."""
    styles, texts, formulas, numbers, others = groups
    many = len(rows)
    strings = book.strings
    values: list[Any]
    if None not in texts:
        values = [strings[number] for number in map(int, texts)]  # type: ignore[arg-type] # none is None
        return _unmarked(values, rows, position, styles, book, seen)
    if texts.count(None) < many:
        values = [
            strings[int(text)] if text else float(number) if number else ""
            for text, number in zip(texts, numbers, strict=True)
        ]
    elif None not in numbers:
        values = list(map(float, numbers))  # type: ignore[arg-type] # none is None
    else:
        values = [float(number) if number else "" for number in numbers]
    if max(map(len, filter(None, numbers)), default=0) > _FIFTEEN:
        values = [
            float(f"{value:.15g}") if text and len(text) > _FIFTEEN else value  # none is great: see _CELL
            for value, text in zip(values, numbers, strict=True)
        ]
    if formulas.count(None) < many:
        own = seen.formulas.setdefault(position, {})
        for row, text in zip(rows, formulas, strict=True):
            if text is not None:
                own[row] = decoded(text) if b"&" in text else text.decode()
    shaped = {style for style in set(styles) if style and style.decode() in book.looks}
    if shaped:
        values = [
            book.shown(value, style.decode()) if style in shaped and type(value) is float else value
            for value, style in zip(values, styles, strict=True)
        ]
    values = _unmarked(values, rows, position, styles, book, seen)
    if others.count(None) < many:
        for at, raw in enumerate(others):
            if raw is not None:
                values[at] = _other(raw, styles[at] or b"", (rows[at], position), book, seen)
    return values


def _unmarked(
    values: list[Any], rows: Sequence[int], position: int, styles: Sequence[bytes | None], book: Workbook, seen: Seen
) -> list[Raw]:
    """The values of a column without what their runs and styles say; that goes into the marks of `seen`."""
    marking = {style for style in set(styles) if style and style.decode() in book.marking} if book.marking else ()
    if not marking and not book.rich:
        return values
    return [
        book.unmarked(value, (style or b"").decode(), (row, position), seen)
        if style in marking or type(value) is Rich
        else value
        for row, value, style in zip(rows, values, styles, strict=True)
    ]


def _other(raw: bytes, style: bytes, place: GridPlace, book: Workbook, seen: Seen) -> Raw:
    """The value of a cell of a kind that is not usual: attributes after its style, formula, value."""
    match = _OTHER.match(raw)
    assert match is not None  # noqa: S101 - the expression of the row matched the same
    own = _attributes(match[1])
    if match[2] is not None:
        seen.add_formula(place, _attributes(match[2]), decoded(match[3] or b""))
    kind, text = own.get("t", "n"), decoded(match[4] or b"")
    text = unescaped(text) if kind == "inlineStr" else text
    return book.value(kind, text, own.get("s", style.decode()), place, seen)


def _attributes(text: bytes) -> dict[str, str]:
    return dict(_ATTRIBUTE.findall(text.decode()))
