"""Excel and WPS on Windows as hosts of a live session: xlwings' own engine reads, a COM event sink hears.

Nothing here can write to a workbook. Whatever the application refuses while a cell is being typed or a dialog is
open is `Busy`, and what was heard meanwhile is kept until it can be looked at.
"""

import atexit
import datetime as dt
import queue
import re
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import PureWindowsPath
from typing import Any, ClassVar

import pythoncom
import pywintypes
import win32com.client
import win32con
import win32event
import xlwings
from win32com.server.util import wrap
from xlwings import _xlwindows

from addin.live.host import Books, Busy, Changed, DefinedNames, Dirty, Event, Gone, Moved, OpenTab
from addin.problems import debugging
from validators.columns import letter, position_of
from validators.looks import look_of
from validators.meanings import Raw
from validators.ooxml.grid import EPOCH, EPOCH_1904, LAST_COLUMN, LAST_ROW
from workbook_templates.xlsx.appearance import HEADER_ROW
from workbook_templates.xlsx.fast_reader import GridRows, Seen, shown
from workbook_templates.xlsx.opened import Grid

_xlwindows.N_COM_ATTEMPTS = 1
"""xlwings asks a busy Excel for ever by itself; here it is asked once, and again later."""
atexit.unregister(_xlwindows.cleanup)
"""xlwings ends every Excel without a window when Python exits; an officer's Excel is none of our business."""

PROGRAMS = ("Excel.Application", "Ket.Application")
"""Names under which running applications are registered; the second is that of WPS."""
IID_EVENTS = pywintypes.IID("{00024413-0000-0000-C000-000000000046}")
"""Excel's AppEvents; WPS has taken them over."""
EVENTS = {
    1564: "changed",  # SheetChange
    1558: "moved",  # SheetSelectionChange
    1561: "moved",  # SheetActivate
    1565: "books",  # NewWorkbook
    1567: "books",  # WorkbookOpen
    1568: "books",  # WorkbookActivate
    1569: "books",  # WorkbookDeactivate
    1570: "books",  # WorkbookBeforeClose
    1571: "books",  # WorkbookBeforeSave
}
BUSY = {0x80010001, 0x8001010A, 0x800AC472}
"""RPC_E_CALL_REJECTED, RPC_E_SERVERCALL_RETRYLATER, and what Excel says while a cell is being typed."""
GONE = {
    0x800706BA, 0x800706BE, 0x80010007, 0x80010012, 0x80010108, 0x80010114, 0x800401FD, 0x800401A8, 0x800A01A8,
}  # fmt: skip
"""The server does not run any more, or the object is not there any more."""
NO_SUCH = {0x8002000B, 0x800A0009}
"""No such element of a collection."""
ASKING = pythoncom.DISPATCH_PROPERTYGET | pythoncom.DISPATCH_METHOD
MANY_NAMES = 200
"""Defined names that are fetched at once."""
WORKSHEET = -4167
VISIBLE = -1
MINIMIZED, NORMAL = -4140, -4143
BLOCK_ROWS, BLOCK_COLUMNS = 2048, 64
"""What is read at once at most."""
LOOK = 1.0
"""Seconds after which the application is asked whether it and the workbook are still there."""
_AGAIN = 50
"""Milliseconds after which a busy application is asked again where a change was."""
ERRORS = {
    -2146826288: "#NULL!", -2146826281: "#DIV/0!", -2146826273: "#VALUE!", -2146826265: "#REF!",
    -2146826259: "#NAME?", -2146826252: "#NUM!", -2146826246: "#N/A",
}  # fmt: skip
"""How Excel gives error values (`XlCVError`, as COM passes them on)."""
_ADDRESS = re.compile(r"\$?([A-Z]*)\$?([0-9]*)(?::\$?([A-Z]*)\$?([0-9]*))?")


