"""Runs inside LibreOffice: it listens there for a live session, and goes to cells for it; the session only asks.

A listener of another process is called over the connection, and LibreOffice stands still until that process has
answered: one that is stopped stops LibreOffice, and when one ends, the next selection of a cell ends LibreOffice 7.4
(an uncaught DisposedException). So the session has LibreOffice load this file (`load`), and nothing but plain values
goes across. It uses the standard library and UNO only, and no syntax newer than Python 3.8: LibreOffice may have a
Python of its own.

UNO objects are touched, and let go, in the main thread alone (`in_main_thread`), or while LibreOffice calls a listener.
Python (pyuno of 7.4) keeps its lock while it lets go of one; many, as a range of cells, then want the lock of the
application, and the main thread, which holds that one, may be waiting for Python's: LibreOffice would stand still for
ever. For the same reason nothing of ours is in a ring that only Python's garbage collector finds, and a workbook is
spoken of by its `RuntimeUID`.

A call that comes while LibreOffice takes down its connections makes it wait for ever (7.4: the call is counted and never
done), without a window, so that nothing can be opened any more. So the session is told first that LibreOffice ends, and
LibreOffice goes on ending once the session has hung up.
"""

from __future__ import annotations

import json
import queue
import time
from contextlib import suppress
from typing import Any, Callable, Iterator  # noqa: UP035 - as in Python 3.8

import uno
import unohelper
from com.sun.star.awt import XCallback
from com.sun.star.document import XDocumentEventListener
from com.sun.star.frame import XTerminateListener
from com.sun.star.sheet import XActivationEventListener
from com.sun.star.task import XJob
from com.sun.star.util import XChangesListener, XModifyListener
from com.sun.star.view import XSelectionChangeListener

NAME = "cn.qingdan.Ears"
TOLD = 20
"""Rows that are read while LibreOffice reports that they were changed; afterwards it may be busy for long with its own
formulas and the screen."""
ROWS = 1 << 20
MOST = 5000
"""Reports that are kept for a session that does not ask."""
FORGOTTEN = 30.0
"""Seconds after which a session that does not ask is taken to have ended."""
FAREWELL = 6.0
"""Seconds that a session is given to hang up when LibreOffice ends; it asks once a second while it lives, a busy machine
apart."""
OPENED = ("OnNew", "OnLoad", "OnUnload", "OnSaveAsDone", "OnFocus")
"""Document events after which other workbooks may be open, in front, or have another name."""
DATES = 2
"""`CellFlags`: dates."""
DIALOGS = (1, 12)
"""`AccessibleRole`: alerts and dialogs."""
LOGICAL = 1024
"""`NumberFormat`: logical values."""
SEARCHED = 100
"""So many rows are searched for merged cells at once."""
FEW = 60
"""So many cells that may be logical values are looked at one by one, which is quicker than asking for all formats. (Cells of
several formats together say that they have the general one.)"""


def in_main_thread(context: Any, do: Callable[[], Any]) -> None:
    """Have it done soon, where LibreOffice does what the officer does: nothing is typed or clicked meanwhile."""
    call = context.ServiceManager.createInstanceWithContext("com.sun.star.awt.AsyncCallback", context)
    call.addCallback(_Call(do), None)


def go_to(controller: Any, title: str, cell: str) -> None:
    """Select a cell, in the main thread. What is being typed is entered first, where it is typed.

    LibreOffice (7.4) puts it at the same address of the sheet that is shown next. Going to the cell beside it ends the
    typing where it belongs; where that is refused, as by a drop-down list, the officer stays where he is.
    """
    sheets = controller.Model.Sheets
    if not sheets.hasByName(title):
        return
    sheet = sheets.getByName(title)
    if not sheet.IsVisible:
        return
    window = controller.Frame.ContainerWindow
    if getattr(window, "IsMinimized", False):
        window.IsMinimized = False
    if controller.ActiveSheet.Name != title:
        chosen = controller.Model.CurrentSelection
        if hasattr(chosen, "RangeAddress"):
            here = chosen.RangeAddress
            beside = here.StartRow - 1 if here.StartRow else here.EndRow + 1
            controller.select(controller.ActiveSheet.getCellByPosition(here.StartColumn, beside))
            now = controller.Model.CurrentSelection
            if hasattr(now, "RangeAddress") and now.RangeAddress == here:
                return
        controller.setActiveSheet(sheet)
    controller.select(sheet.getCellRangeByName(cell))


