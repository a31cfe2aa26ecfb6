"""LibreOffice is none the worse for a session that is ended or stopped, in the middle of whatever the officer does."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from addin.apps.libreoffice.instance import Office, hold
from addin.live.session import Session
from tests.addin.live.conftest import Calc, shown, wait_for
from tests.addin.live.screen import focus, in_front, keys, screen, windows, write, write_into_cell
from validators.columns import LETTERS

pytestmark = pytest.mark.xdist_group("libreoffice")  # one LibreOffice on the screen and at its pipe at a time

ENTERPRISES, LINES = "企业基本信息", "生产线减排措施"
NAME, GRADE = LETTERS["enterprises"]["name"], LETTERS["enterprises"]["grade"]
PROGRAM = """
import sys
from threading import Thread
from addin.apps.libreoffice.instance import Office
from addin.apps.libreoffice_host import LibreOffice
from addin.live.session import Session

office = Office(sys.argv[1])
office.connect(60)
session = Session(lambda: LibreOffice(office))
Thread(target=session.run, daemon=True).start()
picture = session.picture()
while True:
    print(picture.status, flush=True)
    picture = session.newer(picture.version, 1000)
"""
ENDED = (signal.SIGTERM, signal.SIGHUP, signal.SIGKILL)
STOPPED = (signal.SIGSTOP,) * 3


@contextmanager
def session(calc: Calc) -> Iterator["subprocess.Popen[str]"]:
    """A live session in a process of its own, which follows the workbook."""
    command = [sys.executable, "-c", PROGRAM, calc.office.pipe]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL) as process:
        try:
            assert process.stdout
            wait_for(lambda: process.stdout and process.stdout.readline().strip() == "已连接")
            yield process
        finally:
            process.kill()


@pytest.fixture
def visible(libreoffice: None, sample: Path, tmp_path: Path) -> Iterator[Calc]:
    """LibreOffice on a screen."""
    path = tmp_path / "visible.xlsx"
    shutil.copy(sample, path)
    with screen():
        calc = Calc(path, headless=False)
        try:
            focus(path.name)
            yield calc
        finally:
            calc.office.close()


def look_around(calc: Calc) -> None:
    """Go to another sheet and back with keys, and to other cells: what ended LibreOffice before."""
    keys("ctrl+Next", "Down", "ctrl+Prior", "Down", "Up")
    calc.go(ENTERPRISES, f"{NAME}8")
    assert calc.office.process is not None
    assert calc.office.process.poll() is None, "LibreOffice lives"


def hurt_while_typing(calc: Calc, process: "subprocess.Popen[str]", how: signal.Signals) -> None:
    calc.go(ENTERPRISES, f"{NAME}7")
    write("ab")
    process.send_signal(how)
    write("cd")
    keys("Return")
    wait_for(lambda: calc.text(ENTERPRISES, f"{NAME}7") == "abcd")


def hurt_while_pasting(calc: Calc, process: "subprocess.Popen[str]", how: signal.Signals) -> None:
    calc.go(ENTERPRISES, f"{NAME}7")
    keys("ctrl+c")
    calc.go(ENTERPRISES, f"{NAME}100:{NAME}300")
    keys("ctrl+v")
    process.send_signal(how)
    wait_for(lambda: calc.text(ENTERPRISES, f"{NAME}300") == "abcd")


def hurt_while_saving(calc: Calc, process: "subprocess.Popen[str]", how: signal.Signals) -> None:
    before = calc.path.stat().st_mtime_ns
    keys("ctrl+s")
    process.send_signal(how)

    def is_saved() -> bool:
        if len(windows(".")) > 1:  # it asks whether to keep the format
            keys("Return")
        return calc.path.stat().st_mtime_ns != before and not calc.book.isModified()

    wait_for(is_saved)
    saved = openpyxl.load_workbook(calc.path)[ENTERPRISES]
    assert {saved[f"{NAME}{row}"].value for row in (7, 100, 155, 300)} == {"abcd"}


def test_what_was_typed_pasted_and_saved_is_there(visible: Calc) -> None:
    calc = visible
    first = calc.text(ENTERPRISES, f"{NAME}7")
    for signals in (ENDED, STOPPED):
        for hurt, how in zip((hurt_while_typing, hurt_while_pasting, hurt_while_saving), signals, strict=True):
            with session(calc) as process:
                hurt(calc, process, how)
                look_around(calc)
        for _ in range(2):
            keys("ctrl+z")
        wait_for(lambda: calc.text(ENTERPRISES, f"{NAME}300") == "" and calc.text(ENTERPRISES, f"{NAME}7") == first)
        assert not calc.book.UndoManager.isUndoPossible()


def test_a_click_in_the_pane_leaves_what_is_being_typed_in_its_cell(
    visible: Calc, watching: Callable[[Callable[[], Any]], Session]
) -> None:
    calc = visible
    host = calc.host()
    live = watching(lambda: host)
    shown(live, lambda picture: picture.status == "已连接")
    other = calc.text(LINES, f"{NAME}7")

    calc.go(ENTERPRISES, f"{NAME}7")
    write_into_cell("ab")
    live.select(LINES, "H9")
    wait_for(lambda: hold(calc.book.CurrentSelection).AbsoluteName == f"${LINES}.$H$9")
    assert (calc.text(ENTERPRISES, f"{NAME}7"), calc.text(LINES, f"{NAME}7")) == ("ab", other)

    grades = [calc.text(title, f"{GRADE}7") for title in (ENTERPRISES, LINES)]
    for answer in ("Escape", "Return"):  # to give up, or to type again
        calc.go(ENTERPRISES, f"{GRADE}7")
        shown(live, lambda picture: (picture.sheet, picture.row) == (ENTERPRISES, 7))
        write_into_cell("Z")
        live.select(LINES, "H9")
        wait_for(lambda: len(windows(".")) > 1)  # the drop-down list refuses it
        shown(live, lambda picture: picture.status == "忙")
        keys(answer)
        wait_for(lambda: len(windows(".")) == 1)
        shown(live, lambda picture: picture.status == "已连接")
        keys("Escape")
        assert [calc.text(title, f"{GRADE}7") for title in (ENTERPRISES, LINES)] == grades
    assert len(calc.book.UndoManager.AllUndoActionTitles) == 1


def test_a_click_in_the_pane_brings_nothing_to_the_front(
    visible: Calc, watching: Callable[[Callable[[], Any]], Session]
) -> None:
    calc, name = visible, "another program"
    host = calc.host()
    live = watching(lambda: host)
    shown(live, lambda picture: picture.status == "已连接")
    own = in_front()[0]
    with subprocess.Popen(["display", "-size", "300x300", "-title", name, "xc:white"]) as other:
        try:
            wait_for(lambda: focus(name) or in_front()[0] != own)  # again until the window manager knows it
            subprocess.run(["xdotool", "getactivewindow", "mousemove", "--window", "%1", "50", "50"], check=True)
            before = in_front()
            for title, cell in ((ENTERPRISES, f"{NAME}9"), (LINES, "H9")):
                live.select(title, cell)
                shown(live, lambda picture, here=(title, 9): (picture.sheet, picture.row) == here)  # type: ignore[misc] # in time
            assert in_front() == before
        finally:
            other.terminate()


ASKING = """
import sys
import time
from contextlib import suppress
from pathlib import Path
from threading import Thread
from addin.apps.libreoffice.instance import Office
from addin.apps.libreoffice_host import LibreOffice
from addin.live.host import Gone