@dataclass(frozen=True, slots=True)
class _Area:
    """A rectangle of cells: 1-based rows, 0-based columns, all inclusive."""

    top: int
    left: int
    bottom: int
    right: int

    @classmethod
    def of(cls, address: str) -> "_Area":
        """From an address: `$B$2`, `$B$2:$C$9`, whole columns `$B:$C`, whole rows `$2:$9`."""
        match = _ADDRESS.fullmatch(address)
        if match is None:
            raise ValueError(address)
        left, top, right, bottom = match.groups()
        return cls(
            int(top or 1),
            position_of(left) if left else 0,
            int((top if bottom is None else bottom) or LAST_ROW),
            position_of(right or left) if right or left else LAST_COLUMN - 1,
        )

    @property
    def address(self) -> str:
        """As `B2:C9`."""
        return f"{letter(self.left)}{self.top}:{letter(self.right)}{self.bottom}"

    @property
    def whole_rows(self) -> bool:
        """Whether it has all columns: rows were inserted or deleted."""
        return self.left == 0 and self.right == LAST_COLUMN - 1

    def within(self, other: "_Area") -> bool:
        """Whether no cell of it lies outside the other."""
        return (
            other.top <= self.top
            and self.bottom <= other.bottom
            and other.left <= self.left
            and self.right <= other.right
        )

    def halves(self, *, rows: bool) -> tuple["_Area", "_Area"]:
        """Two parts, one above the other, or one beside the other."""
        if rows:
            middle = (self.top + self.bottom) // 2
            return _Area(self.top, self.left, middle, self.right), _Area(middle + 1, self.left, self.bottom, self.right)
        middle = (self.left + self.right) // 2
        return _Area(self.top, self.left, self.bottom, middle), _Area(self.top, middle + 1, self.bottom, self.right)


