"""The one reader: a file becomes cells with addresses, cells become records, and what looks odd is kept.

Sheets and columns are found by their titles and headers, never by position. A sheet is read by
regular expressions (`fast_reader`) where it is spelled as spreadsheet programs do, else by an XML parser (`xml_reader`). The
cached value of a formula is never used: a formula that the template offered is computed anew, any other is found
(GS03).
"""

import datetime as dt
import hashlib
import io
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
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
from validators.findings import SEVERITY_SYMBOLS
from validators.looks import BUILT_IN, Look, Shown, look_of
from validators.ooxml.grid import EPOCH, EPOCH_1904
from validators.ooxml.package import (
    MAX_SMALL_PART,
    EncryptedError,
    NotPackageError,
    Package,
    PackageError,
    SafeParser,
    TooBigError,
    expect_workbook,
    open_package,
    parse,
    relationships,
    sheets,
    workbook_part,
)
from validators.records import (
    ID_PATTERNS,
    CellFault,
    Raw,
    RowReader,
    Unreadable,
    is_blank,
    meaning,
    number_text,
    says_nothing,
)
from validators.rule import key_of
from validators.telephone import is_phone
from validators.text import folded, plain, visible
from workbook_templates.formulas.default_formulas import OFFERED, matches
from workbook_templates.formulas.plan import FINE, HELPER_HEAD
from workbook_templates.xlsx.appearance import BESIDE, HEADER_ROW, RETURNED_TITLE
from workbook_templates.xlsx.fast_reader import GridPlace, GridRows, Seen, Workbook, read_quickly, read_strings
from workbook_templates.xlsx.ink import Paint, Paints, Rich
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
    rows: GridRows
    seen: Seen


class Tab(Protocol):
    """A sheet before it is read; `validators.ooxml.package.SheetTab` is one."""

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
        self._package = open_package(io.BytesIO(data), tolerant=True)
        expect_workbook(self._package)
        book = workbook_part(self._package)
        macros = any(part.casefold().endswith("vbaproject.bin") for part in self._package.members)
        if macros or _macro_type(self._package):
            raise NotPackageError("工作簿含有宏。请在表格软件中另存为不含宏的 .xlsx 再提交")
        self.names = _defined_names(self._package, book)
        """Text of each defined name."""
        self.sheets = {sheet.name: sheet for sheet in sheets(self._package)}

    @property
    def parts(self) -> list[str]:
        """Names of the parts of the package."""
        return list(self._package.members)

    def digest(self, besides: Iterable[str]) -> str:
        """SHA-256 of all parts, packed as they are, but the sheets with these titles."""
        left_out = {self.sheets[title].part.casefold() for title in besides if title in self.sheets}
        digest = hashlib.sha256()
        for name, member in sorted(self._package.members.items()):
            if name not in left_out:
                digest.update(repr((name, member.method, member.size, member.crc, member.packed)).encode())
                digest.update(self._package.packed(name))
        return digest.hexdigest()

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
    data, name = path.read_bytes(), visible(path.name, 255)
    with _readable(name):
        return Opened(name, data)


@contextmanager
def _readable(name: str) -> Iterator[None]:
    """Put into words what makes a file unreadable."""
    try:
        yield
    except (NotPackageError, EncryptedError) as error:
        raise UnreadableWorkbook(f"“{name}”无法读取：{str(error).rstrip('。')}。") from error
    except TooBigError as error:
        raise UnreadableWorkbook(f"“{name}”无法读取：内容异常庞大，不像一份清单。请核对是否拿错了文件。") from error
    except (PackageError, ValueError, OverflowError) as error:
        raise UnreadableWorkbook(
            f"“{name}”无法读取：内容已损坏或不完整。请重新拷贝一份；能打开的，在表格软件中打开并另存为 .xlsx 再试。"
        ) from error


def _workbook(package: Package, book: str) -> Workbook:
    """What the cells of all sheets refer to."""
    parts = {related.type.rpartition("/")[2]: related.part for related in relationships(package, book)}
    strings: Sequence[str | Rich] | None = []
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
    looks, paints = _styles(package, styles) if styles else ({}, {})
    return Workbook(strings or [], looks, bool(since_1904), paints)


