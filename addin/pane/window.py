"""What is opened on the screen: the page in a window of its own, and files in the programs that they belong to."""

import os
import shutil
import subprocess
import sys
import time
import webbrowser
from contextlib import suppress
from pathlib import Path
from threading import Thread
from urllib.parse import quote

NAMES = ("chromium", "chromium-browser", "msedge", "microsoft-edge", "google-chrome", "chrome")
_PLACES = ("Microsoft/Edge/Application/msedge.exe", "Google/Chrome/Application/chrome.exe")
"""Below the program folders of Windows, where they are not on the search path."""
OPENING = 3.0
"""Seconds in which a program that cannot open a file says so."""
_TITLE = "清单助手"
"""Of the page and its window."""
LOADING, LOOKING = 60.0, 0.5
"""Seconds in which Excel opens a workbook, and after which is looked again whether it has."""
_SIZES = {False: "420,900", True: "1180,860"}
"""Width and height in pixels: beside a spreadsheet, and alone."""


def open_window(address: str, *, alone: bool, beside: int = 0) -> None:
    """Show the page: in a browser without its bars where one can be found, else in the default browser.

    `alone` where no spreadsheet stands beside it; `beside` is the spreadsheet's window (on Windows), 0 where unknown.
    """
    program = _browser()
    place = _place_beside(beside) if beside else []
    try:
        if program:
            _start(program, f"--app={address}", f"--window-size={_SIZES[alone]}", *place)
            return
    except OSError:
        pass  # the address has been said; the default browser may do
    webbrowser.open(address)


def raise_window() -> bool:
    """Bring the page to the front where it is open in a window of its own (on Windows); returns whether it is."""
    import win32con
    import win32gui

    window = win32gui.FindWindow("Chrome_WidgetWin_1", _TITLE)
    if not window:
        return False
    try:
        if win32gui.IsIconic(window):
            win32gui.ShowWindow(window, win32con.SW_RESTORE)
        win32gui.SetForegroundWindow(window)
    except win32gui.error:  # the system does not allow it now; it blinks in the task bar
        pass
    return True


def _place_beside(window: int) -> list[str]:
    """Where the page stands right of a window of Windows, or over its right edge where there is no room."""
    import win32api
    import win32gui

    try:
        _, top, right, _ = win32gui.GetWindowRect(window)
    except win32gui.error:  # it was closed
        return []
    width, _, _ = _SIZES[False].partition(",")
    return [f"--window-position={max(0, min(right, win32api.GetSystemMetrics(0) - int(width)))},{max(0, top)}"]


def open_file(path: Path, sheet: str = "", cell: str = "") -> bool:
    """Open a file or folder with the program that the system has for it; returns whether one showed it.

    A workbook is shown at its cell by LibreOffice, and on Windows by Excel and WPS; others show it as it was saved.
    """
    if sys.platform == "win32":
        try:
            os.startfile(path)  # noqa: S606 - the caller lets through documents and folders only
        except OSError:
            return False
        if sheet and cell:
            Thread(target=_go_to, args=(path, sheet, cell), daemon=True).start()
        return True
    calc = shutil.which("soffice") if sheet and cell else None
    place = f"'{sheet.replace(chr(39), chr(39) * 2)}'.{cell}"
    if calc and _ran(calc, f"{path.as_uri()}#{quote(place)}"):
        return True
    program = shutil.which("open" if sys.platform == "darwin" else "xdg-open")
    return program is not None and _ran(program, str(path))


def _ran(program: str, *arguments: str) -> bool:
    """Start a program that shows something; returns whether it did not say at once that it cannot."""
    try:
        return _start(program, *arguments).wait(OPENING) == 0
    except subprocess.TimeoutExpired:
        return True  # it shows the file itself, and goes on
    except OSError:
        return False


def _go_to(path: Path, sheet: str, cell: str) -> None:
    """Select a cell in Excel or WPS, once it has opened the workbook; in vain where another program did, or it is busy."""
    from addin.live.excel_host import attach  # type: ignore[import-untyped,unused-ignore] # comes with Windows
    from addin.live.host import Busy, Gone

    until = time.monotonic() + LOADING
    while time.monotonic() < until:
        with suppress(Busy, Gone):
            if host := attach(path.name):
                try:
                    for book in host.books():
                        if Path(book.path) == path:
                            book.select(sheet, cell)
                            return
                finally:
                    host.leave()
        time.sleep(LOOKING)


def _start(program: str, *arguments: str) -> "subprocess.Popen[bytes]":
    """Start a program that goes on by itself; it is waited for, so that it does not stay listed when it has ended."""
    process = subprocess.Popen(  # noqa: S603 - of the system, with our own arguments
        [program, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    Thread(target=process.wait, daemon=True).start()
    return process


def _browser() -> str | None:
    for name in NAMES:
        if found := shutil.which(name):
            return found
    for variable in ("ProgramFiles(x86)", "ProgramFiles", "LOCALAPPDATA"):
        for place in _PLACES:
            path = Path(os.environ.get(variable, "")) / place
            if variable in os.environ and path.is_file():
                return str(path)
    return None
