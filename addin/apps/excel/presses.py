"""What the buttons of the ribbon do in one Excel or WPS: a session, the page beside the application, and the jobs.

A reference to the application is held only while a workbook is open there, for one that is referred to does not end.
"""

import ctypes
import queue
import threading
import time
import traceback
from pathlib import Path
from typing import Any

import pythoncom
from pydantic import BaseModel, Field, ValidationError

from addin.apps.excel.pipe import Ribbon
from addin.apps.excel.registration import ADDIN_TITLE
from addin.apps.excel.ribbon import TOGGLE
from addin.apps.excel_host import Connector, Front, application_of, let_go
from addin.live.host import Busy, Gone
from addin.live.session import Session
from addin.live.state import Picture
from addin.pane.bodies import Pressed
from addin.pane.buttons import BUTTONS, PRESS_WORDS, Button
from addin.pane.server import Pane
from addin.pane.window import open_window, raise_window
from addin.problems import Stop, debugging
from validators.columns import position_of
from validators.findings import Severity

READY = 180.0
"""Seconds within which a workbook has to be followed after a press."""
_WARNING, QUESTION, TOP = 0x30, 0x20, 0x10000 | 0x40000
OK_CANCEL, YES_NO_CANCEL, YES_NO = 1, 3, 4
"""Kinds of a message box, which comes to the front and stays there."""
CANCEL, YES = 2, 6
_BUSY = "表格正忙：正在输入，或开着对话框。请按回车键结束输入、关闭对话框，再按一次按钮。"
NOTHING_OPEN = "没有打开的表。请先打开它，再{label}。"
NOT_OURS = "“{name}”不是用本工具生成的填报表，不能这样检查。请打开用本工具生成的填报表。"


class Press(BaseModel):
    """What the ribbon says of a press (`installer/ribbon/messages.h`)."""

    press: str = Field(max_length=40)
    pid: int
    hwnd: int
    application: str = Field(pattern=r"^([0-9a-f]{2}){1,3000}$")


class RibbonButtons:
    """One Excel or WPS, and what its buttons do."""

    def __init__(self, ribbon: Ribbon) -> None:
        self._ribbon = ribbon
        self._session: Session | None = None
        self._pane: Pane | None = None
        self._shown: list[threading.Thread] = []

    def serve(self, pressed: "queue.SimpleQueue[bytes | None]") -> None:
        """Do what is pressed, a line for each, until the application leaves (None) and its last job is done."""
        pythoncom.CoInitialize()
        while (line := pressed.get()) is not None:
            try:
                self._press(Press.model_validate_json(line))
            except ValidationError:  # not our ribbon
                continue
            except Stop as stop:
                box(str(stop))
            except Busy:
                box(_BUSY)
            except Gone:
                continue
            except Exception:
                if debugging():
                    traceback.print_exc()
                box(PRESS_WORDS["failed"])
        self._stop()
        for thread in self._shown:
            thread.join()
        pythoncom.CoUninitialize()

    def _press(self, press: Press) -> None:
        reference = bytes.fromhex(press.application)
        button = next((one for one in BUTTONS if one.id == press.press), None)
        if button is None or (button.id == TOGGLE and self._session is not None):
            let_go(reference)
            if button is not None:
                self._stop()
            return
        application = application_of(reference)
        front = Front.of(application)
        if front is None:
            raise Stop(NOTHING_OPEN.format(label=button.label))
        if button.over != "sheet" and not _agreed(button, front):
            return
        pane, session = self._open(application, press.hwnd)
        if button.over == "sheet":
            picture = _followed(session)
            if picture.file != front.path:
                raise Stop(NOT_OURS.format(name=front.name))
            if button.id == "next":
                _next(session, picture, front)
        if button.command:
            _start(pane, Pressed(work=button.id, workbook=front.path, out=button.out))

    def _open(self, application: Any, window: int) -> tuple[Pane, Session]:  # noqa: ANN401 - COM has no types
        """The page beside the application, brought to the front where it is open."""
        if self._pane is not None and self._session is not None:
            if not raise_window() and not self._pane.board.open:
                open_window(self._pane.address, alone=False, beside=window)
            return self._pane, self._session
        session = self._session = Session(Connector(application))
        pane = self._pane = Pane(session, None, inside=True)

        def follow() -> None:
            session.run(until_closed=True)

        def show() -> None:
            pane.run(ends_alone=True)
            session.stop()
            if self._session is session:
                self._session = self._pane = None
                self._ribbon.say("live 0")

        self._shown = [thread for thread in self._shown if thread.is_alive()]
        for task in (follow, show):
            self._shown.append(threading.Thread(target=task))
            self._shown[-1].start()
        self._ribbon.say("live 1")
        open_window(pane.address, alone=False, beside=window)
        return pane, session

    def _stop(self) -> None:
        """Follow nothing any more; the page ends with the session, once its jobs are done."""
        session, self._session, self._pane = self._session, None, None
        if session is not None:
            session.stop()
            self._ribbon.say("live 0")


def _agreed(button: Button, front: Front) -> bool:
    """Ask whether a job over files is to begin, and save first where that is wanted. Raises `Stop`."""
    if not front.folder:
        raise Stop(PRESS_WORDS["unnamed"].format(label=button.label))
    words = PRESS_WORDS[button.over].format(about=button.about, folder=front.folder, name=front.name)
    if button.out:
        results = f"{front.folder}-结果" if button.over == "folder" else front.folder
        words += PRESS_WORDS["out"].format(out=Path(results) / button.out)
    if front.saved:
        return box(words, QUESTION | OK_CANCEL) != CANCEL
    answer = box(words + PRESS_WORDS["unsaved"], QUESTION | YES_NO_CANCEL)
    if answer == YES:
        front.save()
    return answer != CANCEL


def _followed(session: Session) -> Picture:
    """What is known once it is known which workbook is followed, if any. Raises `Stop`."""
    until = time.monotonic() + READY
    picture = session.picture()
    while (picture.status == "忙" or not picture.application) and (rest := until - time.monotonic()) > 0:
        if picture.status == "已结束":
            break
        picture = session.newer(picture.version, rest)
    if picture.status == "忙" or not picture.application:
        raise Stop(_BUSY)
    return picture


def _next(session: Session, picture: Picture, front: Front) -> None:
    """Go to the first error after where the officer stands, in the order of sheets, rows and columns."""
    wrong = sorted(
        ((front.titles.index(one.sheet), one.row or 1, _column(one.cell), number), one)
        for number, one in enumerate(picture.findings)
        if one.sheet in front.titles and one.severity >= Severity.ERROR and not one.waiver
    )
    after = [one for at, one in wrong if at[:3] > front.stands] or [one for _, one in wrong]
    if not after:
        raise Stop(PRESS_WORDS["right"])
    session.select(after[0].sheet or "", after[0].cell or f"A{after[0].row or 1}")


def _column(cell: str | None) -> int:
    return position_of(cell.rstrip("0123456789")) + 1 if cell else 1


def _start(pane: Pane, pressed: Pressed) -> None:
    """Start a job; ask before anything is written over. Raises `Stop`."""
    answer = pane.press(pressed)
    if "exists" in answer and box(PRESS_WORDS["exists"].format(**answer), QUESTION | YES_NO) == YES:
        pane.press(pressed.model_copy(update={"overwrite": True}))


def box(words: str, kind: int = _WARNING) -> int:
    """Say it in a box above all windows; returns the answer."""
    user32 = ctypes.windll.user32  # type: ignore[attr-defined,unused-ignore] # Windows
    return int(user32.MessageBoxW(None, words, ADDIN_TITLE, kind | TOP))