def _styles(package: Package, part: str) -> tuple[dict[str, Look], dict[str, Paint]]:
    """By number of the cell style: what its format makes of a number, and how its cells look; plain ones are absent."""
    paints = Paints()
    codes: dict[str, str] = {}
    found: dict[str, Look] = {}
    section = ""
    count = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal section, count
        paints.start(tag, attributes)
        if tag in ("cellStyleXfs", "cellXfs", "cellStyles", "dxfs"):
            section = tag
        elif tag == "numFmt" and not section:
            codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif tag == "xf" and section == "cellXfs":
            number = attributes.get("numFmtId", "0")
            look = look_of(codes.get(number, BUILT_IN.get(number, "")))
            if look is not None:
                found[str(count)] = look
            count += 1

    parse(package, part, start)
    return found, paints.found


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
    """What the workbook says of itself (`BOOK_FIELDS`), by field; absent where it says nothing."""
    return named_cells(opened, COVER_TITLE, BOOK_FIELDS)


def named_cells(opened: Source, title: str, names: Mapping[str, str]) -> dict[str, Raw]:
    """Cells of a sheet by the keys of `names`, which gives their defined names; blank and computed ones are absent."""
    grid = opened.grid(title)
    return _cells_at(grid, _places(opened, grid, names)) if grid else {}


def _cells_at(grid: Grid, places: Mapping[str, GridPlace]) -> dict[str, Raw]:
    """What stands at these places, fit to be written anywhere; nothing where that is computed or partly struck out."""
    rows, computed = dict(grid.rows), grid.seen.places()
    found: dict[str, Raw] = {}
    for name, (row, column) in places.items():
        cell = next(iter(rows.get(row, [])[column : column + 1]), None)
        mark = grid.seen.marks.get((row, column))
        if (row, column) not in computed and not is_blank(cell) and not (mark and mark.text):
            found[name] = plain(cell) if isinstance(cell, str) else cell
    return found


def _unread_facts(grid: Grid, places: Mapping[str, GridPlace]) -> dict[str, tuple[str, str]]:
    """Facts of the cover that `_cells_at` leaves out though something stands there: what, and what is to be done."""
    formulas = grid.seen.places()
    found: dict[str, tuple[str, str]] = {}
    for name, place in places.items():
        mark = grid.seen.marks.get(place)
        if place in formulas:
            text = grid.seen.formulas.get(place[1], {}).get(place[0], "")
            found[name] = f"={text}" if text else "公式", "不读取公式的结果。请直接填写内容"
        elif mark and mark.text:
            said = "〔〕里的字划了删除线或看不见，看不出还算不算。请删去，或取消删除线、改成看得见的颜色"
            found[name] = visible(mark.text, _MOST_MARKED), said
    return found


def _places(opened: Source, grid: Grid, names: Mapping[str, str]) -> dict[str, GridPlace]:
    """Where the cells of a sheet stand, by the keys of `names`, which gives their defined names.

    Where a defined name leads nowhere, the cell to the right of its label serves.
    """
    found: dict[str, GridPlace] = {}
    for name, chinese in names.items():
        target = _NAME_TARGET.fullmatch(opened.names.get(chinese, ""))
        if target and (target[1] or target[2]).replace("''", "'") == grid.title:
            found[name] = int(target[4]), position_of(target[3])
    lost = {chinese: name for name, chinese in names.items() if name not in found}
    for number, cells in grid.rows if lost else ():
        for position, cell in enumerate(cells):
            if isinstance(cell, str) and (label := cell.strip(" ＊*：:　")) in lost:
                found.setdefault(lost[label], (number, position + 1))
    return found


@dataclass
class SheetLayout:
    """Where the columns of a sheet stand in a file."""

    header_row: int
    positions: dict[str, int]
    """0-based column in the file by field."""
    extra: list[tuple[int, str]]
    """Columns whose header is unknown."""
    missing: list[str]
    """Headers that are not there."""
    double: list[tuple[int, str]]


def find_layout(sheet: Sheet, grid: Grid) -> SheetLayout:
    """The header row of a sheet: of the rows at the top, the one with most of the declared headers.

    Where those hold less than half of them, the header is looked for further down: it may have been sorted in among
    the rows.
    """
    by_header = {column.header: column for column in sheet.columns}
    best: tuple[int, int, list[Raw]] = (0, 0, [])
    for number, cells in grid.rows:
        if number > HEAD_ROWS and 2 * best[0] >= len(by_header):
            break
        known = sum(1 for cell in cells if isinstance(cell, str) and cell.strip() in by_header)
        if known > best[0]:
            best = known, number, cells
    found = SheetLayout(best[1], {}, [], [], [])
    for position, cell in enumerate(best[2]):
        text = cell.strip() if isinstance(cell, str) else text_of(cell)
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
            Entries(book, sheet, below(layout, grid), layout).read()
    look_elsewhere(book, lambda fault: of_other_sheet(opened, book.kind, fault))
    return book


