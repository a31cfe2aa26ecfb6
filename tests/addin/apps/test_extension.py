"""The extension inside a real LibreOffice, pressed and typed at as by hand, from its installation to its removal."""

import importlib
import os
import shutil
import signal
import subprocess
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from addin.apps import oxt
from addin.apps.libreoffice.instance import Office, hold
from addin.cli.app import main
from addin.pane.buttons import BUTTONS
from tests.addin.live.conftest import wait_for
from tests.addin.live.screen import focus, keys, screen, windows, write
from validators.columns import LETTERS

pytestmark = pytest.mark.xdist_group("libreoffice")  # one LibreOffice on the screen at a time

ENTERPRISES = "企业基本信息"
USCC, NAME = LETTERS["enterprises"]["uscc"], LETTERS["enterprises"]["name"]
PUSH, TOGGLE, LABEL, LIST, TABLE = 44, 62, 30, 32, 58
"""`AccessibleRole` of what is looked for on the screen."""
STATES = ("●", "◐", "○")
"""How what the panel says begins."""
STRICT = {"MALLOC_PERTURB_": "165"}
"""Where the C library is GNU's: what was let go and is used all the same, which mostly goes well, does not."""
AS_USER = '#!/bin/sh\nexec unshare --user --map-user=1000 --map-group=1000 {program} "$@"\n'
"""LibreOffice installs no extension for root, who runs the tests in CI."""


def test_the_same_program_gives_the_same_extension_with_the_declared_buttons() -> None:
    made = oxt.packed(["程序"])
    assert made == oxt.packed(["程序"])
    archive = zipfile.ZipFile(BytesIO(made))
    addons = archive.read("Addons.xcu").decode()
    for one in BUTTONS:
        assert addons.count(f"{oxt.ID}:{one.id}<") == 2  # menu and toolbar
        assert f">{one.label}<" in addons and f">{one.label}(~{one.key})<" in addons
    assert len({one.key for one in BUTTONS}) == len(BUTTONS)
    named = archive.read("META-INF/manifest.xml").decode()
    assert all(name in named for name in archive.namelist() if name.endswith(".xcu"))
    assert b"Color" not in archive.read("component.py"), "dark or light, it is LibreOffice that colours it"


