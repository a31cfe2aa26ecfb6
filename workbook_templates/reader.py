"""The one reader: a file becomes cells with addresses, cells become records, and what looks odd is kept.

Sheets and columns are found by their titles and headers, never by position. Values come from a fast reader after
the XML itself was looked over (`scan`); a sheet that is spelled unusually, or whose cells lie far apart, is read by
the package's own slower parser. The cached value of a formula is never used: a formula that the template offered
is computed anew, any other is found (GS03).
"""

import datetime as dt
import hashlib
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from validators import ruleset
from validators.book import Book, Fault
from validators.columns import BOOK_FIELDS, COVER_TITLE, SHEETS, Column, Sheet, letter, position_of
from validators.expr import Record
from validators.package import (
    MAX_SMALL_PART,
    NotPackageError,
    Package,
    PackageError,
    SafeParser,
    open_package,
    parse,
    relationships,
    sheets,
    workbook_part,
)
from validators.records import CellFault, Raw, RowReader, Unreadable, meaning, number_text
from validators.rule import key_of
from workbook_templates.layout import HEADER_ROW
from workbook_templates.offered import OFFERED, Offered, matches
from workbook_templates.scan import ATTRIBUTE, Scan, scan, unescape
from workbook_templates.slow import read_slowly, shared_strings

HEAD_ROWS = 20
"""A header row is looked for in this many rows from the top."""
LARGEST_FILE = 200 * 2**20
LARGEST_SHEET = 1 << 30
DENSE = 2_000
"""A sheet is read as one filled rectangle while it has at most this many cells per row that holds something."""
PROVENANCE = ("来源文件", "来源表", "来源行")
"""Heads that the city workbook adds at the end of each list."""


class UnreadableWorkbook(ValueError):
    """The file cannot be read as a workbook; the message is one plain Chinese line."""


@dataclass
class Grid:
    """One sheet: its rows as `(1-based row, cells from column A)`, rows without any value left out."""

    title: str
    hidden: bool
    rows: list[tuple[int, list[Raw]]]
    seen: Scan


@dataclass
class Opened:
    """A workbook, opened and looked over."""

    sha256: str
    grids: dict[str, Grid]
    names: Mapping[str, str]
    """Text of each defined name."""
    others: list[tuple[str, bool]]
    """Sheets that were not asked for, and whether each is hidden."""


def open_grids(path: Path, titles: Sequence[str]) -> Opened:
    """The sheets with these titles. Raises `UnreadableWorkbook`, or OSError if the file cannot be opened."""
    if path.is_dir():
        raise UnreadableWorkbook(f"“{path.name}”是文件夹，不是工作簿。请指定其中的 .xlsx 文件。")
    if path.stat().st_size > LARGEST_FILE:
        raise UnreadableWorkbook(f"“{path.name}”超过 {LARGEST_FILE >> 20} MB，不像一份清单。请核对是否拿错了文件。")
    data = path.read_bytes()
    try:
        return _open(data, titles)
    except PackageError as error:
        raise UnreadableWorkbook(f"“{path.name}”无法读取：{str(error).rstrip('。')}。") from error
    except (CalamineError, ValueError, OverflowError) as error:
        raise UnreadableWorkbook(
            f"“{path.name}”的内容已损坏，无法读取。请在表格软件中打开并另存为 .xlsx 再提交。"
        ) from error


def _open(data: bytes, titles: Sequence[str]) -> Opened:
    package = open_package(io.BytesIO(data))
    book = workbook_part(package)
    if any(name.casefold().endswith("vbaproject.bin") for name in package.members) or _macro_type(package):
        raise NotPackageError("工作簿含有宏。请在表格软件中另存为不含宏的 .xlsx 再提交")
    found = Opened(hashlib.sha256(data).hexdigest(), {}, _defined_names(package, book), [])
    fast: CalamineWorkbook | None = None
    strings: list[str] | None = None
    for sheet in sheets(package):
        hidden = sheet.state != "visible"
        if sheet.name not in titles or sheet.kind != "worksheet":
            found.others.append((sheet.name, hidden))
            continue
        seen = scan(package.read(sheet.part, LARGEST_SHEET))
        if seen.plain and seen.last_row * (seen.last_column + 1) <= DENSE * max(seen.filled_rows, 100):
            fast = fast or CalamineWorkbook.from_filelike(io.BytesIO(data))
            rows = _fast_rows(fast, sheet.name)
        else:
            if strings is None:
                parts = [r.part for r in relationships(package, book) if r.type.endswith("/sharedStrings")]
                strings = shared_strings(package, parts[0] if parts else None)
            seen, rows = read_slowly(package, sheet.part, strings)
        found.grids[sheet.name] = Grid(sheet.name, hidden, rows, seen)
    return found