class ExcelBook:
    """A workbook that is open in Excel or WPS (`addin.live.host.OpenBook`)."""

    def __init__(self, book: xlwings.Book) -> None:
        self._book: xlwings.Book | None = book

    @property
    def api(self) -> Any:  # noqa: ANN401 - COM has no types
        """The application's own object."""
        if self._book is None:
            raise Gone
        return self._book.api

    def forget(self) -> None:
        """Let go of the application, which would not end otherwise."""
        self._book = None

    def is_(self, workbook: Any) -> bool:  # noqa: ANN401 - COM has no types
        """Whether the application's object is this workbook: the same one, or (in WPS) another of the same name."""
        return bool(self.api._oleobj_ == workbook._oleobj_) or bool(self.api.Name == workbook.Name)

    @property
    def name(self) -> str:
        """File name, or the title of the window while it was never saved."""
        with _asked():
            return str(self.api.Name)

    @property
    def path(self) -> str:
        """Path of the file, or the title of the window while it was never saved."""
        with _asked():
            return str(self.api.FullName)

    @property
    def unsaved(self) -> bool:
        """Whether it has changes that are not in its file."""
        with _asked():
            return not self.api.Saved

    @property
    def names(self) -> Mapping[str, str]:
        """Text of each defined name of the whole workbook, without `=`."""

        def target(name: str) -> str:
            with _asked():
                return str(_object(found[name]).RefersTo).removeprefix("=")

        with _asked():
            found = dict(_named(self.api.Names))
        return DefinedNames([name for name in found if "!" not in name], target)

    @property
    def sheets(self) -> Mapping[str, OpenTab]:
        """Its sheets by title, in order."""
        with _asked():
            return {
                str(sheet.Name): OpenTab(
                    "worksheet" if sheet.Type == WORKSHEET else "other",
                    "visible" if sheet.Visible == VISIBLE else "hidden",
                )
                for sheet in self.api.Sheets
            }

    def grid(self, title: str) -> Grid | None:
        """One sheet, or None where there is no such worksheet."""
        with _asked():
            sheet = self._sheet(title)
            if sheet is None:
                return None
            hidden = sheet.Visible != VISIBLE
        rows, seen = self.rows(title, 1, LAST_ROW)
        shape = self.shape(title)
        seen.merged, seen.hidden_rows, seen.hidden_columns = shape.merged, shape.hidden_rows, shape.hidden_columns
        seen.since_1904 = shape.since_1904
        return Grid(title, hidden, rows, seen)

    def rows(self, title: str, first: int, last: int) -> tuple[GridRows, Seen]:
        """Rows of a sheet from `first` to `last` (see `OpenBook`), as far as it is used; none where it is not there."""
        found: dict[int, list[Raw]] = {}
        seen = Seen()
        with _asked():
            sheet = self._sheet(title)
            if sheet is not None:
                epoch = EPOCH_1904 if self.api.Date1904 else EPOCH
                used = _Area.of(sheet.UsedRange.Address)
                area = _Area(first, 0, min(last, used.bottom), used.right)
                if area.top > area.bottom:
                    return [], seen
                count = self.api.Application.WorksheetFunction.CountA
                for block in _blocks(area, lambda part: count(sheet.Range(part.address))):
                    _read(sheet, block, epoch, found, seen)
        width = max(map(len, found.values()), default=0)
        return [(row, cells + [""] * (width - len(cells))) for row, cells in sorted(found.items())], seen

    def shape(self, title: str) -> Seen:
        """What is merged and hidden on a sheet, without the merged bands that the template has above its header."""
        seen = Seen()
        with _asked():
            sheet = self._sheet(title)
            if sheet is None:
                return seen
            seen.since_1904 = bool(self.api.Date1904)
            used = _Area.of(sheet.UsedRange.Address)
            below = _Area(HEADER_ROW, used.left, max(HEADER_ROW, used.bottom), used.right)
            rows = _uniform(_Area(used.top, 0, used.bottom, 0), lambda area: sheet.Range(area.address).EntireRow.Hidden)
            columns = _uniform(
                _Area(1, used.left, 1, used.right), lambda area: sheet.Range(area.address).EntireColumn.Hidden
            )
            seen.merged = [*_merged(sheet, below)]
            seen.hidden_rows = {row for area, hidden in rows if hidden for row in range(area.top, area.bottom + 1)}
            seen.hidden_columns = [(area.left, area.right) for area, hidden in columns if hidden]
        return seen

    def stands(self) -> tuple[str, int] | None:
        """Title of the sheet and row where the officer stands; None where the workbook is not in front."""
        with _asked():
            application = self.api.Application
            front = application.ActiveWorkbook
            if front is None or not self.is_(front):
                return None
            cell = application.ActiveCell  # None on a chart sheet
            return str(application.ActiveSheet.Name), int(cell.Row) if cell is not None else 1

    def select(self, title: str, cell: str) -> None:
        """Select a cell, as far as its sheet is visible; the window stays where it is, so that the pane is not covered.

        What is being typed is entered first, where it is typed: Excel refuses us meanwhile, but others that have taken
        over its objects may put it into the sheet that is shown next.
        """
        with _asked():
            application = self.api.Application
            sheet = self._sheet(title)
            if sheet is None or sheet.Visible != VISIBLE:
                return
            if application.WindowState == MINIMIZED:
                application.WindowState = NORMAL
            front = application.ActiveWorkbook
            if front is None or not self.is_(front) or application.ActiveSheet.Name != title:
                _end_typing(application)
                self.api.Activate()
                sheet.Activate()
            sheet.Range(cell).Select()

    def _sheet(self, title: str) -> Any:  # noqa: ANN401 - COM has no types
        try:
            return self.api.Worksheets(title)
        except pywintypes.com_error as error:
            if _codes(error) & NO_SUCH:
                return None
            raise