@pytest.fixture(scope="module")
def home(libreoffice: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The home of an officer who has the extension, installed by the command; it is removed at the end."""
    folder = tmp_path_factory.mktemp("officer")
    programs = folder / "programs"
    programs.mkdir()
    if os.geteuid() == 0:
        (programs / "unopkg").write_text(AS_USER.format(program=shutil.which("unopkg")), encoding="ascii")
        (programs / "unopkg").chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(folder))
        patch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
        assert main(["addin", "status", "libreoffice"]) == 1
        assert main(["addin", "install", "libreoffice"]) == 0
        assert main(["addin", "status", "libreoffice"]) == 0
        yield folder
        assert main(["addin", "remove", "libreoffice"]) == 0
        assert main(["addin", "status", "libreoffice"]) == 1
        assert [*folder.rglob("*.oxt")] == []


class Window:
    """LibreOffice with a workbook, as it is seen: found through what it tells screen readers, used with the mouse."""

    def __init__(self, office: Office, file: Path) -> None:
        self.office, self.file = office, file
        self.book = office.desktop.CurrentComponent
        self.undo = self.book.UndoManager
        self._places: dict[str, tuple[int, int]] = {}
        self._label: Any = None

    def all(self, start: Any = None) -> Iterator[Any]:
        """Everything that is on the screen, from the window down; the cells of a sheet left out."""
        thing = hold(start or self.book.CurrentController.Frame.ContainerWindow)
        if not hasattr(thing, "getAccessibleContext"):
            return
        node = thing.getAccessibleContext()
        yield node
        for number in range(min(node.getAccessibleChildCount(), 50) if node.getAccessibleRole() != TABLE else 0):
            child = hold(node.getAccessibleChild(number))
            if child is not None:
                yield from self.all(child)

    def find(self, is_it: Callable[[Any], bool]) -> Any:
        for node in self.all():
            if is_it(node):
                return hold(node)
        return None

    def press(self, label: str) -> None:
        """Click a button of the toolbar."""
        if label not in self._places:
            found = self.find(
                lambda node: node.getAccessibleRole() in (PUSH, TOGGLE) and node.getAccessibleName() == label
            )
            at, size = found.getLocationOnScreen(), found.getSize()
            self._places[label] = at.X + size.Width // 2, at.Y + size.Height // 2
        click(*self._places[label])

    def said(self) -> str:
        """The lines at the top of the panel."""
        if self._label is None:
            self._label = self.find(
                lambda node: node.getAccessibleRole() == LABEL and node.getAccessibleName()[:1] in STATES
            )
        return str(self._label.getText()) if self._label else ""

    def list(self) -> Any:
        """The list of findings; LibreOffice calls it as the text above it."""
        return self.find(
            lambda node: (
                node.getAccessibleRole() == LIST and node.getAccessibleName()[:1] in STATES and node.getSize().Width
            )
        )

    def first(self) -> str:
        """The first line of the list."""
        lines = self.list()
        return _name(lines.getAccessibleChild(0)) if lines.getAccessibleChildCount() else ""

    def chosen(self) -> str:
        """The line of the list that is highlighted."""
        lines = self.list()
        return _name(lines.getSelectedAccessibleChild(0)) if lines.getSelectedAccessibleChildCount() else ""

    def click_row(self, number: int) -> None:
        """Click a line of the list."""
        line = hold(hold(self.list().getAccessibleChild(number)).getAccessibleContext())
        at, size = line.getLocationOnScreen(), line.getSize()
        click(at.X + 60, at.Y + size.Height // 2)

    def close(self) -> None:
        """As when the officer leaves without saving."""
        self.book.setModified(False)
        with suppress(self.office.uno.getClass("com.sun.star.uno.Exception")):  # it ends while it answers
            self.office.desktop.terminate()

    def go(self, cell: str) -> None:
        sheet = hold(hold(self.book.Sheets).getByName(ENTERPRISES))
        self.book.CurrentController.select(sheet.getCellRangeByName(cell))
        wait_for(lambda: self.stands() == f"${ENTERPRISES}.${cell[:-1]}${cell[-1]}")

    def stands(self) -> str:
        return str(hold(self.book.CurrentSelection).AbsoluteName)

    def text(self, cell: str) -> str:
        return str(hold(hold(hold(self.book.Sheets).getByName(ENTERPRISES)).getCellRangeByName(cell)).String)

    def type(self, cell: str, text: str) -> None:
        """Type into a cell."""
        self.go(cell)
        focus(self.file.stem)
        write(text)
        keys("Return")
        wait_for(lambda: self.text(cell) == text)


def _name(thing: Any) -> str:
    return str(hold(hold(thing).getAccessibleContext()).getAccessibleName())


def click(x: int, y: int) -> None:
    subprocess.run(["xdotool", "mousemove", str(x), str(y), "click", "1"], check=True)


def answer_box() -> None:
    """Press the first button of our box until it is gone: a key may come before the box takes any."""
    wait_for(lambda: windows("清单助手"))
    while windows("清单助手"):
        keys("Return")
        with suppress(AssertionError):
            wait_for(lambda: not windows("清单助手"), 3)


def programs(pipe_of: Path) -> list[int]:
    """Numbers of the processes that the extension of this home started."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            home = f"HOME={pipe_of}".encode()
            if words[-3:-2] == [b"addin.apps.program"] and home in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


@pytest.fixture(scope="module")
def window(home: Path, sample: Path) -> Iterator[Window]:
    folder = home / "收件"
    folder.mkdir()
    file = Path(shutil.copy(sample, folder / "东昌府区.xlsx"))
    pipe = f"test-{os.getpid()}"
    with screen():
        process = subprocess.Popen(
            ["soffice", "--norestore", "--nologo", "--nofirststartwizard", f"--accept=pipe,name={pipe};urp", str(file)],
            start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **STRICT},
        )  # fmt: skip
        try:
            office = Office(pipe)
            office.connect(60)
            focus(file.stem)
            wait_for(lambda: office.desktop.CurrentComponent is not None)
            yield Window(office, file)
            assert process.poll() is None, "LibreOffice lives"
        finally:
            wait_for(lambda: office.desktop.CurrentComponent is not None)  # for a moment there may be none
            Window(office, file).close()
            try:
                assert process.wait(60) == 0, "it ended well, though a screen reader had looked at the panel"
            except subprocess.TimeoutExpired:  # it is to be no burden to the tests that follow
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                raise
    wait_for(lambda: not programs(home))  # it never outlives LibreOffice


