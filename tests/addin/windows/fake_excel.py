"""As much of Excel's object model as this project asks for, served over real COM by a process of its own.

Run by the Python of the installer's bundle, under wine. It opens real workbooks with the one reader, fires Excel's
events, and refuses calls like Excel while somebody types. Beside it an `Officer` is registered, who does by
hand what a person at the keyboard does.
"""

import contextlib
import datetime as dt
import re
import sys
import winreg
from collections.abc import Iterator
from pathlib import Path

import pythoncom
import pywintypes
import win32con
import win32event
import win32gui
from win32com.server import policy
from win32com.server.connect import ConnectableServer
from win32com.server.exception import COMException
from win32com.server.policy import DesignatedWrapPolicy
from win32com.server.util import NewEnum, wrap

from validators.columns import letter, position_of
from validators.ooxml.grid import EPOCH
from workbook_templates.xlsx.opened import open_workbook

sys.path.append(str(Path(__file__).parent))  # which the Python of the bundle does not do
import fake_ribbon

EXCEL = ("Excel.Application", "{00024500-0000-0000-C000-000000000046}")
OFFICER = ("Qingdan.Officer", "{3A1C0F6E-6C4B-4C0B-9C39-6E2E3D0F6B11}")
EVENTS = pywintypes.IID("{00024413-0000-0000-C000-000000000046}")
SHEET_CHANGE, BEFORE_CLOSE, DEACTIVATE, OPEN, MOVED = 1564, 1570, 1569, 1567, 1558
CALL_REJECTED, IGNORED = -2147418111, -2146777998
BAD_INDEX, DISCONNECTED, FAILED = -2147352565, -2147417848, -2146827284
ROWS, COLUMNS = 1 << 20, 1 << 14


class Refusing(DesignatedWrapPolicy):
    """Answers no call while the application is busy."""

    def _getidsofnames_(self, names, lcid):
        self._obj_.answer(CALL_REJECTED)
        return super()._getidsofnames_(names, lcid)

    def _invokeex_(self, dispid, lcid, flags, args, kwargs, provider):
        self._obj_.answer(IGNORED)
        return super()._invokeex_(dispid, lcid, flags, args, kwargs, provider)


class Served:
    """An object that COM can call; always the same one for the same thing."""

    _public_methods_: list[str] = []
    _public_attrs_: list[str] = []
    app: "App"
    gone = False

    @property
    def com(self):
        if not hasattr(self, "_com"):
            self._com = wrap(self, usePolicy=Refusing)
        return self._com

    def answer(self, code):
        if self.gone:
            raise COMException(hresult=DISCONNECTED)
        if self.app.refused(code):
            raise COMException(hresult=code)


class Many(Served):
    """A collection: by number, by name, one after another."""

    _public_methods_ = ["Item", "_NewEnum"]
    _public_attrs_ = ["Count", "Application"]
    _dispid_to_func_ = {0: "Item", -4: "_NewEnum"}

    def __init__(self, app, items):
        self.app, self.items = app, items

    Count = property(lambda self: len(self.items))
    Application = property(lambda self: self.app.com)

    def Item(self, key):
        for number, one in enumerate(self.items, 1):
            if key in (number, one.Name):
                return one.com
        raise COMException(scode=BAD_INDEX)

    def _NewEnum(self):
        return NewEnum([one.com for one in self.items])


class Books(Many):
    _public_methods_ = [*Many._public_methods_, "Open"]

    def Open(self, path, *_):
        book = Book(self.app, Path(path))
        self.items.insert(0, book)
        self.app.fire(OPEN, book.com)
        return book.com


class Name(Served):
    _public_attrs_ = ["Name", "RefersTo"]

    def __init__(self, app, name, text):
        self.app, self.Name, self.RefersTo = app, name, f"={text}"


