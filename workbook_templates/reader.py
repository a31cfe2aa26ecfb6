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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from validators import ruleset
from validators.book import Book, Fault, letter
from validators.columns import BOOK_FIELDS, COVER_TITLE, SHEETS, Sheet
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
from validators.records import Raw, RowReader, Unreadable, meaning, number_text
from workbook_templates.offered import OFFERED, matches
from workbook_templates.scan import Scan, column_number, scan
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
        raise UnreadableWorkbook(f"“{path.name}”的内容已损坏，无法读取。请在表格软件中打开并另存为 .xlsx 再提交。") from error


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
        column, row = column_number(target[3]), int(target[4])
        cells = next((cells for number, cells in grid.rows if number == row), [])
        if column < len(cells) and cells[column] != "" and (row, column) not in grid.seen.formulas:
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
    title, faults = sheet.title, book.faults
    for header in layout.missing:
        faults.append(Fault("GS01", "missing", title, row=layout.header_row or None, header=header, value=header))
    for position, header in layout.double:
        faults.append(Fault("GS01", "double", title, f"{letter(position)}{layout.header_row}", layout.header_row, header, value=header))
    for position, header in layout.extra:
        faults.append(Fault("GS01", "extra", title, f"{letter(position)}{layout.header_row}", layout.header_row, header, value=header))
    if layout.missing or layout.double:
        book.damaged.add(sheet.key)
    if not layout.positions:
        return
    order = [layout.positions.get(column.field) for column in sheet.columns]
    header_at = {layout.positions[column.field]: column for column in sheet.columns if column.field in layout.positions}
    seen = grid.seen
    for reference in seen.merged:
        first, _, last = reference.partition(":")
        if int(re.sub(r"\D", "", last)) > layout.header_row:
            row = int(re.sub(r"\D", "", first))
            faults.append(Fault("GS07", "merged", title, first, row, value=reference))
    for (row, column), error in seen.errors.items():
        if row > layout.header_row and column in header_at and header_at[column].required != "auto" and (row, column) not in seen.formulas:
            faults.append(Fault("GS07", "error", title, f"{letter(column)}{row}", row, header_at[column].header, value=error))
    _hidden_faults(book, title, grid, layout)
    reader = RowReader(sheet.key, book.ruleset)
    missing = frozenset(number for number, position in enumerate(order) if position is None)
    missing_fields = frozenset(sheet.columns[number].field for number in missing)
    formulas = _formulas_by_row(seen)
    letters = book.letters[sheet.key]
    errors_by_row: dict[int, set[int]] = {}
    for row, column in seen.errors:
        errors_by_row.setdefault(row, set()).add(column)
    straight = order == list(range(len(order)))
    width = len(order)
    table = book.tables[sheet.key]
    for number, cells in grid.rows:
        if number <= layout.header_row:
            continue
        own = formulas.get(number)
        if straight:
            values = cells[:width] if len(cells) >= width else [*cells, *[""] * (width - len(cells))]
        else:
            values = [cells[position] if position is not None and position < len(cells) else "" for position in order]
        quiet = missing
        foreign: dict[int, str] = {}
        if own:
            quiet, foreign = _put_formulas(sheet, values, own, order, number, letters, missing)
        if all(value == "" or value is None for value, column in zip(values, sheet.columns, strict=True) if column.required != "auto" and (column.position not in quiet or column.position in missing)) and not foreign and not errors_by_row.get(number):
            continue
        bad_here = set(missing_fields)
        if number in errors_by_row:
            for column in errors_by_row[number]:
                if column in header_at and (number, column) not in seen.formulas:
                    bad_here.add(header_at[column].field)
                    values[header_at[column].position] = ""
        for position, text in foreign.items():
            declared = sheet.columns[position]
            bad_here.add(declared.field)
            faults.append(Fault("GS03", "formula", title, f"{letters[declared.field]}{number}", number, declared.header, value=f"={text}" if text else "公式"))
        record, own_faults = reader.read(values, number)
        if bad_here:
            record = record._replace(bad=record.bad | bad_here)
        for fault in own_faults:
            declared = fault.column
            faults.append(
                Fault(fault.rule, "cell", title, f"{letters[declared.field]}{number}", number, declared.header,
                      _key(record), fault.value, fault.meant)
            )  # fmt: skip
        table.append(record)


def _key(record: Any) -> str | None:  # noqa: ANN401 - a record
    return getattr(record, "line_id", None) or record.list_id  # type: ignore[no-any-return]


def _formulas_by_row(seen: Scan) -> dict[int, list[tuple[int, str, tuple[int, int]]]]:
    """Formulas of each row: column, text, and the cell that the text is written for."""
    found: dict[int, list[tuple[int, str, tuple[int, int]]]] = {}
    for place, text in seen.formulas.items():
        found.setdefault(place[0], []).append((place[1], text, place))
    for place, master in seen.shared.items():
        found.setdefault(place[0], []).append((place[1], seen.formulas[master], master))
    return found


def _put_formulas(
    sheet: Sheet,
    values: list[Raw],
    own: list[tuple[int, str, tuple[int, int]]],
    order: list[int | None],
    row: int,
    letters: Mapping[str, str],
    missing: frozenset[int],
) -> tuple[frozenset[int], dict[int, str]]:
    """Replace formula cells in a row: ours by what they compute, others by blank.

    Returns positions whose blank is a follow-on, and the formulas that are not ours by position.
    """
    place_of = {position: number for number, position in enumerate(order) if position is not None}
    quiet, foreign = set(missing), {}
    ours: list[tuple[int, Any]] = []
    for column, text, master in own:
        position = place_of.get(column)
        if position is None:
            continue
        declared = sheet.columns[position]
        values[position] = ""
        if declared.kind == "status":
            continue
        if master[1] == column and matches(sheet.key, declared.field, text, master[0], letters):
            ours.append((position, OFFERED[sheet.key, declared.field]))
            quiet.add(position)
        elif declared.required != "auto":
            foreign[position] = text
            quiet.add(position)
    if ours:
        numbers = {column.field: _number(value) for column, value in zip(sheet.columns, values, strict=True) if column.is_number}
        named = {"row": row, "list_id": values[sheet["list_id"].position], **numbers}
        for position, offered in ours:
            result = offered.value(named)
            values[position] = "" if result is None else result
    return frozenset(quiet), foreign


def _number(value: Raw) -> float | None:
    """A number cell's value for arithmetic: numbers, and text that clearly is one."""
    if isinstance(value, float | int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value:
        try:
            found = meaning(SHEETS["lines"]["so2_daily"], value, ruleset.load(ruleset.years()[0]))
        except Unreadable:
            return None
        return found if isinstance(found, float) else None
    return None


def _hidden_faults(book: Book, title: str, grid: Grid, layout: Layout) -> None:
    filled = {number for number, _ in grid.rows if number > layout.header_row}
    hidden = sorted(filled & grid.seen.hidden_rows)
    if hidden:
        book.faults.append(Fault("GS10", "rows", title, row=hidden[0], value="、".join(map(str, hidden[:10])), meant=len(hidden)))
    for first, last in grid.seen.hidden_columns:
        positions = [position for position in layout.positions.values() if first <= position <= last]
        held = [p for p in positions if any(p < len(cells) and cells[p] != "" for number, cells in grid.rows if number > layout.header_row)]
        if held:
            book.faults.append(Fault("GS10", "columns", title, f"{letter(held[0])}{layout.header_row}", layout.header_row, value="、".join(letter(p) for p in held)))