class ExcelHost:
    """A running Excel or WPS (`addin.live.host.Host`); made and used in one thread."""

    def __init__(self, app: xlwings.App) -> None:
        """Raises `Busy` or `Gone`."""
        self._app: xlwings.App | None = app
        self._books: list[ExcelBook] = []
        self._watched: ExcelBook | None = None
        self._watched_name = ""
        self._looked_at = time.monotonic()
        self._heard: queue.SimpleQueue[Event | _Change | None] = queue.SimpleQueue()
        with _asked():
            self.application = _name(app.api)
            self._ear = _Ear(app.api, self._heard)

    def books(self) -> Sequence[ExcelBook]:
        """The open workbooks, that in front first. Raises `Busy`; `Gone` where none is open."""
        with _asked():
            app = self._running()
            known, self._books = self._books, [self._known(book) for book in app.books]
            for book in known:
                if book not in self._books:
                    book.forget()
            if not self._books:
                self.leave()
                raise Gone
            front = app.api.ActiveWorkbook
            return sorted(self._books, key=lambda book: front is None or not book.is_(front))

    def watch(self, book: ExcelBook | None) -> None:
        """From now on hear the changes of this workbook and of no other. Raises `Busy` or `Gone`."""
        self._watched, self._watched_name = book, book.name if book else ""

    def wait(self, timeout: float) -> Sequence[Event]:
        """What was heard since the last call, else within `timeout` seconds.

        Raises `Gone` where the application ended or has no workbook any more.
        """
        heard: list[Event] = []
        with suppress(queue.Empty):
            one = self._heard.get(timeout=timeout) if timeout > 0 else self._heard.get_nowait()
            while True:
                heard += self._events(one)
                one = self._heard.get_nowait()
        return [*dict.fromkeys(heard), *self._look(bool(heard))]

    def aside(self, read: Callable[[], None]) -> None:
        """Read now: COM ties the application to this thread."""
        read()

    def wake(self) -> None:
        """Make `wait` return; may be called from any thread."""
        self._heard.put(None)

    def leave(self) -> None:
        """Stop hearing and let go of everything, else the application would not end when it is closed."""
        if self._app is not None:
            self._ear.close()
            for book in self._books:
                book.forget()
            self._app = self._watched = None

    def _running(self) -> xlwings.App:
        if self._app is None:
            raise Gone
        return self._app

    def _known(self, book: xlwings.Book) -> ExcelBook:
        """The workbook as it was given before, so that the same one compares equal."""
        for one in self._books:
            try:
                if one.is_(book.api):
                    return one
            except pywintypes.com_error as error:
                if not _codes(error) & GONE:
                    raise
        return ExcelBook(book)

    def _events(self, heard: "Event | _Change | None") -> Iterator[Event]:
        """What was heard, in the words of a host; a change of another workbook is none.

        After a change the whole sheet is read again when it is quiet: cells may have been shifted, which Excel does
        not say.
        """
        if isinstance(heard, _Change):
            if self._watched is None or heard.book not in (self._watched_name, self._name_now()):
                return
            for area in heard.areas:
                yield Changed(heard.sheet, area.top, LAST_ROW if area.whole_rows else area.bottom)
            yield Dirty(heard.sheet)
        elif heard is not None:
            yield heard

    def _name_now(self) -> str:
        """The name of the watched workbook, which may have got another."""
        with suppress(Busy, Gone):
            if self._watched is not None:
                return self._watched.name
        return self._watched_name

    def _look(self, heard: bool) -> Iterator[Event]:
        """Now and then see whether the application and the workbook are still there, under the same name.

        Raises `Busy` where it does not say so and nothing was `heard`: it is typed into, or shows a dialog.
        """
        if time.monotonic() < self._looked_at + LOOK:
            return
        self._looked_at = time.monotonic()
        try:
            with _asked():
                if not self._running().api.Workbooks.Count:
                    raise Gone
        except Busy:
            if heard:
                return
            raise
        except Gone:
            self.leave()
            raise
        try:
            if self._watched and self._watched.name != self._watched_name:
                self._watched_name = self._watched.name
                yield Books()
        except Busy:
            return
        except Gone:
            self._watched = None
            yield Books()


@dataclass(frozen=True, slots=True)
class _Change:
    """Cells that were changed."""

    book: str
    sheet: str
    areas: tuple[_Area, ...]


