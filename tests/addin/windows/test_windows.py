"""Windows, as far as wine is one: the installer, the installed command, and Excel's COM beside a fake Excel.

One installation serves all tests; the last one takes it away again.
"""

import json
from pathlib import Path

import pytest

from addin.apps.excel import registration
from addin.apps.excel.ribbon import NO_ANSWER, NOT_STARTED, ribbon
from tests.addin.conftest import fill
from tests.addin.windows.conftest import Wine
from validators import ruleset
from workbook_templates.samples.sample_inventory import make_rows

pytestmark = pytest.mark.xdist_group("windows")
SHEET = "企业基本信息"
SCENES = Path(__file__).with_name("scenes.py")
ERROR_PIPE_NOT_CONNECTED = 233


def windows_path(path: Path) -> str:
    """As wine sees a file of this computer."""
    return f"Z:{path}".replace("/", "\\")


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill(tmp_path_factory.mktemp("workbook") / "东昌府区.xlsx", enterprises=3)


def play(wine: Wine, installed: Path, scene: str, workbook: Path) -> dict[str, object]:
    """What was seen in a scene (see `scenes.py`)."""
    python = installed / "python/python.exe"
    done = wine.run(python, "-B", "-X", "utf8", windows_path(SCENES), scene, windows_path(workbook))
    assert done.returncode == 0 and done.stdout, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def test_check_runs_from_the_installed_command(wine: Wine, installed: Path, tmp_path: Path) -> None:
    rows = make_rows("371502", 3, 1, ruleset.load("2020"))
    rows["enterprises"][0]["uscc"] = "91370000"
    faulty = fill(tmp_path / "有错.xlsx", rows=rows)
    done = wine.run("cmd", "/c", windows_path(installed / "qingdan.cmd"), "check", windows_path(faulty))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "有错.xlsx：东昌府区 2020年首报 第 1 版，企业 3 家" in done.stdout
    assert "JB01" in done.stdout and "不通过" in done.stdout
    good = wine.run("cmd", "/c", windows_path(installed / "qingdan.cmd"), "check", "没有.xlsx")
    assert good.returncode == 2 and "“没有.xlsx”不存在" in good.stderr


def test_the_way_to_the_province_can_be_gone_on_windows(wine: Wine, installed: Path, tmp_path: Path) -> None:
    def qingdan(*arguments: str) -> None:
        done = wine.run("cmd", "/c", windows_path(installed / "qingdan.cmd"), *arguments)
        assert done.returncode == 0, done.stdout + done.stderr

    county, submission = windows_path(tmp_path / "县.xlsx"), windows_path(tmp_path / "报省.xlsx")
    qingdan("sample", "--county", "371502", "--enterprises", "3", "--out", county)
    qingdan("export", county, "--out", submission)
    qingdan("audit", submission, "--against", county)


def test_a_workbook_is_read_over_com_as_from_its_file(wine: Wine, installed: Path, workbook: Path) -> None:
    assert play(wine, installed, "reading", workbook) == {
        "application": "Excel", "name": "东昌府区.xlsx", "different": [], "names": True, "sheets": True,
    }  # fmt: skip


def test_odd_cells_are_read_like_the_file_reader_does(wine: Wine, installed: Path, workbook: Path) -> None:
    assert play(wine, installed, "odd_cells", workbook) == {
        "cells": ["20200818.0", "datetime.timedelta(days=1, seconds=43200)", "True", "''", "'=A1'"],
        "formulas": {"5": {"7": "A1+1"}},
        "merged": ["E5:F6"],
        "hidden": [6],
        "far": [[1_000_000, "远", 16_384]],
        "nothing": [[], None],
    }


def test_what_the_officer_does_is_heard(wine: Wine, installed: Path, workbook: Path) -> None:
    told = play(wine, installed, "events", workbook)
    dirty = f"Dirty(sheet='{SHEET}')"

    def changed(first: int, last: int) -> str:
        return f"Changed(sheet='{SHEET}', first={first}, last={last})"

    assert told == {
        "one": [changed(7, 7), dirty],
        "areas": [changed(5, 5), changed(9, 10), dirty],
        "column": [changed(1, 1 << 20), dirty],
        "column rows": 9,  # whole columns are read as far as the sheet is used
        "inserted": [changed(8, 1 << 20), dirty],  # everything below has moved
        "moved": ["Moved()"],
        "stands": ["生产线减排措施", 9],
        "selected": [["Moved()"], [SHEET, 6]],
        "renamed": [["Books()"], "新名.xlsx", True],
        "opened": [["Books()"], ["东昌府区.xlsx", "新名.xlsx"], True, None],
        "other book": [],
        "other closed": ["Books()"],
        "closed": "Gone",
        "books": "Gone",
        "sink": True,
    }


def test_a_busy_excel_is_asked_again_and_nothing_is_lost(wine: Wine, installed: Path, workbook: Path) -> None:
    told = play(wine, installed, "busy", workbook)
    asked = told.pop("asked")
    assert isinstance(asked, int) and 0 < asked < 100  # xlwings by itself would ask without a pause
    assert told == {
        "while": [], "rows": "Busy", "books": "Busy", "stands": "Busy", "select": "Busy", "names": "Busy",
        "attach": None, "after": [f"Changed(sheet='{SHEET}', first=7, last=7)", f"Dirty(sheet='{SHEET}')"], "value": "甲",
    }  # fmt: skip