def kind_of(opened: Source) -> BookKind:
    """The kind of workbook that has most of its sheets; an inventory where none has."""
    return max(TITLES, key=lambda kind: sum(title in opened.sheets for title in TITLES[kind].values()))


def begin(opened: Source, *, on: dt.date | None = None, rules: ruleset.RuleSet | None = None) -> Book:
    """A book that knows what the workbook says of itself, with what is odd about that, and no rows yet."""
    cover = opened.grid(COVER_TITLE)
    places = _places(opened, cover, BOOK_FIELDS) if cover else {}
    facts = _cells_at(cover, places) if cover else {}
    year = text_of(facts.get("year"))
    if rules is None or str(rules.year) != year:
        rules = ruleset.judging(year, text_of(facts.get("ruleset")))
    day = _day(facts.get("filled_on"), rules)
    unread = _unread_facts(cover, places) if cover else {}
    undated = (
        on is None and day is None and ("filled_on" in facts or "filled_on" in unread or "filled_on" not in places)
    )
    county = text_of(facts.get("division"))
    county = rules.divisions[county]["code"] if county in rules.divisions else county
    revision = text_of(facts.get("revision"))
    book = Book(
        opened.name, rules, county, text_of(facts.get("round")), int(revision) if revision.isdecimal() else 0,
        on or day or dt.date.today(), {**facts, "filled_on": day}, kind_of(opened), undated=undated,
        fact_cells={name: f"{letter(column)}{row}" for name, (row, column) in places.items()},
    )  # fmt: skip
    book.faults += _facts_faults(opened, book.kind)
    book.faults += _cover_faults(facts, places, rules, day)
    for name, (value, hint) in unread.items():
        book.faults.append(_fact(name, places, value, hint))
    return book


def text_of(value: Raw) -> str:
    """A cell as text: as the screen shows it, whole numbers without decimals, blank as ''."""
    if value is None:
        return ""
    if isinstance(value, Shown):
        return value.text
    return number_text(value) if isinstance(value, int | float) else plain(str(value)).strip()


def _day(value: Raw, rules: ruleset.RuleSet) -> dt.date | None:
    try:
        found = meaning(SHEETS["enterprises"]["fixed_on"], value, rules) if value is not None else None
    except Unreadable:
        return None
    return found if isinstance(found, dt.date) else None


MOST_OF_A_FACT = 255
"""Characters that a cell of the cover may hold."""


def _cover_faults(
    facts: Mapping[str, Raw], places: Mapping[str, GridPlace], rules: ruleset.RuleSet, day: dt.date | None
) -> Iterator[Fault]:
    """What the workbook says of itself and cannot mean."""
    rounds = rules.rounds
    revision = text_of(facts.get("revision"))
    wrong: dict[str, str | bool] = {
        name: f"太长，最多 {MOST_OF_A_FACT} 个字"
        for name, value in facts.items()
        if isinstance(value, str) and len(value) > MOST_OF_A_FACT
    }
    wrong |= {
        "round": "round" in facts and text_of(facts["round"]) not in rounds and f"应为{'、'.join(rounds)}之一",
        "revision": "revision" in facts
        and not (revision.isdecimal() and int(revision) > 0)
        and "应为从 1 开始的整数，每改报一次加 1",
        "filled_on": facts.get("filled_on") is not None and day is None and "应为日期，例如 2020-08-18",
    }
    found = [("GS03", "fact", name, hint) for name, hint in wrong.items() if hint]
    found += [one for one in _unmeant(facts, rules) if not wrong.get(one[2])]
    for rule, what, name, hint in found:
        yield _fact(name, places, facts[name], hint, rule, what)


def _fact(
    name: str, places: Mapping[str, GridPlace], value: object, hint: object, rule: str = "GS03", what: str = "fact"
) -> Fault:
    row, column = places[name]
    return Fault(rule, what, COVER_TITLE, f"{letter(column)}{row}", row, BOOK_FIELDS[name], value=value, meant=hint)