class _Ear(threading.Thread):
    """Hears the application in a thread of its own: it stands still until an event was taken, so somebody must always
    be there to take it, however busy the session is."""

    def __init__(self, api: Any, heard: "queue.SimpleQueue[Event | _Change | None]") -> None:  # noqa: ANN401 - COM
        """Raises the error of COM where the application does not let itself be heard."""
        super().__init__(daemon=True)
        self._heard = heard
        self._changes: list[tuple[Any, Any]] = []
        """Sheet and range of each change that was not looked at yet, in order."""
        self._stream = pythoncom.CoMarshalInterThreadInterfaceInStream(pythoncom.IID_IDispatch, api._oleobj_)
        self._bell = win32event.CreateEvent(None, False, False, None)
        self._closed = False
        self._error: pywintypes.com_error | None = None
        self._started = threading.Event()
        self.start()
        self._started.wait()
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """Hear nothing any more."""
        self._closed = True
        win32event.SetEvent(self._bell)
        self.join()

    def run(self) -> None:
        """Take events until `close`."""
        pythoncom.CoInitialize()
        try:
            application = pythoncom.CoGetInterfaceAndReleaseStream(self._stream, pythoncom.IID_IDispatch)
            container = application.QueryInterface(pythoncom.IID_IConnectionPointContainer)
            point = container.FindConnectionPoint(IID_EVENTS)
            cookie = point.Advise(wrap(_Sink(self._changes, self._heard)))
        except pywintypes.com_error as error:
            self._error = error
            return
        finally:
            self._started.set()
        while not self._closed:
            pause = _AGAIN if self._changes else win32event.INFINITE
            win32event.MsgWaitForMultipleObjects([self._bell], False, pause, win32con.QS_ALLINPUT)
            pythoncom.PumpWaitingMessages()
            self._understand()
        with suppress(pywintypes.com_error):  # it ended
            point.Unadvise(cookie)
        del point, container, application
        pythoncom.CoUninitialize()

    def _understand(self) -> None:
        """Ask where the changes were; what is busy stays, in order, for the next time."""
        while self._changes:
            try:
                with _asked():
                    sheet, target = map(_object, self._changes[0])
                    areas = tuple(_Area.of(area.Address) for area in target.Areas)
                    change = _Change(str(sheet.Parent.Name), str(sheet.Name), areas)
            except Busy:
                return
            except Gone:  # what was changed was deleted; that is heard, too
                self._heard.put(Dirty())
            else:
                self._heard.put(change)
            del self._changes[0]


class _Sink:
    """Called by the application; everything is only noted."""

    _public_methods_: ClassVar[list[str]] = []
    _dispid_to_func_: ClassVar[dict[int, str]] = EVENTS

    def __init__(self, changes: list[tuple[Any, Any]], heard: "queue.SimpleQueue[Event | _Change | None]") -> None:
        self._changes, self._heard = changes, heard

    def _query_interface_(self, iid: Any) -> Any:  # noqa: ANN401 - as COM asks
        return wrap(self) if iid == IID_EVENTS else None

    def changed(self, sheet: Any, target: Any) -> None:  # noqa: ANN401 - as COM calls
        self._changes.append((sheet, target))

    def moved(self, *_: object) -> None:
        self._heard.put(Moved())

    def books(self, *_: object) -> None:
        self._heard.put(Books())


def attach(file: str | None = None) -> ExcelHost | None:
    """The running Excel or WPS that has this workbook open (a file name; None: any workbook), or None."""
    pythoncom.CoInitialize()
    for api in _running_applications():
        try:
            with _asked():
                app = xlwings.App(impl=_xlwindows.App(xl=api))
                titles = {str(book.Name).casefold() for book in api.Workbooks}
            if titles if file is None else file.casefold() in titles:
                return ExcelHost(app)
        except (Busy, Gone):
            continue
    return None


def application_of(reference: bytes) -> Any:  # noqa: ANN401 - COM has no types
    """The application that a marshalled reference leads to, which is used up by that. Raises `Gone`."""
    with _stream(reference) as stream:
        return _object(pythoncom.CoUnmarshalInterface(stream, pythoncom.IID_IDispatch))


def let_go(reference: bytes) -> None:
    """Let a marshalled reference go that is not wanted; else the application would not end."""
    with suppress(Gone), _stream(reference) as stream:
        pythoncom.CoReleaseMarshalData(stream)


@contextmanager
def _stream(content: bytes) -> Iterator[Any]:
    try:
        stream = pythoncom.CreateStreamOnHGlobal()
        stream.Write(content)
        stream.Seek(0, 0)
        yield stream
    except pywintypes.com_error as error:
        raise Gone from error


class Connector:
    """How a session, in its own thread, comes to the application that a button was pressed in."""

    def __init__(self, application: Any) -> None:  # noqa: ANN401 - COM has no types
        self._stream = pythoncom.CoMarshalInterThreadInterfaceInStream(pythoncom.IID_IDispatch, application._oleobj_)
        self._api: Any = None

    def __call__(self) -> ExcelHost | None:
        """The application, once it is not busy; None until then, and after it was given once."""
        pythoncom.CoInitialize()
        try:
            if self._stream is not None:
                stream, self._stream = self._stream, None
                self._api = _object(pythoncom.CoGetInterfaceAndReleaseStream(stream, pythoncom.IID_IDispatch))
            host = ExcelHost(xlwings.App(impl=_xlwindows.App(xl=self._api))) if self._api is not None else None
        except Busy:
            return None
        except (Gone, pywintypes.com_error):
            host = None
        self._api = None
        return host


