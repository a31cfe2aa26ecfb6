"""An open workbook as it was last read, and the findings on it, kept right row by row."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from addin.live.host import OpenBook
from validators.book import Book, Fault
from validators.columns import KINDS, SHEETS, Sheet
from validators.findings import Finding
from validators.incremental import ChangedRows as WatchedRows
from validators.incremental import Watch
from validators.meanings import Raw
from validators.ooxml.grid import LAST_ROW
from workbook_templates.county.cover_facts import begin
from workbook_templates.county.entries import Entries
from workbook_templates.county.sheet_layout import (
    HEAD_ROWS,
    SheetLayout,
    below,
    find_layout,
    lay_out,
    look_elsewhere,
    of_other_sheet,
)
from workbook_templates.formulas.default_formulas import is_inherited
from workbook_templates.xlsx.fast_reader import GridRows, Seen
from workbook_templates.xlsx.ink import Mark
from workbook_templates.xlsx.opened import Grid, Tab

LIST_TITLES = {sheet.title: sheet for sheet in SHEETS.values()}


@dataclass(frozen=True, slots=True)
class Line:
    """One row as it stands in the application."""

    cells: tuple[Raw, ...]
    """Without the blanks at the end; what a formula gives below the head is not kept, only whether it gives anything."""
    formulas: Mapping[int, str]
    """By 0-based column."""
    errors: Mapping[int, str]
    marks: Mapping[int, Mark]

    def same(self, other: "Line") -> bool:
        """Whether nothing differs; unlike `==`, 1 and TRUE do."""
        return self == other and [*map(type, self.cells)] == [*map(type, other.cells)]


Lines = dict[int, Line | None]
"""Rows by their 1-based number; None where there is nothing any more."""


@dataclass
class _Page:
    """One sheet as it was last read."""

    hidden: bool
    shape: Seen
    lines: dict[int, Line]
    layout: SheetLayout | None = None


class _Head:
    """A workbook as far as `begin` reads it: what it says of itself, asked for once; no sheet's shape is."""

    def __init__(self, source: OpenBook) -> None:
        self.source = source
        self.name, self.names, self.sheets = source.name, source.names, source.sheets

    @property
    def tabs(self) -> Mapping[str, Tab]:
        """The sheets that an officer fills."""
        return {title: tab for title, tab in self.sheets.items() if title in LIST_TITLES and tab.kind == "worksheet"}

    def grid(self, title: str) -> Grid | None:
        return Grid(title, False, *self.source.rows(title, 1, LAST_ROW)) if title in self.sheets else None


@dataclass(frozen=True, slots=True)
class _Around:
    """What a workbook says of itself and of its sheets, as it was last read."""

    begun: Book
    elsewhere: Mapping[Fault, Sequence[Fault]]
    """What stands on sheets that are none of ours, by the fault that says only that there is one."""
    tabs: Mapping[str, Tab]
    shapes: Mapping[str, Seen]
    new: Mapping[str, dict[int, Line]]
    """Rows of sheets that were not there before."""