def test_what_is_being_typed_stays_in_its_cell_when_the_pane_goes_to_another_sheet(
    wine: Wine, installed: Path, workbook: Path
) -> None:
    told = play(wine, installed, "typing", workbook)
    assert told == {"typed": "打了一半", "other": True, "stands": ["生产线减排措施", 9]}


def test_findings_appear_and_go_beside_excel(wine: Wine, installed: Path, workbook: Path) -> None:
    assert play(wine, installed, "session", workbook) == {
        "begin": ["Excel", "东昌府区.xlsx", []],
        "typed": ["JB01"],
        "corrected": [],
        "refused": True,
        "column": [["GS01", SHEET]],
        "stands": True,
        "closed": "已关闭",
        "opened again": "已连接",
        "ended": True,
    }


def test_the_assistant_of_the_start_menu_follows_excel_until_its_page_is_closed(
    wine: Wine, installed: Path, workbook: Path
) -> None:
    told = play(wine, installed, "assistant", workbook)
    assert told == {"local": True, "page": True, "followed": True, "typed": True, "code": 1}


def test_the_selftest_of_the_acceptance_list_passes_beside_a_workbook_that_stands_open(
    wine: Wine, installed: Path, workbook: Path
) -> None:
    seen = play(wine, installed, "selftest", workbook)
    assert seen["steps"] == [
        ["连接已打开的工作簿", "通过", "已连接"],
        ["填错后出现 JB01", "通过", "10/10 次，用时中位数 … 毫秒"],
        ["改正后消失", "通过", "10/10 次，用时中位数 … 毫秒"],
        ["从窗格选中单元格", "通过", f"{SHEET} 5 行"],
        ["撤销列表里没有程序留下的步骤", "未检查", "这个软件不让程序查看撤销列表，请按验收单手工核对"],
        ["关闭工作簿后得知", "通过", "已连接"],
    ]
    assert (seen["verdict"], seen["application"], seen["report"]) == ("通过", "Excel 16.0", "结论：通过")


def test_what_excel_switched_off_is_found_and_mended(wine: Wine, installed: Path, workbook: Path) -> None:
    told = play(wine, installed, "mended", workbook)
    program = [one["program"] for one in told.pop("again")]  # type: ignore[attr-defined]
    assert all("pythonw.exe" in one and "addin.apps.excel" in one for one in program) and len(program) == 2
    registered = "登记不全，或登记的是另一处安装的程序"
    assert told == {
        "well": ["", ""],
        "failed": True,
        "not again": "switched off",
        "seen": [f"表格软件已把它设为不加载；{registered}"] * 2,
        "mended": ["", ""],
        "disabled": ["表格软件把它列入了“禁用项目”"] * 2,
        "enabled": ["", ""],
        "others": ["77B0"],  # what is not ours stays switched off
        "without WPS": [True, False],
        "without both": [False, False],
        "left": [],
        "loads": "",
    }


def test_a_program_that_is_missing_or_hangs_does_not_hold_excel_up(wine: Wine, installed: Path, workbook: Path) -> None:
    told = play(wine, installed, "lost", workbook)
    assert NOT_STARTED in str(told.pop("missing")) and NOT_STARTED in str(told.pop("ends"))
    assert NO_ANSWER in str(told.pop("hangs"))
    assert told == {"load": "", "down": False, "left": True, "again": ""}


def test_the_ribbon_from_the_first_press_to_the_end_of_excel(wine: Wine, installed: Path, tmp_path: Path) -> None:
    inbox = tmp_path / "收件"
    inbox.mkdir()
    told = play(wine, installed, "ribbon", fill(inbox / "东昌府区.xlsx", enterprises=3))
    assert told.pop("xml") == ribbon()
    asked = str(told.pop("asked"))
    assert "全部填报表" in asked and "收件-结果" in asked and "先保存再做吗" in asked
    assert "“全市.xlsx”已经有了" in str(told.pop("exists"))
    assert "请先打开它，再边填边查" in str(told.pop("nothing open"))
    assert told == {
        "load": "", "down": [False, True], "checked": True, "let in": [True], "answered": [*["taken"] * 5, ""],
        "line without an end": ERROR_PIPE_NOT_CONNECTED, "typed": True, "consolidated": True, "closed": True, "again": True,
        "closed with the workbook": True, "held": True, "ended": True,
    }  # fmt: skip
    assert (tmp_path / "收件-结果/全市.xlsx").exists()


def test_uninstalling_leaves_nothing(wine: Wine, installed: Path, msi: Path) -> None:
    (link,) = (path for path in wine.home.rglob("*.lnk") if "Programs" in path.parts)
    assert link.name == "清单助手.lnk"
    others = rf"HKCU\{registration.WPS_LIST}"
    assert wine.run("reg", "add", others, "/v", "Another.AddIn", "/f").returncode == 0
    done = wine.run("msiexec", "/x", str(msi), "/qn")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not installed.exists() and not link.exists()
    for key in {one.key for one in registration.values()} - {registration.WPS_LIST}:
        assert wine.run("reg", "query", rf"HKCU\{key}").returncode == 1, key
    kept = wine.run("reg", "query", others).stdout
    assert "Another.AddIn" in kept and registration.PROGID not in kept