def what_stands(model: Any, title: str, first: int, last: int, width: int) -> dict[str, Any]:
    """What stands in rows of a sheet: values (None for an error), formulas and percentages as they would be typed, and
    where dates and logical values are among the numbers. Places are (row, column), 0-based, within the rows."""
    top = first - 1
    cells = model.Sheets.getByName(title).getCellRangeByPosition(0, top, width - 1, last - 1)
    values, formats = cells.getDataArray(), model.NumberFormats
    likely = [
        (y, x)
        for y, row in enumerate(values)
        if 0.0 in row or 1.0 in row
        for x, value in enumerate(row)
        if value in (0.0, 1.0)
    ]
    if len(likely) > FEW:
        formats_of = cells.UniqueCellFormatRanges
        areas = [
            area
            for group in (formats_of.getByIndex(number) for number in range(formats_of.Count))
            if formats.getByKey(group.NumberFormat).Type & LOGICAL
            for area in group.RangeAddresses
        ]
        logical = [
            (y, x)
            for y, x in likely
            if any(one.StartRow <= top + y <= one.EndRow and one.StartColumn <= x <= one.EndColumn for one in areas)
        ]
    else:
        logical = [
            (y, x) for y, x in likely if formats.getByKey(cells.getCellByPosition(x, y).NumberFormat).Type & LOGICAL
        ]
    return {
        "values": values,
        "typed": [
            (y, x, text)
            for y, row in enumerate(cells.getFormulaArray())
            for x, text in enumerate(row)
            if text[:1] == "=" or text[-1:] == "%"
        ],
        "logical": logical,
        "dates": [
            (area.StartRow - top, area.StartColumn, area.EndRow - top, area.EndColumn)
            for area in cells.queryContentCells(DATES).RangeAddresses
        ],
        "since_1904": model.NullDate.Year == 1904,
    }


def path_of(model: Any) -> str:
    """Path of a document, or its title while it was never saved."""
    if not model.URL:
        return model.Title
    try:
        return uno.fileUrlToSystemPath(model.URL)
    except Exception:  # it lies where there are no paths
        return model.URL


def about(model: Any) -> dict[str, Any]:
    """What is to be known of a workbook before it is read."""
    sheets = [model.Sheets.getByIndex(number) for number in range(model.Sheets.Count)]
    return {
        "path": path_of(model),
        "unsaved": model.isModified(),
        "since_1904": model.NullDate.Year == 1904,
        "names": model.NamedRanges.ElementNames,
        "sheets": [(sheet.Name, sheet.IsVisible) for sheet in sheets],
    }


def used(sheet: Any) -> tuple[int, int]:
    """How many rows and columns are in use."""
    cursor = sheet.createCursor()
    cursor.gotoEndOfUsedArea(False)
    return cursor.RangeAddress.EndRow + 1, cursor.RangeAddress.EndColumn + 1


def seen(sheet: Any) -> list[tuple[int, int, int, int]]:
    """Areas of what is in use that are not hidden: top, left, bottom, right, 0-based."""
    height, width = used(sheet)
    visible = sheet.getCellRangeByPosition(0, 0, width - 1, height - 1).queryVisibleCells().RangeAddresses
    return [_corners(area) for area in visible]


def merged(sheet: Any, top: int, bottom: int, right: int) -> list[tuple[int, int, int, int]] | None:
    """Areas of merged cells that touch rows, 0-based; None where there are any and the rows are to be asked for by halves:
    LibreOffice waits meanwhile."""
    if not sheet.getCellRangeByPosition(0, top, right, bottom).getIsMerged():
        return []
    if bottom - top >= SEARCHED:
        return None
    return sorted({_corners(area) for area in _merged(sheet, top, 0, bottom, right)})