class Mirror:
    """What was last read of a workbook. Everything that reads raises `Busy` or `Gone`, and then changes nothing."""

    def __init__(self, source: OpenBook) -> None:
        """Read the whole workbook."""
        self._source = source
        head = _Head(source)
        self._pages = {
            title: _Page(tab.state != "visible", source.shape(title), _lines(*source.rows(title, 1, LAST_ROW)))
            for title, tab in head.tabs.items()
        }
        self._begun, self._elsewhere = self._begin(head, {})
        self._judge()

    @property
    def findings(self) -> Sequence[Finding]:
        """All findings, in order."""
        return self._watch.findings

    @property
    def book(self) -> Book:
        """The workbook as the rules see it."""
        return self._watch.book

    @property
    def settled(self) -> bool:
        """Whether all findings are those of what was read last."""
        return self._watch.settled

    def settle(self) -> bool:
        """Judge one of the rules over the whole workbook that `take` left for later; whether there was one."""
        return self._watch.settle()

    def look(self, title: str, first: int, last: int, reported: tuple[GridRows, Seen] | None = None) -> Lines:
        """Read rows of a sheet that nobody `reported`; returns those that are not as they were. Changes nothing: that is
        for `take`."""
        page = self._pages.get(title)
        if page is None:
            return {}
        now = _lines(*(reported or self._source.rows(title, first, last)))
        gone: Lines = {row: None for row in page.lines if first <= row <= last and row not in now}
        return gone | {row: line for row, line in now.items() if not _same(page.lines.get(row), line)}

    def pieces(self, title: str, size: int) -> Iterator[tuple[int, int]]:
        """First and last rows of pieces of a sheet that is to be looked at whole."""
        end = max(self._pages[title].lines, default=1) if title in self._pages else 0
        starts = [*range(1, end + 1, size)]
        for first in starts:
            yield first, LAST_ROW if first == starts[-1] else first + size - 1

    def take(self, looked: Mapping[str, Lines]) -> bool:
        """Take in what was seen by `look`, by title; returns whether there was anything. See `settled`."""
        changes: dict[str, WatchedRows] = {}
        again = shaped = False
        for title, lines in looked.items():
            page = self._pages[title]
            for row, line in lines.items():
                shaped |= _beside(page.layout, row, page.lines.get(row)) != _beside(page.layout, row, line)
                if line is None:
                    page.lines.pop(row, None)
                else:
                    page.lines[row] = line
            if any(row <= HEAD_ROWS for row in lines) and self._lay_out(title) != page.layout:
                again = True
            elif lines and page.layout:
                changes[LIST_TITLES[title].key] = _entered(
                    self.book, LIST_TITLES[title], page.layout, lines, since_1904=page.shape.since_1904
                )
            shaped |= bool(lines) and _hides(page)
        if again:
            self._judge()
        elif changes or shaped:
            roots = self._named(changes.get("enterprises", {}))
            self._watch.update(changes, self._faults() if shaped else None)
            if follow := self._inheriting(roots):
                self._watch.update({"lines": follow})
        return any(looked.values())

    def _named(self, enterprises: WatchedRows) -> set[str]:
        """清单编号 that rows of enterprises had and have now."""
        if not enterprises:
            return set()
        before = (record for record in self.book.tables["enterprises"] if record.row in enterprises)
        return {one.list_id for one in (*before, *(now for now, _ in enterprises.values())) if one and one.list_id}

    def _inheriting(self, roots: Iterable[str]) -> WatchedRows:
        """The lines of enterprises that show what stands there, read again."""
        index, page = self.book.index("lines", "list_id") if roots else {}, self._pages.get(SHEETS["lines"].title)
        if page is None or page.layout is None:
            return {}
        lines = {record.row: page.lines[record.row] for root in roots for record in index.get(root, ())}
        own = {row: line for row, line in lines.items() if any(map(is_inherited, line.formulas.values()))}
        return _entered(self.book, SHEETS["lines"], page.layout, own, since_1904=page.shape.since_1904) if own else {}

    def look_around(self) -> "_Around":
        """Read what the workbook says of itself, its sheets, and what is merged and hidden. Changes nothing: that is for
        `take_around`."""
        head = _Head(self._source)
        tabs = head.tabs
        shapes = {title: self._source.shape(title) for title in tabs}
        new = {title: _lines(*self._source.rows(title, 1, LAST_ROW)) for title in tabs if title not in self._pages}
        return _Around(*self._begin(head, self._elsewhere), tabs, shapes, new)

    def take_around(self, around: _Around) -> bool:
        """Take in what was seen by `look_around`; whether that changed anything."""
        begun, tabs, shapes, new, old = around.begun, around.tabs, around.shapes, around.new, self._pages
        again = bool(new) or tabs.keys() != old.keys() or _identity(begun) != _identity(self._begun)
        same = (begun.facts, begun.fact_cells) == (self._begun.facts, self._begun.fact_cells)
        self._begun, self._elsewhere = begun, around.elsewhere
        self._pages = {
            title: _Page(tab.state != "visible", shapes[title], new[title])
            if title in new
            else replace(old[title], hidden=tab.state != "visible", shape=shapes[title])
            for title, tab in tabs.items()
        }
        if again:
            self._judge()
            return True
        self.book.facts, self.book.fact_cells = begun.facts, begun.fact_cells
        faults = self._faults()
        if same and faults == self.book.faults:
            return False
        self._watch.update({}, faults)
        return True

    @staticmethod
    def _begin(head: _Head, known: Mapping[Fault, Sequence[Fault]]) -> tuple[Book, Mapping[Fault, Sequence[Fault]]]:
        """What the workbook says of itself, and what stands on sheets that are none of ours: those are read when they
        are first seen, not again at every look."""
        book, elsewhere = begin(head), {}

        def of_sheet(fault: Fault) -> Sequence[Fault]:
            found = known.get(fault)
            elsewhere[fault] = [*of_other_sheet(head, book.kind, fault)] if found is None else found
            return elsewhere[fault]

        look_elsewhere(book, of_sheet)
        return book, elsewhere

    def _fresh(self) -> Book:
        """A book as it was begun, nothing read into it yet."""
        return replace(
            self._begun,
            tables={},
            faults=[*self._begun.faults],
            damaged=set(),
            letters={},
            _indexes={},
        )

    def _judge(self) -> None:
        """Judge everything anew by what was last read."""
        book = self._fresh()
        faults: dict[str, Mapping[int, Sequence[Fault]]] = {}
        for sheet in KINDS[book.kind].values():
            title, page = sheet.title, self._pages.get(sheet.title)
            layout = lay_out(book, sheet, _grid(title, page) if page else None)
            if page is None:
                continue
            page.layout = layout
            if layout:
                entered = _entered(book, sheet, layout, page.lines, since_1904=page.shape.since_1904)
                book.tables[sheet.key] = [record for record, _ in entered.values() if record is not None]
                faults[sheet.key] = {row: noticed for row, (_, noticed) in entered.items() if noticed}
        self._watch = Watch(book, faults)

    def _lay_out(self, title: str) -> SheetLayout | None:
        """Where the columns stand now."""
        found = find_layout(LIST_TITLES[title], _grid(title, self._pages[title], HEAD_ROWS))
        return found if found.positions else None

    def _faults(self) -> list[Fault]:
        """What is odd about the workbook and its sheets, besides what stands in its rows."""
        book = self._fresh()
        for sheet in KINDS[book.kind].values():
            page = self._pages.get(sheet.title)
            lay_out(book, sheet, _grid(sheet.title, page) if page else None)
        return book.faults