def made_wrong(window: Window, code: str) -> tuple[str, str]:
    """Make the code of row 6 wrong while it is followed; what the panel said before, and the wrong code."""
    if not window.said():
        window.press("边填边查")
    wait_for(lambda: window.said().startswith("● 边填边查\n共 "))
    first, wrong = window.said(), code[:-1] + ("0" if code[-1] != "0" else "1")
    window.type(f"{USCC}6", wrong)
    wait_for(lambda: f" {USCC}6　" in window.first())  # errors of the first sheet come first
    return first, wrong


def test_findings_come_and_go_in_the_panel_and_a_click_leads_to_the_cell(window: Window) -> None:
    code = window.text(f"{USCC}6")
    first, _ = made_wrong(window, code)
    window.go(f"{NAME}9")
    window.click_row(0)
    wait_for(lambda: window.stands() == f"${ENTERPRISES}.${USCC}$6")
    keys("Down")  # the keyboard is with the cell
    wait_for(lambda: window.stands() == f"${ENTERPRISES}.${USCC}$7")
    window.go(f"{NAME}9")
    window.list().grabFocus()
    keys("Home", "Return")
    wait_for(lambda: window.stands() == f"${ENTERPRISES}.${USCC}$6")
    window.type(f"{USCC}6", code)
    wait_for(lambda: window.said() == first)
    assert len(window.undo.AllUndoActionTitles) == 2
    keys("ctrl+z")
    wait_for(lambda: f" {USCC}6　" in window.first())
    keys("ctrl+z")
    wait_for(lambda: window.said() == first)
    assert window.text(f"{USCC}6") == code and not window.undo.isUndoPossible()


def test_what_is_being_typed_stays_where_it_was_typed_when_a_finding_is_clicked(window: Window) -> None:
    code, name = window.text(f"{USCC}6"), window.text(f"{NAME}9")
    first, wrong = made_wrong(window, code)
    window.go(f"{NAME}9")
    focus(window.file.stem)
    write("abc")
    window.click_row(0)
    wait_for(lambda: window.stands() == f"${ENTERPRISES}.${USCC}$6")
    assert (window.text(f"{NAME}9"), window.text(f"{USCC}6")) == ("abc", wrong)
    keys("ctrl+z", "ctrl+z")
    wait_for(lambda: (window.text(f"{NAME}9"), window.text(f"{USCC}6")) == (name, code))
    wait_for(lambda: window.said() == first)


def test_next_error_by_the_keyboard_and_check_say_what_stands_there(window: Window) -> None:
    code, name = window.text(f"{USCC}7"), window.text(f"{NAME}7")
    window.type(f"{USCC}7", code[:-1] + ("0" if code[-1] != "0" else "1"))
    window.type(f"{NAME}7", "1")
    window.go(f"{NAME}9")
    window.press("校验")
    wait_for(lambda: "校验：不通过" in window.said())
    assert "还没保存的改动" in window.said()
    focus(window.file.stem)
    for letter in (NAME, USCC):  # one after the other in the row
        keys("alt+q", "x")
        wait_for(lambda letter=letter: window.stands() == f"${ENTERPRISES}.${letter}$7")
        wait_for(lambda letter=letter: f" {letter}7　" in window.chosen())  # and that is what the panel explains
    keys("ctrl+z", "ctrl+z")
    wait_for(lambda: (window.text(f"{USCC}7"), window.text(f"{NAME}7")) == (code, name))
    window.press("校验")
    wait_for(lambda: "校验：通过" in window.said())


def test_what_is_pasted_through_a_question_of_libreoffice_is_found(window: Window) -> None:
    code, first = window.text(f"{USCC}6"), window.said()
    window.go(f"{USCC}9")
    focus(window.file.stem)
    keys("ctrl+c")
    window.go(f"{USCC}6")
    keys("ctrl+v")
    wait_for(lambda: window.said().startswith("◐"))  # it asks whether what stands there is to be overwritten
    while window.text(f"{USCC}6") == code:  # a key may come before the box takes any
        keys("Return")
        with suppress(AssertionError):
            wait_for(lambda: window.text(f"{USCC}6") != code, 15)  # a second key would paste again
    wait_for(lambda: "6　［当前行］" in window.first())
    keys("ctrl+z")
    wait_for(lambda: window.text(f"{USCC}6") == code)
    wait_for(lambda: window.said() == first)


