"""Odd tables: what is a row of the list is taken, the rest is accounted for; nothing is lost and nothing is made up."""

import datetime as dt
from typing import Any

import pytest

from tests.workbook_templates.layouts.tables import as_book, county, grid, grids, taken
from validators.rule import judge
from workbook_templates.layouts.accounts import Taken
from workbook_templates.layouts.declared import Layout, WrongLayout, of_text, shipped_layout
from workbook_templates.layouts.found import fits
from workbook_templates.layouts.sheet_taker import TooMany

LAYOUT = of_text(
    "布局",
    "工作表,每行是,表头行,表头,含义,单位,取值\n"
    ",企业,,年份,本表.年度,,\n"
    ",企业,,区县,企业基本信息.区县,,\n"
    ",企业,,企业名称,企业基本信息.企业名称,,\n"
    ",企业,,管控类型,合写.管控类型,,\n"
    ",企业,,天数,企业基本信息.年运行天数（d）,,\n"
    ",企业,,排放量_SO2,企业基本信息.SO2年排放量（t/a）,千克/天,\n"
    ",企业,,在线,企业基本信息.是否小微涉气企业,,装了=是；没装=否\n"
    ",企业,,红色预警_限停产措施,生产线减排措施.红色预警_限停产措施,,\n",
)
HEADS = [entry.head for entry in LAYOUT.tables[0].entries]
FIRST: tuple[Any, ...] = (2020, "东昌府区", "甲公司", "民生豁免-C", 300, 10, "装了", "限产30%，停止公路运输")
SECOND: tuple[Any, ...] = (2020, "东昌府区", "乙公司", "地方B", 200, 5.5, "没装", "由960吨降到768吨")


def take(
    *rows: tuple[Any, ...], heads: list[list[str]] | None = None, merged: tuple[str, ...] = (), layout: Layout = LAYOUT
) -> Taken:
    return taken(layout, [grid("表", heads or [HEADS], rows, merged)])


def names(found: Taken) -> list[object]:
    return [row.get("name") for row in found.rows["enterprises"]]


def left(found: Taken) -> dict[int, str]:
    return {one.row: one.note for one in found.read if not one.taken}


def test_facts_are_taken_apart_converted_and_marked() -> None:
    found = take(FIRST, SECOND)
    first, second = found.rows["enterprises"]
    assert first["grade"] == "C" and first["guaranteed"] == "是" and first["long_idle"] == "否"
    assert first["so2_annual"] == 3 and first["small"] == "是" and second["small"] == "否"
    assert second["grade"] == "B" and second["guaranteed"] == "否"
    one, other = found.rows["lines"]
    assert (one["red_type"], one["red_ratio"]) == ("限产", 30)
    assert (other["red_type"], other["red_ratio"]) == ("限产", 20)
    guessed = {(cell.key, cell.index, cell.field) for cell in found.cells if cell.what == "推测"}
    assert ("lines", 1, "red_ratio") in guessed and ("enterprises", 0, "long_idle") in guessed
    assert ("enterprises", 0, "grade") not in guessed
    converted = [cell.note for cell in found.cells if cell.what == "换算"]
    assert "10 千克/天 ÷ 1000 × 300 d/a = 3 t/a" in converted
    assert any("（960 − 768）÷ 960 × 100% = 20%" in cell.note for cell in found.cells)
    assert found.rows["guarantee"] == [{"list_id": first["list_id"], "name": "甲公司"}]


@pytest.mark.parametrize("said", ["保障类", "保障类企业", "民生豁免", "保障类-C", "民生豁免-C"])
def test_an_enterprise_is_said_to_be_guaranteed_with_its_grade_or_without(said: str) -> None:
    found = take((*FIRST[:3], said, *FIRST[4:-2], "不可以", FIRST[-1]))
    [row] = found.rows["enterprises"]
    assert row["guaranteed"] == "是" and row.get("grade") == ("C" if said.endswith("-C") else None)
    assert row["small"] == "否" and not [cell for cell in found.cells if cell.what == "未取"]