@dataclass(frozen=True, slots=True)
class Front:
    """The workbook that was in front when a button was pressed."""

    name: str
    path: str
    """Its title while it was never saved."""
    folder: str
    """'' while it was never saved."""
    saved: bool
    titles: list[str]
    """Of its sheets, in order."""
    stands: tuple[int, int, int]
    """Number of the sheet, from 0, row and column, from 1, where the officer stands."""
    _api: Any

    @classmethod
    def of(cls, application: Any) -> "Front | None":  # noqa: ANN401 - COM has no types
        """None where no workbook is open. Raises `Busy` or `Gone`."""
        with _asked():
            book = application.ActiveWorkbook
            if book is None:
                return None
            titles = [str(sheet.Name) for sheet in book.Sheets]
            cell = application.ActiveCell  # None on a chart sheet
            at = (int(cell.Row), int(cell.Column)) if cell is not None else (1, 1)
            stands = titles.index(str(application.ActiveSheet.Name)), *at
            return cls(str(book.Name), str(book.FullName), str(book.Path), bool(book.Saved), titles, stands, book)

    def save(self) -> None:
        """Save it, as the officer has agreed to. Raises `Busy` or `Gone`."""
        with _asked():
            self._api.Save()


def started() -> xlwings.App | None:
    """A new Excel, or WPS where there is none, with a window and without a workbook; None where there is neither."""
    pythoncom.CoInitialize()
    for program in PROGRAMS:
        with suppress(pywintypes.com_error):
            pointer = pythoncom.CoCreateInstance(
                pywintypes.IID(program), None, pythoncom.CLSCTX_LOCAL_SERVER, pythoncom.IID_IDispatch
            )
            app = xlwings.App(impl=_xlwindows.App(xl=_object(pointer)))
            app.visible = True
            return app
    return None


def _running_applications() -> Iterator[Any]:
    """Every Excel that has a window, then what is registered as running; the same one may come twice."""
    yield from _xlwindows.get_xl_apps()
    for program in PROGRAMS:
        try:
            yield _object(pythoncom.GetActiveObject(pywintypes.IID(program)).QueryInterface(pythoncom.IID_IDispatch))
        except pywintypes.com_error:  # not installed, or it does not run
            continue


def _object(pointer: Any) -> Any:  # noqa: ANN401 - COM has no types
    """An object of the application as xlwings handles them: one that says when it is busy."""
    return _xlwindows.COMRetryObjectWrapper(win32com.client.Dispatch(pointer))


