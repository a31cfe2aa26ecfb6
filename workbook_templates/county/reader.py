"""The one reader: a file becomes cells with addresses, cells become records, and what looks odd is kept.

Sheets and columns are found by their titles and headers, never by position. A sheet is read by
regular expressions (`fast_reader`) where it is spelled as spreadsheet programs do, else by an XML parser (`xml_reader`). The
cached value of a formula is never used: a formula that the template offered is computed anew, any other is found
(GS03).
"""

import datetime as dt
import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest
from pathlib import Path
from typing import Any, Protocol

from validators import ruleset
from validators.book import Book, Fault
from validators.columns import (
    BOOK_FIELDS,
    COVER_TITLE,
    KINDS,
    SHEETS,
    TITLES,
    BookKind,
    Column,
    Sheet,
    letter,
    position_of,
)
from validators.expr import Record
from validators.ooxml.package import (
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
from workbook_templates.county.default_formulas import OFFERED, matches
from workbook_templates.formulas.plan import HELPER_HEAD
from workbook_templates.xlsx.appearance import BESIDE, HEADER_ROW, RETURNED_TITLE
from workbook_templates.xlsx.fast_reader import Rows, Seen, Workbook, read_quickly, read_strings
from workbook_templates.xlsx.xml_reader import read_slowly, shared_strings

HEAD_ROWS = 20
"""A header row is looked for in this many rows from the top."""
LARGEST_FILE = 200 * 2**20
LARGEST_SHEET = 1 << 30
PROVENANCE = ("来源文件", "来源表", "来源行")
"""Heads that the city workbook adds at the end of each list."""


class UnreadableWorkbook(ValueError):
    """The file cannot be read as a workbook; the message is one plain Chinese line."""


@dataclass
class Grid:
    """One sheet: its rows as `(1-based row, cells from column A)`, rows without any value left out."""

    title: str
    hidden: bool
    rows: Rows
    seen: Seen


class Tab(Protocol):
    """A sheet before it is read; `validators.ooxml.package.Sheet` is one."""

    @property
    def kind(self) -> str:
        """`worksheet`, or what else it is (a chart sheet)."""

    @property
    def state(self) -> str:
        """`visible`, or how it is hidden."""


class Source(Protocol):
    """Where a workbook is read from: a file, or one that is open in a spreadsheet application."""

    @property
    def name(self) -> str:
        """File name as people know it."""

    @property
    def names(self) -> Mapping[str, str]:
        """Text of each defined name of the whole workbook."""

    @property
    def sheets(self) -> Mapping[str, Tab]:
        """Its sheets by title, in order."""

    def grid(self, title: str) -> Grid | None:
        """One sheet, or None where there is no such worksheet."""


class Opened:
    """A workbook, opened; its sheets are read one at a time, when they are asked for."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name = name
        self.sha256 = hashlib.sha256(data).hexdigest()
        self._package = open_package(io.BytesIO(data))
        book = workbook_part(self._package)
        macros = any(part.casefold().endswith("vbaproject.bin") for part in self._package.members)
        if macros or _macro_type(self._package):
            raise NotPackageError("工作簿含有宏。请在表格软件中另存为不含宏的 .xlsx 再提交")
        self.names = _defined_names(self._package, book)
        """Text of each defined name."""
        self.sheets = {sheet.name: sheet for sheet in sheets(self._package)}

    @cached_property
    def _workbook(self) -> Workbook:
        return _workbook(self._package, workbook_part(self._package))

    def grid(self, title: str) -> Grid | None:
        """One sheet, or None where there is no such worksheet. Raises `UnreadableWorkbook`."""
        sheet = self.sheets.get(title)
        if sheet is None or sheet.kind != "worksheet":
            return None
        with _readable(self.name):
            read = read_quickly(lambda: self._package.chunks(sheet.part), self._workbook)
            seen, rows = read or read_slowly(self._package, sheet.part, self._workbook)
        return Grid(title, sheet.state != "visible", rows, seen)


def open_workbook(path: Path) -> Opened:
    """The workbook at `path`. Raises `UnreadableWorkbook`, or OSError if the file cannot be opened."""
    if path.is_dir():
        raise UnreadableWorkbook(f"“{path.name}”是文件夹，不是工作簿。请指定其中的 .xlsx 文件。")
    if path.stat().st_size > LARGEST_FILE:
        raise UnreadableWorkbook(f"“{path.name}”超过 {LARGEST_FILE >> 20} MB，不像一份清单。请核对是否拿错了文件。")
    data = path.read_bytes()
    with _readable(path.name):
        return Opened(path.name, data)


@contextmanager
def _readable(name: str) -> Iterator[None]:
    """Put into words what makes a file unreadable."""
    try:
        yield
    except PackageError as error:
        raise UnreadableWorkbook(f"“{name}”无法读取：{str(error).rstrip('。')}。") from error
    except (ValueError, OverflowError) as error:
        raise UnreadableWorkbook(
            f"“{name}”的内容已损坏，无法读取。请在表格软件中打开并另存为 .xlsx 再提交。"
        ) from error


def _workbook(package: Package, book: str) -> Workbook:
    """What the cells of all sheets refer to."""
    parts = {related.type.rpartition("/")[2]: related.part for related in relationships(package, book)}
    strings: list[str] | None = []
    if table := parts.get("sharedStrings"):
        strings = read_strings(package.read(table, LARGEST_SHEET))
        if strings is None:
            strings = shared_strings(package, table)
    since_1904: list[str] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag == "workbookPr" and attributes.get("date1904") in ("1", "true"):
            since_1904.append(tag)

    parse(package, book, start)
    styles = parts.get("styles")
    return Workbook(strings or [], _dates(package, styles) if styles else {}, bool(since_1904))


_BUILT_IN = {str(number): "y" for number in (*range(14, 23), *range(27, 37), 45, 47, *range(50, 59))} | {"46": "[h]"}
"""Built-in formats that show a date or time, those of Chinese programs among them, by number."""
_NO_FIELDS = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]')
"""Parts of a format that are shown as they stand, or only steer it."""


def shows_moment(code: str) -> bool | None:
    """Whether a number format shows a duration (True), a date or time (False), or neither (None)."""
    left = _NO_FIELDS.sub("", code.lower())
    return "[" in left if any(letter in left for letter in "ymdhs") else None


def _dates(package: Package, part: str) -> dict[str, bool]:
    """Numbers of the cell styles that show a date or time, and whether it is a duration."""
    codes: dict[str, str] = {}
    found: dict[str, bool] = {}
    section = ""
    count = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal section, count
        if tag in ("cellStyleXfs", "cellXfs", "cellStyles", "dxfs"):
            section = tag
        elif tag == "numFmt" and not section:
            codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif tag == "xf" and section == "cellXfs":
            number = attributes.get("numFmtId", "0")
            duration = shows_moment(codes.get(number, _BUILT_IN.get(number, "")))
            if duration is not None:
                found[str(count)] = duration
            count += 1

    parse(package, part, start)
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


_NAME_TARGET = re.compile(r"(?:'((?:[^']|'')+)'|([^'!\[\]]+))!\$?([A-Z]{1,3})\$?([0-9]{1,7})")


def read_facts(opened: Source) -> dict[str, Raw]:
    """What the workbook says of itself (`BOOK_FIELDS`), by field; absent where its name or cell is missing."""
    return named_cells(opened, COVER_TITLE, BOOK_FIELDS)


def named_cells(opened: Source, title: str, names: Mapping[str, str]) -> dict[str, Raw]:
    """Cells of a sheet by the keys of `names`, which gives their defined names; blank and computed ones are absent."""
    found: dict[str, Raw] = {}
    grid = opened.grid(title)
    if grid is None:
        return found
    for name, chinese in names.items():
        target = _NAME_TARGET.fullmatch(opened.names.get(chinese, ""))
        if not target or (target[1] or target[2]).replace("''", "'") != title:
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
            if text and text not in (*PROVENANCE, *BESIDE) and not text.startswith(HELPER_HEAD):
                found.extra.append((position, text))
        elif column.field in found.positions:
            found.double.append((position, text))
        else:
            found.positions[column.field] = position
    found.missing = [column.header for column in sheet.columns if column.field not in found.positions]
    return found


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
            Entries(book, sheet, grid.seen, layout, below(layout, grid)).read()
    return book


def kind_of(opened: Source) -> BookKind:
    """The kind of workbook that has most of its sheets; an inventory where none has."""
    return max(TITLES, key=lambda kind: sum(title in opened.sheets for title in TITLES[kind].values()))


def begin(opened: Source, *, on: dt.date | None = None, rules: ruleset.RuleSet | None = None) -> Book:
    """A book that knows what the workbook says of itself, with what is odd about that, and no rows yet."""
    facts = read_facts(opened)
    year = text_of(facts.get("year"))
    if rules is None or str(rules.year) != year:
        rules = ruleset.judging(year, text_of(facts.get("ruleset")))
    day = _day(facts.get("filled_on"), rules)
    county = text_of(facts.get("division"))
    county = rules.divisions[county]["code"] if county in rules.divisions else county
    revision = text_of(facts.get("revision"))
    book = Book(
        opened.name, rules, county, text_of(facts.get("round")), int(revision) if revision.isdecimal() else 0,
        on or day or dt.date.today(), {**facts, "filled_on": day}, kind_of(opened),
    )  # fmt: skip
    book.faults += _facts_faults(opened, book.kind)
    book.faults += _cover_faults(opened, facts, rules, day)
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
    opened: Source, facts: Mapping[str, Raw], rules: ruleset.RuleSet, day: dt.date | None
) -> Iterator[Fault]:
    """What the workbook says of itself and cannot mean."""
    rounds = rules.rounds
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


def _facts_faults(opened: Source, kind: BookKind) -> Iterator[Fault]:
    known = set(BOOK_FIELDS.values())
    for name in opened.names:
        if name not in known and not name.startswith(("_xlnm.", *OWN_NAMES)):
            yield Fault("GS01", "extra_name", value=name)
    entry = {COVER_TITLE, *TITLES[kind].values()}
    for title, sheet in opened.sheets.items():
        if title not in OWN_SHEETS and (title not in entry or sheet.kind != "worksheet"):
            hidden = sheet.state != "visible"
            yield Fault("GS10" if hidden else "GS01", "hidden_sheet" if hidden else "extra_sheet", title, value=title)


OWN_SHEETS = ("选项", "校验", RETURNED_TITLE)
"""Sheets of the template, and of a returned workbook, that hold nothing to read."""
OWN_NAMES = ("选项_", "校验_")
"""How the template's own defined names begin."""


def lay_out(book: Book, sheet: Sheet, grid: Grid | None) -> Layout | None:
    """Where the columns of a sheet stand, noted in the book with what is odd about the sheet as a whole.

    `grid` is the sheet, None where the workbook has none. None where no row of it can be read.
    """
    title, faults = sheet.title, book.faults
    if grid is None:
        faults.append(Fault("GS01", "sheet", title, value=title))
        book.damaged.add(sheet.key)
        return None
    if grid.hidden and grid.rows:
        faults.append(Fault("GS10", "hidden_sheet", title, value=title))
    layout = find_layout(sheet, grid)
    book.letters[sheet.key] = {field: letter(position) for field, position in layout.positions.items()}
    for header in layout.missing:
        faults.append(Fault("GS01", "missing", title, row=layout.header_row or None, header=header, value=header))
    for what, columns in (("double", layout.double), ("extra", layout.extra)):
        for position, header in columns:
            cell = f"{letter(position)}{layout.header_row}"
            faults.append(Fault("GS01", what, title, cell, layout.header_row, header, value=header))
    if layout.missing or layout.double:
        book.damaged.add(sheet.key)
    if not layout.positions:
        return None
    for reference in grid.seen.merged:
        first, _, last = reference.partition(":")
        if _row_of(last) > layout.header_row:
            faults.append(Fault("GS07", "merged", title, first, _row_of(first), value=reference))
    _hidden_faults(book, title, grid, layout)
    return layout


def below(layout: Layout, grid: Grid) -> Rows:
    """The rows below the header."""
    return [row for row in grid.rows if row[0] > layout.header_row]


def _row_of(reference: str) -> int:
    return int("".join(filter(str.isdecimal, reference)) or 0)


class Entries:
    """Makes the records of one sheet, column by column. Columns are counted as declared (`place`), not as in the file.

    Cells with a formula are blanked, but where it is the one that the template offers, what it gives is computed.
    """

    def __init__(self, book: Book, sheet: Sheet, seen: Seen, layout: Layout, rows: Rows) -> None:
        """`rows` are those below the header, each with its 1-based number and its cells as in the file."""
        self.book, self.sheet, self.seen = book, sheet, seen
        self.letters = book.letters[sheet.key]
        self.above = layout.header_row - HEADER_ROW
        """Rows that stand above the header beyond those of the template."""
        self.numbers = [number for number, _ in rows]
        self.at = {number: at for at, number in enumerate(self.numbers)}
        """Where a row of the file stands in the columns."""
        in_file = dict(enumerate(zip_longest(*(cells for _, cells in rows), fillvalue="")))
        blank = ("",) * len(rows)
        self.columns: list[list[Raw]] = [
            list(in_file.get(layout.positions.get(column.field, -1), blank)) for column in sheet.columns
        ]
        self.place_of = {position: sheet[field].position for field, position in layout.positions.items()}
        self.missing = {column.field for column in sheet.columns if column.field not in layout.positions}
        self.unread: dict[int, set[str]] = {}
        """Fields that could not be read, by row of the file."""
        self.computed: list[tuple[str, tuple[str, ...], frozenset[int] | None]] = []
        """Fields that were computed, from which others, and in which rows of the columns (None: in all)."""

    def read(self) -> None:
        """Put the records into the book; a row in which nothing was entered is passed over."""
        self._compute(self._take_formulas())
        reader = RowReader(self.sheet.key, self.book.ruleset)
        entries = [column.position for column in self.sheet.columns if column.required != "auto"]
        table = self.book.tables[self.sheet.key]
        for at, (number, values) in enumerate(zip(self.numbers, zip(*self.columns, strict=True), strict=True)):
            unread = self.unread.get(number)
            if not unread and all(values[place] in ("", None) for place in entries):
                continue
            record, faults = reader.read(values, number)
            if unread or self.missing:
                record = record._replace(bad=record.bad.union(self.missing, unread or ()))
            if record.bad:
                record = self._without_follow_ons(record, at)
            self.book.faults += [cell_fault(self.book, fault, record) for fault in faults]
            table.append(record)

    def _take_formulas(self) -> dict[int, list[int]]:
        """Blank formulas and errors, find those that are not offered; where the others stand, by place."""
        ours: dict[int, list[int]] = {}
        for position, texts in self.seen.formulas.items():
            self._take(position, [(number, text, number) for number, text in texts.items()], ours)
        for (number, position), (row, column) in self.seen.shared.items():
            text = self.seen.formulas[column][row] if column == position else ""
            self._take(position, [(number, text, row)], ours)
        formulas = self.seen.places() if self.seen.errors else set()
        for (number, position), text in self.seen.errors.items():
            place, at = self.place_of.get(position), self.at.get(number)
            if place is None or at is None or (number, position) in formulas:
                continue
            entry = self.sheet.columns[place]
            if entry.required != "auto":
                self.columns[place][at] = ""
                self._unreadable("GS07", "error", number, entry, text)
        return ours

    def _take(self, position: int, found: list[tuple[int, str, int]], ours: dict[int, list[int]]) -> None:
        """The formulas of one column of the file: row, text, and the row that the text is written for."""
        place = self.place_of.get(position)
        if place is None:
            return
        column, cells = self.sheet.columns[place], self.columns[place]
        offered = OFFERED.get((self.sheet.key, column.field))
        try:
            pieces = offered.pieces(self.letters) if offered else ()
        except KeyError:  # a column that it needs is missing
            pieces = ()
        for number, text, row in found:
            at = self.at.get(number)
            if at is None:
                continue
            cells[at] = ""
            if column.required == "auto":
                continue
            if str(row).join(pieces) == text != "" or matches(self.sheet.key, column.field, text, row, self.letters):
                ours.setdefault(place, []).append(at)
            else:
                self._unreadable("GS03", "formula", number, column, f"={text}" if text else "公式")

    def _compute(self, ours: dict[int, list[int]]) -> None:
        """Put what the offered formulas give where they stand, and into the cells that fill themselves."""
        inputs: dict[str, list[Any]] = {
            "row": [number - self.above for number in self.numbers],
            "numbered": self._numbered(),
            "county": [self.book.county_name] * len(self.numbers),
        }
        for column in self.sheet.columns:
            place, automatic = column.position, column.required == "auto"
            if not automatic and place not in ours:
                continue
            offered = OFFERED.get((self.sheet.key, column.field))
            computed: list[Raw] = [None] * len(self.numbers)
            if offered:
                for need in offered.needs:
                    if need not in inputs:
                        inputs[need] = self._input(self.sheet[need])
                computed = list(map(offered.compute, *(inputs[need] for need in offered.needs)))
                rows = None if automatic else frozenset(ours[place])
                self.computed.append((column.field, offered.needs, rows))
            if automatic:
                self.columns[place] = computed
            for at in ours.get(place, ()):
                self.columns[place][at] = computed[at]

    def _numbered(self) -> list[bool]:
        """Whether anything stands in the 清单编号 of a row, readable or not."""
        cells = zip(self.numbers, self.columns[self.sheet["list_id"].position], strict=True)
        return [cell not in ("", None) or "list_id" in self.unread.get(number, ()) for number, cell in cells]

    def _input(self, column: Column) -> list[Raw]:
        """A column as arithmetic takes it: None where it is blank or unreadable."""

        def taken(value: Raw) -> Raw:
            try:
                return None if value is None or value == "" else meaning(column, value, self.book.ruleset)
            except Unreadable:
                return None

        return [value if type(value) is float else taken(value) for value in self.columns[column.position]]

    def _without_follow_ons(self, record: Record, at: int) -> Record:
        """The record without what was computed from cells that turned out unreadable."""
        lost = [
            field
            for field, needs, rows in self.computed
            if (rows is None or at in rows) and not record.bad.isdisjoint(needs)
        ]
        return record._replace(**dict.fromkeys(lost))

    def _unreadable(self, rule: str, what: str, number: int, column: Column, value: object) -> None:
        self.unread.setdefault(number, set()).add(column.field)
        cell = f"{self.letters[column.field]}{number}"
        self.book.faults.append(Fault(rule, what, self.sheet.title, cell, number, column.header, value=value))


def cell_fault(book: Book, fault: CellFault, record: Record) -> Fault:
    """What was seen in a cell of a record, with its place."""
    column = fault.column
    return Fault(
        fault.rule, "cell", SHEETS[column.sheet].title, book.address(column.sheet, column.field, record.row),
        record.row, column.header, key_of(column.sheet, record), fault.value, fault.meant,
    )  # fmt: skip


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
