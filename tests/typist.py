"""An officer at LibreOffice: a workbook on a screen that nobody sees, real keystrokes, and what the cells then show."""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from addin.apps.libreoffice.instance import Office
from tests.addin.live.screen import focus, keys, screen, windows, write
from validators.columns import letter

PATIENCE = 60.0
"""Seconds after which something that should happen has not; the machine may be slow."""


def wait_for(condition: Callable[[], Any], what: object = "") -> Any:
    """What the condition gives once it is true."""
    until = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < until, f"did not happen: {what}"
        time.sleep(0.05)
    return found


class Typist:
    """A LibreOffice of its own with one workbook; every key is pressed on its screen."""

    def __init__(self, office: Office, path: Path) -> None:
        """The workbook is opened, and its window has the keyboard."""
        self.office = office
        self.name = path.name
        self.book: Any = office.desktop.loadComponentFromURL(path.absolute().as_uri(), "_blank", 0, ())
        self._dispatcher = office.context.ServiceManager.createInstanceWithContext(
            "com.sun.star.frame.DispatchHelper", office.context
        )
        focus(self.name)
        subprocess.run(["xdotool", "windowsize", windows(self.name)[-1], "1400", "900"], check=True)

    def cell(self, title: str, address: str) -> Any:
        """A cell or a range as UNO has it."""
        return self.book.Sheets.getByName(title).getCellRangeByName(address)

    def text(self, title: str, address: str) -> str:
        """What a cell shows."""
        return str(self.cell(title, address).String)

    def at(self) -> str:
        """Where the cursor is: `企业基本信息.B5`; the selection of a document is not told of a link that was followed."""
        parts = self.book.CurrentController.ViewData.split(";")
        sheet = int(parts[1])
        column, row = parts[3 + sheet].split("/")[:2]
        return f"{self.book.Sheets.ElementNames[sheet]}.{letter(int(column))}{int(row) + 1}"

    def go(self, title: str, address: str) -> None:
        """Select cells."""
        self.book.CurrentController.select(self.cell(title, address))

    def put(self, title: str, address: str, text: str) -> None:
        """Go to a cell, type a text and press Return."""
        self.go(title, address)
        write(text)
        keys("Return")

    def do(self, command: str, **options: Any) -> None:
        """A command of the menus."""
        frame = self.book.CurrentController.Frame
        self._dispatcher.executeDispatch(frame, f".uno:{command}", "", 0, self.office.options(**options))

    def shows(self, title: str, address: str, text: str) -> str:
        """Wait until a cell shows a text, among others; returns all that it shows."""
        return str(wait_for(lambda: (said := self.text(title, address)) and text in said and said, (address, text)))

    def dialog(self, name: str) -> None:
        """Wait for a dialog, close it with Escape, and wait until it is gone."""
        focus(name)
        keys("Escape")
        wait_for(lambda: not windows(name), name)
        focus(self.name)

    def paste_over(self, title: str, address: str) -> None:
        """Paste over cells that hold something, and say yes to the question."""
        self.go(title, address)
        keys("ctrl+v")
        wait_for(lambda: not self._in_front(), "the question, which has no title")
        keys("Return")
        wait_for(self._in_front, "the question answered")
        keys("Escape")

    def _in_front(self) -> bool:
        """Whether the workbook's window has the keyboard."""
        active = subprocess.run(["xdotool", "getactivewindow"], capture_output=True, check=False)
        return active.stdout.decode().strip() in windows(self.name)


@contextmanager
def typist(path: Path) -> Iterator[Typist]:
    """LibreOffice on a screen of its own with this workbook."""
    with TemporaryDirectory() as folder, screen(), Office.start() as office:
        copy = shutil.copy(path, folder)  # a lock beside the file itself would stay where the test is stopped
        yield Typist(office, Path(copy))