office = Office(sys.argv[1])
office.connect(60)
host = LibreOffice(office)
book = host.books()[0]
host.watch(book)

def ask(number):
    with suppress(Gone):
        for times in range(1_000_000):
            if number % 2:
                host.books()  # answered to the very end, unlike what is asked of a workbook
            else:
                book.rows("企业基本信息", 5, 30)
                book.select("企业基本信息", f"C{7 + (times + number) % 20}")
            if times == 200:
                Path(sys.argv[2], str(number)).touch()
            time.sleep(0.01)

threads = [Thread(target=ask, args=(number,)) for number in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
host.leave()
"""


def test_it_lives_and_ends_while_it_is_asked_all_the_time(calc: Calc, tmp_path: Path) -> None:
    """A process of its own asks: connections of one process to the same LibreOffice are one."""
    came = tmp_path / "came"
    came.mkdir()
    command = [sys.executable, "-c", ASKING, calc.office.pipe, str(came)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
        try:
            wait_for(lambda: len([*came.iterdir()]) == 4)
            calc.office.close()
            assert process.wait(60) == 0, "it ends with LibreOffice"
        finally:
            process.kill()
    assert calc.office.process
    assert calc.office.process.returncode == 0, "it did not have to be killed"


def test_one_that_hangs_is_not_waited_for(calc: Calc) -> None:
    assert calc.office.process
    os.killpg(calc.office.process.pid, signal.SIGSTOP)
    try:
        assert not Office(calc.office.pipe).connect(0.0, fail=False)
    finally:
        os.killpg(calc.office.process.pid, signal.SIGCONT)
    assert Office(calc.office.pipe).connect(60, fail=False)
