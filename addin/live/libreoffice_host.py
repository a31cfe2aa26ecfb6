"""LibreOffice as a live session's host: what its UNO listeners report, in the words of `addin.live.host`.

Typing, deleting, pasting and undoing reach the changes listener with their cells. Filling down, cutting and undoing
these reach only the modify listener of the sheet. So a modification that no change explains makes a sheet dirty.
"""

import queue
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import xlwings

from addin.apps.libreoffice.engine import app, excel_formula
from addin.apps.libreoffice.instance import Office, hold, load_uno
from addin.live.host import Books, Changed, Dirty, Event, Gone, Moved
from addin.live.xlwings_book import Names, XlwingsBook
from validators.columns import SHEETS, letter
from workbook_templates.xlsx.appearance import HEADER_ROW
from workbook_templates.xlsx.fast_reader import Rows, Seen

load_uno()

import unohelper  # noqa: E402 - there only once UNO is loaded, as are its interfaces
from com.sun.star.document import XDocumentEventListener  # noqa: E402
from com.sun.star.sheet import XActivationEventListener  # noqa: E402
from com.sun.star.uno import Exception as UnoException  # noqa: E402
from com.sun.star.util import XChangesListener, XModifyListener  # noqa: E402
from com.sun.star.view import XSelectionChangeListener  # noqa: E402

TOLD = 20
"""Rows that are read while LibreOffice waits for what it reports to be heard; an answer may take as long as it is busy
afterwards with its own formulas and the screen."""
EXPLAINED = 0.1
"""Seconds within which the change follows that explains a modification."""
ALIVE = 1.0
"""Seconds without a sign of life after which LibreOffice is asked for one."""
ROWS = 1 << 20
WIDTHS = {sheet.title: len(sheet.columns) for sheet in SHEETS.values()}
"""Columns by title."""
OPENED = {"OnNew", "OnLoad", "OnUnload", "OnSaveAsDone", "OnFocus"}
"""Document events after which other workbooks may be open, in front, or have another name."""


class LibreOfficeBook(XlwingsBook):
    """A spreadsheet in LibreOffice."""

    _since_1904: bool | None = None

    def __eq__(self, other: object) -> bool:
        with self.asking():  # UNO objects are compared over the connection
            return isinstance(other, LibreOfficeBook) and bool(self.document == other.document)

    def __hash__(self) -> int:
        return hash(type(self))

    @property
    def document(self) -> Any:  # noqa: ANN401 - UNO
        """The UNO object."""
        return self._book.api

    @property
    def names(self) -> Mapping[str, str]:
        """Defined names of the whole workbook."""

        def target(name: str) -> str:
            with self.asking():
                return excel_formula(hold(ranges.getByName(name)).Content)

        with self.asking():
            ranges = hold(self.document.NamedRanges)
            return Names(ranges.ElementNames, target)

    @property
    def since_1904(self) -> bool:
        """Whether its days are counted from 1904."""
        if self._since_1904 is None:  # not a cached_property: see the engine's
            self._since_1904 = int(self.document.NullDate.Year) == 1904
        return self._since_1904

    def told(self, title: str, first: int, last: int) -> tuple[Rows, Seen] | None:
        """Rows of a sheet that was read before; None of another."""
        return self.rows(title, first, last) if title in self._widths else None

    def shape(self, title: str) -> Seen:
        """What is merged and hidden, without the merged bands that the template has above its header."""
        seen = Seen()
        with self.asking():
            seen.since_1904 = self.since_1904
            sheet = self._book.sheets[title]
            used = sheet.used_range
            height, width = used.shape
            visible = hold(used.api.queryVisibleCells()).RangeAddresses
            rows = {row for area in visible for row in range(area.StartRow + 1, area.EndRow + 2)}
            columns = {column for area in visible for column in range(area.StartColumn, area.EndColumn + 1)}
            seen.hidden_rows = set(range(1, height + 1)) - rows
            seen.hidden_columns = [(column, column) for column in range(width) if column not in columns]
            areas = {_address(area) for area in _merged(sheet.api, HEADER_ROW - 1, 0, height - 1, width - 1)}
            seen.merged = [address for _, address in sorted(areas)]
        return seen