_READ_AS = {"filled_by_office": "name", "filled_by": "contact", "filled_phone": "phone"}
"""Columns of 企业基本信息 whose law holds for what the officer writes on the cover."""


def _unmeant(facts: Mapping[str, Raw], rules: ruleset.RuleSet) -> Iterator[tuple[str, str, str, str]]:
    """What names nobody or is no number to call: the rule, which case of it, the field and what is said."""
    for name, field in _READ_AS.items():
        value, column = facts.get(name), SHEETS["enterprises"][field]
        try:
            if isinstance(value, str):
                says_nothing(column, value, rules)
            read = meaning(column, value, rules) if value is not None else None
        except Unreadable as error:
            yield error.rule, "fact", name, error.hint
        else:
            if column.kind == "phone" and read is not None and not is_phone(str(read)):
                yield (
                    "GS03",
                    "phone",
                    name,
                    "不是有效的号码。请填一个11位手机号（前面不加 +86 或 0），或带区号的固定电话",
                )


def _facts_faults(opened: Source, kind: BookKind) -> Iterator[Fault]:
    known = set(BOOK_FIELDS.values())
    for name in opened.names:
        if name not in known and not name.startswith(("_xlnm.", *OWN_NAMES)):
            yield Fault("GS01", "extra_name", value=name)
    for title in _other_sheets(opened, kind):
        hidden = opened.sheets[title].state != "visible"
        yield Fault("GS10" if hidden else "GS01", "hidden_sheet" if hidden else "extra_sheet", title, value=title)


def _other_sheets(opened: Source, kind: BookKind) -> list[str]:
    """Titles of the sheets that are none of ours."""
    entry = {COVER_TITLE, *TITLES[kind].values()}
    return [
        title
        for title, sheet in opened.sheets.items()
        if title not in OWN_SHEETS and (title not in entry or sheet.kind != "worksheet")
    ]


def look_elsewhere(book: Book, of_sheet: Callable[[Fault], Iterable[Fault]]) -> None:
    """Let the faults of a book say what stands on sheets that are none of ours: `of_sheet` makes that of a fault which
    says only that there is one (see `of_other_sheet`)."""
    own = TITLES[book.kind].values()
    others = [one.what in ("extra_sheet", "hidden_sheet") and one.sheet not in own for one in book.faults]
    book.faults = [
        found
        for fault, other in zip(book.faults, others, strict=True)
        for found in (of_sheet(fault) if other else (fault,))
    ]


def of_other_sheet(opened: Source, kind: BookKind, fault: Fault) -> Iterator[Fault]:
    """How much stands on a sheet that is none of ours, and whether it is a list: a sheet of the template copied or
    renamed, or rows pasted there."""
    title = fault.sheet or ""
    try:
        grid = opened.grid(title)
    except UnreadableWorkbook:
        yield replace(fault, rule="GS01", what="unread_sheet")
        return
    if grid is None:
        yield fault
        return
    layouts = {sheet.title: find_layout(sheet, grid) for sheet in KINDS[kind].values()}
    like, layout = max(layouts.items(), key=lambda one: len(one[1].positions))
    known = len(layout.positions) > len(layout.missing)
    rows = [row for row in grid.rows if _is_entry(row[1]) or (known and _has_entries(layout, row))]
    if rows:
        row, cells = rows[0]
        cell = f"{letter(next(at for at, one in enumerate(cells) if not is_blank(one)))}{row}"
        yield Fault("GS01", "list_elsewhere", title, cell, row, value=len(rows), meant=like if known else None)
    if not rows or fault.what == "hidden_sheet":
        filled = sum(not is_blank(one) for _, cells in grid.rows for one in cells)
        yield replace(fault, meant=filled + len(grid.seen.errors) + grid.seen.beyond)


_ENTRY = re.compile("|".join(pattern.strip("^$") for pattern in ID_PATTERNS.values()))


def _is_entry(cells: Sequence[Raw]) -> bool:
    """Whether a row holds a 清单编号 or 生产线编码 in a cell of its own."""
    return any(isinstance(cell, str) and _ENTRY.fullmatch(cell.strip()) for cell in cells)