class Book(Served):
    _public_methods_ = ["Worksheets", "Activate", "Close", "Save"]
    _public_attrs_ = ["Name", "FullName", "Path", "Application", "Sheets", "Names", "Date1904", "Worksheets", "Saved"]
    Date1904 = False
    Saved = True

    def __init__(self, app, path):
        self.app, self.Name, self.FullName, self.Path = app, path.name, str(path), str(path.parent)
        opened = open_workbook(path)
        self.names = [Name(app, name, text) for name, text in opened.names.items()]
        self.sheets = [Sheet(self, title, tab.state, opened.grid(title)) for title, tab in opened.sheets.items()]
        self.active = self.sheets[0]

    Application = property(lambda self: self.app.com)
    Sheets = property(lambda self: Many(self.app, self.sheets).com)
    Worksheets = Sheets
    Names = property(lambda self: Many(self.app, self.names).com)

    def Save(self):
        self.Saved = True

    def Activate(self):
        self.app.books.remove(self)
        self.app.books.insert(0, self)

    def Close(self, *_):
        self.app.fire(BEFORE_CLOSE, self.com, False)
        self.app.books.remove(self)
        self.app.selected = None
        self.app.fire(DEACTIVATE, self.com)
        for one in (self, *self.sheets):
            one.gone = True


class Sheet(Served):
    _public_methods_ = ["Range", "Activate"]
    _public_attrs_ = ["Name", "Type", "Visible", "Parent", "UsedRange", "Application"]
    Type = -4167

    def __init__(self, book, title, state, grid):
        self.book, self.app, self.Name = book, book.app, title
        self.Visible = -1 if state == "visible" else 0
        self.cells: dict[tuple[int, int], object] = {}
        self.formulas: dict[tuple[int, int], str] = {}
        self.formats: dict[tuple[int, int], str] = {}
        self.merged = [bounds(address) for address in grid.seen.merged]
        self.hidden_rows: set[int] = set(grid.seen.hidden_rows)
        self.hidden_columns: set[int] = set()
        for row, values in grid.rows:
            for column, value in enumerate(values):
                if isinstance(value, dt.date):
                    self.formats[row, column] = "yyyy-mm-dd"
                    value = float((value - EPOCH).days)
                if value not in ("", None):
                    self.cells[row, column] = value
        for column, texts in grid.seen.formulas.items():
            self.formulas |= {(row, column): f"={text}" for row, text in texts.items()}

    Parent = property(lambda self: self.book.com)
    Application = property(lambda self: self.app.com)

    @property
    def UsedRange(self):
        places = self.cells.keys() | self.formulas.keys() | {(1, 0)}
        rows, columns = [row for row, _ in places], [column for _, column in places]
        return Range(self, [(min(rows), min(columns), max(rows), max(columns))]).com

    def Range(self, address):
        return Range(self, [bounds(one) for one in address.split(",")]).com

    def Activate(self):
        self.book.active = self
        if self.app.typing and self.app.selected:  # what a program may do that lets itself be called while one types
            Range(self, self.app.selected.areas).end_typing()


