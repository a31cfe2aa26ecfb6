"""The part that runs inside LibreOffice: the buttons, and a panel in the sidebar that lists the findings.

It judges nothing itself. It starts the program (`addin.apps.program`), hears over loopback what that has found, and
shows it. It uses the standard library and UNO only, and no syntax newer than Python 3.8: LibreOffice may have a Python
of its own.

Two rules keep LibreOffice alive and moving. Its main thread never waits for the program: whatever is asked is asked in
threads. No thread touches what is on the screen: that is done in the main thread, through `in_main_thread`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import urllib.parse
import uuid
from contextlib import suppress
from http.client import HTTPConnection
from typing import Any, Callable  # noqa: UP035 - as in Python 3.8

import unohelper
from com.sun.star.awt import (
    XActionListener,
    XItemListener,
    XKeyListener,
    XMouseListener,
    XTextListener,
    XWindowListener,
)
from com.sun.star.awt.Key import RETURN
from com.sun.star.awt.MessageBoxType import INFOBOX, QUERYBOX
from com.sun.star.frame import FeatureStateEvent, XDispatch, XDispatchProvider
from com.sun.star.lang import XComponent, XInitialization, XServiceInfo
from com.sun.star.ui import LayoutSize, XSidebarPanel, XToolPanel, XUIElement, XUIElementFactory
from com.sun.star.ui.UIElementType import TOOLPANEL
from qingdan_ears import go_to, in_main_thread, path_of

NAME = "cn.qingdan.addin"
TITLE = "清单助手"
DECK = "QingdanDeck"
SILENCE = 20.0
"""Seconds without a word after which the program is taken to hang; it says something every 5."""
READY = 60.0
"""Seconds within which a program that was just started has to follow the workbook."""
MANY = 5
"""So many findings that say the same of a column are one line of the list."""
MOST = 500
"""Lines of the list."""
OK, OK_CANCEL, YES_NO, YES_NO_CANCEL = 1, 2, 3 | 0x50000, 4 | 0x40000
CANCEL, YES = 0, 2
"""Buttons of a message box (Return overwrites nothing, and saves), and answers to it."""
FOLLOWED = ("已连接", "忙")
"""States of the session in which it follows a workbook."""
STATES = {
    "等待": "○ 等待填报表",
    "已连接": "● 边填边查",
    "忙": "◐ 表格正忙，下面是稍早的结果",
    "已关闭": "○ 填报表已关闭",
}


def _known() -> dict[str, Any]:
    """What was written into the extension when it was packed."""
    with open(os.path.join(os.path.dirname(__file__), "known.json"), encoding="utf-8") as file:  # noqa: PTH118, PTH120, PTH123
        return json.load(file)


KNOWN = _known()
BUTTONS, WORDS = KNOWN["buttons"], KNOWN["words"]
SYMBOLS = {one["id"]: one["symbol"] for one in KNOWN["severities"]}
RANKS = {one["id"]: rank for rank, one in enumerate(KNOWN["severities"])}
STOPPING = {one["id"] for one in KNOWN["severities"] if one["stops"]}


class Program:
    """The program, and what it has said; one for the whole application."""

    def __init__(self, context: Any) -> None:
        self._context = context
        self.state = "off"
        """`off`, `starting`, `on`, or `failed`, which `why` explains."""
        self.why = ""
        self.head: dict[str, Any] = {}
        self.jobs: list[dict[str, Any]] = []
        self.findings: dict[int, dict[str, Any]] = {}
        """By number."""
        self.looked_at: int | None = None
        """Number of the finding that was chosen or gone to last, which the panel explains."""
        self.watchers: list[Callable[[], None]] = []
        """Called in the main thread after every change."""
        self._address = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe = ""
        self._acceptor: Any = None
        self._changed = threading.Condition()
        self._announced = False

    def start(self) -> None:
        """Start it, unless it runs; in the main thread."""
        if self.state in ("starting", "on"):
            return
        if self._acceptor is None:  # let this LibreOffice listen, as `--accept` would
            self._pipe = "qingdan-" + uuid.uuid4().hex
            services = self._context.ServiceManager
            self._acceptor = services.createInstanceWithContext("com.sun.star.office.Acceptor", self._context)
            self._acceptor.initialize((f"pipe,name={self._pipe};urp;StarOffice.ComponentContext", True))
        self.state, self.why, self.findings, self.head, self.jobs = "starting", "", {}, {}, []
        self.looked_at = None
        threading.Thread(target=self._run, name="qingdan", daemon=True).start()
        self.tell()

    def stop(self) -> None:
        """End it; in the main thread."""
        process, self._process = self._process, None
        self.state, self.findings, self.head = "off", {}, {}
        if process is not None:
            threading.Thread(target=_end, args=(process,), daemon=True).start()
        self.tell()

    def ordered(self, path: str) -> list[dict[str, Any]]:
        """Findings of the workbook at a path; none of another."""
        return list(self.findings.values()) if self.head.get("path") == path else []

    def press(self, given: dict[str, Any], then: Callable[[dict[str, Any]], None]) -> None:
        """Press a button of the program, once it is ready; `then` gets the answer, in the main thread."""

        def send() -> None:
            self._wait(BUTTONS[given["work"]]["over"] == "sheet")
            answer = self.ask("press", given) if self.state == "on" else {"message": self.why}
            in_main_thread(self._context, lambda: then(answer))

        threading.Thread(target=send, name="press", daemon=True).start()

    def once_followed(self, then: Callable[[], None]) -> None:
        """Have it done in the main thread, once a workbook is followed."""

        def wait() -> None:
            self._wait(True)
            in_main_thread(self._context, then)

        threading.Thread(target=wait, name="press", daemon=True).start()

    def _wait(self, sheet: bool) -> None:
        """Until the program is ready, and with `sheet` follows a workbook; or has failed."""
        with self._changed:
            self._changed.wait_for(
                lambda: (
                    self.state in ("off", "failed")
                    or (self.state == "on" and (not sheet or self.head.get("status") in FOLLOWED))
                ),
                READY,
            )

    def ask(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """The answer of the program; where there is none, or a refusal, a `message`. Not in the main thread."""
        try:
            parts = urllib.parse.urlsplit(self._address)
            connection = HTTPConnection(parts.hostname or "", parts.port, timeout=SILENCE)
            heads = {"Content-Type": "application/json", "Origin": "http://" + parts.netloc}
            text = None if body is None else json.dumps(body).encode("utf-8")
            connection.request("GET" if body is None else "POST", parts.path + path, text, heads)
            found = json.loads(connection.getresponse().read().decode("utf-8"))
            return found if isinstance(found, dict) else {}
        except (OSError, ValueError):
            return {"message": "清单程序没有应答。请再按一次按钮；还不行，请重新打开 LibreOffice。"}

    def tell(self) -> None:
        """Have everything shown, soon and once, in the main thread."""
        with self._changed:
            self._changed.notify_all()
            if self._announced:
                return
            self._announced = True
        in_main_thread(self._context, self._show)

    def _show(self) -> None:
        self._announced = False
        for watcher in list(self.watchers):
            with suppress(Exception):  # one of a window that was closed
                watcher()

    def _run(self) -> None:
        process = None
        try:
            process = self._process = subprocess.Popen(  # noqa: S603 - the program that was written into the extension
                [*KNOWN["program"], self._pipe],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_clean(os.environ),
                **_apart(),
            )
            assert process.stdout  # noqa: S101 - for the type checker
            said = process.stdout.readline()
            if not said:
                raise OSError("清单程序没有启动。")
            self._address = json.loads(said.decode("utf-8"))["address"]
            self.state = "on"
            self.tell()
            self._hear()
            why = "清单程序意外停止了。"
        except FileNotFoundError:
            why = "没有找到清单程序。请执行 qingdan addin repair libreoffice，再重新打开 LibreOffice。"
        except OSError as error:  # also that nothing was heard for long
            why = str(error) if process is None or not self._address else "清单程序没有应答，已把它结束。"
        if process is not None:
            _end(process)
        if self._process is process and self.state in ("starting", "on"):  # nobody wanted it to end
            self.state, self.findings = "failed", {}
            self.why = why + "表格不受影响；再按一次按钮就重新启动。"
            self.tell()

    def _hear(self) -> None:
        """Take in what changes, until it ends."""
        parts = urllib.parse.urlsplit(self._address)
        connection = HTTPConnection(parts.hostname or "", parts.port, timeout=SILENCE)  # no proxy of the office sees it
        connection.request("GET", parts.path + "events")
        for line in connection.getresponse():
            if line.startswith(b"data: "):
                self._take(json.loads(line[6:].decode("utf-8")))

    def _take(self, said: dict[str, Any]) -> None:
        if not said:
            return
        before, self.head = self.head.get("path"), said.get("head") or self.head
        if self.head.get("path") != before:
            self.looked_at = None
        self.jobs = said.get("jobs", self.jobs)
        if "come" in said:
            findings = dict(self.findings)
            for number in said["gone"]:
                findings.pop(number, None)
            findings.update((one["n"], one) for one in said["come"])
            self.findings = findings
        self.tell()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the program: it does so when its input ends; one that hangs is killed."""
    with suppress(OSError):
        if process.stdin:
            process.stdin.close()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _clean(environment: Any) -> dict[str, str]:
    """Without what LibreOffice sets for its own Python and libraries: another Python breaks of it."""
    own = ("PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH", "UNO_PATH", "URE_BOOTSTRAP")
    return {name: value for name, value in environment.items() if name not in own}


