"""What a county gets back reads as what it handed in, says what is wrong at the row, and can be handed in again."""

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from addin.office.returning import return_all
from tests.addin.conftest import Run
from tests.inventory import write_file
from validators.book import Book
from validators.columns import INVENTORY, SHEETS, letter
from validators.findings import Severity
from validators.rule import judge
from workbook_templates.county.reader import read_county
from workbook_templates.county.returned import renumbered

CODE = "371502"
FAULTY: dict[str, list[dict[str, Any]]] = {
    "enterprises": [
        {"run_days": "三百天", "uscc": 9.13e17, "remark": "=1+1", "grade": "甲级", "guaranteed": "是"},
        {"longitude": "东经一百度", "contact": None},
    ],
    "lines": [
        {"list_id": f"{CODE}-G-0001", "red_ratio": "全停", "so2_daily": "约5公斤"},
        {"list_id": f"{CODE}-G-0002", "red_so2_cut": None, "yellow_ratio": 90, "reduction_note": "=A1&B1"},
    ],
    "transport": [{"list_id": f"{CODE}-G-0001", "trucks": "#N/A"}, {"list_id": f"{CODE}-G-0002"}],
    "dust": [{"begun_on": "去年春天"}],
}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inbox")
    write_file(folder / "东昌府区.xlsx", FAULTY, {"cells": {"企业基本信息!K5": "#REF!"}}, revision=2)
    return folder


def returned(source: Path, out: Path) -> tuple[Book, Book, Path]:
    """The workbook as it was handed in (with its new row numbers), as it is read when it comes again, and its file."""
    done = return_all([source], out)
    [made] = done.made
    assert not done.errors
    return made.book, read_county(made.out), made.out


def test_the_same_records_are_read_back_as_the_next_revision(source: Path, tmp_path: Path) -> None:
    before, after, _ = returned(source, tmp_path / "退回")
    assert (after.county, after.round, after.revision) == (CODE, "首报", 3)
    assert after.facts["filled_on"] == before.facts["filled_on"]
    for key in INVENTORY:
        first = 2 if key == "enterprises" else 1  # 校验 and 序号 are the workbook's own
        assert [one[first:-1] for one in after.tables[key]] == [one[first:-1] for one in before.tables[key]]


def test_what_could_not_be_read_is_kept_as_text_and_found_again(source: Path, tmp_path: Path) -> None:
    before, after, path = returned(source, tmp_path / "退回")
    sheet = openpyxl.load_workbook(path)["企业基本信息"]
    heads = {cell.value: cell.column for cell in sheet[4]}
    assert sheet.cell(5, heads["年运行天数（d）"]).value == "三百天"
    assert sheet.cell(5, heads["统一社会信用代码"]).value == "9.1300000000000000E+17"
    assert sheet.cell(6, heads["经度（°）"]).value == "东经一百度"
    again = {(finding.rule, finding.cell) for finding in judge(after)}
    wanted = {(finding.rule, finding.cell) for finding in judge(before)}
    # in a cell of text a formula or an error value would pass as text, so these cells are blank
    blank = {("GS03", "AR5"), ("GS03", "BA6"), ("GS07", "K6")}
    assert wanted - again <= blank | {("GS07", "C5")}  # this one is text where a number is due
    assert ("GS03", "C5") in again
    assert not [record for record in after.tables["enterprises"] if (record.remark or "").startswith("=")]


def test_each_finding_is_listed_linked_and_beside_its_row(source: Path, tmp_path: Path) -> None:
    [made] = return_all([source], tmp_path / "退回").made
    workbook = openpyxl.load_workbook(made.out)
    listing = workbook["退回清单"]
    rows = {(row[1].value, row[3].value, row[4].value): row for row in listing.iter_rows(min_row=5)}
    assert len(list(listing.iter_rows(min_row=5))) == len(made.findings)
    for finding in made.findings:
        row = rows[finding.rule, finding.sheet, finding.cell or "整张表"]
        assert row[0].value == f"{ {3: '✗ 错误', 2: '！ 提醒', 1: 'ⓘ 说明'}[finding.severity] }"
        if finding.cell:
            assert row[4].hyperlink.location == f"'{finding.sheet}'!{finding.cell}"
            value = workbook[finding.sheet][finding.cell].value
            assert value is None or finding.value is None or str(value).strip()
        if finding.row and finding.severity > Severity.INFO:
            key = next(key for key, sheet in INVENTORY.items() if sheet.title == finding.sheet)
            beside = workbook[finding.sheet][f"{letter(len(SHEETS[key].columns))}{finding.row}"].value
            assert finding.rule in beside or "还有" in beside


