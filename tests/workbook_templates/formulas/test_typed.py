"""Typed for real: keys on a screen, in the county workbook, and what the officer then sees in LibreOffice."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from addin.apps.libreoffice.instance import NoOffice, load_uno
from tests.addin.live.screen import keys, write
from tests.typist import Typist, typist, wait_for
from validators import ruleset
from validators.columns import COVER_TITLE, INVENTORY, LETTERS, SHEETS
from workbook_templates.county.template import write_county
from workbook_templates.formulas.plan import NOTHING_WRONG, Formulas
from workbook_templates.samples.sample_inventory import make_officer, make_rows
from workbook_templates.xlsx.appearance import BAND_ROW, FIRST_ROW, MARK_ROW

pytestmark = pytest.mark.xdist_group("libreoffice")  # one LibreOffice on the screen and at its pipe at a time

ENTERPRISES, GUARANTEE = SHEETS["enterprises"].title, SHEETS["guarantee"].title
COUNTY, RULES = "371502", ruleset.load("2020")
FILLED, ROOM = 4, 20
LINK, COUNTS, GO, COUNTED = f"A{BAND_ROW}", f"A{MARK_ROW}", "B13", "C14"
BLANK = FIRST_ROW + FILLED
"""The first row that nothing stands in."""
NUMBER, WRONG_DIGIT = f"{COUNTY}-G-9001", "91371502MA3C00001A"
FORMULAS = Formulas(RULES, COUNTY, dict.fromkeys(INVENTORY, ROOM))


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four enterprises without errors, and blank rows below them."""
    for program in ("soffice", "Xvfb", "openbox", "xdotool"):
        if shutil.which(program) is None and not os.environ.get("CI"):
            pytest.skip(f"没有 {program}：请安装 libreoffice-calc python3-uno xvfb openbox xdotool")
    try:
        load_uno()
    except NoOffice as error:
        assert not os.environ.get("CI"), error
        pytest.skip(str(error))
    path = tmp_path_factory.mktemp("typed") / "填报表.xlsx"
    with path.open("wb") as file:
        write_county(
            file, county=COUNTY, ruleset=RULES, round_="首报", revision=1, enterprises=ROOM,
            rows=make_rows(COUNTY, FILLED, 1, RULES), officer=make_officer(COUNTY, 1, RULES),
        )  # fmt: skip
    return path


@pytest.fixture(scope="module")
def officer(workbook: Path) -> Iterator[Typist]:
    """One LibreOffice for all tests of this file."""
    with typist(workbook) as one:
        yield one


@pytest.fixture
def desk(officer: Typist) -> Iterator[Typist]:
    """The workbook as it was; what a test does to it is undone, as the officer would."""
    yield officer
    keys("Escape", "Escape")
    undo = officer.book.UndoManager
    while undo.isUndoPossible():
        undo.undo()
    officer.shows(COVER_TITLE, GO, "✓ 可以报送")
    assert officer.text(ENTERPRISES, LINK) == NOTHING_WRONG


def at(field: str, row: int = BLANK, sheet: str = "enterprises") -> str:
    return f"{LETTERS[sheet][field]}{row}"


def found(desk: Typist, sheet: str = "enterprises", row: int = BLANK) -> list[str]:
    """Rules that the workbook finds in a row, from its hidden codes."""
    column = FORMULAS.codes[sheet].partition("$")[2].rstrip("1")
    codes = desk.text(SHEETS[sheet].title, f"{column}{row}")
    return [FORMULAS.said[int(codes[place + 3 : place + 6]) - 1][0] for place in range(0, len(codes), 6)]


def test_a_wrong_check_digit_is_said_at_once_and_undo_takes_it_back(desk: Typist) -> None:
    assert desk.text(ENTERPRISES, f"A{FIRST_ROW}") == "✓"
    before = desk.text(ENTERPRISES, at("uscc", FIRST_ROW))
    desk.put(ENTERPRISES, at("uscc", FIRST_ROW), WRONG_DIGIT)
    assert desk.shows(ENTERPRISES, f"A{FIRST_ROW}", "✗").startswith("✗ JB01 统一社会信用代码：")
    desk.shows(COVER_TITLE, GO, "✗ 还不能报送：有1行要改")
    keys("ctrl+z")
    desk.shows(ENTERPRISES, f"A{FIRST_ROW}", "✓")
    assert desk.text(ENTERPRISES, at("uscc", FIRST_ROW)) == before


def test_a_code_of_a_wrong_length_is_refused_in_words(desk: Typist) -> None:
    desk.put(ENTERPRISES, at("uscc"), "123")
    desk.dialog("统一社会信用代码有误")
    assert desk.text(ENTERPRISES, at("uscc")) == ""


def test_a_grade_that_is_not_in_the_list_is_questioned_in_words(desk: Typist) -> None:
    before = desk.text(ENTERPRISES, at("grade", FIRST_ROW))
    desk.put(ENTERPRISES, at("grade", FIRST_ROW), "E")
    desk.dialog("绩效等级请核对")
    assert desk.text(ENTERPRISES, at("grade", FIRST_ROW)) == before