def _has_entries(layout: SheetLayout, row: tuple[int, list[Raw]]) -> bool:
    """Whether something stands below at least two of the headers."""
    number, cells = row
    filled = sum(
        at < len(cells) and not is_blank(cells[at]) for field, at in layout.positions.items() if field != "status"
    )
    return number > layout.header_row and filled > 1


OWN_SHEETS = ("选项", "校验", RETURNED_TITLE)
"""Sheets of the template, and of a returned workbook, that hold nothing to read."""
OWN_NAMES = ("选项_", "校验_")
"""How the template's own defined names begin."""


def lay_out(book: Book, sheet: Sheet, grid: Grid | None) -> SheetLayout | None:
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
    if not layout.positions and (grid.rows or grid.seen.beyond):
        faults.append(Fault("GS01", "headless", title, value=title))
        book.damaged.add(sheet.key)
        return None
    book.letters[sheet.key] = {field: letter(position) for field, position in layout.positions.items()}
    renamed = renamed_heads(sheet, layout)
    for position, (text, header) in renamed.items():
        cell = f"{letter(position)}{layout.header_row}"
        below_it = [
            cells[position] for number, cells in grid.rows if number > layout.header_row and position < len(cells)
        ]
        many = sum(not is_blank(one) for one in below_it)
        faults.append(Fault("GS01", "renamed", title, cell, layout.header_row, header, value=text, meant=many))
    found_again = {header for _, header in renamed.values()}
    for header in layout.missing:
        if header not in found_again:
            faults.append(Fault("GS01", "missing", title, row=layout.header_row or None, header=header, value=header))
    for position, header in layout.double:
        cell = f"{letter(position)}{layout.header_row}"
        faults.append(Fault("GS01", "double", title, cell, layout.header_row, header, value=header))
    faults += _outside(sheet, layout, grid, renamed)
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


def renamed_heads(sheet: Sheet, layout: SheetLayout) -> dict[int, tuple[str, str]]:
    """Unknown heads that stand for missing ones, by 0-based column: what stands there, and the declared header.

    One does that is spelled otherwise (blanks, width, brackets, unit), or that stands between the neighbours of the
    missing one.
    """
    found: dict[int, tuple[str, str]] = {}
    by_field = {column.header: column for column in sheet.columns}
    missing = [by_field[header] for header in layout.missing]
    for alike in (folded, _without_unit):
        for position, text in layout.extra:
            taken = {header for _, header in found.values()}
            same = [one for one in missing if one.header not in taken and alike(one.header) == alike(text)]
            if position not in found and len(same) == 1:
                found[position] = text, same[0].header
    place_of = {at: sheet[field].position for field, at in layout.positions.items()}
    for position, text in layout.extra:
        taken = {header for _, header in found.values()}
        before, behind = place_of.get(position - 1, -9), place_of.get(position + 1, -9)
        if position not in found and behind - before == 2 and sheet.columns[before + 1] in missing:
            header = sheet.columns[before + 1].header
            if header not in taken:
                found[position] = text, header
    return found


def _without_unit(head: str) -> str:
    return folded(head).partition("（")[0]


def _outside(sheet: Sheet, layout: SheetLayout, grid: Grid, renamed: Mapping[int, tuple[str, str]]) -> Iterator[Fault]:
    """What stands on a sheet of ours and belongs to no record: rows above the header, columns that are not ours."""
    title, head = sheet.title, layout.header_row
    above = [number for number, cells in grid.rows if number < head and _is_entry(cells)]
    if above:
        rows = "、".join(map(str, above[:10])) + ("等" if len(above) > 10 else "")
        cell = f"{letter(layout.positions.get('list_id', 0))}{above[0]}"
        yield Fault("GS01", "above", title, cell, above[0], value=rows, meant=head)
    named = dict(layout.extra)
    known = {*layout.positions.values(), *(position for position, _ in layout.double)}
    heads = next((cells for number, cells in grid.rows if number == head), [])
    ours = {at for at, cell in enumerate(heads) if text_of(cell) in (*PROVENANCE, *BESIDE) or _is_helper(cell)}
    width = max((len(cells) for _, cells in grid.rows), default=0)
    for position in sorted({*range(width), *named} - known - ours):
        column = [
            (number, cells[position])
            for number, cells in grid.rows
            if number > head and position < len(cells) and not is_blank(cells[position])
        ]
        if position in renamed:
            continue
        if position in named:
            cell = f"{letter(position)}{head}"
            yield Fault("GS01", "extra", title, cell, head, named[position], value=named[position], meant=len(column))
        elif column:
            first = column[0][0]
            what = "headless_list" if any(_is_entry([cell]) for _, cell in column) else "headless_column"
            yield Fault(
                "GS01", what, title, f"{letter(position)}{first}", first, value=letter(position), meant=len(column)
            )
    if grid.seen.beyond:
        yield Fault("GS01", "beyond", title, value=grid.seen.beyond)