def _address(area: Any) -> tuple[tuple[int, int], str]:  # noqa: ANN401 - a UNO structure
    """Where an area begins, and `B5:C6`."""
    first, last = (area.StartRow + 1, area.StartColumn), (area.EndRow + 1, area.EndColumn)
    return first, f"{letter(first[1])}{first[0]}:{letter(last[1])}{last[0]}"


def _merged(sheet: Any, top: int, left: int, bottom: int, right: int) -> Iterator[Any]:  # noqa: ANN401 - UNO
    """Areas of merged cells, found by halves."""
    if top > bottom:
        return
    area = hold(sheet.getCellRangeByPosition(left, top, right, bottom))
    if not area.getIsMerged():
        return
    if top == bottom and left == right:
        cursor = hold(sheet.createCursorByRange(area))
        cursor.collapseToMergedArea()
        yield cursor.RangeAddress
    elif bottom - top >= right - left:
        middle = (top + bottom) // 2
        yield from _merged(sheet, top, left, middle, right)
        yield from _merged(sheet, middle + 1, left, bottom, right)
    else:
        middle = (left + right) // 2
        yield from _merged(sheet, top, left, bottom, middle)
        yield from _merged(sheet, top, middle + 1, bottom, right)


class _Listener(
    unohelper.Base, XChangesListener, XSelectionChangeListener, XActivationEventListener, XDocumentEventListener
):
    """Puts what a document reports into a queue, and holds it, and does little else: LibreOffice waits for it."""

    def __init__(self, heard: "queue.SimpleQueue[Any]") -> None:
        self._heard = heard
        self.book: LibreOfficeBook | None = None

    def changesOccurred(self, event: Any) -> None:  # noqa: ANN401, N802 - UNO
        book = self.book
        if book is None:
            return
        try:
            with book.asking():
                changes = [
                    one for change in hold(event).Changes for one in _changes(change.Accessor, change.ReplacedElement)
                ]
            few = sum(one.last - one.first + 1 for one in changes) <= TOLD
            if few:
                changes = [replace(one, told=book.told(one.sheet, one.first, one.last)) for one in changes]
            self._heard.put(tuple(changes))
        except Gone as gone:
            self._heard.put(gone)  # for whoever waits

    def selectionChanged(self, event: Any) -> None:  # noqa: ANN401, N802 - UNO
        hold(event)
        self._heard.put(Moved())

    activeSpreadsheetChanged = selectionChanged  # noqa: N815 - UNO

    def documentEventOccured(self, event: Any) -> None:  # noqa: ANN401, N802 - UNO
        if hold(event).EventName in OPENED:
            self._heard.put(Books())

    def disposing(self, source: Any) -> None:  # noqa: ANN401 - UNO
        pass


class _Modified(unohelper.Base, XModifyListener):
    """Puts into the queue that a sheet was modified; without one, that the document was."""

    def __init__(self, heard: "queue.SimpleQueue[Any]", title: str | None) -> None:
        self._heard, self._title = heard, title

    def modified(self, event: Any) -> None:  # noqa: ANN401 - UNO
        hold(event)
        self._heard.put(Dirty(self._title))

    def disposing(self, source: Any) -> None:  # noqa: ANN401 - UNO
        pass


