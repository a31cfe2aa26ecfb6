"""The grading workbook: its template, and the made-up ones beside a made-up inventory."""

import datetime as dt
import io
from pathlib import Path

import openpyxl
import pytest

from validators.columns import COVER_TITLE, KINDS, TITLES
from validators.findings import Severity
from validators.grading_procedure import standings
from validators.rule import judge
from validators.ruleset import load
from workbook_templates.county.data_validation import CHOICES_TITLE
from workbook_templates.county.grading_workbook import make_grading, make_grading_officer
from workbook_templates.county.reader import read_county
from workbook_templates.county.template import write_county
from workbook_templates.formulas.plan import HELPER_HEAD, TITLE
from workbook_templates.samples.sample_inventory import make_rows
from workbook_templates.xlsx.appearance import HEADER_ROW

COUNTY, RULES = "371502", load("2020")
EVENTS = {"设备变更报备", "治污设施变更报备", "监督检查", "公众举报", "应急措施未落实", "等级调整"}


def written(path: Path, enterprises: int, seed: int, county: str = COUNTY) -> Path:
    with path.open("wb") as file:
        write_county(
            file, county=county, ruleset=RULES, round_="首报", revision=1, kind="grading", enterprises=enterprises,
            rows=make_grading(county, enterprises, seed, RULES), officer=make_grading_officer(county, seed, RULES),
        )  # fmt: skip
    return path


def test_the_template_has_the_declared_sheets_and_heads_and_is_the_same_each_time() -> None:
    made = [io.BytesIO(), io.BytesIO()]
    for target in made:
        write_county(target, county=COUNTY, ruleset=RULES, round_="首报", revision=1, kind="grading", enterprises=30)
    assert made[0].getvalue() == made[1].getvalue()
    book = openpyxl.load_workbook(made[0])
    assert book.sheetnames == [COVER_TITLE, *TITLES["grading"].values(), CHOICES_TITLE, TITLE]
    for sheet in KINDS["grading"].values():
        heads = [str(cell.value) for cell in book[sheet.title][HEADER_ROW]]
        assert [head for head in heads if not head.startswith(HELPER_HEAD)] == [one.header for one in sheet.columns]
    cover = " ".join(str(cell.value) for row in book[COVER_TITLE] for cell in row if cell.value)
    assert all(title in cover for title in TITLES["grading"].values())
    assert "12月10日" in cover or "绩效分级动态调整上报" in cover
    assert "企业基本信息" not in cover


@pytest.mark.parametrize(("county", "seed"), [(COUNTY, 1), ("371525", 4), ("LC-JK", 2)])
def test_a_sample_has_no_finding_above_information_and_every_kind_of_course(
    tmp_path: Path, county: str, seed: int
) -> None:
    book = read_county(written(tmp_path / "样例.xlsx", 85, seed, county))
    found = judge(book)
    assert [(one.rule, one.message) for one in found if one.severity > Severity.INFO] == []
    applications = book.tables["applications"]
    assert len(applications) >= 55
    assert {one.filing for one in applications} == {"申请报告", "申请表", "未申报"}
    assert {one.applied_grade for one in applications} >= {"A", "B", "C", "D", "引领性", "非引领性", None}
    assert {"隐瞒或提供虚假材料", "否"} == {one.fraud for one in applications}
    assert any(one.bar != "无" for one in applications)
    assert {one.what for one in book.tables["events"]} == EVENTS
    assert book.tables["processes"]
    stages = {one.stage for one in standings(book)}
    assert stages >= {
        "省生态环境厅已核定", "生态环境部已复核", "县指挥部已评定", "未申报，最低等级", "评为最低等级", "待省厅核定",
        "县级退回补正", "市级退回补正", "县级初审不同意", "市级审核不同意",
    }  # fmt: skip


def test_a_sample_is_of_the_enterprises_of_the_inventory_of_the_same_seed() -> None:
    rows, inventory = make_grading(COUNTY, 60, 7, RULES), make_rows(COUNTY, 60, 7, RULES)
    key = [one for one in inventory["enterprises"] if one["industry"] != "非重点行业"]
    for name in ("list_id", "name", "site", "uscc", "industry", "subtype", "contact", "phone"):
        assert [one.get(name) for one in rows["applications"]] == [one.get(name) for one in key]
    assert make_grading(COUNTY, 60, 7, RULES) == rows != make_grading(COUNTY, 60, 8, RULES)


@pytest.mark.parametrize("enterprises", [1, 2, 9])
def test_a_small_sample_is_plain_too(tmp_path: Path, enterprises: int) -> None:
    book = read_county(written(tmp_path / "样例.xlsx", enterprises, 3))
    assert {one.rule for one in judge(book) if one.severity > Severity.INFO} <= (
        {"GS12"} if enterprises == 1 else set()
    )


def test_what_the_program_fills_in_is_written_and_not_read(tmp_path: Path) -> None:
    path = written(tmp_path / "样例.xlsx", 60, 1)
    sheet = openpyxl.load_workbook(path)["申报"]
    book = read_county(path)
    shown = [tuple(cell.value for cell in row) for row in sheet["U5:W60"]]
    for (stage, fixed, grade), one in zip(shown, standings(book), strict=False):
        assert (stage, fixed, grade) == (one.stage, one.fixed.grade if one.fixed else None, one.held.grade)
    assert {record.stage for record in book.tables["applications"]} == {None}
    assert book.on == dt.date(2020, 12, 5)