class Range(Served):
    _public_methods_ = ["Select", "Cells"]
    _public_attrs_ = [
        "Address", "Row", "Value", "Value2", "Formula", "NumberFormat", "MergeCells", "MergeArea", "Hidden", "EntireRow",
        "EntireColumn", "Areas", "Worksheet", "Name", "Column", "Rows", "Columns",
    ]  # fmt: skip

    def __init__(self, sheet, areas, hidden=None):
        self.sheet, self.app, self.areas, self.hidden = sheet, sheet.app, areas, hidden

    gone = property(lambda self: self.sheet.gone)
    Name = Address = property(lambda self: ",".join(map(address, self.areas)))
    Row = property(lambda self: self.areas[0][0])
    Column = property(lambda self: self.areas[0][1] + 1)
    Rows = property(lambda self: Many(self.app, range(self.areas[0][0], self.areas[0][2] + 1)).com)
    Columns = property(lambda self: Many(self.app, range(self.areas[0][1], self.areas[0][3] + 1)).com)
    Worksheet = property(lambda self: self.sheet.com)
    Areas = property(lambda self: Many(self.app, [Range(self.sheet, [area]) for area in self.areas]).com)
    EntireRow = property(lambda self: Range(self.sheet, self.areas, self.rows_hidden()).com)
    EntireColumn = property(lambda self: Range(self.sheet, self.areas, self.columns_hidden()).com)
    Hidden = property(lambda self: same(self.hidden))

    def rows_hidden(self):
        top, _, bottom, _ = self.areas[0]
        return {row in self.sheet.hidden_rows for row in range(top, bottom + 1)}

    def columns_hidden(self):
        _, left, _, right = self.areas[0]
        return {column in self.sheet.hidden_columns for column in range(left, right + 1)}

    def places(self) -> Iterator[tuple[int, int]]:
        for top, left, bottom, right in self.areas:
            yield from ((row, column) for row in range(top, bottom + 1) for column in range(left, right + 1))

    def block(self, value):
        """As Excel gives it: one cell bare, several as rows; lists, because pywin32 takes a tuple for several results."""
        top, left, bottom, right = self.areas[0]
        if (top, left) == (bottom, right):
            return value(top, left)
        return [[value(row, column) for column in range(left, right + 1)] for row in range(top, bottom + 1)]

    @property
    def Value2(self):
        return self.block(lambda row, column: self.sheet.cells.get((row, column)))

    @Value2.setter
    def Value2(self, value):
        self.enter(value if isinstance(value, list | tuple) else [[value]])

    @property
    def Value(self):
        """Fails as a whole where a number is shown as a date and is none, like Excel's."""
        if any(self.sheet.formats.get(at) and self.sheet.cells.get(at, 0) > 2_958_465 for at in self.places()):
            raise COMException(scode=FAILED)
        return self.Value2

    @Value.setter
    def Value(self, value):
        self.Value2 = value

    def enter(self, rows):
        top, left, bottom, right = self.areas[0]
        if rows == [[""]]:
            bottom = min(bottom, max(row for row, _ in self.sheet.cells))
        for row in range(top, bottom + 1):
            for column in range(left, right + 1):
                self.sheet.formulas.pop((row, column), None)
                self.sheet.cells.pop((row, column), None)
                value = rows[(row - top) % len(rows)][(column - left) % len(rows[0])]
                if isinstance(value, str) and value.startswith("="):
                    self.sheet.formulas[row, column] = value
                elif value not in ("", None):
                    self.sheet.cells[row, column] = (
                        float(value) if type(value) is int else value.removeprefix("'") if type(value) is str else value
                    )
        self.app.fire(SHEET_CHANGE, self.sheet.com, self.com)

    @property
    def Formula(self):
        def formula(row, column):
            at = row, column
            value = self.sheet.cells.get(at, "")
            return self.sheet.formulas.get(at) or (f"{value:g}" if type(value) is float else str(value))

        return self.block(formula)

    NumberFormat = property(lambda self: same({self.sheet.formats.get(at, "General") for at in self.places()}))
    MergeCells = property(lambda self: same({merged is not None for merged in map(self.merged_at, self.places())}))

    @property
    def MergeArea(self):
        return Range(self.sheet, [self.merged_at(self.areas[0][:2]) or self.areas[0]]).com

    def merged_at(self, at):
        return next((one for one in self.sheet.merged if one[0] <= at[0] <= one[2] and one[1] <= at[1] <= one[3]), None)

    def Cells(self, row, column):
        top, left = self.areas[0][0] + row - 1, self.areas[0][1] + column - 1
        return Range(self.sheet, [(top, left, top, left)]).com

    def end_typing(self):
        """What is being typed goes into these cells."""
        text, self.app.typing = self.app.typing, ""
        self.enter([[text]])

    def Select(self):
        if self.app.typing:
            self.app.selected.end_typing()
        self.app.selected = self
        self.app.fire(MOVED, self.sheet.com, self.com)


class Functions(Served):
    _public_methods_ = ["CountA"]

    def __init__(self, app):
        self.app = app

    def CountA(self, target):
        top, left, bottom, right = bounds(_client(target).Address)
        sheet = self.app.books[0].sheets
        cells = next(one for one in sheet if one.Name == _client(target).Worksheet.Name).cells
        return float(sum(top <= row <= bottom and left <= column <= right for row, column in cells))