def _apart() -> dict[str, Any]:
    if sys.platform == "win32":
        return {"creationflags": 0x08000000}  # no window
    return {"close_fds": True, "start_new_session": True}


PROGRAM: Program | None = None


def program(context: Any) -> Program:
    """The one of this application."""
    global PROGRAM  # noqa: PLW0603 - there is one, and LibreOffice makes our objects
    if PROGRAM is None:
        PROGRAM = Program(context)
    return PROGRAM


def say(frame: Any, words: str, *, kind: Any = INFOBOX, buttons: int = OK) -> int:
    """Say it in a box; returns the answer."""
    window = frame.ContainerWindow
    box = window.Toolkit.createMessageBox(window, kind, buttons, TITLE, words)
    try:
        return int(box.execute())
    finally:
        box.dispose()  # else it stays among the windows


def place(one: dict[str, Any]) -> str:
    """Where a finding is, in few words."""
    where = one.get("cell") or (f"第 {one['row']} 行" if one.get("row") else "")
    return f"{one.get('sheet') or '整个文件'} {where}".strip()


def column(cell: str | None) -> int:
    """Number of the column of a cell, from 1; that of a whole row is 1."""
    number = 0
    for sign in (cell or "A").rstrip("0123456789"):
        number = number * 26 + ord(sign) - 64
    return number


