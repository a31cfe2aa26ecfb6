"""A spreadsheet application in memory, for tests: workbooks of cells, edits that it reports, faults on demand."""

import queue
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from addin.live.host import Books, Busy, Changed, Dirty, Event, Gone, Moved
from validators.meanings import Raw
from workbook_templates.xlsx.fast_reader import GridRows, Seen
from workbook_templates.xlsx.opened import Grid, open_workbook


@dataclass(frozen=True)
class Formula:
    """A formula and what it shows."""

    text: str
    value: Raw = ""


@dataclass(frozen=True)
class Error:
    text: str


Cell = Raw | Formula | Error


@dataclass
class MemoryTab:
    kind: str = "worksheet"
    state: str = "visible"
    cells: dict[int, dict[int, Cell]] = field(default_factory=dict)
    """By 1-based row and 0-based column; blanks are absent."""
    shape: Seen = field(default_factory=Seen)


class MemoryBook:
    """A workbook; raises as an application does when it is `busy` or `gone`."""

    def __init__(self, name: str, names: Mapping[str, str], sheets: dict[str, MemoryTab]) -> None:
        self._name, self._names, self.tabs = name, dict(names), sheets
        self.busy = self.gone = self.unsaved = False
        self.at: tuple[str, int] | None = (next(iter(sheets)), 1)
        self.selected: list[tuple[str, str]] = []
        self.reads: list[tuple[str, int, int]] = []

    def _ask(self) -> None:
        if self.gone:
            raise Gone
        if self.busy:
            raise Busy

    @property
    def name(self) -> str:
        self._ask()
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        self._name = name

    @property
    def path(self) -> str:
        return self.name

    @property
    def names(self) -> dict[str, str]:
        self._ask()
        return self._names

    @property
    def sheets(self) -> dict[str, MemoryTab]:
        self._ask()
        return self.tabs

    def rows(self, title: str, first: int, last: int) -> tuple[GridRows, Seen]:
        self._ask()
        self.reads.append((title, first, last))
        rows: GridRows = []
        seen = Seen()
        cells = self.tabs[title].cells
        for row in sorted(cells) if last - first > 1000 else range(first, last + 1):
            own = cells.get(row)
            if own is None or not first <= row <= last:
                continue
            values: list[Raw] = [""] * (max(own) + 1)
            for column, cell in own.items():
                if isinstance(cell, Formula):
                    seen.formulas.setdefault(column, {})[row] = cell.text
                    values[column] = cell.value
                elif isinstance(cell, Error):
                    seen.errors[row, column] = cell.text
                else:
                    values[column] = cell
            if any(value not in ("", None) for value in values) or row in {place[0] for place in seen.errors}:
                rows.append((row, values))
        return rows, seen

    def shape(self, title: str) -> Seen:
        self._ask()
        return self.tabs[title].shape

    def grid(self, title: str) -> Grid | None:
        self._ask()
        tab = self.tabs.get(title)
        if tab is None or tab.kind != "worksheet":
            return None
        rows, seen = self.rows(title, 1, 1 << 20)
        seen.merged, seen.hidden_rows, seen.hidden_columns = (
            tab.shape.merged, tab.shape.hidden_rows, tab.shape.hidden_columns,
        )  # fmt: skip
        return Grid(title, tab.state != "visible", rows, seen)

    def stands(self) -> tuple[str, int] | None:
        self._ask()
        return self.at

    def select(self, title: str, cell: str) -> None:
        self._ask()
        self.selected.append((title, cell))


def opened(path: Path) -> MemoryBook:
    """A file as an application has it open."""
    file = open_workbook(path)
    sheets = {}
    for title, sheet in file.sheets.items():
        grid = file.grid(title)
        tab = sheets[title] = MemoryTab(sheet.kind, sheet.state)
        if grid is None:
            continue
        for row, values in grid.rows:
            tab.cells[row] = {column: value for column, value in enumerate(values) if value not in ("", None)}
        formulas = {(row, column): text for column, own in grid.seen.formulas.items() for row, text in own.items()}
        for (row, column), (first, _) in grid.seen.shared.items():  # an application gives each its own text
            formulas[row, column] = re.sub(rf"(?<=[A-Z]){first}\b", str(row), formulas[first, column])
        for (row, column), text in formulas.items():
            cells = tab.cells.setdefault(row, {})
            shown = cells.get(column, "")
            cells[column] = Formula(text, shown if not isinstance(shown, Formula | Error) else "")
        tab.shape = Seen(
            merged=grid.seen.merged, hidden_rows=grid.seen.hidden_rows, hidden_columns=grid.seen.hidden_columns
        )
    return MemoryBook(path.name, file.names, sheets)


class MemoryHost:
    """The application: what happens in it is put into its queue by the test."""

    application = "内存"

    def __init__(self, *books: MemoryBook) -> None:
        self.open = list(books)
        self.gone = self.busy = False
        self.watched: MemoryBook | None = None
        self._heard: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self.left = False

    def tell(self, *events: Event) -> None:
        for event in events:
            self._heard.put(event)

    def _ask(self) -> None:
        if self.gone:
            raise Gone
        if self.busy:
            raise Busy

    def books(self) -> Sequence[MemoryBook]:
        self._ask()
        return self.open

    def watch(self, book: MemoryBook | None) -> None:
        self._ask()
        self.watched = book

    def wait(self, timeout: float) -> list[Event]:
        if self.gone:
            raise Gone
        try:
            first = self._heard.get(timeout=timeout) if timeout > 0 else self._heard.get_nowait()
        except queue.Empty:
            self._ask()
            return []
        found = [first]
        while not self._heard.empty():
            found.append(self._heard.get_nowait())
        return [event for event in found if event is not None]

    def aside(self, read: Callable[[], None]) -> None:
        read()

    def wake(self) -> None:
        self._heard.put(None)

    def leave(self) -> None:
        self.left = True


__all__ = ["Books", "Changed", "Dirty", "Error", "Formula", "MemoryBook", "MemoryHost", "Moved", "opened"]