def _merged(sheet: Any, top: int, left: int, bottom: int, right: int) -> Iterator[Any]:
    area = sheet.getCellRangeByPosition(left, top, right, bottom)
    if not area.getIsMerged():
        return
    if top == bottom and left == right:
        cursor = sheet.createCursorByRange(area)
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


def _corners(area: Any) -> tuple[int, int, int, int]:
    return area.StartRow, area.StartColumn, area.EndRow, area.EndColumn


def place(model: Any) -> tuple[str, int] | None:
    """Title of the sheet and 1-based row where the officer stands; None where he stands at something else."""
    chosen = model.CurrentSelection
    if hasattr(chosen, "RangeAddresses"):
        chosen = chosen.getByIndex(0) if chosen.Count else None
    if not hasattr(chosen, "RangeAddress"):
        return None
    return model.Sheets.ElementNames[chosen.RangeAddress.Sheet], chosen.RangeAddress.StartRow + 1


class _Call(unohelper.Base, XCallback):
    """One thing to be done in the main thread."""

    def __init__(self, do: Callable[[], Any]) -> None:
        self._do: Callable[[], Any] | None = do

    def notify(self, data: Any) -> None:
        do, self._do = self._do, None
        with suppress(Exception):  # nothing of ours may reach LibreOffice's own loop
            if do is not None:
                do()


class _Ear(
    unohelper.Base,
    XChangesListener,
    XModifyListener,
    XSelectionChangeListener,
    XActivationEventListener,
    XDocumentEventListener,
):
    """Notes what LibreOffice reports; one for each thing that is listened to."""

    def __init__(self, ears: Ears, title: str | None = None) -> None:
        self._ears, self._title = ears, title

    def changesOccurred(self, event: Any) -> None:
        titles = event.Source.Sheets.ElementNames
        changes = []
        for change in event.Changes:
            cells = change.ReplacedElement
            areas = cells.RangeAddresses if hasattr(cells, "RangeAddresses") else [cells.RangeAddress]
            for area in areas:  # where rows were inserted or deleted, all below them
                last = area.EndRow + 1 if change.Accessor == "cell-change" else ROWS
                changes.append((titles[area.Sheet], area.StartRow + 1, last))
        few = sum(last - first + 1 for _, first, last in changes) <= TOLD
        self._ears.note(
            "changed", [[*change, self._ears.read(event.Source, *change) if few else None] for change in changes]
        )

    def modified(self, event: Any) -> None:
        self._ears.note("dirty", self._title)

    def selectionChanged(self, event: Any) -> None:
        self._ears.note("moved", self._ears.stands())

    activeSpreadsheetChanged = selectionChanged

    def documentEventOccured(self, event: Any) -> None:
        if event.EventName in OPENED:
            self._ears.note("books")

    def disposing(self, source: Any) -> None:
        pass