def _is_helper(cell: Raw) -> bool:
    return isinstance(cell, str) and cell.startswith(HELPER_HEAD)


def below(layout: SheetLayout, grid: Grid) -> Grid:
    """The sheet without its header and what stands above that."""
    return replace(grid, rows=[row for row in grid.rows if row[0] > layout.header_row])


def _row_of(reference: str) -> int:
    return int("".join(filter(str.isdecimal, reference)) or 0)


_LATER = (EPOCH_1904 - EPOCH).days
_SOLID = 100_000
"""What is larger in a date column is no count of days but a day written in one, 20200818."""
LONG_ID = 12
"""Characters of a 清单编号 whose row is one of the list without a second look."""
OWN_HEADS = ("校验", "序号")
"""Columns that the workbook fills itself, in blank rows too."""
_MOST_MARKED = 1000
"""Characters that are kept of a text of which a part is struck out."""
VERDICTS = FINE + "".join(SEVERITY_SYMBOLS.values())
"""What the texts begin with that the workbook itself writes in 校验."""
MARKED = {"struck": "GS03", "painted": "GS10"}
"""The rule that says that a cell, or most of a row, is struck out or not to be seen."""
_SUM = re.compile("(?:合计|总计|小计|共计|累计|汇总)[:：]?")
_NOTE = re.compile(
    "^(?:注|备注|说明|附件|附表|填表|填报|制表|审核|审批|负责人|联系人|联系电话|单位|日期)[^，。]{0,8}?[:：]|"
    "^(?:附件|附表)|清单$|一览表|汇总表|登记表|统计表|^注[:：]?"
)
"""What begins or ends a title above a list and a note below it."""


