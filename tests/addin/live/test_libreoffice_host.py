"""The session beside a real LibreOffice: what is typed is found, as in the saved file, and undo stays the officer's."""

import os
import random
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from addin.apps.libreoffice.instance import hold
from addin.live.session import Session
from tests.addin.live.conftest import Calc, shown, wait_for
from tests.addin.live.screen import focus, keys, screen, windows, write, write_into_cell
from validators.columns import LETTERS, SHEETS
from validators.findings import Finding
from validators.rule import judge
from workbook_templates.county.reader import read_county
from workbook_templates.xlsx.appearance import FIRST_ROW

pytestmark = pytest.mark.xdist_group("libreoffice")  # one LibreOffice on the screen and at its pipe at a time

Watching = Callable[[Callable[[], Any]], Session]
ENTERPRISES, LINES = "企业基本信息", "生产线减排措施"


def connected(calc: Calc, watching: Watching) -> Session:
    host = calc.host()
    session = watching(lambda: host)
    shown(session, lambda picture: picture.status == "已连接")
    return session


def has(rule: str, cell: str) -> Callable[[Any], bool]:
    return lambda picture: any((finding.rule, finding.cell) == (rule, cell) for finding in picture.findings)


def found_in_file(calc: Calc) -> list[Finding]:
    return judge(read_county(calc.saved()))


def test_findings_are_those_of_the_saved_file_after_everything_an_officer_does(calc: Calc, watching: Watching) -> None:
    session = connected(calc, watching)
    wait_for(lambda: [*session.picture().findings] == found_in_file(calc))
    grade, name = LETTERS["enterprises"]["grade"], LETTERS["enterprises"]["name"]
    daily = LETTERS["lines"]["so2_daily"]
    steps: list[tuple[str, Callable[[], None]]] = [
        ("type", lambda: calc.type(ENTERPRISES, f"{grade}6", "A+")),
        ("number", lambda: calc.type(LINES, f"{daily}8", "-3")),
        ("date", lambda: calc.type(ENTERPRISES, f"{name}8", "2020-8-18")),
        ("logical", lambda: calc.type(ENTERPRISES, f"{name}9", "TRUE")),
        ("formula", lambda: calc.type(LINES, f"{daily}9", "=1+1")),
        ("fill down", lambda: (calc.go(ENTERPRISES, f"{name}10:{name}14"), calc.do("FillDown"))[0]),
        ("undo", lambda: calc.do("Undo")),
        ("redo", lambda: calc.do("Redo")),
        ("copy", lambda: (calc.go(LINES, "B8:BC9"), calc.do("Copy"))[0]),
        ("paste", lambda: (calc.go(LINES, "B300"), calc.do("Paste"))[0]),
        ("insert rows", lambda: (calc.go(LINES, "A12:BC13"), calc.do("InsertRowsBefore"))[0]),
        ("delete rows", lambda: (calc.go(ENTERPRISES, "A9:BC9"), calc.do("DeleteRows"))[0]),
        ("cut", lambda: (calc.go(LINES, f"{daily}20:{daily}22"), calc.do("Cut"))[0]),
        ("paste", lambda: (calc.go(LINES, f"{daily}301"), calc.do("Paste"))[0]),
        ("clear", lambda: (calc.go(ENTERPRISES, f"{name}12:{grade}13"), calc.do("ClearContents"))[0]),
        ("hide", lambda: (calc.go(ENTERPRISES, "A15:B16"), calc.do("HideRow"))[0]),
        ("sort", lambda: (calc.go(ENTERPRISES, "A5:BC20"), calc.do("SortDescending"))[0]),
        ("cover", lambda: calc.type("填报说明", "F8", "2020-09-30")),
    ]  # fmt: skip
    for step, do in steps:
        do()
        expected = found_in_file(calc)
        wait_for(lambda expected=expected: [*session.picture().findings] == expected)  # type: ignore[misc] # in time
        assert session.picture().status == "已连接", step


def test_undo_is_the_officers_alone(calc: Calc, watching: Watching) -> None:
    session = connected(calc, watching)
    undo = calc.book.UndoManager
    assert not undo.isUndoPossible()
    cells = [f"{LETTERS['enterprises']['name']}{FIRST_ROW + number}" for number in range(20)]
    before = [calc.text(ENTERPRISES, cell) for cell in cells]
    for number, cell in enumerate(cells):
        calc.type(ENTERPRISES, cell, f"改名{number}")
        seen = session.picture().version
        session.newer(seen, 0.1)
    titles = undo.AllUndoActionTitles
    assert len(titles) == 20
    assert len(set(titles)) == 1, titles
    session.select(ENTERPRISES, cells[0])
    for _ in range(20):
        calc.do("Undo")
    assert [calc.text(ENTERPRISES, cell) for cell in cells] == before
    assert not undo.isUndoPossible()
    expected = found_in_file(calc)
    wait_for(lambda: [*session.picture().findings] == expected)


