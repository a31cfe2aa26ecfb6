"""Finding the heads of a table: in which rows they stand, one above others or merged, and what each column is called."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from validators.columns import position_of
from validators.meanings import text_of
from validators.text import folded
from workbook_templates.layouts.declared import JOINER, Entry, Layout, Table, WrongLayout
from workbook_templates.xlsx.opened import Grid

SEARCHED = 40
"""Rows at the top in which heads are looked for."""
DEEPEST = 4
"""Rows that the heads of a table may take."""
_AREA = re.compile(r"([A-Z]{1,3})(\d+):([A-Z]{1,3})(\d+)")
_Area = tuple[int, int, int, int]
"""1-based first row, 0-based first column, last row, last column."""


def areas(grid: Grid) -> list[_Area]:
    """The merged areas of a sheet."""
    found = []
    for reference in grid.seen.merged:
        match = _AREA.fullmatch(reference)
        if match:
            found.append((int(match[2]), position_of(match[1]), int(match[4]), position_of(match[3])))
    return found


@dataclass(frozen=True, slots=True)
class Heading:
    """The heads of a sheet: the rows that they stand in (1-based) and the text of each column from A on, joined."""

    rows: tuple[int, ...]
    texts: tuple[str, ...]

    @property
    def last(self) -> int:
        """The last of their rows."""
        return self.rows[-1]


def headings(grid: Grid, fixed: Sequence[int] = ()) -> Iterator[Heading]:
    """Every way to read the rows at the top as heads; only the one with these rows where they are given."""
    merged = [area for area in areas(grid) if area[0] <= SEARCHED + DEEPEST]
    top = {number: [text_of(cell) for cell in cells] for number, cells in grid.rows if number <= SEARCHED + DEEPEST}
    width = max(map(len, top.values()), default=0)
    for first in top:
        for depth in range(1, DEEPEST + 1):
            rows = tuple(range(first, first + depth))
            if first > SEARCHED or (fixed and rows != tuple(fixed)):
                continue
            if depth > 1 and rows[-1] not in top:
                continue
            yield Heading(rows, tuple(numbered(_joined(rows, top, width, merged))))


def _joined(rows: Sequence[int], top: Mapping[int, Sequence[str]], width: int, merged: Sequence[_Area]) -> list[str]:
    """The texts of each column in these rows, one above the other; a text that spans others stands above each."""
    parts: list[list[str]] = [[] for _ in range(width)]
    for level, row in enumerate(rows):
        cells = [*top.get(row, ()), *[""] * width][:width]
        below = level < len(rows) - 1
        spans = {area[1]: area for area in merged if area[0] <= row <= area[2]}
        ends, text = -1, ""
        for column in range(width):
            if column in spans and spans[column][0] <= row:
                ends = spans[column][3]
                text = cells[column] if spans[column][0] == row else ""
            elif cells[column]:
                # without a merged area a text goes on over the blanks to its right while something stands below them
                ends, text = (column, cells[column])
                if below and not spans:
                    ends = _reach(column, cells, rows[level + 1 :], top)
            elif column > ends:
                text = ""
            if text and (not parts[column] or parts[column][-1] != text):
                parts[column].append(text)
    return [JOINER.join(own) for own in parts]


def _reach(column: int, cells: Sequence[str], below: Sequence[int], top: Mapping[int, Sequence[str]]) -> int:
    """The last column that a text stands above, where nothing is merged."""

    def under(place: int) -> bool:
        return any(place < len(top.get(row, ())) and top[row][place] for row in below)

    end = column
    while under(column) and end + 1 < len(cells) and not cells[end + 1] and under(end + 1):
        end += 1
    return end


def numbered(heads: Sequence[str]) -> list[str]:
    """Heads where one that comes again is told from the first: `表头#2`."""
    found: list[str] = []
    for head in heads:
        again = sum(one.partition("#")[0] == head for one in found) if head else 0
        found.append(f"{head}#{again + 1}" if again else head)
    return found


@dataclass(frozen=True)
class Fit:
    """Where a table of a layout stands in a sheet."""

    table: Table
    heading: Heading
    places: dict[int, int]
    """0-based column of the sheet by the place of the entry."""

    @cached_property
    def entries(self) -> list[tuple[int, Entry]]:
        """The columns of the sheet that the layout knows, and their entries."""
        return [(place, self.table.entries[at]) for at, place in self.places.items()]

    @cached_property
    def heads(self) -> set[str]:
        """Texts of the heads as they are compared."""
        return {folded(text) for text in self.heading.texts if text}


def fit(table: Table, grid: Grid) -> Fit | None:
    """Where the heads of a table stand in a sheet; None where fewer than half of them do."""
    wanted = {folded(entry.head): place for place, entry in enumerate(table.entries)}
    best: tuple[int, int, int] = (0, 0, 0)
    found: Fit | None = None
    for fixed in (table.head_rows, ()) if table.head_rows else ((),):
        for heading in headings(grid, fixed):
            places: dict[int, int] = {}
            for column, text in enumerate(heading.texts):
                place = wanted.get(folded(text))
                if place is not None and place not in places:
                    places[place] = column
            rank = (len(places), -len(heading.rows), -heading.rows[0])
            if rank > best:
                best, found = rank, Fit(table, heading, places)
        if found is not None and best[0] * 2 >= len(table.entries):
            return found
    return None


def fits(layout: Layout, grids: Sequence[Grid], name: str) -> dict[str, Fit]:
    """The table of a layout that each sheet holds, by title. Raises `WrongLayout` where none fits any.

    A table goes to the sheet of its name, else to the one with most of its heads.
    """
    found: dict[str, Fit] = {}
    for table in layout.tables:
        own = [(grid, one) for grid in grids if grid.title not in found and (one := fit(table, grid))]
        if own:
            grid, one = max(
                own, key=lambda pair: (pair[0].title == table.title, len(pair[1].places), -grids.index(pair[0]))
            )
            found[grid.title] = one
    if not found:
        heads = "、".join(f"“{entry.head}”" for entry in layout.tables[0].entries[:4])
        raise WrongLayout(
            f"“{name}”里找不到布局“{layout.name}”的表头（{heads}……）。请核对布局，或用 qingdan layout learn 另学一份。"
        )
    return found