def _macro_type(package: Package) -> bool:
    found: list[str] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        kind = attributes.get("ContentType", "")
        if "macroEnabled" in kind or "binary" in kind:
            found.append(kind)

    parse(package, "[Content_Types].xml", start)
    return bool(found)


def _defined_names(package: Package, book: str) -> dict[str, str]:
    """Defined names of the whole workbook and their texts."""
    found: dict[str, str] = {}
    name: list[str] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag == "definedName" and "localSheetId" not in attributes:
            name.append(attributes.get("name", ""))

    def text(data: str) -> None:
        if name:
            found[name[-1]] = found.get(name[-1], "") + data

    parser = SafeParser(book, start, lambda tag: name.clear(), text)
    for chunk in package.chunks(book, MAX_SMALL_PART):
        parser.feed(chunk)
    parser.close()
    return found


def _fast_rows(workbook: CalamineWorkbook, title: str) -> list[tuple[int, list[Raw]]]:
    values: list[list[Any]] = workbook.get_sheet_by_name(title).to_python(skip_empty_area=False)
    blank = [""] * len(values[0]) if values else []
    return [(number, row) for number, row in enumerate(values, 1) if row != blank]


_NAME_TARGET = re.compile(r"(?:'((?:[^']|'')+)'|([^'!\[\]]+))!\$?([A-Z]{1,3})\$?([0-9]{1,7})")


def read_facts(opened: Opened) -> dict[str, Raw]:
    """What the workbook says of itself (`BOOK_FIELDS`), by field; absent where its name or cell is missing."""
    found: dict[str, Raw] = {}
    for name, chinese in BOOK_FIELDS.items():
        target = _NAME_TARGET.fullmatch(opened.names.get(chinese, ""))
        if not target:
            continue
        grid = opened.grids.get((target[1] or target[2]).replace("''", "'"))
        if grid is None:
            continue
        column, row = position_of(target[3]), int(target[4])
        cells = next((cells for number, cells in grid.rows if number == row), [])
        if column < len(cells) and cells[column] != "" and (row, column) not in grid.seen.places():
            found[name] = cells[column]
    return found


@dataclass
class Layout:
    """Where the columns of a sheet stand in a file."""

    header_row: int
    positions: dict[str, int]
    """0-based column in the file by field."""
    extra: list[tuple[int, str]]
    """Columns whose header is unknown."""
    missing: list[str]
    """Headers that are not there."""
    double: list[tuple[int, str]]


def find_layout(sheet: Sheet, grid: Grid) -> Layout:
    """The header row of a sheet: of the rows at the top, the one with most of the declared headers."""
    by_header = {column.header: column for column in sheet.columns}
    best: tuple[int, int, list[Raw]] = (0, 0, [])
    for number, cells in grid.rows:
        if number > HEAD_ROWS:
            break
        known = sum(1 for cell in cells if isinstance(cell, str) and cell.strip() in by_header)
        if known > best[0]:
            best = known, number, cells
    found = Layout(best[1], {}, [], [], [])
    for position, cell in enumerate(best[2]):
        text = cell.strip() if isinstance(cell, str) else str(cell)
        column = by_header.get(text)
        if column is None:
            if text and text not in PROVENANCE:
                found.extra.append((position, text))
        elif column.field in found.positions:
            found.double.append((position, text))
        else:
            found.positions[column.field] = position
    found.missing = [column.header for column in sheet.columns if column.field not in found.positions]
    return found