class LibreOffice:
    """The host (`addin.live.host.Host`)."""

    application = "LibreOffice"

    def __init__(self, office: Office) -> None:
        self._office = office
        self._app = app(office)
        self._heard: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._listener = _Listener(self._heard)
        self._undo: list[tuple[Any, Any]] = []
        """How each listener of the watched workbook is taken away: a bound method and its argument."""
        self._alive_at = 0.0
        with self.asking():
            broadcaster = office.context.getValueByName("/singletons/com.sun.star.frame.theGlobalEventBroadcaster")
            broadcaster.addDocumentEventListener(self._listener)
        self._global = broadcaster

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Turn what UNO raises where a workbook or the application is no longer there into `Gone`."""
        try:
            yield
        except (UnoException, xlwings.XlwingsError, AttributeError, ValueError) as error:
            # AttributeError: a document that is being closed has no controller, which is None; ValueError: pyuno's word
            # for an object whose application has just ended
            raise Gone from error
        self._alive_at = time.monotonic()

    def books(self) -> Sequence[LibreOfficeBook]:
        """The open workbooks, that in front first."""
        with self.asking():
            front = self._office.desktop.CurrentComponent
            found = [LibreOfficeBook(book, self.asking) for book in self._app.books]
            return sorted(found, key=lambda book: bool(book.document != front))

    def watch(self, book: LibreOfficeBook | None) -> None:
        """Hear the changes of this workbook and of no other."""
        for remove, listener in self._undo:
            with suppress(UnoException, ValueError):
                remove(listener)
        self._undo, self._listener.book = [], book
        if book is None:
            return
        with self.asking():
            document, listener = book.document, self._listener
            controller = document.CurrentController
            for add, remove, one in (
                (document.addChangesListener, document.removeChangesListener, listener),
                (document.addModifyListener, document.removeModifyListener, _Modified(self._heard, None)),
                (controller.addSelectionChangeListener, controller.removeSelectionChangeListener, listener),
                (controller.addActivationEventListener, controller.removeActivationEventListener, listener),
            ):
                add(one)
                self._undo.append((remove, one))
            sheets = hold(document.Sheets)
            # not the cover: its board changes with every edit, and what is typed there comes with its cells
            for title, width in WIDTHS.items():
                if not sheets.hasByName(title):
                    continue
                sheet = hold(sheets.getByName(title))
                # the first column and those behind the last are the workbook's own: they change with other sheets
                area = hold(sheet.getCellRangeByPosition(1, 0, width - 1, ROWS - 1))
                modified = _Modified(self._heard, title)
                area.addModifyListener(modified)
                self._undo.append((area.removeModifyListener, modified))

    def wait(self, timeout: float) -> Sequence[Event]:
        """What was heard."""
        raw = self._taken(timeout)
        if not raw and time.monotonic() - self._alive_at > ALIVE:
            with self.asking():
                _ = self._office.desktop.CurrentComponent
        found: list[Event] = []
        unexplained: Counter[str] = Counter()
        while raw:
            for one in raw:
                if isinstance(one, Gone):
                    raise one
                if isinstance(one, tuple):
                    found += one
                    unexplained.subtract({change.sheet for change in one})
                elif isinstance(one, Dirty) and one.sheet:
                    unexplained[one.sheet] += 1
                elif one is not None:
                    found.append(one)
            raw = self._taken(EXPLAINED) if +unexplained else []
        return [*found, *map(Dirty, +unexplained)]

    def _taken(self, timeout: float) -> list[Event | tuple[Changed, ...] | Gone | None]:
        """What stands in the queue; waits for the first of it."""
        try:
            found = [self._heard.get(timeout=timeout) if timeout > 0 else self._heard.get_nowait()]
        except queue.Empty:
            return []
        while not self._heard.empty():
            found.append(self._heard.get_nowait())
        return found

    def wake(self) -> None:
        """Make `wait` return."""
        self._heard.put(None)

    def leave(self) -> None:
        """Stop hearing."""
        with suppress(UnoException):
            self.watch(None)
            self._global.removeDocumentEventListener(self._listener)


def _changes(accessor: str, cells: Any) -> Iterator[Changed]:  # noqa: ANN401 - UNO
    """The rows of a change; where rows were inserted or deleted, all below them."""
    moved = accessor != "cell-change"
    areas = cells.RangeAddresses if hasattr(cells, "RangeAddresses") else [cells.RangeAddress]
    parts = (
        [hold(cells.getByIndex(number)) for number in range(len(areas))]
        if hasattr(cells, "RangeAddresses")
        else [cells]
    )
    for area, part in zip(areas, parts, strict=True):
        yield Changed(hold(part.Spreadsheet).Name, area.StartRow + 1, ROWS if moved else area.EndRow + 1)