def test_every_column_and_row_is_accounted_for() -> None:
    found = taken(LAYOUT, [grid("表", [[*HEADS, "锅炉吨位"]], [(*FIRST, 35), SECOND])])
    assert [(one.column, one.status) for one in found.columns] == [
        ("A", "采用"), ("B", "采用"), ("C", "采用"), ("D", "推测"), ("E", "采用"), ("F", "换算"), ("G", "采用"), ("H", "推测"), ("I", "未用"),
    ]  # fmt: skip
    assert "1 格有内容" in found.columns[-1].note
    assert [one.row for one in found.read] == [2, 3]


def test_totals_notes_heads_and_numbers_among_the_rows_are_left_out_with_the_reason() -> None:
    found = take(
        ("1", "2", "3", "4", "5", "6", "7", "8"),
        FIRST,
        ("", "小计", "", "", "", 10, "", ""),
        tuple(HEADS),
        SECOND,
        ("合计", "", "", "", "", 15.5, "", ""),
        ("注：停产以生产线计", "", "", "", "", "", "", ""),
    )
    assert names(found) == ["甲公司", "乙公司"]
    assert left(found) == {2: "列号", 4: "合计行", 5: "重复的表头", 7: "合计行", 8: "表下的说明"}


def test_heads_in_the_middle_in_several_rows_and_with_any_joiner_are_found() -> None:
    above = [["某县清单"], [], ["填报单位：某局"]]
    assert names(take(FIRST, heads=[*above, HEADS])) == ["甲公司"]
    dashed = [head.replace("_", "-") for head in HEADS]
    assert take(FIRST, heads=[dashed]).rows["enterprises"][0]["so2_annual"] == 3
    upper = [head.partition("_")[0] for head in HEADS]
    lower = [head.partition("_")[2] for head in HEADS]
    assert take(FIRST, heads=[upper, lower]).rows["lines"][0]["red_measure"] == FIRST[-1]
    spread = [*upper[:5], "污染物", *upper[6:]], [*[""] * 5, "排放量", "", ""], [*[""] * 5, "SO2", "", "限停产措施"]
    layout = of_text("三行", LAYOUT.text.replace("排放量_SO2", "污染物_排放量_SO2"))
    assert take(FIRST, heads=list(spread), layout=layout).rows["enterprises"][0]["so2_annual"] == 3


def test_cells_merged_down_the_rows_hold_for_all_of_them() -> None:
    layout = of_text(
        "线",
        "每行是,表头,含义\n生产线,企业,企业基本信息.企业名称\n生产线,等级,企业基本信息.绩效等级\n生产线,线,生产线减排措施.生产线名称\n",
    )
    rows = [("甲公司", "C", "1号线"), ("", "", "2号线"), ("乙公司", "B", "1号线")]
    found = taken(layout, [grid("表", [["企业", "等级", "线"]], rows, ["A2:A3", "B2:B3"])])
    assert names(found) == ["甲公司", "乙公司"]
    first = found.rows["enterprises"][0]["list_id"]
    assert [row["list_id"] for row in found.rows["lines"]][:2] == [first, first]
    assert [row["line_id"] for row in found.rows["lines"]][:2] == [f"{first}-L01", f"{first}-L02"]
    assert not [cell for cell in found.cells if cell.what == "推测"]
    unmerged = taken(layout, [grid("表", [["企业", "等级", "线"]], rows)])
    assert unmerged.rows["lines"] == found.rows["lines"]
    (guess,) = [cell for cell in unmerged.cells if cell.what == "推测"]
    assert (guess.key, guess.index, guess.field) == ("lines", 1, "list_id") and "上一行" in guess.note


def test_rows_of_another_county_or_an_older_year_are_left_out() -> None:
    found = take(FIRST, (2020, "高唐县", *SECOND[2:]), (2019, *SECOND[1:]), (2020, "东昌府", *SECOND[2:]))
    assert names(found) == ["甲公司", "乙公司"]
    assert left(found) == {3: "是高唐县的", 4: "是 2019 年的，取的是 2020 年的"}


def test_a_second_table_below_is_not_read_as_rows_of_the_first() -> None:
    found = take(
        FIRST, ("扬尘源名称", "详细地址", "占地面积", "建设单位", "施工单位"), ("某工地", "某路", 300, "甲", "乙")
    )
    assert names(found) == ["甲公司"]
    assert "另一张表" in left(found)[3] and "另一张表" in left(found)[4]