def read_county(path: Path, *, on: dt.date | None = None) -> Book:
    """A county workbook. `on` is the day to judge dates by (default: its 填报日期, else today).

    Raises `UnreadableWorkbook`, or OSError if the file cannot be opened.
    """
    opened = open_grids(path, [COVER_TITLE, *(sheet.title for sheet in SHEETS.values())])
    facts = read_facts(opened)
    year = text_of(facts.get("year"))
    rules = ruleset.load(year if year in ruleset.years() else ruleset.years()[-1])
    day = _day(facts.get("filled_on"), rules)
    county = text_of(facts.get("division"))
    county = rules.divisions[county]["code"] if county in rules.divisions else county
    revision = text_of(facts.get("revision"))
    book = Book(
        path.name, rules, county, text_of(facts.get("round")), int(revision) if revision.isdecimal() else 0,
        on or day or dt.date.today(), {**facts, "filled_on": day}, sha256=opened.sha256,
    )  # fmt: skip
    book.faults += _facts_faults(opened)
    book.faults += _cover_faults(opened, facts, rules, day)
    letters = {}
    for sheet in SHEETS.values():
        grid = opened.grids.get(sheet.title)
        if grid is None:
            book.faults.append(Fault("GS01", "sheet", sheet.title, value=sheet.title))
            book.damaged.add(sheet.key)
            continue
        layout = find_layout(sheet, grid)
        letters[sheet.key] = {field: letter(position) for field, position in layout.positions.items()}
        book.letters = letters
        _read_sheet(book, sheet, grid, layout)
    return book


def text_of(value: Raw) -> str:
    """A cell as text: whole numbers without decimals, blank as ''."""
    if value is None:
        return ""
    return number_text(value) if isinstance(value, int | float) else str(value).strip()


def _day(value: Raw, rules: ruleset.RuleSet) -> dt.date | None:
    try:
        found = meaning(SHEETS["enterprises"]["fixed_on"], value, rules) if value is not None else None
    except Unreadable:
        return None
    return found if isinstance(found, dt.date) else None


def _cover_faults(
    opened: Opened, facts: Mapping[str, Raw], rules: ruleset.RuleSet, day: dt.date | None
) -> Iterator[Fault]:
    """What the workbook says of itself and cannot mean."""
    rounds = list(dict.fromkeys(row["round"] for row in rules.tables["deadlines"]))
    revision = text_of(facts.get("revision"))
    wrong = {
        "round": "round" in facts and text_of(facts["round"]) not in rounds and f"应为{'、'.join(rounds)}之一",
        "revision": "revision" in facts
        and not (revision.isdecimal() and int(revision) > 0)
        and "应为从 1 开始的整数，每改报一次加 1",
        "filled_on": facts.get("filled_on") is not None and day is None and "应为日期，例如 2020-08-18",
    }
    for name, hint in wrong.items():
        if hint:
            target = _NAME_TARGET.fullmatch(opened.names[BOOK_FIELDS[name]])
            cell, row = (f"{target[3]}{target[4]}", int(target[4])) if target else (None, None)
            yield Fault("GS03", "fact", COVER_TITLE, cell, row, BOOK_FIELDS[name], value=facts[name], meant=hint)


def _facts_faults(opened: Opened) -> Iterator[Fault]:
    known = set(BOOK_FIELDS.values())
    for name in opened.names:
        if name not in known and not name.startswith(("_xlnm.", OWN_NAMES)):
            yield Fault("GS01", "extra_name", value=name)
    for title, hidden in opened.others:
        if title not in OWN_SHEETS:
            yield Fault("GS10" if hidden else "GS01", "hidden_sheet" if hidden else "extra_sheet", title, value=title)
    for grid in opened.grids.values():
        if grid.hidden and grid.rows:
            yield Fault("GS10", "hidden_sheet", grid.title, value=grid.title)


OWN_SHEETS = ("选项",)
"""Hidden sheets of the template."""
OWN_NAMES = "选项_"
"""How the template's own defined names begin."""


def _read_sheet(book: Book, sheet: Sheet, grid: Grid, layout: Layout) -> None:
    """Records of a sheet into the book's table, what looks odd into its faults."""
    title, faults, seen = sheet.title, book.faults, grid.seen
    for header in layout.missing:
        faults.append(Fault("GS01", "missing", title, row=layout.header_row or None, header=header, value=header))
    for what, columns in (("double", layout.double), ("extra", layout.extra)):
        for position, header in columns:
            cell = f"{letter(position)}{layout.header_row}"
            faults.append(Fault("GS01", what, title, cell, layout.header_row, header, value=header))
    if layout.missing or layout.double:
        book.damaged.add(sheet.key)
    if not layout.positions:
        return
    for reference in seen.merged:
        first, _, last = reference.partition(":")
        if _row_of(last) > layout.header_row:
            faults.append(Fault("GS07", "merged", title, first, _row_of(first), value=reference))
    _hidden_faults(book, title, grid, layout)
    rows = Rows(book, sheet, grid.seen, layout)
    for number, cells in grid.rows:
        if number > layout.header_row:
            rows.read(number, cells)


