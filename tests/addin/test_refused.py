"""What the commands of the grading procedure refuse, rather than make a list that lacks something."""

from pathlib import Path

import openpyxl
import pytest

from tests.addin.conftest import COUNTY, Run


def sample(run: Run, path: Path, *more: str) -> Path:
    ran = run("sample", "--county", COUNTY, "--enterprises", "12", "--out", path, *more)
    assert ran.code == 0, ran.err
    return path


def without(path: Path, title: str) -> Path:
    book = openpyxl.load_workbook(path)
    del book[title]
    book.save(path)
    return path


@pytest.mark.parametrize(
    ("command", "kind", "title"),
    [
        ("draw", "--grading", "县级审查"),
        ("calendar", "--grading", "申报"),
        ("directory", "", "企业基本信息"),
        ("guarantee", "", "生产线减排措施"),
    ],
)
def test_no_list_is_made_of_a_workbook_that_lacks_a_sheet(
    run: Run, tmp_path: Path, command: str, kind: str, title: str
) -> None:
    file = without(sample(run, tmp_path / "缺表.xlsx", *filter(None, [kind])), title)
    out = tmp_path / ("公开" if command == "directory" else "名单.xlsx")
    ran = run(command, file, *([] if command == "calendar" else ["--out", out]))
    assert ran.code == 2 and not out.exists()
    assert f"“缺表.xlsx”的《{title}》缺失" in ran.err


def test_a_year_whose_law_does_not_say_who_is_visited_and_who_fixes_gives_no_draw_and_no_opinion(
    run: Run, tmp_path: Path
) -> None:
    file = sample(run, tmp_path / "审核表.xlsx", "--grading", "--year", "2026")
    out = tmp_path / "名单.xlsx"
    ran = run("draw", file, "--out", out)
    assert ran.code == 2 and "没有录入各等级怎样现场核查" in ran.err and not out.exists()
    ran = run("papers", file, "--out", tmp_path / "文书")
    assert ran.code == 1 and "没有录入A由谁核定" in ran.out + ran.err
    assert not list((tmp_path / "文书").glob("*附件3*"))


def test_a_grading_workbook_is_not_carried_into_another_year(run: Run, tmp_path: Path) -> None:
    file, out = sample(run, tmp_path / "审核表.xlsx", "--grading", "--year", "2020"), tmp_path / "新.xlsx"
    ran = run(
        "template", "grading", "--county", COUNTY, "--year", "2026", "--revision", "1", "--from", file, "--out", out
    )
    assert ran.code == 2 and "一年一本" in ran.err and not out.exists()


def test_papers_are_not_made_where_the_inventory_beside_is_none(run: Run, tmp_path: Path) -> None:
    file, out = sample(run, tmp_path / "审核表.xlsx", "--grading"), tmp_path / "文书"
    ran = run("papers", file, "--inventory", file, "--out", out)
    assert ran.code == 2 and "不是重污染天气应急减排清单" in ran.err and not out.exists()


def test_an_enterprise_that_would_be_published_twice_is_named(run: Run, tmp_path: Path) -> None:
    file = sample(run, tmp_path / "清单.xlsx")
    book = openpyxl.load_workbook(file)
    sheet = book["企业基本信息"]
    heads = {cell.value: cell.column for row in sheet.iter_rows(max_row=6) for cell in row}
    rows = [
        row
        for row in range(5, 40)
        if str(sheet.cell(row, heads["重点行业"]).value) not in ("None", "非重点行业", "重点行业")
    ]
    first, last = rows[0], max(row for row in range(5, 40) if sheet.cell(row, heads["企业名称"]).value)
    for column in range(2, heads["备注"] + 1):
        sheet.cell(last + 1, column).value = sheet.cell(first, column).value
    book.save(file)
    ran = run("directory", file, "--out", tmp_path / "公开")
    assert ran.code == 1 and "这个清单编号有几行" in ran.out + ran.err
