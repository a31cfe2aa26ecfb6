"""The rows of a sheet become records.

The cached value of a formula is never used: a formula that the template offered is computed anew, any other is found
(GS03).
"""

import math
import re
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from validators.book import Book, Fault
from validators.columns import SHEETS, Column, Sheet
from validators.expr import Record
from validators.findings import SEVERITY_SYMBOLS
from validators.meanings import Raw, Unreadable, is_blank, meaning, number_text, text_of
from validators.ooxml.grid import EPOCH, EPOCH_1904
from validators.records import CellFault, RowReader
from validators.rule import key_of
from validators.text import visible
from workbook_templates.county.cover_facts import MOST_MARKED
from workbook_templates.county.sheet_layout import SheetLayout, is_entry
from workbook_templates.formulas.default_formulas import OFFERED, matches
from workbook_templates.formulas.plan import FINE
from workbook_templates.xlsx.appearance import HEADER_ROW
from workbook_templates.xlsx.opened import Grid

_LATER = (EPOCH_1904 - EPOCH).days
_SOLID = 100_000
"""What is larger in a date column is no count of days but a day written in one, 20200818."""
LONG_ID = 12
"""Characters of a 清单编号 whose row is one of the list without a second look."""
OWN_HEADS = ("校验", "序号")
"""Columns that the workbook fills itself, in blank rows too."""
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
        if 0 < len(filled) < 3 and _NOTE.search(filled[0]) and not is_entry(filled):
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
                self._unreadable("GS03", f"{mark.how}_part", number, column, visible(mark.text, MOST_MARKED))
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
        fault.rule,
        fault.what,
        SHEETS[column.sheet].title,
        book.address(column.sheet, column.field, record.row),
        record.row,
        column.header,
        key_of(column.sheet, record),
        fault.value,
        fault.meant,
    )