def _row_of(reference: str) -> int:
    return int("".join(filter(str.isdecimal, reference)) or 0)


class Rows:
    """Makes the records of one sheet. Columns are counted as declared (`place`), not as in the file."""

    def __init__(self, book: Book, sheet: Sheet, seen: Scan, layout: Layout) -> None:
        self.book, self.sheet, self.seen = book, sheet, seen
        self.reader = RowReader(sheet.key, book.ruleset)
        self.letters = book.letters[sheet.key]
        self.above = layout.header_row - HEADER_ROW
        """Rows that stand above the header beyond those of the template."""
        self.order = [layout.positions.get(column.field) for column in sheet.columns]
        self.straight = self.order == list(range(len(self.order)))
        self.place_of = {position: place for place, position in enumerate(self.order) if position is not None}
        self.missing = {column.field for column in sheet.columns if column.field not in layout.positions}
        self.entries = [column.position for column in sheet.columns if column.required != "auto"]
        self.computed: list[tuple[int, set[int] | None, Callable[..., float | None], tuple[int, ...]]] = [
            (column.position, None, *self._how(OFFERED[sheet.key, column.field]))
            for column in sheet.columns
            if (sheet.key, column.field) in OFFERED and column.required == "auto"
        ]
        """What is computed: place, the rows in which our formula stands (None for all), how, and from which places."""
        self.foreign: dict[int, list[tuple[int, str]]] = {}
        """Formulas that are not ours, by row: place and text."""
        self._sort_formulas()
        formulas = seen.places() if seen.errors else set()
        self.errors: dict[int, list[tuple[int, str]]] = {}
        for place, text in seen.errors.items():
            if place not in formulas:
                self.errors.setdefault(place[0], []).append((place[1], text))

    def _how(self, offered: Offered) -> tuple[Callable[..., float | None], tuple[int, ...]]:
        """How an offered formula is computed and the places of its inputs; -1 stands for the row itself."""
        return offered.compute, tuple(-1 if need == "row" else self.sheet[need].position for need in offered.needs)

    def _sort_formulas(self) -> None:
        """Tell the formulas that the template offered from all others.

        A text in which its own row number was put as `#` is known again in every other row, if `#` stands there
        for the row and for nothing else.
        """
        fields = {
            self.letters[column.field].encode(): column
            for column in self.sheet.columns
            if column.field in self.letters and column.required != "auto"
        }
        rows: dict[int, set[int]] = {}
        known: dict[tuple[bytes, bytes], int] = {}
        masters: dict[bytes, tuple[bytes, bytes, bytes]] = {}
        for letters, row, attributes, text in self.seen.formulas:
            column = fields.get(letters)
            if column is None:
                continue
            origin = letters, row, text
            if attributes:
                origin = _shared(origin, attributes, masters)
            key = letters, origin[2].replace(origin[1], b"#")
            place = known.get(key)
            if place is None or b"#" in origin[2]:
                written = unescape(origin[2])
                ours = origin[0] == letters and matches(
                    self.sheet.key, column.field, written, int(origin[1]), self.letters
                )
                if not ours:
                    self.foreign.setdefault(int(row), []).append((column.position, written))
                    continue
                place = column.position
                if key[1].count(b"#") == OFFERED[self.sheet.key, column.field].references:
                    known[key] = place
            rows.setdefault(place, set()).add(int(row))
        for place, own in rows.items():
            offered = OFFERED[self.sheet.key, self.sheet.columns[place].field]
            self.computed.append((place, own, *self._how(offered)))

    def read(self, number: int, cells: list[Raw]) -> None:
        """One row (1-based), cells as in the file; a row in which nothing was entered is passed over."""
        if self.straight:
            values = [*cells[: len(self.order)], *[""] * (len(self.order) - len(cells))]
        else:
            values = [cells[at] if at is not None and at < len(cells) else "" for at in self.order]
        unread = set(self.missing)
        for place, own, _, _ in self.computed:
            if own is None or number in own:
                values[place] = ""
        if number in self.foreign:
            self._take_formulas(number, values, unread)
        if number in self.errors:
            self._take_errors(number, values, unread)
        values[0] = ""
        if unread == self.missing and all(values[place] in ("", None) for place in self.entries):
            return
        self._compute(number, values)
        record, faults = self.reader.read(values, number)
        if unread:
            record = record._replace(bad=record.bad | unread)
        if record.bad:
            record = self._without_follow_ons(record)
        self.book.faults += [cell_fault(self.book, fault, record) for fault in faults]
        self.book.tables[self.sheet.key].append(record)

    def _without_follow_ons(self, record: Record) -> Record:
        """The record without what was computed from cells that turned out unreadable."""
        names = [column.field for column in self.sheet.columns]
        lost = [
            names[place]
            for place, own, _, needs in self.computed
            if (own is None or record.row in own) and any(names[need] in record.bad for need in needs if need >= 0)
        ]
        return record._replace(**dict.fromkeys(lost))

    def _take_formulas(self, number: int, values: list[Raw], unread: set[str]) -> None:
        """Blank the cells of formulas that are not ours: what they show cannot be trusted."""
        for place, text in self.foreign[number]:
            column = self.sheet.columns[place]
            values[place] = ""
            unread.add(column.field)
            self._found("GS03", "formula", number, column, f"={text}" if text else "公式")

    def _take_errors(self, number: int, values: list[Raw], unread: set[str]) -> None:
        for at, text in self.errors[number]:
            place = self.place_of.get(at)
            column = self.sheet.columns[place] if place is not None else None
            if column is not None and column.required != "auto":
                values[column.position] = ""
                unread.add(column.field)
                self._found("GS07", "error", number, column, text)

    def _compute(self, number: int, values: list[Raw]) -> None:
        """Put what the offered formulas give where they stand, and into the cells that fill themselves."""
        for place, own, compute, needs in self.computed:
            if own is None or number in own:
                inputs = [values[need] for need in needs]
                for at, value in enumerate(inputs):
                    if type(value) is not float:
                        inputs[at] = self._input(needs[at], number, value)
                result = compute(*inputs)
                values[place] = "" if result is None else result

    def _input(self, place: int, number: int, value: Raw) -> Raw:
        """What an input of a formula means: None where it is blank or cannot be read; -1 is the row itself."""
        if place < 0:
            return number - self.above
        if value is None or value == "":
            return None
        try:
            return meaning(self.sheet.columns[place], value, self.book.ruleset)
        except Unreadable:
            return None

    def _found(self, rule: str, what: str, number: int, column: Column, value: object) -> None:
        cell = f"{self.letters[column.field]}{number}"
        self.book.faults.append(Fault(rule, what, self.sheet.title, cell, number, column.header, value=value))