def test_the_cells_spoken_of_are_coloured_until_the_remark_is_cleared(source: Path, tmp_path: Path) -> None:
    [made] = return_all([source], tmp_path / "退回").made
    sheet = openpyxl.load_workbook(made.out)["企业基本信息"]
    rules = [(str(area.sqref), rule) for area in sheet.conditional_formatting for rule in area.rules]
    remark = letter(len(SHEETS["enterprises"].columns))
    own = [(area, rule) for area, rule in rules if f"${remark}5" in "".join(rule.formula)]
    assert any("AE5" in area.split() for area, _ in own)
    assert all(rule.dxf.fill.bgColor.rgb for _, rule in own)


def test_corrected_it_is_handed_in_again_and_takes_the_place_of_the_first(
    tmp_path: Path, run: Run, county: Path
) -> None:
    (tmp_path / "收件箱").mkdir()
    (tmp_path / "收件箱" / "一版.xlsx").write_bytes(county.read_bytes())
    ran = run("return", tmp_path / "收件箱", "--out", tmp_path / "退回", "--json")
    said = json.loads(ran.out)
    assert (ran.code, said["returned"], [one["code"] for one in said["clean"]]) == (0, [], [CODE])
    ran = run("return", tmp_path / "收件箱", "--out", tmp_path / "退回", "--all", "--json")
    assert ran.code == 0
    [one] = json.loads(ran.out)["returned"]
    assert one["revision"] == 2
    Path(one["out"]).rename(tmp_path / "收件箱" / "二版.xlsx")
    found = json.loads(run("consolidate", tmp_path / "收件箱", "--out", tmp_path / "全市.xlsx", "--json").out)
    assert {one["file"]: one["status"] for one in found["files"]} == {"一版.xlsx": "未采用", "二版.xlsx": "采用"}
    own = [finding for finding in found["findings"] if finding["file"] == "二版.xlsx"]
    assert {finding["severity"] for finding in own} <= {"INFO"}
    assert "GS01" not in {finding["rule"] for finding in own}


def test_nothing_is_written_over_and_inputs_are_left_alone(source: Path, tmp_path: Path, run: Run) -> None:
    before = (source / "东昌府区.xlsx").read_bytes()
    assert run("return", source, "--out", tmp_path / "退回").code == 1
    again = run("return", source, "--out", tmp_path / "退回")
    assert again.code == 2
    assert "--force" in again.err
    [first] = (tmp_path / "退回").iterdir()
    (tmp_path / "退回" / "东昌府区_2020年首报_第2版.xlsx").write_text("更早的")
    assert run("return", source, "--out", tmp_path / "退回", "--force").code == 1
    assert {path.name for path in (tmp_path / "退回").iterdir()} == {first.name, "以前退回的"}
    assert len(list((tmp_path / "退回" / "以前退回的").iterdir())) == 2
    assert run("return", tmp_path / "退回", "--out", tmp_path / "退回", "--force").code == 2  # an input, too
    assert run("return", source, "--out", source / "东昌府区.xlsx").code == 2
    assert (source / "东昌府区.xlsx").read_bytes() == before


def test_a_file_that_is_not_taken_or_cannot_be_read_is_named(source: Path, tmp_path: Path, run: Run) -> None:
    (tmp_path / "坏的.xlsx").write_bytes(b"PK\x03\x04")
    write_file(tmp_path / "旧年.xlsx", {}, year=2019, county="371503")
    ran = run("return", source, tmp_path, "--out", tmp_path / "退回")
    assert ran.code == 2
    assert "旧年.xlsx" in ran.out
    assert "坏的.xlsx" in ran.err


def test_rows_are_found_where_they_stand_in_the_returned_workbook(source: Path) -> None:
    book = read_county(source / "东昌府区.xlsx")
    moved = renumbered(book)
    assert [record.row for record in book.tables["lines"]] == [4, 5]
    assert [record.row for record in moved.tables["lines"]] == [5, 6]
    assert {(one.sheet, one.row) for one in moved.faults if one.header} >= {("企业基本信息", 5), ("企业基本信息", 6)}


def test_both_counties_are_told_of_a_plant_that_both_report(tmp_path: Path) -> None:
    for code, name in (("371502", "东昌府区"), ("371503", "茌平区")):
        write_file(tmp_path / f"{name}.xlsx", {"enterprises": [{"district": name}]}, county=code)
    made = return_all([tmp_path], tmp_path / "退回").made
    told = {one.book.county_name: [(f.sheet, f.cell) for f in one.findings if f.rule == "HZ02"] for one in made}
    assert told == {"东昌府区": [("企业基本信息", "I5")], "茌平区": [("企业基本信息", "I5")]}


def cover(path: Path) -> str:
    return "\n".join(str(cell) for row in openpyxl.load_workbook(path)["填报说明"].values for cell in row if cell)


