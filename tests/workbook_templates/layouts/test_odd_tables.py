"""Tables that stand oddly: each is read rightly or refused, and every row, column and cell of it is accounted for."""

from typing import Any

import pytest

from tests.addin.conftest import RULES
from tests.workbook_templates.layouts.tables import grid, taken
from workbook_templates.layouts.accounts import Taken
from workbook_templates.layouts.declared import WrongLayout, of_text
from workbook_templates.layouts.import_report import guessed_fields
from workbook_templates.layouts.learnt import SURE, layout_from, learn
from workbook_templates.xlsx.opened import Grid

HEADS = [
    "序号",
    "县区",
    "企业名称",
    "统一社会信用代码",
    "绩效等级",
    "年运行天数",
    "SO2排放量（千克/年）",
    "红色预警措施",
]
ROWS: list[list[Any]] = [
    [1, "东昌府区", "聊城甲水泥有限公司", "91371500MA3A00000A", "C", 300, 1200, "限产30%"],
    [2, "东昌府区", "聊城乙铸造有限公司", "91371500MA3B00000W", "B", 280, 300.5, "停产"],
]
DUST = ["序号", "扬尘源名称", "详细地址", "占地面积（平方米）", "建设单位", "施工单位"]


def table(*rows: list[Any]) -> Grid:
    return grid("清单", [], [tuple(row) for row in rows])


def learnt_and_taken(sheet: Grid) -> Taken:
    found = learn(sheet, RULES)
    assert found is not None
    return taken(layout_from("布局", [found]), [sheet])


def left(found: Taken) -> dict[int, str]:
    return {one.row: one.note for one in found.read if not one.taken}


def accounted(found: Taken, sheet: Grid) -> None:
    """Every row that is no head stands once in the account, every column once; what is not taken says why."""
    heads = {number for number, _ in sheet.rows} - {one.row for one in found.read}
    assert len(found.read) == len({one.row for one in found.read}) and heads <= set(range(1, 6))
    assert heads <= {number for number, cells in sheet.rows if number < min(one.row for one in found.read)}
    filled = {place for _, cells in sheet.rows for place, cell in enumerate(cells) if cell != ""}
    assert len(found.columns) == len({one.column for one in found.columns}) >= len(filled)
    assert all(one.note for one in found.read if not one.taken)
    assert all(one.note for one in found.columns if one.status in ("未用", "换算", "推测"))
    marked = {(key, index, name) for (key, index), names in guessed_fields(found).items() for name in names}
    assert marked == {(one.key, one.index, one.field) for one in found.cells if one.what == "推测"}
    assert all(one.note and one.cell for one in found.cells)


@pytest.mark.parametrize(
    ("rows", "reasons"),
    [
        pytest.param([ROWS[0], ["小计", None, "甲镇小计", None, None, None, 1200], ROWS[1], ["", "", "小 计"]], {3: "合计行", 5: "合计行"}, id="subtotals"),
        pytest.param([*ROWS, ["填表人：张三", None, None, "审核人：李四"], ["注：数据来自环统"]], {4: "表下的说明", 5: "表下的说明"}, id="who signs"),
        pytest.param([ROWS[0], HEADS, ROWS[1]], {3: "重复的表头"}, id="heads again"),
        pytest.param([*ROWS, ["扬尘源清单"], DUST, [1, "某工地", "兴华路1号", 100, "甲", "乙"]],
                     {4: "没有布局里的列", 5: "这里开始另一张表，没有取；请把它放在单独的工作表里再导入", 6: "上面已是另一张表"}, id="two tables"),
        pytest.param([[1, 2, 3, 4, 5, 6, 7, 8], *ROWS], {2: "列号"}, id="numbers of the columns"),
        pytest.param([ROWS[0], ["", "阳谷县", "某公司", "", "C", 300, 1, "停产"], ROWS[1]], {3: "是阳谷县的"}, id="another county"),
        pytest.param([ROWS[0], ["", None, "", "", None, None, None, None, "写在外面的"], ROWS[1]], {3: "没有布局里的列"}, id="beside"),
    ],
)  # fmt: skip
def test_rows_that_are_no_enterprises_are_left_and_say_why(rows: list[list[Any]], reasons: dict[int, str]) -> None:
    sheet = table(HEADS, *rows)
    found = learnt_and_taken(sheet)
    assert left(found) == reasons and len(found.rows["enterprises"]) == 2
    accounted(found, sheet)