def lines(found: list[dict[str, Any]], head: dict[str, Any], titles: list[str]) -> list[dict[str, Any]]:
    """Findings in the order of the list: those of the row where the officer stands and of that edited last, then by
    sheet, severity and row; many that say the same of a column are one, with their number as `alike`."""
    sheet, row, edited = head.get("sheet"), head.get("row"), head.get("edited") or (None, None)

    def is_here(one: dict[str, Any]) -> bool:
        own = one.get("row")
        if not row or not own or one.get("sheet") != sheet:
            return False
        return own == row or (list(edited) == [sheet, own] and abs(own - row) == 1)

    def order(one: dict[str, Any]) -> Any:
        at = titles.index(one["sheet"]) if one.get("sheet") in titles else -1
        return (
            at,
            RANKS.get(one["severity"], 0),
            one.get("row") or 0,
            len(one.get("cell") or ""),
            one.get("cell") or "",
        )

    here = sorted(filter(is_here, found), key=order)
    alike: dict[Any, list[dict[str, Any]]] = {}
    for one in sorted((one for one in found if not is_here(one)), key=order):
        alike.setdefault(
            (one.get("sheet"), one["rule"], one["severity"], one.get("header"), one["message"]), []
        ).append(one)
    folded = []
    for same in alike.values():
        folded += [dict(same[0], alike=len(same))] if len(same) >= MANY else same
    return [dict(one, here=True) for one in here] + folded