def test_the_cover_says_which_version_is_given_back_and_what_is_no_longer_as_it_was(
    source: Path, tmp_path: Path
) -> None:
    [made] = return_all([source], tmp_path / "退回").made
    said = cover(made.out)
    assert "（退回改正）" in said and "退回第 2 版。错误" in said and "按第 3 版报送" in said
    assert "《企业基本信息》K6" in said and "已留空" in said


def test_what_the_city_has_to_see_to_is_not_sent_to_a_county(tmp_path: Path) -> None:
    unknown = {"industry": "陶瓷", "subtype": None, "grade": "C", "red_ratio": 0}  # its measures are not loaded
    write_file(tmp_path / "东昌府区.xlsx", {"lines": [unknown]})
    [made] = return_all([tmp_path], tmp_path / "退回", everyone=True).made
    assert "CS02" in {one.rule for one in judge(made.book)}
    assert "CS02" not in {one.rule for one in made.findings}


def test_what_the_office_decided_need_not_be_corrected(tmp_path: Path, run: Run) -> None:
    folder, out, city = tmp_path / "收件箱", tmp_path / "结果" / "退回", tmp_path / "结果" / "全市.xlsx"
    folder.mkdir()
    city.parent.mkdir()
    names = {"371502": "东昌府区", "371503": "茌平区", "371521": "阳谷县", "371522": "莘县"}
    changes: dict[str, dict[str, Any]] = {"371521": {"grade": "甲级"}, "371522": {"grade": "C", "applied_grade": "C"}}
    for code, name in names.items():
        own = {"district": name, "uscc": "91371502MA3C000016" if code in ("371502", "371503") else "91371502MA3C000024"}
        site = "总厂" if code in ("371502", "371503") else name
        firm = "聊城同一水泥有限公司" if site == "总厂" else f"聊城{name}水泥有限公司"
        rows = {"enterprises": [{**own, "name": firm, "site": site, **changes.get(code, {})}]}
        write_file(folder / f"{name}.xlsx", rows, county=code)
    run("consolidate", folder, "--out", city)
    run("decide", city, "--kind", "冲突裁定", "--rule", "HZ02", "--key", "91371502MA3C000016|总厂", "--value", "371503",
        "--reason", "厂区在茌平")  # fmt: skip
    run("decide", city, "--kind", "等级变更", "--key", "371522-G-0001", "--value", "B", "--reason", "省厅复核",
        "--approver", "省厅", "--document", "2号")  # fmt: skip
    before = return_all([folder], tmp_path / "别处" / "退回", everyone=True)
    assert "HZ02" in {one.rule for county in before.made for one in county.findings} and before.version == 0
    done = return_all([folder], out, everyone=True)
    assert done.version == 1
    told = {one.book.county: {found.rule for found in one.findings} for one in done.made}
    assert not any("HZ02" in rules for rules in told.values())
    assert told["371521"]
    files = {one.book.county: one.out for one in done.made}
    assert "已裁定由另一个区县填报（第 1 号决定）" in cover(files["371502"])
    assert [one.list_id for one in read_county(files["371502"]).tables["enterprises"]] == ["371502-G-0001"]
    assert "第 2 号决定由 C 改为 B" in cover(files["371522"])
    assert read_county(files["371522"]).tables["enterprises"][0].grade == "B"
    for rule in told["371521"]:
        run("decide", city, "--kind", "豁免", "--rule", rule, "--county", "371521", "--reason", "x", "--approver", "张三",
            "--document", "1号", "--until", "2020-12-31")  # fmt: skip
    done = return_all([folder], out, overwrite=True, counties=["371521"])
    assert (done.made, [book.county for book in done.clean]) == ([], ["371521"])
    [made] = return_all([folder], out, overwrite=True, counties=["371521"], everyone=True).made
    assert all(one.waiver for one in made.findings if one.severity > Severity.INFO)
    workbook = openpyxl.load_workbook(made.out)
    assert "已豁免（第" in str(workbook["退回清单"]["A5"].value) and "没有要改的" in str(
        workbook["退回清单"]["A2"].value
    )
    beside = letter(len(SHEETS["enterprises"].columns))
    assert workbook["企业基本信息"][f"{beside}5"].value is None


def test_errors_alone_can_be_given_back(source: Path, tmp_path: Path) -> None:
    [made] = return_all([source], tmp_path / "退回", errors_only=True).made
    assert {one.severity for one in made.findings} <= {Severity.ERROR, Severity.BLOCKER}


def test_a_county_that_filed_nothing_is_not_silently_passed_over(tmp_path: Path, run: Run) -> None:
    (inbox := tmp_path / "收件箱").mkdir()
    write_file(inbox / "东昌府区.xlsx", {})
    ran = run("return", inbox, "--out", tmp_path / "退回", "--county", "371503")
    assert ran.code == 2 and "没有收到茌平区的填报表" in ran.err and "东昌府区" in ran.err
    assert not (tmp_path / "退回").exists()
