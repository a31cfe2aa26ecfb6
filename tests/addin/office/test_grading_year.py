"""Grading workbooks through the commands: made, checked, refused where inventories are meant; `qingdan grading regrade`."""

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from addin.cli.app import main
from tests.addin.conftest import COUNTY, Run
from tests.inventory import write_file
from validators.columns import INVENTORY
from validators.findings import Severity
from validators.rule import judge
from workbook_templates.county.reader import read_county

GRADES = {"enterprises": ("grade", "fixed_by", "fixed_on"), "lines": ("grade",)}
"""Columns that regrading may change."""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A grading workbook and the inventory of the same enterprises."""
    folder = tmp_path_factory.mktemp("grading")
    grading, inventory = folder / "绩效分级.xlsx", folder / "东昌府区.xlsx"
    common = ("sample", "--county", COUNTY, "--enterprises", "85", "--seed", "1", "--out")
    assert main([*common, str(inventory)]) == main([*common, str(grading), "--grading"]) == 0
    return grading, inventory


def test_check_knows_the_kind_by_the_workbook_itself(run: Run, pair: tuple[Path, Path]) -> None:
    code, out, _ = run("check", *pair)
    assert code == 0
    assert "绩效分级.xlsx：东昌府区 2020年首报 第 1 版，申报 63 家" in out
    assert "东昌府区.xlsx：东昌府区 2020年首报 第 1 版，企业 85 家" in out
    code, out, _ = run("check", pair[0], "--json")
    said = json.loads(out)
    assert [*said["files"][0]["rows"]] == [
        "申报",
        "分行业工序",
        "对标",
        "县级审查",
        "现场核查",
        "市级审核",
        "省级核定",
        "动态管理",
    ]
    assert {one["rule"] for one in said["findings"]} == {"SC12"}


def test_a_template_begins_with_the_key_enterprises_of_an_inventory(
    run: Run, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "新.xlsx"
    common = ("template", "grading", "--county", COUNTY, "--year", "2020", "--revision", "1", "--out", out)
    code, said, _ = run(*common, "--from", pair[1], "--json")
    assert code == 0
    assert json.loads(said)["rows"]["申报"] == 63
    book, inventory = read_county(out), read_county(pair[1])
    key = {one.list_id: one for one in inventory.tables["enterprises"] if one.industry != "非重点行业"}
    assert {(one.list_id, one.name, one.uscc, one.former_grade) for one in book.tables["applications"]} == {
        (one.list_id, one.name, one.uscc, one.grade) for one in key.values()
    }
    assert all(one.filing is None and one.product for one in book.tables["applications"])
    assert {finding.rule for finding in judge(book)} == {"GS02"}
    common = ("template", "county", "--county", COUNTY, "--year", "2020", "--revision", "2", "--out", out, "--force")
    code, _, err = run(*common, "--from", pair[0])
    assert code == 2 and "不是重污染天气应急减排清单" in err


@pytest.mark.parametrize(
    "command",
    [
        ("consolidate", "{grading}", "--out", "{out}"),
        ("export", "{grading}", "--out", "{out}"),
        ("return", "{grading}", "--out", "{folder}"),
        ("check", "{inventory}", "--previous", "{grading}"),
        ("regrade", "{inventory}", "--inventory", "{inventory}"),
        ("regrade", "{grading}", "--inventory", "{grading}"),
    ],
)
def test_where_the_other_kind_is_meant_it_is_refused_in_one_line(
    run: Run, pair: tuple[Path, Path], tmp_path: Path, command: tuple[str, ...]
) -> None:
    places = {"grading": pair[0], "inventory": pair[1], "out": tmp_path / "出.xlsx", "folder": tmp_path / "退回"}
    code, _, err = run(*(part.format(**places) for part in command))
    assert code == 2
    assert err.count("不能用在这里") == 1 and "内部出错" not in err
    assert command[0] == "consolidate" or not (tmp_path / "出.xlsx").exists()  # it says who has not filed


def rows_of(path: Path) -> dict[str, dict[int, dict[str, Any]]]:
    book = read_county(path)
    assert not book.damaged
    return {
        key: {record.row: {**record._asdict(), "bad": sorted(record.bad)} for record in book.tables[key]}
        for key in INVENTORY
    }


def test_regrade_lists_every_change_and_makes_the_next_version(
    run: Run, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    grading, inventory = pair
    before = inventory.read_bytes(), grading.read_bytes()
    code, said, _ = run("regrade", grading, "--inventory", inventory, "--json")
    listed = json.loads(said)
    assert code == 1 and listed["out"] is None
    assert len(listed["changes"]) >= 5 and listed["notes"] == []
    code, out, _ = run("regrade", grading, "--inventory", inventory)
    assert code == 1
    for one in listed["changes"]:
        assert f"{one['key']} {one['name']}：{one['old']} → {one['new']}。{one['ground']}；{one['approver']}" in out
    target = tmp_path / "第2版.xlsx"
    code, out, _ = run("regrade", grading, "--inventory", inventory, "--out", target)
    assert code == 0 and f"已写出 {target}" in out
    assert (inventory.read_bytes(), grading.read_bytes()) == before

    old, new = rows_of(inventory), rows_of(target)
    book = read_county(target)
    assert (book.county, book.round, book.revision) == (COUNTY, "首报", 2)
    grades = {one["key"]: (one["old"], one["new"]) for one in listed["changes"]}
    moved = {line for one in listed["changes"] for line in one["lines"]}
    for key in INVENTORY:
        if key != "changes":
            assert new[key].keys() == old[key].keys()
        for row, cells in old[key].items():
            differing = {name for name, value in cells.items() if new[key][row][name] != value}
            assert differing <= set(GRADES.get(key, ()))
            if key == "enterprises":
                assert bool(differing) == (cells["list_id"] in grades)
            if key == "lines":
                assert bool(differing) == (cells["line_id"] in moved)
    for cells in new["enterprises"].values():
        if cells["list_id"] in grades:
            assert cells["grade"] == grades[cells["list_id"]][1]
    added = [cells for row, cells in new["changes"].items() if row not in old["changes"]]
    assert {(one["list_id"], one["old_grade"], one["new_grade"]) for one in added} == {
        (key, *both) for key, both in grades.items()
    }

    stopping = {(one.rule, one.key) for one in judge(book) if one.severity >= Severity.ERROR}
    assert stopping <= {(one.rule, one.key) for one in judge(read_county(inventory)) if one.severity >= Severity.ERROR}
    code, out, _ = run("regrade", grading, "--inventory", target)
    assert code == 0 and "没有要改的" in out


def test_regrade_for_another_round_begins_with_revision_one(run: Run, pair: tuple[Path, Path], tmp_path: Path) -> None:
    target = tmp_path / "9月.xlsx"
    code, _, _ = run("regrade", pair[0], "--inventory", pair[1], "--round", "9月调整", "--out", target)
    assert code == 0
    book = read_county(target)
    assert (book.round, book.revision) == ("9月调整", 1)
    code, said, _ = run("regrade", pair[0], "--inventory", pair[1], "--json")
    assert len(book.tables["changes"]) == len(json.loads(said)["changes"])
    assert book.tables["removals"] == []
    code, _, err = run("regrade", pair[0], "--inventory", pair[1], "--round", "春季", "--out", tmp_path / "x.xlsx")
    assert code == 2 and "没有轮次“春季”" in err


def test_regrade_leaves_what_is_not_sure_and_says_so(run: Run, tmp_path: Path) -> None:
    grading, inventory = tmp_path / "绩效.xlsx", tmp_path / "清单.xlsx"
    write_file(
        grading,
        {
            "applications": [
                {"name": "别的名称"},
                {"former_grade": "D"},
                {"industry": "短流程钢铁", "subtype": None, "filing": "未申报", "applied_grade": None},
                {"list_id": "371502-G-0099"},
            ],
            "province": [],
        },
    )
    write_file(inventory, {"enterprises": [{}, {"site": "二厂"}, {"site": "三厂"}, {"site": "四厂"}]})
    code, out, _ = run("regrade", grading, "--inventory", inventory, "--out", tmp_path / "新.xlsx")
    assert code == 0
    for says in ("名称不一致", "尚未核定", "没有该行业的最低等级", "清单里没有这个编号", "《申报》里没有"):
        assert out.count(says) == 1
    assert not (tmp_path / "新.xlsx").exists()


def test_regrade_keeps_what_could_not_be_read_and_never_writes_to_an_input(run: Run, tmp_path: Path) -> None:
    grading, inventory = tmp_path / "绩效.xlsx", tmp_path / "清单.xlsx"
    write_file(grading, {"applications": [{}], "province": [{"grade": "C", "reason": "不符"}]})
    write_file(inventory, {"enterprises": [{"run_days": "三百天", "remark": "  保留 "}]})
    code, _, err = run("regrade", grading, "--inventory", inventory, "--out", inventory, "--force")
    assert code == 2 and "输入的文件从不改写" in err
    code, _, _ = run("regrade", grading, "--inventory", inventory, "--out", tmp_path / "新.xlsx")
    assert code == 0
    sheet = openpyxl.load_workbook(tmp_path / "新.xlsx")["企业基本信息"]
    row = next(row for row in sheet.iter_rows(min_row=5, max_row=5, values_only=True))
    assert "三百天" in row and "保留" in row and "C" in row
    code, _, err = run("regrade", grading, "--inventory", inventory, "--out", tmp_path / "新.xlsx")
    assert code == 2 and "--force" in err


def test_regrade_refuses_another_county_s(run: Run, pair: tuple[Path, Path], tmp_path: Path) -> None:
    other = write_file(tmp_path / "茌平.xlsx", {}, county="371503")
    code, _, err = run("regrade", pair[0], "--inventory", other)
    assert code == 2 and "同一区县、同一年度" in err


def test_a_version_is_carried_on_with_the_results_of_province_and_ministry(run: Run, tmp_path: Path) -> None:
    last, out, list_ = tmp_path / "绩效.xlsx", tmp_path / "绩效-2.xlsx", tmp_path / "结果.csv"
    write_file(last, {
        "applications": [{"remark": "  留着 "}, {"uscc": "91371502MA3C00002D", "site": "二厂"}, {"received_on": "昨天"}],
        "county": [{}, {"list_id": "371502-G-0002", "grade": "C"}],
        "province": [{}],
    }, revision=1)  # fmt: skip
    list_.write_text(
        "清单编号,统一社会信用代码,厂区名称,核定等级,核定日期\n"
        "371502-G-0001,,,B,2020-08-28\n"
        ",91371502MA3C00002D,,C级,2020-08-29\n"
        "371502-G-0077,,,A,2020-08-28\n"
        ",91371502MA3C00001F,,A,2020-08-28\n"
        "371502-G-0003,,,A,\n",
        encoding="utf-8",
    )
    common = ("template", "grading", "--county", COUNTY, "--year", "2020", "--revision", "2", "--out", out)
    code, _, err = run(*common, "--from", last, "--reference", f"省核定结果={list_}")
    assert code == 1
    for says in ("371502-G-0077”：《申报》里没有这一家", "有 2 个厂区，分不清是哪一个", "没有写明核定日期"):
        assert err.count(says) == 1
    before, book = read_county(last), read_county(out)
    assert (book.kind, book.revision) == ("grading", 2)
    assert [(one.list_id, one.fixed_by, one.grade, str(one.fixed_on)) for one in book.tables["province"]] == [
        ("371502-G-0001", "省生态环境厅", "B", "2020-08-28"),
        ("371502-G-0002", "省生态环境厅", "C", "2020-08-29"),
    ]
    for key in ("applications", "county", "aspects", "visits", "city"):
        assert [one[1:-2] for one in book.tables[key]] == [one[1:-2] for one in before.tables[key]]
    shown = openpyxl.load_workbook(out)["申报"]
    assert [shown[f"U{row}"].value for row in (5, 6, 7)] == [
        "省生态环境厅已核定",
        "省生态环境厅已核定",
        "待县级现场核查和审查",
    ]
    assert shown["O7"].value == "昨天"
    code, _, err = run(*common, "--reference", f"省核定结果={list_}", "--force")
    assert code == 2 and "--from" in err
    code, _, err = run(*common, "--from", last, "--reference", f"排污许可={list_}", "--force")
    assert code == 2 and "用不上" in err