def test_twenty_edits_are_undone_one_by_one_and_a_protected_sheet_is_followed(window: Window) -> None:
    if not window.said():
        window.press("边填边查")
    wait_for(lambda: window.said().startswith("● 边填边查"))
    rows = range(10, 30)
    before = [window.text(f"{NAME}{row}") for row in rows]
    window.go(f"{NAME}9")
    focus(window.file.stem)
    keys("Down")
    for number in range(20):
        write(f"a{number}")
        keys("Return")
    wait_for(lambda: [window.text(f"{NAME}{row}") for row in rows] == [f"a{number}" for number in range(20)])
    for number in range(20, 0, -1):
        assert len(window.undo.AllUndoActionTitles) == number
        keys("ctrl+z")
        wait_for(lambda number=number: window.text(f"{NAME}{9 + number}") == before[number - 1])
    assert not window.undo.isUndoPossible()

    sheet = hold(hold(window.book.Sheets).getByName(ENTERPRISES))
    sheet.protect("")
    try:
        window.press("校验")
        wait_for(lambda: "校验：通过" in window.said())
    finally:
        sheet.unprotect("")


def test_a_program_that_stands_still_or_is_killed_does_not_hold_libreoffice_up(window: Window, home: Path) -> None:
    (number,) = programs(home)
    os.kill(number, signal.SIGSTOP)
    start = time.monotonic()
    window.type(f"{NAME}8", "abc")
    window.press("校验")
    window.type(f"{NAME}8", "abcd")
    assert time.monotonic() - start < 15  # it is not waited for, which would be for ever
    os.kill(number, signal.SIGKILL)
    wait_for(lambda: "意外停止" in window.said() or "没有应答" in window.said())
    answer_box()  # that the button was not answered is said in a box, too
    window.press("边填边查")
    wait_for(lambda: window.said().startswith("● 边填边查"))
    assert programs(home) != [number]
    for _ in range(2):
        keys("ctrl+z")


@pytest.mark.parametrize(
    ("label", "made"),
    [("汇总", "收件-结果/全市.xlsx"), ("退回", "收件-结果/退回"), ("导出", "收件/报省.xlsx"), ("审计", None)],
    ids=["consolidate", "return", "export", "audit"],
)
def test_a_job_over_files_says_what_it_will_do_and_does_it(
    window: Window, home: Path, label: str, made: str | None
) -> None:
    window.press(label)
    wait_for(lambda: windows("清单助手"))
    assert made is None or not (home / made).exists()
    answer_box()
    wait_for(lambda: f"{label}：" in window.said() and "运行中" not in window.said())
    assert made is None or (home / made).exists()
    assert not window.book.isModified()  # what was typed before was saved first


def test_a_second_document_that_is_not_ours_is_not_judged(window: Window) -> None:
    if not window.said():
        window.press("边填边查")
    wait_for(lambda: window.said().startswith("● 边填边查"))
    other = window.office.desktop.loadComponentFromURL("private:factory/scalc", "_blank", 0, ())
    try:
        second = Window(window.office, window.file)
        second.book = other
        wait_for(lambda: windows("Untitled"))
        focus("Untitled")
        second.press("校验")
        answer_box()
        wait_for(lambda: second.said().startswith("○ 这份表不是"))
    finally:
        other.close(True)
    wait_for(lambda: window.said().startswith("● 边填边查"))


def test_the_list_begins_with_the_current_row_and_folds_what_is_equal(
    libreoffice: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from addin.apps.libreoffice.instance import load_uno

    load_uno()
    zipfile.ZipFile(BytesIO(oxt.packed(["程序"]))).extractall(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path / "pythonpath"))
    monkeypatch.syspath_prepend(str(tmp_path))
    component: Any = importlib.import_module("component")

    def one(number: int, sheet: str, row: int, severity: str = "ERROR", message: str = "错") -> dict[str, Any]:
        cell = f"D{row}"
        return {
            "n": number, "sheet": sheet, "row": row, "cell": cell, "rule": "GS02", "severity": severity, "message": message,
        }  # fmt: skip

    found = [one(1, "乙", 5, message="甲"), *(one(row, "乙", row) for row in range(10, 30))]
    found += [
        one(40, "甲", 9, "INFO"),
        one(41, "甲", 8),
        one(42, "乙", 7, message="刚改"),
        one(43, "乙", 8, message="在此"),
    ]
    head = {"sheet": "乙", "row": 8, "edited": ["乙", 7]}
    listed = component.lines(found, head, ["甲", "乙"])
    assert [(line["n"], line.get("alike")) for line in listed] == [
        (42, None), (43, None), (41, None), (40, None), (1, None), (10, 20),
    ]  # fmt: skip
    assert [line["n"] for line in component.lines(found, {}, ["甲", "乙"])][:2] == [41, 40]