def _beside(layout: SheetLayout | None, row: int, line: Line | None) -> list[tuple[int, Raw]]:
    """What stands in a row outside the columns of a list, or above its header."""
    if layout is None or line is None:
        return []
    own = set(layout.positions.values()) if row > layout.header_row else ()
    return [(at, cell) for at, cell in enumerate(line.cells) if at not in own and cell not in ("", None)]


def _hides(page: _Page) -> bool:
    """Whether something of a sheet that an officer fills is hidden; the template's helpers stand behind that."""
    last = max(page.layout.positions.values()) if page.layout else LAST_ROW
    return page.hidden or bool(page.shape.hidden_rows) or any(first <= last for first, _ in page.shape.hidden_columns)


def _entered(
    book: Book, sheet: Sheet, layout: SheetLayout, lines: Mapping[int, Line | None], *, since_1904: bool
) -> WatchedRows:
    """What stands in rows, as the one reader makes it of cells: records, and what it notices."""
    own = replace(book, tables={}, faults=[], _indexes={})
    grid = _grid_of(sheet.title, lines)
    grid.seen.since_1904 = since_1904
    Entries(own, sheet, below(layout, grid), layout, roots=book).read()
    records = {record.row: record for record in own.tables[sheet.key]}
    faults: dict[int, list[Fault]] = {}
    for fault in own.faults:
        faults.setdefault(fault.row or 0, []).append(fault)
    return {row: (records.get(row), faults.get(row, ())) for row in sorted(lines) if row > layout.header_row}


def _lines(rows: GridRows, seen: Seen) -> dict[int, Line]:
    formulas: dict[int, dict[int, str]] = {}
    errors: dict[int, dict[int, str]] = {}
    for column, texts in seen.formulas.items():
        for row, text in texts.items():
            formulas.setdefault(row, {})[column] = text
    for (row, column), text in seen.errors.items():
        errors.setdefault(row, {})[column] = text
    marks: dict[int, dict[int, Mark]] = {}
    for (row, column), mark in seen.marks.items():
        marks.setdefault(row, {})[column] = mark
    found = {}
    for row, values in rows:
        own = formulas.get(row, {})
        cells = (
            values
            if row <= HEAD_ROWS
            else ["=" if at in own and cell not in ("", None) else cell for at, cell in enumerate(values)]
        )
        found[row] = Line(_stripped(cells), own, errors.get(row, {}), marks.get(row, {}))
    return found


def _stripped(cells: Sequence[Raw]) -> tuple[Raw, ...]:
    end = len(cells)
    while end and cells[end - 1] in ("", None):
        end -= 1
    return tuple(cells[:end])


def _same(one: Line | None, other: Line) -> bool:
    return one is not None and one.same(other)


def _grid(title: str, page: _Page, last: int = LAST_ROW) -> Grid:
    """A sheet as the reader takes it, with its shape, as far as a row."""
    shape = page.shape
    grid = _grid_of(title, {row: line for row, line in page.lines.items() if row <= last})
    grid.hidden = page.hidden
    grid.seen.merged, grid.seen.hidden_rows, grid.seen.hidden_columns = (
        shape.merged,
        shape.hidden_rows,
        shape.hidden_columns,
    )
    return grid


def _grid_of(title: str, lines: Mapping[int, Line | None]) -> Grid:
    seen = Seen()
    rows: GridRows = []
    for row, line in sorted(lines.items()):
        if line is None:
            continue
        rows.append((row, list(line.cells)))
        for column, text in line.formulas.items():
            seen.formulas.setdefault(column, {})[row] = text
        for column, text in line.errors.items():
            seen.errors[row, column] = text
        for column, mark in line.marks.items():
            seen.marks[row, column] = mark
    return Grid(title, False, rows, seen)


def _identity(book: Book) -> tuple[object, ...]:
    """What every finding may hang on; other facts are only looked at by GS06."""
    return book.file, book.ruleset.id, book.county, book.round, book.revision, book.on, book.county_name
