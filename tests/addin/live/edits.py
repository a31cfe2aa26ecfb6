"""Random edits of a workbook, as officers make them, and worse."""

import datetime as dt
import random
from collections.abc import Callable

from tests.addin.live.memory import Cell, Changed, Dirty, Error, Formula, MemoryBook, MemoryTab
from validators.columns import BOOK_FIELDS, COVER_TITLE, LETTERS, SHEETS
from workbook_templates.county.sheet_layout import find_layout
from workbook_templates.formulas.default_formulas import OFFERED
from workbook_templates.xlsx.appearance import FIRST_ROW, HEADER_ROW

JUNK: tuple[Cell, ...] = (
    "", " ", "无", "是", "否", "Ａ", "1２", "12", "12 ", "2020-08-30", 0.0, 1.0, -5.0, 1e9, True, dt.date(2020, 8, 22),
    dt.datetime(2020, 8, 22, 9, 30), 371502000000000000.0, Error("#N/A"), Formula("1+1", 2.0), Formula("A1", ""), "非重点行业",
    "371502-G-0001", "371502-G-0002-L01", "B-", "停产50%", "按要求落实停限产措施",
)  # fmt: skip
TITLES = {sheet.title: sheet for sheet in SHEETS.values()}
Edit = Changed | Dirty


class Officer:
    """Makes one random edit after the other in a book; each returns what an application would report of it."""

    def __init__(self, book: MemoryBook, seed: int) -> None:
        self.book = book
        self._titles = [title for title in TITLES if title in book.sheets]
        self.random = random.Random(seed)  # noqa: S311 - test data
        self._ways: list[tuple[int, Callable[[str, MemoryTab], Edit]]] = [
            (12, self.type), (4, self.copy_cells), (2, self.fill_down), (2, self.insert), (2, self.delete),
            (2, self.swap), (2, self.clear), (1, self.offered), (1, self.hide), (1, self.merge),
        ]  # fmt: skip

    def edit(self) -> Edit:
        """One edit of a sheet's rows."""
        title = self.random.choice([title for title in self._titles if title in self.book.sheets])
        way = self.random.choices([way for _, way in self._ways], [weight for weight, _ in self._ways])[0]
        return way(title, self.book.sheets[title])

    def break_something(self) -> Dirty:
        """One edit of what all hangs on: headers, sheets, names, the cover. Undone by the next one."""
        title = self.random.choice(self._titles)
        tab = self.book.sheets.get(title)
        if tab is None:
            return Dirty(None)
        header = tab.cells[HEADER_ROW]
        way = self.random.randrange(4)
        if way == 0:
            header[self.random.choice(list(header))] = self.random.choice(("别的", header[1]))
        elif way == 1:
            tab.state = "hidden" if tab.state == "visible" else "visible"
        elif way == 2:
            name = self.random.choice(list(BOOK_FIELDS.values()))
            self.book.names[name] = self.random.choice((f"{COVER_TITLE}!$C$5", "#REF!"))
        else:
            self.book.sheets[f"旧{title}"] = self.book.sheets.pop(title)
        return Dirty(None)

    def _row(self, tab: MemoryTab) -> int:
        filled = [row for row, own in tab.cells.items() if not all(isinstance(cell, Formula) for cell in own.values())]
        return self.random.randint(FIRST_ROW, max(FIRST_ROW, *filled) + 2)

    def _column(self, title: str) -> int:
        return self.random.randrange(len(TITLES[title].columns))

    def _put(self, tab: MemoryTab, row: int, column: int, cell: Cell) -> None:
        own = tab.cells.setdefault(row, {})
        own.pop(column, None)
        if cell not in ("", None) or isinstance(cell, bool):
            own[column] = cell
        if not own:
            del tab.cells[row]

    def type(self, title: str, tab: MemoryTab) -> Edit:
        row, column = self._row(tab), self._column(title)
        others = [own[column] for own in tab.cells.values() if column in own]
        pool = others if others and self.random.random() < 0.6 else JUNK
        self._put(tab, row, column, self.random.choice(pool))
        return Changed(title, row, row)

    def copy_cells(self, title: str, tab: MemoryTab) -> Edit:
        source, target, height = self._row(tab), self._row(tab), self.random.randint(1, 4)
        for step in range(height):
            own = dict(tab.cells.get(source + step, {}))
            for column in range(len(TITLES[title].columns)):
                self._put(tab, target + step, column, own.get(column, ""))
        return Changed(title, target, target + height - 1)

    def fill_down(self, title: str, tab: MemoryTab) -> Edit:
        row, column = self._row(tab), self._column(title)
        for step in range(self.random.randint(1, 6)):
            self._put(tab, row + step, column, tab.cells.get(row, {}).get(column, ""))
        return Dirty(title)

    def insert(self, title: str, tab: MemoryTab) -> Edit:
        at = self._row(tab)
        moved = {row + (row >= at): cells for row, cells in tab.cells.items()}
        tab.cells.clear()
        tab.cells.update(moved)
        return Dirty(title)

    def delete(self, title: str, tab: MemoryTab) -> Edit:
        at = self._row(tab)
        moved = {row - (row > at): cells for row, cells in tab.cells.items() if row != at}
        tab.cells.clear()
        tab.cells.update(moved)
        return Changed(title, at, 1 << 20)

    def swap(self, title: str, tab: MemoryTab) -> Edit:
        one, other = self._row(tab), self._row(tab)
        cells = tab.cells.pop(one, {}), tab.cells.pop(other, {})
        for row, own in zip((other, one), cells, strict=True):
            if own:
                tab.cells[row] = own
        return Changed(title, min(one, other), max(one, other))

    def clear(self, title: str, tab: MemoryTab) -> Edit:
        row, height = self._row(tab), self.random.randint(1, 3)
        for step in range(height):
            tab.cells.pop(row + step, None)
        return Changed(title, row, row + height - 1)

    def offered(self, title: str, tab: MemoryTab) -> Edit:
        """The formula that the template offers, or that of a wrong row."""
        grid = self.book.grid(title)
        assert grid is not None
        letters = LETTERS[TITLES[title].key]
        if find_layout(TITLES[title], grid).missing:
            return Dirty(title)
        fields = [field for sheet, field in OFFERED if sheet == TITLES[title].key]
        row = self._row(tab)
        if fields:
            field = self.random.choice(fields)
            text = OFFERED[TITLES[title].key, field].text(row + self.random.choice((0, 0, 1)), letters)
            self._put(tab, row, TITLES[title][field].position, Formula(text, self.random.choice((0.0, ""))))
        return Changed(title, row, row)

    def hide(self, title: str, tab: MemoryTab) -> Edit:
        tab.shape.hidden_rows = {self._row(tab) for _ in range(self.random.randrange(3))}
        tab.shape.hidden_columns = [(2, 3)] * self.random.randrange(2)
        return Dirty(None)

    def merge(self, title: str, tab: MemoryTab) -> Edit:
        row = self._row(tab)
        tab.shape.merged = [f"B{row}:C{row + 1}"] * self.random.randrange(2)
        return Dirty(None)