class Ears(unohelper.Base, XJob, XTerminateListener):
    """Those of one session: `execute` takes named values, and answers with a JSON text.

    A workbook is named by its `RuntimeUID`. `books` gives those that are open, that in front first; `watch` (a workbook, or
    an empty text) with `columns` (how many by title, JSON) hears its changes and those of no other; `wait` (seconds) with
    `widths` (columns to be read, by title, JSON) gives what was heard since; `go` (a cell) with `sheet` selects it; `leave`
    hears nothing any more; the others say what they give of the workbook `of`.
    """

    def __init__(self, context: Any) -> None:
        self._context = context
        self._model: Any = None
        self._undo: list[tuple[Callable[[Any], Any], _Ear]] = []
        """How each listener is taken away."""
        self._heard: queue.Queue[list[Any]] = queue.Queue()
        self._widths: dict[str, int] = {}
        self._waiting: dict[str, Callable[[], Any]] = {}
        """What is to be done in the main thread, by what it is."""
        self._asked_at, self._connected = time.monotonic(), self._bridges()
        """When the session asked for something last; how many connections there were while it waited, its own among them."""
        self._lost = self._busy = self._works = self._dialog = self._reported = self._ends = False
        self._desktop = context.getValueByName("/singletons/com.sun.star.frame.theDesktop")
        self._desktop.addTerminateListener(self)

    def execute(self, arguments: Any) -> str:
        """Do what a session asks for."""
        self._asked_at = time.monotonic()
        named = {one.Name: one.Value for one in arguments}
        if "wait" in named:
            self._widths, self._connected = json.loads(named["widths"]), self._bridges()
            return json.dumps(self._wait(named["wait"]))
        if "go" in named:  # not waited for: it may end in a question to the officer
            self._soon("go", lambda: self._go(named["sheet"], named["go"]))
            return "[]"
        done: queue.Queue[tuple[str, Any]] = queue.Queue()

        def do() -> None:
            try:
                done.put(("", self._done(named)))
            except Exception as error:
                done.put((f"{type(error).__name__}: {error}", None))  # its frames hold what is let go here

        in_main_thread(self._context, do)
        while not self._ends:
            with suppress(queue.Empty):
                wrong, found = done.get(timeout=0.1)
                if wrong:
                    raise RuntimeError(wrong)
                return json.dumps(found)
        raise RuntimeError("LibreOffice ends")

    def _done(self, named: dict[str, Any]) -> Any:
        """Do it, in the main thread. Raises LookupError where the workbook was closed."""
        if "books" in named:
            return [one.RuntimeUID for one in self._books()]
        if "watch" in named:
            self._watch(self._workbook(named["watch"]) if named["watch"] else None, json.loads(named["columns"]))
        elif "leave" in named:
            self._desktop.removeTerminateListener(self)
            heard = self._heard
            self._leave()
            heard.put(["left"])  # nobody waits for more
        else:
            return self._told(self._workbook(named["of"]), named)
        return []

    def _told(self, model: Any, named: dict[str, Any]) -> Any:
        if "about" in named:
            return about(model)
        if "stands" in named:
            return place(model) if self._desktop.CurrentComponent == model else None
        if "name" in named:
            return model.NamedRanges.getByName(named["name"]).Content
        sheet = model.Sheets.getByName(named["sheet"])
        if "used" in named:
            return used(sheet)
        if "seen" in named:
            return seen(sheet)
        if "merged" in named:
            return merged(sheet, *json.loads(named["merged"]))
        return what_stands(model, named["sheet"], *json.loads(named["rows"]))

    def _books(self) -> list[Any]:
        """The open workbooks, that in front first."""
        found: list[Any] = []
        front = self._desktop.CurrentComponent
        open_ones = self._desktop.Components.createEnumeration()
        while open_ones.hasMoreElements():
            one = open_ones.nextElement()
            if one.supportsService("com.sun.star.sheet.SpreadsheetDocument"):
                found.insert(0 if one == front else len(found), one)
        return found

    def _workbook(self, uid: str) -> Any:
        """The open workbook with that `RuntimeUID`. Raises LookupError where it was closed."""
        for one in self._books():
            if one.RuntimeUID == uid:
                return one
        raise LookupError(uid)

    def _soon(self, what: str, do: Callable[[], Any]) -> None:
        """Have it done in the main thread; of several that LibreOffice, being busy, has not come to, the last."""
        waits = what in self._waiting
        self._waiting[what] = do
        if not waits:
            in_main_thread(self._context, lambda: self._waiting.pop(what)())  # noqa: PLW0108 - what waits then

    def _go(self, title: str, cell: str) -> None:
        if self._model is not None:
            go_to(self._model.CurrentController, title, cell)

    def queryTermination(self, event: Any) -> None:
        """Nothing is in the way of LibreOffice's end."""

    def notifyTermination(self, event: Any) -> None:
        """Have the session hang up, and wait until it did: nobody is heard any more who could call."""
        until = self._asked_at + FAREWELL  # one that stands still is not waited for
        self._ends = True
        self._heard.put(["ends"])
        while self._bridges() >= self._connected and time.monotonic() < until:
            time.sleep(0.01)

    def _bridges(self) -> int:
        """How many connections LibreOffice has."""
        new = self._context.ServiceManager.createInstanceWithContext
        return len(new("com.sun.star.bridge.BridgeFactory", self._context).getExistingBridges())

    def disposing(self, source: Any) -> None:
        """LibreOffice has ended."""

    def note(self, *what: Any) -> None:
        """Keep a report for the session, if there still is one."""
        if time.monotonic() - self._asked_at > FORGOTTEN or self._heard.qsize() > MOST:
            if not self._lost:
                self._lost = True
                self._soon("leave", self._leave)  # not here: LibreOffice is going through its listeners
            return
        self._reported = True
        self._heard.put(list(what))

    def read(self, model: Any, title: str, first: int, last: int) -> dict[str, Any] | None:
        """What stands in rows of a sheet, where the session has read it."""
        width = self._widths.get(title)
        if not width or time.monotonic() - self._asked_at > FORGOTTEN:
            return None
        return what_stands(model, title, first, last, width)

    def stands(self) -> tuple[str, int] | None:
        """Where the officer stands in the workbook that is heard."""
        return None if self._model is None else place(self._model)

    def _listen(self, add: Any, remove: Any, title: str | None = None) -> None:
        ear = _Ear(self, title)
        add(ear)
        self._undo.append((remove, ear))

    def _watch(self, model: Any, columns: dict[str, int]) -> None:
        self._leave()
        self._lost, self._model = False, model
        everything = self._context.getValueByName("/singletons/com.sun.star.frame.theGlobalEventBroadcaster")
        self._listen(everything.addDocumentEventListener, everything.removeDocumentEventListener)
        if model is None:
            return
        controller = model.CurrentController
        self._listen(model.addChangesListener, model.removeChangesListener)
        self._listen(model.addModifyListener, model.removeModifyListener)
        self._listen(controller.addSelectionChangeListener, controller.removeSelectionChangeListener)
        self._listen(controller.addActivationEventListener, controller.removeActivationEventListener)
        # not the cover: its board changes with every edit, and what is typed there comes with its cells
        for title, width in columns.items():
            if model.Sheets.hasByName(title):
                # the first column and those behind the last are the workbook's own: they change with other sheets
                area = model.Sheets.getByName(title).getCellRangeByPosition(1, 0, width - 1, ROWS - 1)
                self._listen(area.addModifyListener, area.removeModifyListener, title)

    def _wait(self, seconds: float) -> list[list[Any]]:
        """What was heard, and what was seen of dialogs."""
        if self._ends:
            return [["ends"]]
        if self._lost:
            return [["lost"]]
        found = []
        with suppress(queue.Empty):
            found.append(self._heard.get(timeout=seconds))
            while True:
                found.append(self._heard.get_nowait())
        self._asked_at = time.monotonic()
        if not found:  # nor is LibreOffice at work on what it has just reported
            self._soon("look", self._look_for_dialogs)
        return [["ends"]] if self._ends else found

    def _look_for_dialogs(self) -> None:
        """Note that a dialog was opened at which the officer has to do something, or closed; in the main thread."""
        before, self._dialog = self._dialog, self._has_dialog()
        dialog, reported, self._reported = self._dialog, self._reported, False
        # beside one that lets him, Find and Replace: more is heard while it stands there
        self._works = dialog and (self._works or (before and reported))
        busy = dialog and not self._works
        if busy != self._busy:
            self._busy = busy
            self._heard.put(["busy" if busy else "free"])

    def _has_dialog(self) -> bool:
        with suppress(Exception):  # the workbook is being closed
            own = self._model.CurrentController.Frame.ContainerWindow
            toolkit = own.getToolkit()
            windows = (toolkit.getTopWindow(number) for number in range(toolkit.getTopWindowCount()))
            return any(
                window != own and window.isVisible() and window.getAccessibleContext().getAccessibleRole() in DIALOGS
                for window in windows
            )
        return False

    def _leave(self) -> None:
        undo, self._undo, self._model, self._heard = self._undo, [], None, queue.Queue()
        for remove, ear in undo:
            with suppress(Exception):  # its workbook was closed
                remove(ear)


g_ImplementationHelper = unohelper.ImplementationHelper()  # noqa: N816 - the name that LibreOffice looks for
g_ImplementationHelper.addImplementation(Ears, NAME, (NAME,))
