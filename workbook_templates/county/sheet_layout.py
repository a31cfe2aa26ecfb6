"""Where the columns of a sheet stand in a file, and what is odd about the sheet as a whole.

Sheets and columns are found by their titles and headers, never by position.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from validators.book import Book, Fault
from validators.columns import COVER_TITLE, KINDS, TITLES, BookKind, Sheet, letter
from validators.meanings import ID_PATTERNS, Raw, is_blank, text_of
from validators.text import folded
from workbook_templates.formulas.plan import HELPER_HEAD
from workbook_templates.xlsx.appearance import BESIDE, RETURNED_TITLE
from workbook_templates.xlsx.opened import Grid, Source, UnreadableWorkbook

HEAD_ROWS = 20
"""A header row is looked for in this many rows from the top."""
PROVENANCE = ("来源文件", "来源表", "来源行")
"""Heads that the city workbook adds at the end of each list."""


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


def other_sheets(opened: Source, kind: BookKind) -> list[str]:
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
    rows = [row for row in grid.rows if is_entry(row[1]) or (known and _has_entries(layout, row))]
    if rows:
        row, cells = rows[0]
        cell = f"{letter(next(at for at, one in enumerate(cells) if not is_blank(one)))}{row}"
        yield Fault("GS01", "list_elsewhere", title, cell, row, value=len(rows), meant=like if known else None)
    if not rows or fault.what == "hidden_sheet":
        filled = sum(not is_blank(one) for _, cells in grid.rows for one in cells)
        yield replace(fault, meant=filled + len(grid.seen.errors) + grid.seen.beyond)


_ENTRY = re.compile("|".join(pattern.strip("^$") for pattern in ID_PATTERNS.values()))


def is_entry(cells: Sequence[Raw]) -> bool:
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
    above = [number for number, cells in grid.rows if number < head and is_entry(cells)]
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
            what = "headless_list" if any(is_entry([cell]) for _, cell in column) else "headless_column"
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
