"""What the commands of the grading procedure refuse, rather than make a list that lacks something."""

import json
from pathlib import Path

import openpyxl
import pytest

from tests.addin.conftest import COUNTY, RULES, Run, fill
from workbook_templates.samples.sample_inventory import make_rows


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


@pytest.mark.parametrize(
    ("command", "kind", "title"), [("draw", "--grading", "县级审查"), ("guarantee", "", "生产线减排措施")]
)
def test_a_workbook_that_lacks_a_sheet_is_named_beside_the_list_of_the_others(
    run: Run, tmp_path: Path, command: str, kind: str, title: str
) -> None:
    more = [kind] if kind else []
    sample(run, tmp_path / "全.xlsx", *more)
    bad = tmp_path / "缺表.xlsx"
    assert run("sample", "--county", "371503", "--enterprises", "12", "--out", bad, *more).code == 0
    without(bad, title)
    out = tmp_path / "名单.xlsx"
    ran = run(command, tmp_path / "全.xlsx", bad, "--out", out, "--json")
    assert ran.code == 2 and out.exists()
    (error,) = json.loads(ran.out)["errors"]
    assert error["file"] == "缺表.xlsx" and f"《{title}》缺失" in error["message"]


def test_numbers_that_cannot_be_added_up_are_found_at_their_cells(run: Run, tmp_path: Path) -> None:
    rows = make_rows(COUNTY, 12, 1, RULES)
    for line in rows["lines"]:
        line["so2_daily"] = 1.5e308
    fill(tmp_path / "过大.xlsx", enterprises=12, rows=rows)
    ran = run("check", tmp_path / "过大.xlsx", "--json")
    told = [one for one in json.loads(ran.out)["findings"] if "太大了，最多写 15 位" in one["message"]]
    assert len(told) == len(rows["lines"]) and {one["rule"] for one in told} == {"GS03"}
    assert run("guarantee", tmp_path / "过大.xlsx", "--out", tmp_path / "名单.xlsx").code == 0


def test_regrade_says_where_nothing_was_written(run: Run, tmp_path: Path) -> None:
    inventory = sample(run, tmp_path / "清单.xlsx")
    grading = sample(run, tmp_path / "分级.xlsx", "--grading")
    done, again = tmp_path / "下一版.xlsx", tmp_path / "再下一版.xlsx"
    assert run("regrade", grading, "--inventory", inventory, "--out", done).code == 0 and done.exists()
    ran = run("regrade", grading, "--inventory", done, "--out", again)
    assert ran.code == 0 and not again.exists()
    assert "没有要改的，所以没有写" in ran.out


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
