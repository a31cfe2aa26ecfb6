"""Profiles: every shipped one gives a submission that passes its audit; what changed in a format is named."""

import math
import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from addin.office import exporting, reproduction
from addin.office.auditing import audit_one
from tests.addin.conftest import Run, fill, run
from validators.columns import Column
from workbook_templates.submission.profile_diff import Difference, differences, profile_heads
from workbook_templates.submission.submission_workbook import exactly, manifest_path, profile, profiles

__all__ = ["run"]


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill(tmp_path_factory.mktemp("county") / "东昌府区.xlsx", enterprises=12)


def rows(path: Path) -> list[dict[str, Any]]:
    head, *below = openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in below]


@pytest.mark.parametrize("name", profiles())
def test_a_submission_of_any_profile_passes_its_audit_and_its_reproduction(
    county: Path, tmp_path: Path, name: str
) -> None:
    target = tmp_path / "报省.xlsx"
    exported = exporting.export(county, target, profile_name=name)
    assert exported.manifest and exported.manifest["profile"] == name
    report = audit_one(target, sources=[county])
    assert report["verdict"] == "通过", report
    assert [check["result"] for check in report["checks"]] == ["通过"] * 10
    again = tmp_path / "再来.xlsx"
    exporting.export(county, again, profile_name=name)
    assert again.read_bytes() == target.read_bytes()


@pytest.mark.parametrize("name", profiles())
def test_the_unit_in_a_head_is_the_unit_of_its_column(name: str) -> None:
    units = {"千克/天": "kg/d", "吨/年": "t/a", "天": "d", "%": "%", "°": "°", "㎡": "m²"}
    for sheet in profile(name):
        for head, source in zip(sheet.heads, sheet.sources, strict=True):
            said = re.search(r"（(.+)）", head.head)
            if said and isinstance(source, Column) and source.unit:
                assert units.get(said[1], said[1]) == source.unit, head.head


def test_one_row_per_enterprise_puts_its_lines_together(county: Path, tmp_path: Path) -> None:
    target, by_line = tmp_path / "名录.xlsx", tmp_path / "生产线.xlsx"
    exporting.export(county, target, profile_name="xingtai")
    exporting.export(county, by_line, profile_name="default")
    lines: dict[str, list[dict[str, Any]]] = {}
    for row in rows(by_line):
        lines.setdefault(row["清单编号"], []).append(row)
    found = rows(target)
    assert list(found[0]) == [
        "清单编号", "行业", "企业名称", "县区", "管控类型", "红色预警措施", "橙色预警措施", "黄色预警措施"
    ]  # fmt: skip
    assert [row["清单编号"] for row in found] == list(lines)
    for row in found:
        own = lines[row["清单编号"]]
        for line in own:
            if line["红色预警_限停产措施"]:
                assert line["红色预警_限停产措施"] in row["红色预警措施"]
        first = own[0]
        expected = first["企业绩效等级"]
        if first["是否保障类"] == "是":
            expected = f"民生豁免-{expected}"
        if first["是否长期停产"] == "是":
            expected = "长期停产"
        assert row["管控类型"] == expected
    assert {"长期停产"} & {row["管控类型"] for row in found} or any("民生豁免" in row["管控类型"] for row in found)


def test_an_altered_cell_of_an_enterprise_row_names_where_it_came_from(county: Path, tmp_path: Path) -> None:
    target = tmp_path / "报省.xlsx"
    exporting.export(county, target, profile_name="directory")
    workbook = openpyxl.load_workbook(target)
    workbook.worksheets[0]["X3"] = 99
    workbook.save(target)
    found = reproduction.reproduce(target, manifest_path(target).read_bytes(), [county])
    (one,) = found.evidence
    assert one.cell == "X3" and "实为“99”" in one.what and "东昌府区.xlsx《企业基本信息》第" in one.what


def test_what_changed_is_named() -> None:
    old = {"甲": ["a", "b", "c", "d", "e"], "乙": ["x", "y"], "丙": ["p"]}
    new = {"甲": ["a", "c", "d", "f", "b"], "乙二": ["x", "y"], "丁": ["q"]}
    assert differences(old, new) == [
        Difference("表改名", "乙", None, "乙", "乙二"),
        Difference("表消失", "丙", None, "丙", None),
        Difference("表新增", "丁", None, None, "丁"),
        Difference("消失", "甲", "e", "E", None),
        Difference("新增", "甲", "f", None, "D"),
        Difference("移动", "甲", "b", "B", "E"),
    ]
    assert differences(old, old) == []
    twice = {"甲": ["a", "a"]}
    assert [one.what for one in differences(twice, {"甲": ["a"]})] == ["消失"]


def blank_table(path: Path, heads: list[str]) -> Path:
    """The province's blank table: a title, and heads in two rows where one spans others."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.title = "工业源"
    sheet["A1"] = "重污染天气应急减排清单（工业源）"
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(heads))
    last = ""
    for column, head in enumerate(heads, 1):
        above, _, below = head.partition("_")
        if not below:
            sheet.cell(2, column, head)
        else:
            if above != last:
                sheet.cell(2, column, above)
            sheet.cell(3, column, below)
        last = above
    workbook.save(path)
    return path


def test_the_provinces_blank_table_is_held_against_a_profile(run: Run, tmp_path: Path) -> None:
    heads = profile_heads("default")["工业源"]
    same = blank_table(tmp_path / "同.xlsx", heads)
    _, out, _ = run("profile-diff", "default", same)
    assert "《工业源》" not in out and "表“运输管控”消失" in out
    heads = [*heads[:3], *heads[4:20], "是否上云", *heads[20:-1]]
    changed = blank_table(tmp_path / "新.xlsx", [heads[1], heads[0], *heads[2:]])
    code, out, _ = run("profile-diff", "default", changed)
    assert code == 1
    named = [line for line in out.splitlines() if "《工业源》" in line]
    gone = profile_heads("default")["工业源"]
    assert f"《工业源》“{gone[3]}”消失，原在第 D 列" in named
    assert "《工业源》新增“是否上云”，在新表第 T 列" in named
    assert sum("移到" in line for line in named) == 1
    assert len(named) == 4


def test_names_that_are_no_profile_and_no_table_are_said(run: Run, tmp_path: Path) -> None:
    code, _, err = run("profile-diff", "default", "没有")
    assert code == 2 and "没有名为“没有”的报送格式" in err
    assert "不存在" in run("profile-diff", "default", tmp_path / "没有.xlsx").err
    assert run("profile-diff", "default", "default").code == 0


def test_sums_are_exact_however_many_rows_they_pass_in() -> None:
    numbers = [1e16, 0.1, 1.0, -1e16, *[0.1] * 3000, -0.3]
    kept: list[float] = []
    for number in numbers:
        kept = exactly([*kept, number])
    assert math.fsum(kept) == math.fsum(numbers) and len(kept) < 4
    assert exactly([]) == exactly([0.5, -0.5]) == []
    assert exactly([1.0, math.inf]) == exactly([math.nan]) == []  # which no workbook holds