class Entries:
    """Makes the records of one sheet, column by column. Columns are counted as declared (`place`), not as in the file.

    Cells with a formula are blanked, but where it is the one that the template offers, what it gives is computed.
    """

    def __init__(
        self,
        book: Book,
        sheet: Sheet,
        grid: Grid,
        layout: SheetLayout,
        roots: Book | None = None,
        *,
        typed: bool = True,
    ) -> None:
        """`grid` has the rows below the header (see `below`), each with its 1-based number and its cells as in the file.

        `roots` has the enterprises that rows belong to, where `book` has not; `typed` is whether what stands in an
        automatic column is what somebody typed over its formula.
        """
        self.book, self.sheet, self.seen, self.roots = book, sheet, grid.seen, roots or book
        self.typed = typed
        self.rows = rows = grid.rows
        self.heads = {position: sheet[field].header for field, position in layout.positions.items()}
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
        if grid.seen.since_1904:  # a day without a date format is still counted from the workbook's own first day
            for column in sheet.columns:
                if column.kind == "date":
                    own = self.columns[column.position]
                    own[:] = [cell + _LATER if type(cell) is float and cell < _SOLID else cell for cell in own]
        self.place_of = {position: sheet[field].position for field, position in layout.positions.items()}
        self.missing = {column.field for column in sheet.columns if column.field not in layout.positions}
        self.unread: dict[int, set[str]] = {}
        """Fields that could not be read, by row of the file."""
        self.strays: dict[int, str] = {}
        """Rows that are none of the list, and what they are."""
        self.computed: list[tuple[str, tuple[str, ...], frozenset[int] | None]] = []
        """Fields that were computed, from which others, and in which rows of the columns (None: in all)."""
        self.formulas: dict[tuple[int, int], str] = {}
        """Formulas in automatic columns that are not ours, by row of the file and place."""
        self.instead: dict[int, list[tuple[Column, Raw, Raw]]] = {}
        """What was put in the place of an automatic formula, by row of the file: the column, what stands there, and what the
        formula gives."""

    def read(self) -> None:
        """Put the records into the book; a row in which nothing was entered is passed over."""
        ours = self._take_formulas()
        self._take_marks()
        self._compute(ours)
        reader = RowReader(self.sheet.key, self.book.ruleset)
        entries = [column.position for column in self.sheet.columns if column.required != "auto"]
        table = self.book.tables[self.sheet.key]
        identity = self.sheet["list_id"].position
        for at, (number, values) in enumerate(zip(self.numbers, zip(*self.columns, strict=True), strict=True)):
            unread = self.unread.get(number)
            if not unread and all(values[place] in ("", None) or is_blank(values[place]) for place in entries):
                continue
            named = values[identity]
            if not (type(named) is str and len(named) >= LONG_ID) and (what := self._stray(self.rows[at][1])):
                self.strays[number] = what
                continue
            record, faults = reader.read(values, number)
            if unread or self.missing:
                record = record._replace(bad=record.bad.union(self.missing, unread or ()))
            if record.bad:
                record = self._without_follow_ons(record, at)
            self.book.faults += [cell_fault(self.book, fault, record) for fault in faults]
            if self.instead:
                self._tell_others(record)
            table.append(record)
        self._tell_strays()

    def _stray(self, cells: Sequence[Raw]) -> str:
        """What a row is that is none of the list (its header again, a sum, a title or a note), or ''."""
        texts = {at: text_of(cell) for at, cell in enumerate(cells) if at in self.heads and not is_blank(cell)}
        filled = [text for at, text in texts.items() if self.heads[at] not in OWN_HEADS]
        again = sum(text == self.heads[at] for at, text in texts.items())
        if again > 1 and 2 * again >= len(filled):
            return "表头"
        if any(_SUM.fullmatch("".join(text.split())) for text in texts.values()):
            return "合计行"
        if 0 < len(filled) < 3 and _NOTE.search(filled[0]) and not _is_entry(filled):
            return "标题或说明"
        return ""

    def _tell_strays(self) -> None:
        """One finding for each row that is none of the list, in the place of all that would be found in it."""
        if not self.strays:
            return
        at = self.letters.get("list_id", "A")
        self.book.faults = [
            fault for fault in self.book.faults if fault.sheet != self.sheet.title or fault.row not in self.strays
        ]
        for number, what in self.strays.items():
            said = next(text for cell in self.rows[self.at[number]][1] if (text := text_of(cell)))
            self.book.faults.append(
                Fault("GS03", "stray", self.sheet.title, f"{at}{number}", number, value=said, meant=what)
            )

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

    def _take_marks(self) -> None:
        """Find what is struck out or not to be seen; a cell of which that is a part cannot be read."""
        whole: dict[tuple[int, str], list[Column]] = {}
        for (number, position), mark in self.seen.marks.items():
            place, at = self.place_of.get(position), self.at.get(number)
            if place is None or at is None:
                continue
            column, cell = self.sheet.columns[place], self.columns[place][at]
            if column.required == "auto" or is_blank(cell):
                continue
            if mark.text:
                self.columns[place][at] = ""
                self._unreadable("GS03", f"{mark.how}_part", number, column, visible(mark.text, _MOST_MARKED))
            else:
                whole.setdefault((number, mark.how), []).append(column)
        for (number, how), columns in whole.items():
            rule = MARKED[how]
            filled = [
                one
                for one in self.sheet.columns
                if one.required != "auto" and not is_blank(self.columns[one.position][self.at[number]])
            ]
            if len(columns) > 1 and 2 * len(columns) > len(filled):
                cell = f"{self.letters.get('list_id', 'A')}{number}"
                said = text_of(self.columns[self.sheet["list_id"].position][self.at[number]])
                self.book.faults.append(Fault(rule, f"{how}_row", self.sheet.title, cell, number, value=said or None))
                continue
            for column in columns:
                self._note(rule, how, number, column, self.columns[column.position][self.at[number]])

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

        automatic = column.required == "auto"
        looked_at = not automatic or (offered and column.field != "serial")  # rows that were moved number themselves
        for number, text, row in found:
            at = self.at.get(number)
            if at is None:  # the row shows nothing
                continue
            cells[at] = ""
            if not looked_at:
                continue
            own = str(row).join(pieces) == text != "" or matches(self.sheet.key, column.field, text, row, self.letters)
            if own and not automatic:
                ours.setdefault(place, []).append(at)
            elif not own and automatic:
                self.formulas[number, place] = f"={text}" if text else "公式"
            elif not own:
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
            if column.kind == "status" and self.typed:
                self._look_for_notes(column)
            if offered:
                for need in offered.needs:
                    if need not in inputs:
                        inputs[need] = self._roots() if need == "root" else self._input(self.sheet[need])
                computed = list(map(offered.compute, *(inputs[need] for need in offered.needs)))
                rows = None if automatic else frozenset(ours[place])
                self.computed.append((column.field, offered.needs, rows))
            if automatic:
                if offered and self.typed:
                    self._look_for_others(column, computed)
                self.columns[place] = computed
            for at in ours.get(place, ()):
                self.columns[place][at] = computed[at]

    def _look_for_others(self, column: Column, computed: Sequence[Raw]) -> None:
        """Note what was put in the place of an automatic column's formula and is not what that gives."""
        cells = self.columns[column.position]
        if not self.formulas and not any(cells):
            return
        for number, cell, value in zip(self.numbers, cells, computed, strict=True):
            own = self.formulas.get((number, column.position), cell)
            if not is_blank(own) and not _rounded(own, value):
                self.instead.setdefault(number, []).append((column, own, value))

    def _look_for_notes(self, column: Column) -> None:
        """Note what somebody wrote where the workbook says what is wrong; what it says itself begins with a sign."""
        for number, cell in zip(self.numbers, self.columns[column.position], strict=True):
            if cell and isinstance(cell, str) and not is_blank(cell) and cell.strip()[0] not in VERDICTS:
                self.instead.setdefault(number, []).append((column, cell, None))

    def _tell_others(self, record: Record) -> None:
        """Find what was put in the place of automatic formulas of a row, unless what those need is found itself."""
        for column, own, value in self.instead.get(record.row, ()):
            offered = OFFERED.get((self.sheet.key, column.field))
            if not offered or record.bad.isdisjoint(offered.needs):
                rule = "GS04" if column.field == "serial" else "GS03"
                self._note(rule, "automatic", record.row, column, own, value)

    def _numbered(self) -> list[bool]:
        """Whether anything stands in the 清单编号 of a row, readable or not."""
        cells = zip(self.numbers, self.columns[self.sheet["list_id"].position], strict=True)
        return [cell not in ("", None) or "list_id" in self.unread.get(number, ()) for number, cell in cells]

    def _roots(self) -> list[Record | None]:
        """The enterprise that each row belongs to."""
        found = self.roots.index("enterprises", "list_id")
        ids = self._input(self.sheet["list_id"])
        return [found[one][0] if one in found else None for one in ids]

    def _input(self, column: Column) -> list[Raw]:
        """A column as arithmetic takes it: None where it is blank or unreadable."""

        def taken(value: Raw) -> Raw:
            try:
                return None if value is None or value == "" else meaning(column, value, self.book.ruleset)
            except Unreadable:
                return None

        cells = self.columns[column.position]
        texts = {one: taken(one) for one in {cell for cell in cells if type(cell) is str}}  # most rows say the same
        return [cell if type(cell) is float else texts[cell] if type(cell) is str else taken(cell) for cell in cells]

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
        self._note(rule, what, number, column, value)

    def _note(self, rule: str, what: str, number: int, column: Column, value: object, meant: object = None) -> None:
        cell = f"{self.letters[column.field]}{number}"
        self.book.faults.append(
            Fault(rule, what, self.sheet.title, cell, number, column.header, value=value, meant=meant)
        )


def _rounded(own: Raw, value: Raw) -> bool:
    """Whether what stands in a cell is the computed value, as it is or rounded."""
    if not isinstance(own, int | float) or not isinstance(value, int | float) or isinstance(own, bool):
        return own == value
    places = len(number_text(float(own)).partition(".")[2])
    return (math.isclose(own, value, rel_tol=1e-2) and round(value, places) == own) or math.isclose(
        own, value, rel_tol=1e-9
    )


def cell_fault(book: Book, fault: CellFault, record: Record) -> Fault:
    """What was seen in a cell of a record, with its place."""
    column = fault.column
    return Fault(
        fault.rule, fault.what, SHEETS[column.sheet].title, book.address(column.sheet, column.field, record.row),
        record.row, column.header, key_of(column.sheet, record), fault.value, fault.meant,
    )  # fmt: skip


def _hidden_faults(book: Book, title: str, grid: Grid, layout: SheetLayout) -> None:
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