class Buttons(unohelper.Base, XInitialization, XDispatchProvider, XDispatch, XServiceInfo):
    """What the toolbar and the menu call; one for each window."""

    def __init__(self, context: Any, *_: Any) -> None:
        self._context, self._frame = context, None
        self._listeners: list[tuple[Any, Any]] = []
        program(context).watchers.append(self._tell_all)

    def initialize(self, arguments: Any) -> None:
        if arguments:
            self._frame = arguments[0]

    def queryDispatch(self, url: Any, target: Any, flags: Any) -> Any:
        return self if url.Protocol == NAME + ":" else None

    def queryDispatches(self, requests: Any) -> Any:
        return tuple(self.queryDispatch(one.FeatureURL, one.FrameName, one.SearchFlags) for one in requests)

    def dispatch(self, url: Any, arguments: Any) -> None:
        try:
            self._press(url.Path)
        except Exception:  # nothing of ours may reach LibreOffice
            say(self._frame, WORDS["failed"])

    def _press(self, what: str) -> None:
        frame: Any = self._frame
        own, model = program(self._context), frame.Controller.Model
        if what == "live" and own.state in ("starting", "on"):
            own.stop()
            return
        over = BUTTONS[what]["over"]
        if over != "sheet" and not self._agreed(what, model):
            return
        own.start()
        self._open_panel()
        if what == "next":
            own.once_followed(self._next)
        elif BUTTONS[what]["command"]:
            given = {"work": what, "workbook": path_of(model), "out": BUTTONS[what]["out"], "overwrite": False}
            own.press(given, lambda answer: self._answered(given, answer))

    def _agreed(self, what: str, model: Any) -> bool:
        """Ask whether a job over files is to begin, and save first where that is wanted."""
        button = BUTTONS[what]
        if not model.URL:
            say(self._frame, WORDS["unnamed"].format(**button))
            return False
        path = path_of(model)
        folder, name = os.path.split(path)
        about = WORDS[button["over"]].format(folder=folder, name=name, **button)
        if button["out"]:
            results = folder + "-结果" if button["over"] == "folder" else folder
            about += WORDS["out"].format(out=os.path.join(results, button["out"]))  # noqa: PTH118
        if not model.isModified():
            return say(self._frame, about, kind=QUERYBOX, buttons=OK_CANCEL) != CANCEL
        about += WORDS["unsaved"]
        answer = say(self._frame, about, kind=QUERYBOX, buttons=YES_NO_CANCEL)
        if answer == YES:
            model.store()
        return answer != CANCEL

    def _answered(self, given: dict[str, Any], answer: dict[str, Any]) -> None:
        if "exists" in answer:
            if say(self._frame, WORDS["exists"].format(**answer), kind=QUERYBOX, buttons=YES_NO) == YES:
                again = dict(given, overwrite=True)
                program(self._context).press(again, lambda said: self._answered(again, said))
        elif "message" in answer:
            say(self._frame, answer["message"])

    def _open_panel(self) -> None:
        """Show the panel."""
        controller = self._frame.Controller  # type: ignore[attr-defined]
        sidebar = controller.getSidebar() if hasattr(controller, "getSidebar") else None
        if sidebar is None:  # the officer opens it himself
            return
        sidebar.setVisible(True)
        decks = sidebar.getDecks()
        deck = decks.getByName(DECK) if decks.hasByName(DECK) else None
        if deck is not None and not deck.isActive():  # to activate the active one closes the sidebar
            deck.activate(True)

    def _next(self) -> None:
        """Go to the first error after where the officer stands, in the order of sheets, rows and columns."""
        own = program(self._context)
        controller = self._frame.Controller  # type: ignore[attr-defined]
        titles = list(controller.Model.Sheets.ElementNames)
        wrong = sorted(
            ((titles.index(one["sheet"]), one.get("row") or 1, column(one.get("cell")), one["n"]), one)
            for one in own.ordered(path_of(controller.Model))
            if one.get("sheet") in titles and one["severity"] in STOPPING and not one.get("waiver")
        )
        chosen = controller.Model.CurrentSelection
        at = chosen.RangeAddress if hasattr(chosen, "RangeAddress") else None
        here = (titles.index(controller.ActiveSheet.Name), *((at.StartRow + 1, at.StartColumn + 1) if at else (0, 0)))
        after = [one for at, one in wrong if at[:3] > here] or [one for _, one in wrong]
        if after:
            own.looked_at = after[0]["n"]
            go(self._frame, after[0])
            own.tell()
        elif own.state == "on" and own.head.get("path") == path_of(controller.Model):
            say(self._frame, WORDS["right"])

    def addStatusListener(self, listener: Any, url: Any) -> None:
        self._listeners.append((listener, url))
        self._tell(listener, url)

    def removeStatusListener(self, listener: Any, url: Any) -> None:
        self._listeners = [one for one in self._listeners if one[0] != listener or one[1].Complete != url.Complete]

    def _tell_all(self) -> None:
        for listener, url in list(self._listeners):
            try:
                self._tell(listener, url)
            except Exception:  # its window was closed
                self._listeners.remove((listener, url))

    def _tell(self, listener: Any, url: Any) -> None:
        event = FeatureStateEvent()
        event.FeatureURL, event.IsEnabled, event.Source = url, True, self
        if url.Path == "live":
            event.State = program(self._context).state in ("starting", "on")
        listener.statusChanged(event)

    def getImplementationName(self) -> str:
        return NAME + ".Buttons"

    def supportsService(self, name: str) -> bool:
        return name in self.getSupportedServiceNames()

    def getSupportedServiceNames(self) -> tuple[str, ...]:
        return ("com.sun.star.frame.ProtocolHandler",)


