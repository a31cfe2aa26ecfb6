"""Fourteen files come in; the city workbook alone says who is missing, what conflicts, what fails, what is to be fixed."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from addin.office.consolidation import Consolidated, consolidate
from addin.trial.demo import FAULTY_COUNTY, PLANTED, plant
from addin.trial.rehearsal import CROSSING, LATE, SIZE, TWICE, make_inbox
from validators import ruleset
from workbook_templates.samples.sample_inventory import make_rows

RULES = ruleset.load("2020")
Cells = list[tuple[object, ...]]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> tuple[Consolidated, Path, set[tuple[str, str]]]:
    folder = tmp_path_factory.mktemp("收件箱")
    rows = make_rows(FAULTY_COUNTY, SIZE, 6, RULES)
    planted = plant(rows)
    files = make_inbox(folder, RULES, rows, FAULTY_COUNTY)
    assert len(files) == len([path for path in folder.iterdir() if path.is_file()]) == 14
    out = folder.parent / f"{folder.name}.xlsx"
    return consolidate([folder], out), out, planted


@pytest.fixture(scope="module")
def sheets(desk: tuple[Consolidated, Path, set[tuple[str, str]]]) -> dict[str, Cells]:
    workbook = openpyxl.load_workbook(desk[1], read_only=True)
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in workbook}


def texts(rows: Cells) -> list[str]:
    return ["|".join(str(cell) for cell in row if cell is not None) for row in rows]


def column(rows: Cells, head: str) -> list[object]:
    return [row[rows[0].index(head)] for row in rows[1:]]


def test_what_became_of_each_file(sheets: dict[str, Cells]) -> None:
    rows = sheets["文件情况"]
    status = dict(zip(column(rows, "文件"), column(rows, "状态"), strict=True))
    why = dict(zip(column(rows, "文件"), column(rows, "原因"), strict=True))
    assert len(status) == 15  # with the emissions
    assert list(status.values()).count("采用") == 11
    name = RULES.submitting[TWICE]
    assert (status[f"{name}.xlsx"], status[f"{name}（更正）.xlsx"]) == ("未采用", "采用")
    assert "版次更高" in str(why[f"{name}.xlsx"])
    assert status["打不开的表.xlsx"] == "无法读取"
    assert "2019" in str(why["去年的表.xlsx"])


def test_who_is_missing(sheets: dict[str, Cells]) -> None:
    [answer] = [text for text in texts(sheets["总览"]) if text.startswith("谁还没交")]
    assert f"迟报：{RULES.submitting[LATE]}" in answer
    assert "未报" not in answer


def test_who_is_missing_when_one_did_not_file(
    desk: tuple[Consolidated, Path, set[tuple[str, str]]], tmp_path: Path
) -> None:
    folder = desk[1].parent / desk[1].stem
    paths = [path for path in folder.glob("*.xlsx") if not path.name.startswith("高唐县")]
    consolidate(paths, tmp_path / "全市.xlsx")
    rows = texts(
        list(openpyxl.load_workbook(tmp_path / "全市.xlsx", read_only=True)["总览"].iter_rows(values_only=True))
    )
    assert any(text.startswith("谁还没交") and "未报：高唐县" in text for text in rows)


def test_what_conflicts(sheets: dict[str, Cells]) -> None:
    assert any(text.startswith("有什么冲突") and "1 处" in text for text in texts(sheets["总览"]))
    rows = sheets["冲突清单"]
    assert column(rows, "规则") == ["HZ02"]
    assert (column(rows, "甲_区县"), column(rows, "乙_区县")) == (
        [RULES.submitting[TWICE]],
        [RULES.submitting[CROSSING]],
    )
    assert column(rows, "甲_企业名称") == column(rows, "乙_企业名称")


def test_whether_the_targets_are_met(sheets: dict[str, Cells]) -> None:
    [answer] = [text for text in texts(sheets["总览"]) if text.startswith("减排是否达标")]
    assert "颗粒物" in answer
    assert "VOCs" not in answer and "SO2" not in answer


def test_what_a_county_must_fix(
    sheets: dict[str, Cells], desk: tuple[Consolidated, Path, set[tuple[str, str]]]
) -> None:
    rows = sheets["问题清单"]
    own = [row for row in rows[1:] if row[rows[0].index("区县")] == RULES.submitting[FAULTY_COUNTY]]
    found = {(row[rows[0].index("规则")], row[rows[0].index("编号")]) for row in own}
    assert desk[2] <= found
    assert len(desk[2]) == len(PLANTED)
    assert all(row[rows[0].index("问题与改法")] for row in own)
    workbook = openpyxl.load_workbook(desk[1])
    links = {cell.coordinate: cell.hyperlink.location for row in workbook["问题清单"] for cell in row if cell.hyperlink}
    listing = rows[0].index("跳转")
    for number, row in enumerate(rows[1:], 2):
        if row[listing]:
            sheet, _, cell = str(row[listing]).partition("!")
            location = links[f"E{number}"]
            assert location == f"'{sheet}'!{cell}"
            key = row[rows[0].index("编号")]
            assert key in [one.value for one in workbook[sheet][cell[len(cell.rstrip("0123456789")) :]]]


def test_charts_stand_on_the_overview(desk: tuple[Consolidated, Path, set[tuple[str, str]]]) -> None:
    workbook = openpyxl.load_workbook(desk[1])
    assert len(workbook["总览"]._charts) == 2


def test_the_workbook_holds_nothing_but_values(desk: tuple[Consolidated, Path, set[tuple[str, str]]]) -> None:
    with zipfile.ZipFile(desk[1]) as package:
        for name in package.namelist():
            content = package.read(name)
            assert b"TargetMode" not in content, name  # no link leads out of it
            assert not name.startswith("xl/worksheets/sheet") or b"<f>" not in content, name
            assert "vba" not in name


def test_a_spreadsheet_program_reads_every_sheet_as_we_wrote_it(
    desk: tuple[Consolidated, Path, set[tuple[str, str]]],
    sheets: dict[str, Cells],
    soffice: Callable[[Path, Path, str], Path],
    tmp_path: Path,
) -> None:
    saved = openpyxl.load_workbook(soffice(desk[1], tmp_path, "xlsx"))
    assert saved.sheetnames == list(sheets)
    assert len(saved["总览"]._charts) == 2
    for title in ("问题清单", "冲突清单", "提交情况", "决定", "公开目录", "保障类名单", "生产线减排措施"):
        theirs = [[cell for cell in row if cell not in (None, "")] for row in saved[title].iter_rows(values_only=True)]
        ours = [[cell for cell in row if cell not in (None, "")] for row in sheets[title]]
        assert [row for row in theirs if row] == [row for row in ours if row], title
