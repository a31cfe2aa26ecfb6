"""As much of Excel's handling of COM add-ins as ours meets, in the process and main thread of the fake Excel.

It finds the add-in in the registry, loads the real DLL, calls it through its tables of functions as Excel does, shows its
ribbon as a set of buttons, presses them, and ends it in Excel's order. An add-in that fails is not loaded again.
"""

import ctypes
import re
import winreg
import xml.etree.ElementTree as ET
from ctypes import POINTER, WINFUNCTYPE, byref, c_long, c_ulong, c_void_p

import pythoncom
import pywintypes
from win32com.server.util import wrap

ADDINS = r"Software\Microsoft\Office\Excel\Addins"
EXTENSIBILITY = "{B65AD801-ABAF-11D0-BB8B-00A0C90F2744}"
RIBBON = "{000C0396-0000-0000-C000-000000000046}"
AT_START, BY_HAND, AT_END = 1, 1, 0
"""How an add-in is connected; how it is disconnected: in the list of add-ins, or as Excel ends."""
ON_CONNECTION, ON_DISCONNECTION, ON_STARTUP, ON_SHUTDOWN, GET_UI = 7, 8, 10, 11, 7
"""Places in the tables, after those of IDispatch."""
CALLBACKS = {"onAction", "getPressed"}


def value(key, name):
    with winreg.OpenKey(winreg.HKEY_CURRENT_USER, key) as opened:
        return winreg.QueryValueEx(opened, name)[0]


def function(pointer, place, *types):
    table = ctypes.cast(ctypes.cast(pointer, POINTER(c_void_p))[0], POINTER(c_void_p))
    return lambda *given: WINFUNCTYPE(c_long, c_void_p, *types)(table[place])(pointer, *given)


def guid(text):
    return ctypes.create_string_buffer(bytes(pywintypes.IID(text)), 16)


def pointer_of(dispatch):
    return c_void_p(int(re.search(r"obj at 0x([0-9a-fA-F]+)", repr(dispatch))[1], 16))


def checked(code):
    if code < 0:
        raise OSError(f"{code & 0xFFFFFFFF:08x}")


class Control:
    """What a callback is told of the button that was pressed."""

    _public_methods_ = []
    _public_attrs_ = ["Id", "Tag", "Context"]
    Tag, Context = "", None

    def __init__(self, id_):
        self.Id = id_


class Shown:
    """The ribbon, as the add-in can have it drawn anew."""

    _public_methods_ = ["Invalidate", "InvalidateControl"]

    def __init__(self):
        self.times = 0

    def Invalidate(self):
        self.times += 1

    def InvalidateControl(self, id_):
        self.times += 1


class Addin:
    """The add-in that is registered, loaded by the application."""

    def __init__(self, app):
        """Raises `OSError`; then Excel does not load it the next time."""
        self.app, self.before = app, self.references(app)
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, ADDINS) as opened:
            (self.progid,) = (winreg.EnumKey(opened, at) for at in range(winreg.QueryInfoKey(opened)[0]))
        self.key = rf"{ADDINS}\{self.progid}"
        self.loads = value(self.key, "LoadBehavior") == 3
        if not self.loads:
            return
        try:
            self.load()
        except OSError:
            with winreg.OpenKey(winreg.HKEY_CURRENT_USER, self.key, 0, winreg.KEY_SET_VALUE) as opened:
                winreg.SetValueEx(opened, "LoadBehavior", 0, winreg.REG_DWORD, 2)
            raise

    def load(self):
        clsid = value(rf"Software\Classes\{self.progid}\CLSID", "")
        library = ctypes.WinDLL(value(rf"Software\Classes\CLSID\{clsid}\InprocServer32", ""))
        factory, made = c_void_p(), c_void_p()
        checked(library.DllGetClassObject(guid(clsid), guid(str(pythoncom.IID_IClassFactory)), byref(factory)))
        checked(
            function(factory, 3, c_void_p, c_void_p, c_void_p)(None, guid(str(pythoncom.IID_IUnknown)), byref(made))
        )
        self.extensibility, ribbon, dispatch = c_void_p(), c_void_p(), c_void_p()
        for iid, found in (
            (EXTENSIBILITY, self.extensibility),
            (RIBBON, ribbon),
            (str(pythoncom.IID_IDispatch), dispatch),
        ):
            checked(function(made, 0, c_void_p, c_void_p)(guid(iid), byref(found)))
        self.callbacks = pythoncom.ObjectFromAddress(dispatch.value, pythoncom.IID_IDispatch)
        self.custom = c_void_p()  # an array that Excel gives along, empty
        connect = function(self.extensibility, ON_CONNECTION, c_void_p, c_long, c_void_p, c_void_p)
        checked(connect(pointer_of(self.app.com), AT_START, None, byref(self.custom)))
        text, name = c_void_p(), ctypes.windll.oleaut32
        name.SysAllocString.restype = c_void_p
        asked = c_void_p(name.SysAllocString("Microsoft.Excel.Workbook"))
        checked(function(ribbon, GET_UI, c_void_p, c_void_p)(asked, byref(text)))
        self.xml = ctypes.wstring_at(text.value, c_ulong.from_address(text.value - 4).value // 2)
        for one in (asked, text):
            name.SysFreeString(one)
        root = ET.fromstring(self.xml)  # noqa: S314 - our own
        self.controls = {one.get("id"): one for one in root.iter() if CALLBACKS & one.attrib.keys()}
        self.shown = Shown()
        self.call(root.get("onLoad"), wrap(self.shown))
        checked(function(self.extensibility, ON_STARTUP, c_void_p)(byref(self.custom)))

    def call(self, name, *given):
        number = self.callbacks.GetIDsOfNames(0, name)
        return self.callbacks.Invoke(number, 0, pythoncom.DISPATCH_METHOD, True, *given)

    def press(self, id_):
        one = self.controls[id_]
        toggle = [not self.is_down(id_)] if "getPressed" in one.attrib else []
        self.call(one.get("onAction"), wrap(Control(id_)), *toggle)

    def is_down(self, id_):
        return bool(self.call(self.controls[id_].get("getPressed"), wrap(Control(id_))))

    def end(self, how):
        """Disconnect it, in Excel's order."""
        if how == AT_END:
            checked(function(self.extensibility, ON_SHUTDOWN, c_void_p)(byref(self.custom)))
        checked(function(self.extensibility, ON_DISCONNECTION, c_long, c_void_p)(how, byref(self.custom)))

    @staticmethod
    def references(app):
        """How many hold the application."""
        own = pointer_of(app.com)
        function(own, 1)()
        return function(own, 2)()