def go(frame: Any, one: dict[str, Any]) -> None:
    """Go to the cell of a finding, in the main thread; what is typed next goes there."""
    if one.get("sheet"):
        go_to(frame.Controller, one["sheet"], one.get("cell") or f"A{one.get('row') or 1}")
        frame.getComponentWindow().setFocus()


class Panels(unohelper.Base, XUIElementFactory, XServiceInfo):
    """Makes the panel of each window."""

    def __init__(self, context: Any, *_: Any) -> None:
        self._context = context

    def createUIElement(self, url: str, arguments: Any) -> Any:
        named = {one.Name: one.Value for one in arguments}
        return Panel(self._context, named["Frame"], named["ParentWindow"], url)

    def getImplementationName(self) -> str:
        return NAME + ".Panels"

    def supportsService(self, name: str) -> bool:
        return name in self.getSupportedServiceNames()

    def getSupportedServiceNames(self) -> tuple[str, ...]:
        return ("com.sun.star.ui.UIElementFactory",)


class Panel(
    unohelper.Base,
    XUIElement,
    XToolPanel,
    XSidebarPanel,
    XComponent,
    XWindowListener,
    XMouseListener,
    XKeyListener,
    XTextListener,
    XItemListener,
    XActionListener,
):
    """The findings of the workbook in one window."""

    def __init__(self, context: Any, frame: Any, parent: Any, url: str) -> None:
        self._context, self._parent = context, parent
        self.Frame, self.ResourceURL, self.Type = frame, url, TOOLPANEL
        self._rows: list[dict[str, Any]] = []
        self._explained: Any = None
        """Number of the finding, or words of the last job, that stand below the list."""
        self._quiet = False
        self._result = ""
        new = context.ServiceManager.createInstanceWithContext
        self.Window = new("com.sun.star.awt.UnoControlContainer", context)
        self.Window.setModel(new("com.sun.star.awt.UnoControlContainerModel", context))
        self.Window.createPeer(parent.getToolkit(), parent)
        self._status = self._add("FixedText", "status", MultiLine=True)
        self._search = self._add("Edit", "search", HelpText="只看含有这个词的问题")
        self._severity = self._add("ListBox", "severity", Dropdown=True, HelpText="只看某一程度")
        self._severity.addItems(("全部", *(f"{one['symbol']} {one['name']}" for one in KNOWN["severities"])), 0)
        self._severity.selectItemPos(0, True)
        # no grid: once a screen reader has looked at one, LibreOffice (7.4) crashes when it is closed
        self._list = self._add("ListBox", "findings")
        self._list.addItemListener(self)
        self._list.addMouseListener(self)
        self._list.addKeyListener(self)
        self._detail = self._add("Edit", "detail", MultiLine=True, ReadOnly=True, VScroll=True)
        self._open = self._add("Button", "open", Label="打开结果")
        self._search.addTextListener(self)
        self._severity.addItemListener(self)
        self._open.addActionListener(self)
        parent.addWindowListener(self)
        program(context).watchers.append(self.show)
        self.layout()
        self.Window.setVisible(True)
        self.show()

    def _add(self, kind: str, name: str, **properties: Any) -> Any:
        new = self._context.ServiceManager.createInstanceWithContext
        model = new(f"com.sun.star.awt.UnoControl{kind}Model", self._context)
        for key, value in properties.items():
            setattr(model, key, value)
        control = new(f"com.sun.star.awt.UnoControl{kind}", self._context)
        control.setModel(model)
        self.Window.addControl(name, control)
        return control

    def layout(self) -> None:
        """Put everything where the size of the window wants it."""
        size = self._parent.getPosSize()
        width, height = size.Width, size.Height
        detail = min(200, height // 3)
        button = 30 if self._result else 0
        top = 80 + button
        self.Window.setPosSize(0, 0, width, height, 15)
        self._status.setPosSize(4, 4, width - 8, 42, 15)
        self._open.setPosSize(4, 48, width - 8, 26, 15)
        self._open.setVisible(bool(self._result))
        self._search.setPosSize(4, 48 + button, max(40, width - 112), 26, 15)
        self._severity.setPosSize(width - 104, 48 + button, 100, 26, 15)
        self._list.setPosSize(0, top, width, max(60, height - top - detail - 4), 15)
        self._detail.setPosSize(0, height - detail, width, detail, 15)

    def show(self) -> None:
        """Show what is known."""
        own, model = program(self._context), self.Frame.Controller.Model
        found = own.ordered(path_of(model))
        rows = lines(self._narrowed(found), own.head, list(model.Sheets.ElementNames))
        self._status.setText(self._said(own, len(found), len(rows)))
        result = own.jobs[-1].get("out") if own.jobs else None
        if (result or "") != self._result:
            self._result = result or ""
            self.layout()
        self._quiet = True  # what is selected here, nobody chose
        if rows[:MOST] != self._rows:
            self._rows = rows[:MOST]
            self._list.getModel().StringItemList = tuple(_line(one) for one in self._rows)
        at = next((at for at, one in enumerate(self._rows) if one["n"] == own.looked_at), -1)
        chosen = self._list.getSelectedItemPos()
        if at >= 0:
            self._list.selectItemPos(at, True)
        elif chosen >= 0:
            self._list.selectItemPos(chosen, False)
        self._quiet = False
        self._explain()

    def _narrowed(self, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Those that fit the word and the severity that were chosen."""
        words = self._search.getText().lower().split()
        at = self._severity.getSelectedItemPos()
        only = KNOWN["severities"][at - 1]["id"] if at > 0 else None
        parts = ("message", "header", "key", "cell", "rule", "sheet")
        return [
            one
            for one in found
            if (only is None or one["severity"] == only)
            and all(word in "\n".join(str(one.get(part) or "") for part in parts).lower() for word in words)
        ]

    def _said(self, own: Program, found: int, rows: int) -> str:
        """The lines at the top."""
        if own.state != "on":
            words = {"off": "按“边填边查”或“校验”开始。", "starting": "正在启动…", "failed": own.why}
            return words[own.state]
        same = own.head.get("path") == path_of(self.Frame.Controller.Model)
        status = own.head.get("status", "等待")
        other = status in FOLLOWED and not same
        state = "○ 这份表不是用本工具生成的填报表，没有在查。" if other else STATES.get(status, "")
        more = f"共 {found} 条" + (f"，列出前 {MOST} 条" if rows > MOST else "")
        if own.jobs:
            job = own.jobs[-1]
            more += f" · {_told(job)} {' '.join(job['words'][:2])}"
        return f"{state}\n{more}"

    def _chosen(self) -> dict[str, Any] | None:
        chosen = self._list.getSelectedItemPos()
        return self._rows[chosen] if 0 <= chosen < len(self._rows) else None

    def _explain(self) -> None:
        """Show all that is known of the finding that is chosen, and the page of its rule, which the program is asked
        for; while none is, all that the last job said."""
        one, jobs = self._chosen(), program(self._context).jobs
        job = jobs[-1] if jobs and not one else None
        said = (_told(job), *job["words"]) if job else ()
        about = one["n"] if one else said
        if about == self._explained:
            return
        self._explained = about
        if one is None:
            self._detail.setText("\n".join(said))
            return
        parts = (f"{place(one)}  {one.get('header') or ''}", one["message"], one.get("key"))
        text = "\n".join(part for part in parts if part)
        self._detail.setText(text)

        def ask() -> None:
            rule = program(self._context).ask(f"rule/{one['rule']}")
            page = [f"{head}：{said}" for head, said in rule.get("page", {}).items()]
            whole = "\n".join([text, "", f"{one['rule']} {rule.get('name', '')}", *page])
            in_main_thread(self._context, lambda: self._explained == about and self._detail.setText(whole))

        threading.Thread(target=ask, daemon=True).start()

    def _go(self) -> None:
        one = self._chosen()
        if one is not None:
            # later: the list takes the keyboard back once the mouse button or the key is let go
            threading.Timer(0.2, in_main_thread, (self._context, lambda: go(self.Frame, one))).start()

    def mouseReleased(self, event: Any) -> None:
        self._go()

    def keyPressed(self, event: Any) -> None:
        if event.KeyCode == RETURN:
            self._go()

    def textChanged(self, event: Any) -> None:
        self.show()

    def itemStateChanged(self, event: Any) -> None:
        one = self._chosen()
        if event.Source == self._severity:
            self.show()
        elif one and not self._quiet:
            program(self._context).looked_at = one["n"]
            self._explain()

    def actionPerformed(self, event: Any) -> None:
        """Open what the last job wrote."""
        name = self._result

        def ask() -> None:
            answer = program(self._context).ask("open?path=" + urllib.parse.quote("out/" + name), {})
            if "message" in answer:
                in_main_thread(self._context, lambda: say(self.Frame, answer["message"]))

        threading.Thread(target=ask, daemon=True).start()

    def windowResized(self, event: Any) -> None:
        self.layout()

    windowShown = windowResized

    def _nothing(self, event: Any) -> None:
        """What is not looked at."""

    windowMoved = windowHidden = mousePressed = mouseEntered = mouseExited = keyReleased = disposing = _nothing

    def getRealInterface(self) -> Any:
        return self

    def createAccessible(self, parent: Any) -> Any:
        return None

    def getHeightForWidth(self, width: int) -> Any:
        return LayoutSize(300, -1, 600)

    def getMinimalWidth(self) -> int:
        return 300

    def dispose(self) -> None:
        with suppress(ValueError):
            program(self._context).watchers.remove(self.show)
        self._parent.removeWindowListener(self)
        self.Window.dispose()
        # let go here, in the main thread (`qingdan_ears` says why)
        self.Window = self.Frame = self._parent = None
        self._status = self._search = self._severity = self._list = self._detail = self._open = None

    def addEventListener(self, listener: Any) -> None:
        pass

    def removeEventListener(self, listener: Any) -> None:
        pass


def _told(job: dict[str, Any]) -> str:
    """What came of a job, and when and over what it was begun: that need not be what stands there now."""
    clock = time.strftime("%H:%M", time.localtime(job["began"]))
    return f"{clock} {job['label']}：{job['result'] or job['state']}（{job['what']}）"


def _line(one: dict[str, Any]) -> str:
    """A finding in one line."""
    parts = ("［当前行］" if one.get("here") else "", f"（相同的 {one['alike']} 处）" if one.get("alike") else "")
    return f"{SYMBOLS.get(one['severity'], '')} {place(one)}　{''.join(parts)}{one['message']}"


g_ImplementationHelper = unohelper.ImplementationHelper()  # noqa: N816 - the name that LibreOffice looks for
g_ImplementationHelper.addImplementation(Buttons, NAME + ".Buttons", ("com.sun.star.frame.ProtocolHandler",))
g_ImplementationHelper.addImplementation(Panels, NAME + ".Panels", ("com.sun.star.ui.UIElementFactory",))