def _named(names: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - COM has no types
    """Each defined name with its object; of several hundred, which xlwings would ask five times each."""
    every = names._oleobj_.Invoke(pythoncom.DISPID_NEWENUM, 0, ASKING, True).QueryInterface(pythoncom.IID_IEnumVARIANT)
    number = None
    while block := every.Next(MANY_NAMES):
        for one in block:
            number = one.GetIDsOfNames("Name") if number is None else number
            yield str(one.Invoke(number, 0, ASKING, True)), one


def _name(api: Any) -> str:  # noqa: ANN401 - COM has no types
    """`WPS` or `Excel`, by the folder of the program: WPS may call itself Microsoft Excel."""
    folders = {part.casefold() for part in PureWindowsPath(str(api.Path)).parts}
    return "WPS" if any(part in folder for folder in folders for part in ("wps", "kingsoft")) else "Excel"


def _end_typing(application: Any) -> None:  # noqa: ANN401 - COM has no types
    """Go to the cell beside the active one, as far as the protection of the sheet lets anybody go there."""
    cell = application.ActiveCell
    if cell is None:  # a chart sheet
        return
    here = _Area.of(cell.Address)
    beside = here.top - 1 or here.bottom + 1
    try:
        application.ActiveSheet.Range(_Area(beside, here.left, beside, here.left).address).Select()
    except pywintypes.com_error as error:
        if _codes(error) & (BUSY | GONE):
            raise


def _codes(error: pywintypes.com_error) -> set[int]:
    """The numbers in an error of COM, unsigned."""
    details = error.excepinfo
    return {code & 0xFFFFFFFF for code in (error.hresult, details[5] if details else None) if code}


@contextmanager
def _asked() -> Iterator[None]:
    """Turn what COM answers into `Busy` and `Gone`; what it does not say clearly is asked again, too."""
    try:
        yield
    except _xlwindows.ExcelBusyError as error:
        raise Busy from error
    except pywintypes.com_error as error:
        if debugging() and not _codes(error) & (BUSY | GONE):
            traceback.print_exc(file=sys.stderr)
        raise (Gone if _codes(error) & GONE else Busy) from error


def _blocks(area: _Area, filled: Callable[[_Area], Any]) -> Iterator[_Area]:
    """Parts of an area that are small enough to be read at once; of a large one only those that are filled."""
    many_rows = area.bottom - area.top >= BLOCK_ROWS
    if not many_rows and area.right - area.left < BLOCK_COLUMNS:
        yield area
    elif filled(area):
        for half in area.halves(rows=many_rows):
            yield from _blocks(half, filled)


def _read(sheet: Any, block: _Area, epoch: dt.date, found: dict[int, list[Raw]], seen: Seen) -> None:  # noqa: ANN401
    """Put the values of a block into `found`, by row from column A, its formulas and errors into `seen`.

    `Value2` and not `Value`: that cannot be had of a block in which a number shown as a date is none (20200818).
    """
    cells = sheet.Range(block.address)
    values, formulas = _rows_of(cells.Value2), _rows_of(cells.Formula)
    numbers: dict[int, list[int]] = {}
    for row, (own, texts) in enumerate(zip(values, formulas, strict=True), block.top):
        line: list[Raw] = []
        for column, (value, text) in enumerate(zip(own, texts, strict=True), block.left):
            if type(text) is str and text[:1] == "=" and text != value:
                seen.formulas.setdefault(column, {})[row] = text[1:]
                line.append("")
            elif type(value) is int:
                seen.errors[row, column] = ERRORS.get(value, "#ERROR!")
                line.append("")
            else:
                if type(value) is float:
                    numbers.setdefault(column, []).append(row)
                line.append("" if value is None else value)
        if any(value != "" for value in line):
            cells_before = found.setdefault(row, [])
            cells_before += [""] * (block.left - len(cells_before)) + line
    for column, rows in numbers.items():
        span = _Area(rows[0], column, rows[-1], column)
        for area, code in _uniform(span, lambda area: sheet.Range(area.address).NumberFormat):
            look = look_of(code or "")
            if look is not None:
                for row in range(area.top, area.bottom + 1):
                    serial = found[row][column] if row in found else ""
                    if type(serial) is float:
                        found[row][column] = shown(serial, look, epoch)


def _rows_of(cells: Any) -> Sequence[Sequence[Any]]:  # noqa: ANN401 - COM has no types
    """A block as COM gives it; one cell comes bare."""
    return cells if isinstance(cells, tuple) else ((cells,),)


def _uniform(area: _Area, ask: Callable[[_Area], Any]) -> Iterator[tuple[_Area, Any]]:
    """Parts of an area for each of which there is one answer; None is a mixed one."""
    answer = ask(area)
    if answer is None and (area.top, area.left) != (area.bottom, area.right):
        for half in area.halves(rows=area.top < area.bottom):
            yield from _uniform(half, ask)
    else:
        yield area, answer


def _merged(sheet: Any, area: _Area) -> Iterator[str]:  # noqa: ANN401 - COM has no types
    """Addresses of the merged cells that begin in an area, found by halves."""
    cells = sheet.Range(area.address)
    if cells.MergeCells is False:
        return
    found = _Area.of(cells.Cells(1, 1).MergeArea.Address)
    if area.within(found):
        if (found.top, found.left) == (area.top, area.left):
            yield found.address
    else:
        for half in area.halves(rows=area.top < area.bottom):
            yield from _merged(sheet, half)
