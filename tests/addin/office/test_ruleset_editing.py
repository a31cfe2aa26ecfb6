"""`qingdan ruleset`: the law as a workbook, what is wrong with it, what changes, and who uses the new version."""

import datetime as dt
import errno
import json
import shutil
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from addin.reading import ruleset_store
from tests.addin.conftest import COUNTY, RULES, Run, fill
from validators import ruleset, ruleset_tables
from workbook_templates.city.ruleset_workbook import COVER, LAW_HEADER_ROW, write_law
from workbook_templates.samples.sample_inventory import make_rows

Cells = dict[str, object]
VERIFIED: Cells = {"是否核实": "是", "来源": "技术指南", "核实人": "张三", "核实日期": dt.date(2026, 1, 20)}
POTTERY: Cells = {"重点行业": "陶瓷", "绩效等级": "C", "措施类型": "限产", **VERIFIED}


@pytest.fixture(autouse=True)
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for loaded versions."""
    folder = tmp_path / "loaded"
    monkeypatch.setenv("QINGDAN_RULESETS", str(folder))
    return folder


@pytest.fixture(scope="session")
def shipped() -> bytes:
    buffer = BytesIO()
    write_law(buffer, RULES)
    return buffer.getvalue()


@pytest.fixture
def lawbook(tmp_path: Path, shipped: bytes) -> Path:
    path = tmp_path / "规则集.xlsx"
    path.write_bytes(shipped)
    return path


def head_cells(sheet: Any) -> dict[str, int]:
    return {cell.value: cell.column for cell in sheet[LAW_HEADER_ROW]}


def row_of(sheet: Any, *key: object) -> int:
    """The row whose first cells are these."""
    rows = sheet.iter_rows(min_row=LAW_HEADER_ROW + 1, max_col=len(key), values_only=True)
    return LAW_HEADER_ROW + 1 + list(rows).index(key)


def edited(path: Path, edit: Callable[[Any], None], by: str | None = "市指挥部办公室 张三") -> Path:
    """The workbook saved by a program that is not ours, after an edit."""
    workbook = openpyxl.load_workbook(path)
    workbook[COVER]["C5"] = by
    edit(workbook)
    target = path.with_name("改.xlsx")
    workbook.save(target)
    return target


def add(table: str, cells: Cells) -> Callable[[Any], None]:
    """Put a row below those of a table."""

    def edit(workbook: Any) -> None:
        sheet = workbook[ruleset_tables.title(table)]
        row = LAW_HEADER_ROW + 1 + len(RULES.tables[table])
        for head, column in head_cells(sheet).items():
            if head in cells:
                sheet.cell(row, column, cells[head])

    return edit


def change(table: str, key: tuple[object, ...], cells: Cells) -> Callable[[Any], None]:
    """Change cells of a row."""

    def edit(workbook: Any) -> None:
        sheet = workbook[ruleset_tables.title(table)]
        row = row_of(sheet, *key)
        for head, value in cells.items():
            sheet.cell(row, head_cells(sheet)[head], value)

    return edit


def load(run: Run, *arguments: object, code: int = 0) -> dict[str, Any]:
    ran = run("ruleset", "load", *arguments, "--json")
    assert ran.code == code, ran
    found: dict[str, Any] = json.loads(ran.out)
    return found


@pytest.mark.parametrize("year", ruleset.years())
def test_a_rule_set_that_was_only_saved_again_has_not_changed(
    run: Run, tmp_path: Path, year: str, loaded: Path
) -> None:
    path = tmp_path / "规则集.xlsx"
    assert run("ruleset", "edit", "--year", year, "--out", path).code == 0
    for one in (path, edited(path, lambda workbook: None, by=None)):
        found = load(run, one)
        assert (found["verdict"], found["changes"], found["problems"]) == ("没有变化", [], [])
    assert not loaded.exists()


@pytest.mark.parametrize("year", ruleset.years())
def test_shipped_rule_sets_are_right(year: str) -> None:
    tables = ruleset.load(year).tables
    assert list(ruleset_tables.problems(tables, tables)) == []
    for table, rows in tables.items():
        assert len({ruleset_tables.key_of(table, row) for row in rows}) == len(rows)


def test_the_workbook_survives_libreoffice(
    run: Run, lawbook: Path, tmp_path: Path, soffice: Callable[[Path, Path, str], Path]
) -> None:
    saved = soffice(
        edited(lawbook, add("measures", {**POTTERY, "预警级别": "橙色", "最低减排比例（%）": 50})), tmp_path, "xlsx"
    )
    found = load(run, saved)
    assert found["changes"] == [{"table": "分级措施", "what": "新增", "row": "陶瓷 C 橙色", "cells": []}]
    assert ruleset.load("2020.1").tables["measures"][-1]["verified_on"] == "2026-01-20"


def test_a_loaded_version_is_kept_listed_and_never_overwritten(run: Run, lawbook: Path, loaded: Path) -> None:
    path = edited(lawbook, change("thresholds", ("B-级算不算B级及以上",), {"数值": "是"}))
    first = load(run, path)
    assert first["ruleset"] == "2020.1"
    assert first["changes"] == [
        {
            "table": "限值与开关",
            "what": "修改",
            "row": "B-级算不算B级及以上",
            "cells": [{"head": "数值", "old": "否", "new": "是"}],
        }
    ]
    before = (loaded / "2020.1.json").read_bytes()
    assert load(run, path)["verdict"] == "没有变化"
    assert load(run, edited(lawbook, lambda workbook: None))["ruleset"] == "2020.2"  # back to what is shipped
    assert (loaded / "2020.1.json").read_bytes() == before
    assert sorted(one.name for one in loaded.iterdir()) == ["2020.1.json", "2020.2.json"]
    listed = {one["id"]: one for one in json.loads(run("ruleset", "list", "--json").out)["rulesets"]}
    assert [id_ for id_ in listed if listed[id_]["year"] == 2020] == ["2020", "2020.1", "2020.2"]
    assert [listed[id_]["newest"] for id_ in ("2020", "2020.1", "2020.2")] == [False, False, True]
    assert listed["2020"]["sha256"] == listed["2020.2"]["sha256"] != listed["2020.1"]["sha256"]
    assert (listed["2020.1"]["loaded_by"], listed["2020.1"]["file"], listed["2020.1"]["base"]) == (
        "市指挥部办公室 张三", "改.xlsx", "2020"
    )  # fmt: skip
    assert len(listed["2020.1"]["file_sha256"]) == 64
    assert "2020.2" in run("ruleset", "list").out


def test_two_loads_at_once_get_two_numbers(loaded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    origin = ruleset_store.LoadedFrom("2026-01-20T08:00:00+08:00", "张三", "2020", "甲.xlsx", "0" * 64)
    tables = {**RULES.tables, "words": RULES.tables["words"][1:]}
    kept = ruleset_store.keep("2020", tables, origin)
    monkeypatch.setattr(ruleset_store, "versions", lambda year: (year,))  # as seen before the other one was kept
    other = ruleset_store.keep("2020", RULES.tables, origin)
    assert (kept.id, other.id) == ("2020.1", "2020.2")
    assert kept.tables == tables and other.tables == RULES.tables
    assert [one.name for one in sorted(loaded.iterdir())] == ["2020.1.json", "2020.2.json"]


@pytest.mark.usefixtures("loaded")
def test_a_version_from_before_a_threshold_or_a_word_list_has_those_of_this_release(run: Run, tmp_path: Path) -> None:
    older = {table: [{**row} for row in rows] for table, rows in RULES.tables.items()}
    older["thresholds"] = [row for row in older["thresholds"] if row["name"] != "lines_apart"]
    older["words"] = [row for row in older["words"] if row["list"] != "removed"]
    older["industries"] = [
        {k: v for k, v in row.items() if k != "listed_by"} for row in older["industries"] if row["listed_by"] != "省"
    ]
    kept = ruleset_store.keep("2020", older, ruleset_store.LoadedFrom("", "市办", "2020", "旧.xlsx", ""))
    assert kept.id == "2020.1" and not kept.switch("lines_apart")
    assert kept.words["removed"] == RULES.words["removed"]
    assert kept.values["industries"] == RULES.values["industries"]
    path = tmp_path / "再录.xlsx"
    assert run("ruleset", "edit", "--ruleset", "2020.1", "--out", path).code == 0
    assert load(run, path)["verdict"] == "没有变化"


def test_a_full_disk_leaves_nothing_and_leftovers_are_no_versions(
    run: Run, lawbook: Path, loaded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(temporary: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(target))

    path = edited(lawbook, change("thresholds", ("本市名称",), {"数值": "聊城", **VERIFIED}))
    monkeypatch.setattr(ruleset_store, "_take", full)
    code, _, err = run("ruleset", "load", path)
    assert code == 2 and "磁盘已满" in err
    assert list(loaded.iterdir()) == []
    monkeypatch.undo()
    monkeypatch.setenv("QINGDAN_RULESETS", str(loaded))
    for name in (".0123.tmp", "2020.01.json", "2020.json", "x2020.1.json", "2020.1.json.bak"):
        (loaded / name).write_text("{", encoding="utf-8")
    assert ruleset.versions("2020") == ("2020",)
    assert load(run, path)["ruleset"] == "2020.1"


def test_versions_lie_in_the_user_s_own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("QINGDAN_RULESETS")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert ruleset_store.folder() == tmp_path / "data" / "qingdan" / "规则集"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert ruleset_store.folder() == tmp_path / ".local" / "share" / "qingdan" / "规则集"
    monkeypatch.setattr(ruleset_store.sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert ruleset_store.folder() == tmp_path / "local" / "qingdan" / "规则集"


@pytest.mark.parametrize("damage", ["{", '{"format": "qingdan-ruleset/1"}', "[]", "null", "changed"])
def test_a_damaged_version_is_named_and_not_used(
    run: Run, lawbook: Path, loaded: Path, county: Path, damage: str
) -> None:
    load(run, edited(lawbook, change("thresholds", ("本市名称",), {"数值": "聊城", **VERIFIED})))
    path = loaded / "2020.1.json"
    text = path.read_text(encoding="utf-8").replace('"聊城"', '"别处"') if damage == "changed" else damage
    target = loaded / "2020.3.json"
    target.write_text(text, encoding="utf-8")
    code, _, err = run("check", county)
    assert code == 2 and "2020.3" in err and "已损坏或被改动" in err
    assert run("check", county, "--ruleset", "2020.1").code == 0


def emptied(label: str) -> Callable[[Any], None]:
    """Without the words of a list."""

    def edit(book: Any) -> None:
        page = book["词表"]
        for row in range(page.max_row, LAW_HEADER_ROW, -1):
            if page.cell(row, 1).value == label:
                page.delete_rows(row)

    return edit


WRONG: list[tuple[str, Callable[[Any], None], str, str | None, list[str]]] = [
    ("unknown industry", add("measures", {**POTTERY, "重点行业": "陶器", "预警级别": "红色"}), "分级措施", "A32", ["陶器", "长流程联合钢铁"]),
    ("unknown grade", add("measures", {**POTTERY, "绩效等级": "E", "预警级别": "红色"}), "分级措施", "C32", ["“E”"]),
    ("grade of another scheme", add("measures", {**POTTERY, "绩效等级": "引领性", "预警级别": "红色"}), "分级措施", "C32", ["没有“引领性”这一级", "A、B、C、D"]),
    ("over 100", add("measures", {**POTTERY, "预警级别": "红色", "最低减排比例（%）": 101}), "分级措施", "F32", ["101", "0 至 100"]),
    ("below 0", add("measures", {**POTTERY, "预警级别": "红色", "最低减排比例（%）": -1}), "分级措施", "F32", ["-1", "0 至 100"]),
    ("percent sign", add("measures", {**POTTERY, "预警级别": "红色", "最低减排比例（%）": 0.2}), "分级措施", "F32", ["0.2", "百分号"]),
    ("no number", add("measures", {**POTTERY, "预警级别": "红色", "最低减排比例（%）": "两成"}), "分级措施", "F32", ["两成"]),
    ("missing subtype", add("measures", {**POTTERY, "重点行业": "水泥", "绩效等级": "C", "预警级别": "红色"}), "分级措施", "B32", ["熟料、粉磨站"]),
    ("no level", add("measures", POTTERY), "分级措施", "D32", ["必填"]),
    ("double key", add("measures", {**POTTERY, "重点行业": "玻璃", "绩效等级": "D", "预警级别": "红色"}), "分级措施", "A32", ["玻璃、D、红色", "第 31 行"]),
    ("verified without source", add("measures", {**POTTERY, "预警级别": "红色", "来源": None}), "分级措施", "J32", ["没有写来源"]),
    ("verified by nobody", add("measures", {**POTTERY, "预警级别": "红色", "核实人": None}), "分级措施", "K32", ["没有写核实人"]),
    ("changed but verified by nobody", change("deadlines", (2020, "首报", "市级审核"), {"月-日": "08-22"}), "期限", "H5", ["没有写核实人"]),
    ("no such day", change("deadlines", (2020, "首报", "市级审核"), {"月-日": "02-30"}), "期限", "E5", ["02-30", "月-日"]),
    ("no date", change("thresholds", ("限制申报：起始日",), {"数值": "去年"}), "限值与开关", "B9", ["去年", "日期"]),
    ("no switch", change("thresholds", ("是否完整可用",), {"数值": "大概"}), "限值与开关", "B5", ["“是”或“否”"]),
    ("negative threshold", change("thresholds", ("雷同文字的企业数",), {"数值": "-3"}), "限值与开关", "B16", ["-3"]),
    ("no code", add("divisions", {"名称": "新区", "是否提交清单": "是", "是否核实": "否"}), "区划", "A17", ["区划代码", "必填"]),
    ("odd code", change("divisions", ("LC-JK",), {"区划代码": "经开"}), "区划", "A14", ["经开"]),
    ("replaced but submitting", change("divisions", ("371523",), {"是否提交清单": "是"}), "区划", "C13", ["不能再提交"]),
    ("lowest that cannot be had", change("industries", (1,), {"最低等级": "非引领性"}), "行业与分级", "E4", ["不在“可评的等级”"]),
    ("unknown grade of an industry", change("industries", (3,), {"可评的等级": "A、E"}), "行业与分级", "D6", ["“E”"]),
    ("unknown round", change("deadlines", (2020, "9月调整"), {"轮次": "秋季"}), "期限", "B9", ["秋季", "首报"]),
    ("odd verified day", add("measures", {**POTTERY, "预警级别": "红色", "核实日期": "上周"}), "分级措施", "L32", ["上周", "日期"]),
    ("no such rule", add("basis", {"规则编号": "XX99", "本年度的依据": "某文件", "是否核实": "否"}), "规则依据", "A4", ["XX99"]),
    ("formula", add("measures", {**POTTERY, "预警级别": "红色", "最低减排比例（%）": "=10+10"}), "分级措施", "F32", ["公式"]),
    ("a row short", lambda book: book["限值与开关"].delete_rows(6), "限值与开关", None, ["本市区划代码", "缺少"]),
    ("no round left", emptied("轮次"), "词表", None, ["没有一个轮次"]),
    ("no word left", emptied("套话"), "词表", None, ["“套话”一个词也没有"]),
    ("not graded and graded", change("industries", (1,), {"可评的等级": "A、未评级", "最低等级": None}), "行业与分级", "D4", ["只能单独写"]),
    ("sheet gone", lambda book: book.remove(book["期限"]), "期限", None, ["缺少工作表"]),
    ("head gone", lambda book: book["期限"].cell(LAW_HEADER_ROW, 2, "批次"), "期限", None, ["缺少表头“轮次”"]),
    ("merged", lambda book: book["期限"].merge_cells("B4:B5"), "期限", "B4", ["合并"]),
]  # fmt: skip


@pytest.mark.parametrize(("edit", "sheet", "cell", "says"), [one[1:] for one in WRONG], ids=[one[0] for one in WRONG])
def test_what_is_wrong_is_said_at_its_cell_and_nothing_is_loaded(
    run: Run, lawbook: Path, loaded: Path, edit: Callable[[Any], None], sheet: str, cell: str | None, says: list[str]
) -> None:
    path = edited(lawbook, edit)
    found = load(run, path, code=1)
    assert (found["verdict"], found["ruleset"], found["changes"]) == ("不通过", None, [])
    messages = [one["message"] for one in found["problems"] if (one["sheet"], one["cell"]) == (sheet, cell)]
    assert any(all(text in message for text in says) for message in messages), found["problems"]
    assert all(one["message"].endswith("。") for one in found["problems"])
    assert not loaded.exists()
    assert f"《{sheet}》" in run("ruleset", "load", path).out


def test_who_changed_it_must_be_said(run: Run, lawbook: Path) -> None:
    path = edited(lawbook, change("thresholds", ("本市名称",), {"数值": "聊城", **VERIFIED}), by=None)
    assert "录入人" in load(run, path, code=1)["problems"][0]["message"]


def test_what_is_no_rule_set_is_refused_in_one_line(run: Run, county: Path, tmp_path: Path) -> None:
    broken = tmp_path / "坏.xlsx"
    broken.write_bytes(b"PK\x03\x04 nothing")
    for path, says in ((county, "不是规则集工作簿"), (broken, "坏.xlsx"), (tmp_path / "没有.xlsx", "不存在")):
        code, out, err = run("ruleset", "load", path)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert says in err
    assert run("ruleset", "edit", "--year", "1999", "--out", tmp_path / "x.xlsx").code == 2


def test_hostile_workbooks_are_read_apart(run: Run, lawbook: Path, tmp_path: Path) -> None:
    bomb = tmp_path / "炸弹.xlsx"
    with zipfile.ZipFile(lawbook) as old, zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, b"<x>" + b" " * (1 << 28) if name == "xl/worksheets/sheet3.xml" else data)
    code, out, err = run("ruleset", "load", bomb)
    assert (code, out, err.count("\n")) == (2, "", 1) and "炸弹.xlsx" in err


def test_a_loaded_measure_is_judged_by_and_no_longer_missing(run: Run, lawbook: Path, tmp_path: Path) -> None:
    rows = make_rows(COUNTY, 4, 1, RULES)
    for line in rows["lines"]:
        line.update(industry="陶瓷", grade="C", yellow_ratio=20, orange_ratio=20, red_ratio=100)
        line.pop("subtype", None)
    inventory = fill(tmp_path / "县.xlsx", rows=rows)
    before = [one for one in json.loads(run("check", inventory, "--json").out)["findings"] if one["rule"] == "CS02"]
    assert [one["severity"] for one in before] == ["INFO"] and "陶瓷C级" in before[0]["message"]

    def keyed(workbook: Any) -> None:
        for number, (level, ratio) in enumerate((("黄色", 20), ("橙色", 50), ("红色", 100))):
            sheet = workbook["分级措施"]
            cells = {**POTTERY, "预警级别": level, "最低减排比例（%）": ratio}
            for head, column in head_cells(sheet).items():
                sheet.cell(LAW_HEADER_ROW + 1 + len(RULES.tables["measures"]) + number, column, cells.get(head))

    effect = load(run, edited(lawbook, keyed), "--against", tmp_path / "县.xlsx")["effect"]
    assert {(one["rule"], one["severity"]) for one in effect["new"]} == {("CS02", "ERROR")}
    assert {one["header"] for one in effect["new"]} == {"橙色预警_减排比例（%）"}
    assert [(one["rule"], one["severity"]) for one in effect["gone"]] == [("CS02", "INFO")]
    found = json.loads(run("check", inventory, "--json").out)
    assert found["files"][0]["ruleset"] == "2020.1"
    after = [one for one in found["findings"] if one["rule"] == "CS02"]
    assert {one["severity"] for one in after} == {"ERROR"} and "不低于 50%" in after[0]["message"]
    old = json.loads(run("check", inventory, "--ruleset", "2020", "--json").out)
    assert [one["severity"] for one in old["findings"] if one["rule"] == "CS02"] == ["INFO"]


def test_effect_on_severity_and_on_what_cannot_be_read(run: Run, lawbook: Path, tmp_path: Path) -> None:
    rows = make_rows(COUNTY, 4, 1, RULES)
    for line in rows["lines"]:
        line.update(industry="玻璃", grade="D", yellow_ratio=0, orange_ratio=0, red_ratio=0)
        line.pop("subtype", None)
    inbox = tmp_path / "收件箱"
    inbox.mkdir()
    fill(inbox / "县.xlsx", rows=rows)
    path = edited(lawbook, change("measures", ("玻璃", None, "D", "红色"), VERIFIED))
    (inbox / "坏.xlsx").write_bytes(b"nothing")
    ran = run("ruleset", "load", path, "--against", inbox, "--json")
    found = json.loads(ran.out)
    assert ran.code == 2 and found["verdict"] == "已载入"
    assert [error["file"] for error in found["errors"]] == ["坏.xlsx"]
    assert found["effect"]["changed"] and not found["effect"]["new"]
    assert {(one["rule"], one["was"], one["severity"]) for one in found["effect"]["changed"]} == {
        ("CS02", "WARNING", "ERROR")
    }


def test_templates_samples_the_city_and_the_manifest_name_the_version(run: Run, lawbook: Path, tmp_path: Path) -> None:
    load(run, edited(lawbook, change("thresholds", ("本市名称",), {"数值": "聊城", **VERIFIED})))
    template = tmp_path / "县.xlsx"
    asked = ("template", "county", "--county", COUNTY, "--year", "2020", "--revision", "1", "--rows", "20", "--out")
    assert json.loads(run(*asked, template, "--json").out)["ruleset"] == "2020.1"
    assert json.loads(run("check", template, "--json").out)["files"][0]["ruleset"] == "2020.1"
    assert json.loads(run(*asked, tmp_path / "旧.xlsx", "--ruleset", "2020", "--json").out)["ruleset"] == "2020"
    sample = tmp_path / "样例.xlsx"
    assert run("sample", "--county", COUNTY, "--enterprises", "5", "--out", sample).code == 0
    city, out = tmp_path / "全市.xlsx", tmp_path / "报省.xlsx"
    excluded = [part for code in RULES.submitting if code != COUNTY for part in ("--exclude", code, "--reason", "试点")]
    found = json.loads(run("consolidate", sample, "--out", city, *excluded, "--json").out)
    assert (found["ruleset"], found["files"][0]["ruleset"]) == ("2020.1", "2020.1")
    assert openpyxl.load_workbook(city)["提交情况"]["N2"].value == "2020.1"
    assert json.loads(run("export", city, "--out", out, "--json").out)["manifest"]["ruleset"] == "2020.1"
    assert run("audit", out, "--against", sample).code == 0
    manifest = Path(f"{out}.manifest.json")
    said = json.loads(manifest.read_text(encoding="utf-8"))
    assert said["ruleset_sha256"] == ruleset.load("2020.1").sha256
    for name, value, says in (("ruleset", "2020.9", "没有规则集 2020.9"), ("ruleset_sha256", "0" * 64, "内容不同")):
        manifest.write_text(json.dumps({**said, name: value}, ensure_ascii=False), encoding="utf-8")
        ran = run("audit", out, "--against", sample, "--json")
        (check,) = [one for one in json.loads(ran.out)["checks"] if one["id"] == "AU10"]
        assert (ran.code, check["result"]) == (1, "不通过") and says in check["evidence"][0]["what"]
    assert run("check", sample, "--ruleset", "2020.7").code == 2


def test_a_version_that_is_not_here_is_said(
    run: Run, lawbook: Path, tmp_path: Path, loaded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(run, edited(lawbook, change("thresholds", ("本市名称",), {"数值": "聊城", **VERIFIED})))
    sample, city = tmp_path / "样例.xlsx", tmp_path / "全市.xlsx"
    assert run("sample", "--county", COUNTY, "--enterprises", "5", "--out", sample).code == 0
    assert run("consolidate", sample, "--out", city).code == 1
    shutil.rmtree(loaded)
    found = json.loads(run("check", sample, "--json").out)
    assert found["files"][0]["ruleset"] == "2020"
    assert [(one["rule"], one["severity"]) for one in found["findings"] if one["rule"] == "GS06"] == [
        ("GS06", "WARNING")
    ]
    code, _, err = run("export", city, "--out", tmp_path / "报省.xlsx")
    assert code == 2 and "2020.1" in err and "ruleset load" in err


def test_a_city_of_two_versions_is_noticed(run: Run, lawbook: Path, tmp_path: Path) -> None:
    load(run, edited(lawbook, change("thresholds", ("本市名称",), {"数值": "聊城", **VERIFIED})))
    sample = tmp_path / "样例.xlsx"
    assert run("sample", "--county", COUNTY, "--enterprises", "5", "--out", sample).code == 0
    load(run, edited(lawbook, lambda workbook: None))
    asked = ("consolidate", sample, "--out", tmp_path / "全市.xlsx", "--force", "--json")
    rules = [one["rule"] for one in json.loads(run(*asked).out)["findings"]]
    assert rules.count("HZ04") == 1
    again = json.loads(run(*asked, "--ruleset", "2020.2").out)
    assert "HZ04" not in [one["rule"] for one in again["findings"]] and again["files"][0]["ruleset"] == "2020.2"