def test_a_guaranteed_enterprise_below_its_grade_is_flagged_in_both_sheets(desk: Typist) -> None:
    free = next(row for row in range(FIRST_ROW, 99) if not desk.text(GUARANTEE, at("list_id", row, "guarantee")))
    desk.put(GUARANTEE, at("list_id", free, "guarantee"), desk.text(ENTERPRISES, at("list_id", FIRST_ROW)))
    wait_for(lambda: "GS02" in found(desk, "guarantee", free))
    desk.put(ENTERPRISES, at("grade", FIRST_ROW), "C")
    wait_for(lambda: desk.text(ENTERPRISES, at("grade", FIRST_ROW)) == "C")
    assert "BZ01" not in found(desk, row=FIRST_ROW) + found(desk, "guarantee", free)
    desk.put(ENTERPRISES, at("guaranteed", FIRST_ROW), "是")
    wait_for(lambda: "BZ01" in found(desk, row=FIRST_ROW))
    wait_for(lambda: "BZ01" in found(desk, "guarantee", free))
    desk.shows(ENTERPRISES, f"A{FIRST_ROW}", "✗ ")


def test_pasting_kills_the_limits_and_the_row_still_says_what_is_wrong(desk: Typist) -> None:
    desk.put(ENTERPRISES, at("remark", BLANK + 5), "E")
    desk.go(ENTERPRISES, at("remark", BLANK + 5))
    keys("ctrl+c")
    desk.paste_over(ENTERPRISES, at("grade", FIRST_ROW))
    wait_for(lambda: desk.text(ENTERPRISES, at("grade", FIRST_ROW)) == "E")
    desk.shows(ENTERPRISES, f"A{FIRST_ROW}", "✗ ")
    assert "GS03" in found(desk, row=FIRST_ROW)  # no such grade


def test_rows_are_sorted_inserted_and_deleted_and_every_row_is_judged(desk: Typist) -> None:
    names = [desk.text(ENTERPRISES, at("list_id", row)) for row in range(FIRST_ROW, BLANK)]
    desk.go(ENTERPRISES, at("list_id", FIRST_ROW))
    desk.do("SortDescending")
    wait_for(lambda: desk.text(ENTERPRISES, at("list_id", FIRST_ROW)) == max(names))
    wait_for(lambda: [desk.text(ENTERPRISES, f"A{row}") for row in range(FIRST_ROW, BLANK)] == ["✓"] * FILLED)
    desk.go(ENTERPRISES, f"A{FIRST_ROW + 1}")
    desk.do("InsertRowsBefore")
    desk.put(ENTERPRISES, at("list_id", FIRST_ROW + 1), NUMBER)
    assert desk.shows(ENTERPRISES, COUNTS, "没有校验公式").startswith("■")
    desk.shows(COVER_TITLE, GO, "没有校验公式")
    desk.go(ENTERPRISES, f"{FIRST_ROW}:{FIRST_ROW}")
    keys("ctrl+c")
    desk.paste_over(ENTERPRISES, f"A{FIRST_ROW + 1}")
    wait_for(lambda: {"JB02"} <= {*found(desk, row=FIRST_ROW), *found(desk, row=FIRST_ROW + 1)})
    desk.go(ENTERPRISES, f"{FIRST_ROW + 1}:{FIRST_ROW + 1}")
    desk.do("DeleteRows")
    desk.shows(ENTERPRISES, f"A{FIRST_ROW}", "✓")
    desk.shows(COVER_TITLE, GO, "✓ 可以报送")
    for sheet in INVENTORY.values():
        shown = [str(cell) for row in desk.cell(sheet.title, f"A1:DZ{BLANK + 5}").DataArray for cell in row]
        assert not [text for text in shown if text.startswith(("#REF", "#NAME", "Err:", "■"))]


def test_the_next_cell_at_fault_is_reached_by_mouse_and_by_keys(desk: Typist) -> None:
    desk.put(ENTERPRISES, at("uscc", FIRST_ROW), WRONG_DIGIT)
    wanted = f"{ENTERPRISES}.{at('uscc', FIRST_ROW)}"
    assert desk.shows(ENTERPRISES, LINK, "▶").endswith(at("uscc", FIRST_ROW))
    desk.go(ENTERPRISES, at("name", BLANK + 9))
    keys("ctrl+shift+t", "ctrl+a")
    write(desk.text(ENTERPRISES, LINK).rpartition("：")[2])
    keys("Return")
    wait_for(lambda: desk.at() == wanted)
    desk.go(ENTERPRISES, at("name", BLANK + 9))
    wait_for(lambda: desk.at() != wanted)
    for step in ("mousemove 188 198", "keydown ctrl", "mousemove_relative 3 0", "click 1", "keyup ctrl"):
        time.sleep(0.2)  # a hand is no faster
        subprocess.run(["xdotool", *step.split()], check=True)
    wait_for(lambda: desk.at() == wanted)
    assert desk.shows(COVER_TITLE, COUNTED, "✗ 1行")


def test_the_board_follows_the_typing(desk: Typist) -> None:
    before = desk.text(COVER_TITLE, COUNTED)
    assert before.startswith(f"已填{FILLED}行")
    desk.put(ENTERPRISES, at("name"), "A")
    desk.shows(COVER_TITLE, COUNTED, f"已填{FILLED + 1}行　✗ 1行")
    desk.go(ENTERPRISES, at("name"))
    keys("Delete")
    wait_for(lambda: desk.text(COVER_TITLE, COUNTED) == before)
