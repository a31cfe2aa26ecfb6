"""Lists and results that the office brings: read by the heads of their columns, whatever program wrote them."""

import datetime as dt
from pathlib import Path

import openpyxl
import pytest

from validators import ruleset
from workbook_templates.city.reference_files import LOST_CODE, read_import
from workbook_templates.xlsx.opened import UnreadableWorkbook

RULES = ruleset.load("2020")


def sheet(path: Path, rows: list[list[object]]) -> Path:
    workbook = openpyxl.Workbook()
    workbook.active.append(["说明：从许可平台导出"])  # type: ignore[union-attr]
    for row in rows:
        workbook.active.append(row)  # type: ignore[union-attr]
    workbook.save(path)
    return path


def test_a_list_is_read_below_its_heads_with_row_numbers(tmp_path: Path) -> None:
    path = sheet(
        tmp_path / "名单.xlsx",
        [
            ["序号", "单位名称", "统一社会信用代码"],
            [1, "甲厂", " 91371502ma3c00001f "],
            [],
            [3, "乙厂", 913715021234567890],
        ],
    )
    found = read_import(path, "排污许可", RULES)
    assert [(one.row, one.name, one.uscc) for one in found.rows] == [
        (3, "甲厂", "91371502MA3C00001F"),
        (5, "乙厂", LOST_CODE),
    ]
    assert len(found.sha256) == 64


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_comma_separated_list_in_the_encodings_of_chinese_programs(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "结果.csv"
    path.write_text("清单编号,核定等级,核定日期\n371502-G-0001,B-级,2020/8/17\n", encoding=encoding)
    [one] = read_import(path, "省核定结果", RULES).rows
    assert (one.list_id, one.grade, one.day) == ("371502-G-0001", "B-", dt.date(2020, 8, 17))


@pytest.mark.parametrize(
    ("kind", "text", "says"),
    [
        ("排污许可", "编号,地址\n1,x\n", "统一社会信用代码"),
        ("省核定结果", "企业名称\n甲\n", "绩效等级"),
        ("全社会排放", "污染物,数量\nSO2,1\n", "全社会排放量"),
        ("全社会排放", "污染物,全社会排放量\nSO2,约1吨\n", "第 2 行"),
        ("全社会排放", "污染物,全社会排放量\nSO2,1\nSO2,2\n", "第 3 行"),
        ("全社会排放", "污染物,全社会排放量\n臭氧,1\n", "第 2 行"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, kind: str, text: str, says: str) -> None:
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    with pytest.raises(UnreadableWorkbook, match=says):
        read_import(tmp_path / "a.csv", kind, RULES)


def test_emissions_by_any_of_their_names(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "污染物,全社会排放量（t/d）\nSO₂,1.5\n氮氧化物,2\n烟粉尘,3\nVOCs,4\n,\n", encoding="utf-8"
    )
    found = read_import(tmp_path / "a.csv", "全社会排放", RULES)
    assert found.emissions == {"so2": 1.5, "nox": 2, "pm": 3, "vocs": 4}