class App(ConnectableServer, Served):
    _public_methods_ = [*ConnectableServer._public_methods_, "Quit"]
    _public_attrs_ = [
        "Name", "Path", "Version", "Hwnd", "Visible", "DisplayAlerts", "ScreenUpdating", "WindowState", "Workbooks",
        "ActiveWorkbook", "ActiveSheet", "ActiveCell", "WorksheetFunction",
    ]  # fmt: skip
    _connect_interfaces_ = [EVENTS]
    Name, Path, Version = "Microsoft Excel", r"C:\Program Files\Fake Office", "16.0"
    Visible = DisplayAlerts = ScreenUpdating = True
    WindowState = -4143
    refusals = refused_calls = 0
    typing = ""
    ended = False

    def __init__(self):
        ConnectableServer.__init__(self)
        self.app, self.books, self.selected, self.Hwnd = self, [], None, win32gui.GetDesktopWindow()

    Workbooks = property(lambda self: Books(self, self.books).com)
    ActiveWorkbook = property(lambda self: self.books[0].com if self.books else None)
    ActiveSheet = property(lambda self: self.books[0].active.com)
    ActiveCell = property(lambda self: (self.selected or Range(self.books[0].active, [(1, 0, 1, 0)])).com)
    WorksheetFunction = property(lambda self: Functions(self).com)

    def Quit(self):
        self.ended = True

    def refused(self, code):
        """Whether a call is to be refused; `refusals` is how many of each kind are still to come."""
        if self.refusals > 0 and not self.firing:
            self.refusals -= 1
            self.refused_calls += 1
            return True
        return False

    firing = False

    def Advise(self, unknown):
        """Excel asks a sink for its own event interface; wine cannot pass on such a one between processes."""
        self.cookieNo += 1
        self.connections[self.cookieNo] = unknown.QueryInterface(pythoncom.IID_IDispatch)
        return self.cookieNo

    def fire(self, dispid, *arguments):
        """Arguments come in the order of the declaration, pywin32 wants them so, too."""
        self.firing = True
        try:
            for sink in list(self.connections.values()):
                with contextlib.suppress(pythoncom.com_error):  # it has left
                    sink.Invoke(dispid, 0, pythoncom.DISPATCH_METHOD, 0, *arguments)
        finally:
            self.firing = False


class Officer(Served):
    """Does what a person does; is never busy."""

    _public_methods_ = ["Open", "Type", "BeginTyping", "Fill", "InsertRow", "Stand", "Refuse", "Refused", "CloseBook", "Rename", "Quit",
                        "Format", "Hide", "Merge", "LoadAddin", "Ribbon", "Press", "IsDown", "EndAddin", "Held", "Change", "Stands"]  # fmt: skip

    def __init__(self, app):
        self.app, self.addin = app, None

    def answer(self, code):
        """Never refuses."""

    def LoadAddin(self):
        """As Excel does when it starts: what went wrong, '' where nothing did."""
        try:
            self.addin = fake_ribbon.Addin(self.app)
        except OSError as error:
            return str(error)
        return "" if self.addin.loads else "switched off"

    def Ribbon(self):
        return self.addin.xml

    def Press(self, id_):
        self.addin.press(id_)

    def IsDown(self, id_):
        return self.addin.is_down(id_)

    def EndAddin(self, by_hand):
        self.addin.end(fake_ribbon.BY_HAND if by_hand else fake_ribbon.AT_END)

    def Held(self):
        """How many more hold the application than before the add-in was loaded."""
        return fake_ribbon.Addin.references(self.app) - self.addin.before

    def Stands(self):
        return f"{self.app.selected.sheet.Name}!{self.app.selected.Address}"

    def Change(self):
        """As after something was typed that is not saved."""
        self.app.books[0].Saved = False

    def sheet(self, title):
        return next(sheet for sheet in self.app.books[0].sheets if sheet.Name == title)

    def Open(self, path):
        self.app.Workbooks
        Books(self.app, self.app.books).Open(path)

    def Type(self, title, address, value):
        """Type a value into every cell of one or several areas (Ctrl+Enter)."""
        sheet = self.sheet(title)
        target = Range(sheet, [bounds(one) for one in address.split(",")])
        for area in target.areas:
            quiet, self.app.connections = self.app.connections, {}
            Range(sheet, [area]).enter([[value]])
            self.app.connections = quiet
        self.app.fire(SHEET_CHANGE, sheet.com, target.com)

    def BeginTyping(self, text):
        """Type into the cell that is selected, and do not press Enter."""
        self.app.typing = text

    def Fill(self, title, address, rows):
        """Paste a block."""
        Range(self.sheet(title), [bounds(address)]).enter(rows)

    def InsertRow(self, title, row):
        sheet = self.sheet(title)
        for cells in (sheet.cells, sheet.formulas, sheet.formats):
            moved = {(r + (r >= row), c): value for (r, c), value in cells.items()}
            cells.clear()
            cells.update(moved)
        self.app.fire(SHEET_CHANGE, sheet.com, Range(sheet, [(row, 0, row, COLUMNS - 1)]).com)

    def Stand(self, title, address):
        self.app.books[0].active = sheet = self.sheet(title)
        Range(sheet, [bounds(address)]).Select()

    def Format(self, title, address, code):
        sheet = self.sheet(title)
        sheet.formats |= dict.fromkeys(Range(sheet, [bounds(address)]).places(), code)

    def Hide(self, title, row):
        self.sheet(title).hidden_rows.add(row)

    def Merge(self, title, address):
        self.sheet(title).merged.append(bounds(address))

    def Refuse(self, times):
        self.app.refusals = times

    def Refused(self):
        return self.app.refused_calls

    def CloseBook(self):
        self.app.books[0].Close()

    def Rename(self, name):
        self.app.books[0].Name = name

    def Quit(self):
        self.app.ended = True