def test_a_click_selects_and_the_row_is_known(calc: Calc, watching: Watching) -> None:
    session = connected(calc, watching)
    session.select(LINES, "H9")
    shown(session, lambda picture: (picture.sheet, picture.row) == (LINES, 9))
    chosen = hold(calc.book.CurrentSelection)
    assert chosen.AbsoluteName == f"${LINES}.$H$9"


def test_protected_sheets_are_watched_and_stay_protected(calc: Calc, watching: Watching) -> None:
    sheet = hold(hold(calc.book.Sheets).getByName(ENTERPRISES))
    name = LETTERS["enterprises"]["name"]
    cell = hold(sheet.getCellRangeByName(f"{name}7"))
    protection = cell.CellProtection
    protection.IsLocked = False
    cell.CellProtection = protection
    sheet.protect("密码")
    session = connected(calc, watching)
    calc.go(ENTERPRISES, f"{name}7")
    calc.do("ClearContents")
    shown(session, has("GS02", f"{name}7"))
    assert sheet.isProtected()


def test_a_workbook_is_saved_under_another_name_closed_and_opened_again(
    calc: Calc, watching: Watching, tmp_path: Path
) -> None:
    session = connected(calc, watching)
    new = tmp_path / "改名.xlsx"
    calc.book.storeAsURL(new.as_uri(), calc.office.options(FilterName="Calc MS Excel 2007 XML"))
    shown(session, lambda picture: picture.file == str(new))
    calc.book.close(True)
    shown(session, lambda picture: picture.status == "已关闭")
    calc.book = calc.app.books.open(str(new)).api
    shown(session, lambda picture: picture.status == "已连接")
    name = LETTERS["enterprises"]["name"]
    calc.go(ENTERPRISES, f"{name}7")
    calc.do("ClearContents")
    shown(session, has("GS02", f"{name}7"))


def test_a_crash_is_said_and_the_session_goes_on_when_libreoffice_comes_again(
    calc: Calc, watching: Watching, tmp_path: Path
) -> None:
    hosts = [calc.host()]
    session = watching(lambda: hosts.pop() if hosts else None)
    shown(session, lambda picture: picture.status == "已连接")
    assert calc.office.process is not None
    os.killpg(calc.office.process.pid, signal.SIGKILL)
    closed = shown(session, lambda picture: picture.status == "已关闭")
    assert closed.file == str(calc.path)
    path = tmp_path / "again" / calc.path.name
    path.parent.mkdir()
    shutil.copy(calc.path, path)
    again = Calc(path)
    try:
        hosts.append(again.host())
        found = shown(session, lambda picture: picture.status == "已连接")
        assert found.findings == closed.findings
    finally:
        again.office.close()


def test_random_typing_ends_at_what_the_saved_file_says(calc: Calc, watching: Watching) -> None:
    session = connected(calc, watching)
    choose = random.Random(5)  # noqa: S311 - test data
    texts = [
        "",
        "12",
        "-1",
        "是",
        "否",
        "B-",
        "A",
        "2020-8-20",
        "371502-G-0001",
        "无",
        "TRUE",
        "=2*3",
        "0",
        "1",
        "自主减排",
    ]
    for _ in range(60):
        sheet = SHEETS[choose.choice(("enterprises", "lines", "transport", "guarantee"))]
        column = choose.choice(sheet.columns[1:])
        cell = f"{LETTERS[sheet.key][column.field]}{choose.randint(FIRST_ROW, FIRST_ROW + 8)}"
        calc.type(sheet.title, cell, choose.choice(texts))
    expected = found_in_file(calc)
    wait_for(lambda: [*session.picture().findings] == expected)


def test_a_cell_that_is_being_typed_and_an_open_dialog_neither_lose_nor_invent_findings(
    libreoffice: None, sample: Path, tmp_path: Path, watching: Watching
) -> None:
    path = tmp_path / "visible.xlsx"
    shutil.copy(sample, path)
    with screen():
        calc = Calc(path, headless=False)
        try:
            session = connected(calc, watching)
            first = session.picture().findings
            focus("visible.xlsx")
            name, grade = LETTERS["enterprises"]["name"], LETTERS["enterprises"]["grade"]
            calc.go(ENTERPRISES, f"{name}7")
            shown(session, lambda picture: (picture.sheet, picture.row) == (ENTERPRISES, 7))
            write_into_cell("a２")  # being typed: a full-width digit
            session.select(ENTERPRISES, f"{name}9")  # the pane is clicked meanwhile: what was typed is entered
            shown(session, has("GS04", f"{name}7"))
            keys("ctrl+z")
            shown(session, lambda picture: picture.findings == first)
            calc.go(ENTERPRISES, f"{grade}7")
            shown(session, lambda picture: picture.row == 7)
            write("Z")
            keys("Return")
            wait_for(lambda: len(windows(".")) > 1)  # the drop-down list refuses it
            calc.cells(LINES, "D9").String = ""
            shown(session, has("GS02", "D9"))
            keys("Escape")
            expected = found_in_file(calc)
            wait_for(lambda: [*session.picture().findings] == expected)
        finally:
            calc.office.close()