def cell_fault(book: Book, fault: CellFault, record: Record) -> Fault:
    """What was seen in a cell of a record, with its place."""
    column = fault.column
    return Fault(
        fault.rule, "cell", SHEETS[column.sheet].title, book.address(column.sheet, column.field, record.row),
        record.row, column.header, key_of(column.sheet, record), fault.value, fault.meant,
    )  # fmt: skip


def _shared(
    origin: tuple[bytes, bytes, bytes], attributes: bytes, masters: dict[bytes, tuple[bytes, bytes, bytes]]
) -> tuple[bytes, bytes, bytes]:
    """The cell that a formula's text is written for, and the text; blank where it is none that the template offers."""
    said = dict(ATTRIBUTE.findall(attributes))
    kind = said.get(b"t", b"normal")
    if kind == b"shared":
        number = said.get(b"si", b"")
        return masters.setdefault(number, origin) if origin[2] else masters.get(number, (*origin[:2], b""))
    return origin if kind == b"normal" else (*origin[:2], b"")


def _hidden_faults(book: Book, title: str, grid: Grid, layout: Layout) -> None:
    filled = {number for number, _ in grid.rows if number > layout.header_row}
    hidden = sorted(filled & grid.seen.hidden_rows)
    if hidden:
        book.faults.append(
            Fault("GS10", "rows", title, row=hidden[0], value="、".join(map(str, hidden[:10])), meant=len(hidden))
        )
    for first, last in grid.seen.hidden_columns:
        positions = [position for position in layout.positions.values() if first <= position <= last]
        held = [
            p
            for p in positions
            if any(p < len(cells) and cells[p] != "" for number, cells in grid.rows if number > layout.header_row)
        ]
        if held:
            book.faults.append(
                Fault(
                    "GS10",
                    "columns",
                    title,
                    f"{letter(held[0])}{layout.header_row}",
                    layout.header_row,
                    value="、".join(letter(p) for p in held),
                )
            )