def test_three_rows_of_heads_and_words_above_them_are_read() -> None:
    heads = [
        ["某县清单"],
        ["序号", "县区", "企业信息", "", "", "", "排放与措施", ""],
        ["", "", "基本情况", "", "评级", "", "年排放量（千克）", "应急措施"],
        ["", "", "名称", "统一社会信用代码", "绩效等级", "年运行天数", "二氧化硫", "红色预警"],
    ]
    merged = ["A1:H1", "A2:A4", "B2:B4", "C2:F2", "G2:H2", "C3:D3", "E3:F3"]
    sheet = grid("清单", heads, [tuple(row) for row in ROWS], merged)
    found = learn(sheet, RULES)
    assert found is not None and found.heading.rows == (2, 3, 4)
    assert [column.means for column in found.columns] == [
        None, "enterprises.district", "enterprises.name", "enterprises.uscc", "enterprises.grade", "enterprises.run_days",
        "enterprises.so2_annual", "lines.red_measure",
    ]  # fmt: skip
    accounted(taken(layout_from("布局", [found]), [sheet]), sheet)


def test_a_table_that_lies_on_its_side_has_no_heads() -> None:
    assert learn(table(*[list(row) for row in zip(HEADS, *ROWS, strict=True)]), RULES) is None


def test_a_table_to_the_right_of_another_is_left_open() -> None:
    sheet = table([*HEADS, None, *HEADS], *[[*row, None, *row] for row in ROWS])
    found = learn(sheet, RULES)
    assert found is not None
    assert not [one.head for one in found.columns if "#" in one.head and (one.means or one.score >= SURE)]
    accounted(taken(layout_from("布局", [found]), [sheet]), sheet)


def test_a_table_of_a_later_year_is_said_to_be_one() -> None:
    found = learnt_and_taken(table(["年份", *HEADS], *[[RULES.year + 3, *row] for row in ROWS]))
    assert len(found.rows["enterprises"]) == 2
    assert any(f"是 {RULES.year + 3} 年的" in note for note in found.notes)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("甲,企业,,企业名称,企业基本信息.企业名称,,\n甲,企业,,单位,企业基本信息.企业名称,,", "工作表“甲”里，含义“企业基本信息.企业名称”写了两次"),
        (",企业,,企业名称,企业基本信息.企业名称,,\n,企业,,企业名称,,,", "“坏”里，表头“企业名称”写了两次"),
        (",企业,,排放,企业基本信息.SO2年排放量（t/a）,亩,", "单位“亩”换算不成"),
        (",企业,,企业名称,企业基本信息.企业名称,吨,", "不是数，不能写单位“吨”"),
    ],
)  # fmt: skip
def test_a_layout_that_contradicts_itself_is_refused_in_one_line(row: str, words: str) -> None:
    with pytest.raises(WrongLayout, match=words) as caught:
        of_text("坏", f"工作表,每行是,表头行,表头,含义,单位,取值\n{row}\n")
    assert "\n" not in str(caught.value)


def test_a_row_of_units_below_the_heads_belongs_to_them() -> None:
    heads = [
        ["企业名称", "统一社会信用代码", "年运行天数", "SO2排放量", "红色预警"],
        ["", "", "天", "千克/年", "措施"],
    ]
    rows = [
        ("聊城甲水泥有限公司", "91371500MA3A00000A", 300, 1200, "停产"),
        ("聊城乙铸造有限公司", "", 200, 500, "停产"),
    ]
    table = grid("表", heads, rows)
    found = learn(table, RULES)
    assert found is not None and found.heading.rows == (1, 2) and found.grain == "企业"
    done = taken(layout_from("布局", [found]), [table])
    assert [row["so2_annual"] for row in done.rows["enterprises"]] == [1.2, 0.5]


def test_choices_tell_a_column_whose_head_says_nothing() -> None:
    heads = [["工程名称", "性质", "占地面积", "建设单位", "施工单位"]]
    rows = [("锦绣家园二期", "房建工地", 3000, "甲公司", "乙公司"), ("清淤工程", "水利工程", 2000, "丙公司", "丁公司")]
    found = learn(grid("表", heads, rows), RULES)
    assert found is not None
    kind = found.columns[1]
    assert kind.means == "dust.dust_type" and kind.score < SURE, "a person confirms what no head says"