def _client(pointer):
    import win32com.client

    return win32com.client.Dispatch(pointer)


def same(answers):
    """One answer for several cells, None where they differ."""
    (answer,) = answers if len(answers) == 1 else (None,)
    return answer


def bounds(text):
    """Top, left, bottom, right of an address; columns are counted from 0."""
    match = re.fullmatch(r"\$?([A-Z]*)\$?([0-9]*)(?::\$?([A-Z]*)\$?([0-9]*))?", text)
    if not match:
        raise COMException(scode=FAILED)
    left, top, right, bottom = match.groups()
    return (
        int(top or 1), position_of(left) if left else 0,
        int(bottom or (top if right is None else "") or ROWS),
        position_of(right or left) if left else COLUMNS - 1,
    )  # fmt: skip


def address(area):
    """As Excel writes it: whole columns `$B:$C`, whole rows `$2:$3`."""
    top, left, bottom, right = area
    if (top, bottom) == (1, ROWS):
        return f"${letter(left)}:${letter(right)}"
    if (left, right) == (0, COLUMNS - 1):
        return f"${top}:${bottom}"
    first = f"${letter(left)}${top}"
    return first if (top, left) == (bottom, right) else f"{first}:${letter(right)}${bottom}"


def register(program, clsid):
    """What an installation of Office does, for this program and this wine prefix."""
    for key, value in ((rf"{program}\CLSID", clsid), (rf"CLSID\{clsid}\ProgID", program)):
        winreg.SetValue(winreg.HKEY_LOCAL_MACHINE, rf"Software\Classes\{key}", winreg.REG_SZ, value)


def main():
    app = App()
    for program, clsid in (EXCEL, OFFICER):
        register(program, clsid)
    handles = [
        pythoncom.RegisterActiveObject(one.com, pywintypes.IID(clsid), 0)
        for one, (_, clsid) in ((app, EXCEL), (Officer(app), OFFICER))
    ]
    # who asks for a new one gets this one, too; pywin32's own factory, for wine passes no other one on
    policy.CreateInstance = lambda _, iid: app.com.QueryInterface(iid)
    pythoncom.CoRegisterClassObject(
        pywintypes.IID(EXCEL[1]), pythoncom.MakePyFactory(pywintypes.IID(EXCEL[1])), pythoncom.CLSCTX_LOCAL_SERVER,
        pythoncom.REGCLS_MULTIPLEUSE,
    )  # fmt: skip
    for path in sys.argv[1:]:
        app.books.append(Book(app, Path(path)))
    print("ready", flush=True)
    while not app.ended:
        win32event.MsgWaitForMultipleObjects([], False, 1000, win32con.QS_ALLINPUT)
        pythoncom.PumpWaitingMessages()
    for handle in handles:
        pythoncom.RevokeActiveObject(handle)


if __name__ == "__main__":
    main()