def test_what_cannot_be_read_stays_as_it_stood_and_is_found() -> None:
    found = take((2020, "东昌府区", "甲公司", "看情况", "三百天", "约10", "装了", "停产"))
    (row,) = found.rows["enterprises"]
    assert row["run_days"] == "三百天" and row["so2_annual"] == "约10" and "grade" not in row
    assert [(cell.cell, cell.value) for cell in found.cells if cell.what == "未取"] == [("D2", "看情况")]
    assert {"三百天", "约10"} <= {finding.value for finding in judge(as_book(found)) if finding.rule == "GS03"}


def test_a_conversion_that_lacks_the_days_leaves_the_cell_out() -> None:
    found = take((2020, "东昌府区", "甲公司", "C", "", 10, "装了", "停产"))
    assert "so2_annual" not in found.rows["enterprises"][0]
    (lost,) = [cell for cell in found.cells if cell.what == "未取"]
    assert lost.cell == "F2" and "年运行天数" in lost.note


def test_formulas_and_hidden_columns_are_said() -> None:
    table = grid("表", [HEADS], [FIRST])
    table.seen.formulas[5] = {2: "1+9"}
    table.seen.hidden_columns.append((3, 3))
    found = taken(LAYOUT, [table])
    assert "so2_annual" not in found.rows["enterprises"][0]
    (lost,) = [cell for cell in found.cells if cell.what == "未取"]
    assert lost.cell == "F2" and "公式" in lost.note
    assert "隐藏" in found.columns[3].note


def test_two_rows_that_name_one_firm_become_one_and_what_differs_is_said() -> None:
    found = take(FIRST, (*FIRST[:4], 310, *FIRST[5:]))
    assert names(found) == ["甲公司"] and found.rows["enterprises"][0]["run_days"] == 300
    assert "“310”与前面的“300”不同" in found.read[1].note
    assert len(found.rows["lines"]) == 1


def test_too_many_rows_are_refused() -> None:
    with pytest.raises(TooMany, match="20001 行，一个区县最多 20000 行"):
        take(*[(2020, "东昌府区", f"{number}公司") for number in range(20_001)])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("每行是,表头,含义\n企业,甲,企业基本信息.企业名称\n企业,乙,企业基本信息.企业名称\n", "含义“企业基本信息.企业名称”写了两次"),
        ("每行是,表头,含义\n企业,甲,\n企业,甲,\n", "表头“甲”写了两次"),
        ("每行是,表头,含义,单位\n企业,甲,企业基本信息.SO2年排放量（t/a）,千瓦时\n", "第 2 行的单位“千瓦时”换算不成"),
        ("每行是,表头,含义\n企业,甲,企业基本信息.企业名字\n", "最接近的是“企业基本信息.企业名称”"),
        ("每行是,表头,含义\n厂,甲,\n", "应为企业、厂区、生产线"),
        ("每行是,表头,含义,取值\n企业,甲,企业基本信息.是否保障类,有\n", "应写成 写法=取值"),
        ("每行是,表头,含义,取值\n企业,甲,企业基本信息.是否保障类,有=对\n", "取值“对”不是“是否保障类”的可选值"),
        ("每行是,表头行,表头,含义\n企业,二,甲,\n", "应为行号"),
        ("甲,乙\n1,2\n", "不是布局"),
        ("每行是,表头,含义\n", "里没有内容"),
    ],
)  # fmt: skip
def test_a_layout_that_cannot_be_used_says_where(text: str, said: str) -> None:
    with pytest.raises(WrongLayout, match=said):
        of_text("布局", text)


def test_a_table_that_is_none_of_the_layout_is_refused() -> None:
    rotated = grid("表", [], [(head, *values) for head, *values in zip(HEADS, FIRST, SECOND, strict=True)])
    for table in (rotated, grid("表", [], [FIRST, SECOND]), grid("表", [], [])):
        with pytest.raises(WrongLayout, match="找不到布局“布局”的表头"):
            fits(LAYOUT, [table], "表.xlsx")


def test_dates_and_codes_come_as_they_are() -> None:
    found = taken(shipped_layout("default"), grids(shipped_layout("default"), county()))
    by_id = {row["list_id"]: row for row in found.rows["enterprises"]}
    for record in county().tables["enterprises"]:
        row = by_id[record.list_id]
        assert row.get("uscc") == record.uscc and row.get("fixed_on") == record.fixed_on
        assert record.fixed_on is None or isinstance(row["fixed_on"], dt.date)
