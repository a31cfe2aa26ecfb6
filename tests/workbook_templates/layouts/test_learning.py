"""Layouts are proposed rightly: for tables of ours in every disguise, and for tables in other people's style."""

import csv
import random
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.addin.conftest import RULES
from tests.workbook_templates.layouts.tables import county, grid, written
from validators.columns import LEVEL_NAMES, LEVELS, POLLUTANTS
from workbook_templates.layouts.declared import Entry, Table, others, shipped, shipped_layout
from workbook_templates.layouts.learnt import SURE, learn
from workbook_templates.layouts.units import convert
from workbook_templates.xlsx.opened import Grid

SYNONYMS: dict[str, list[str]] = {
    row["means"]: row["names"].split("|")
    for row in csv.DictReader(
        files("workbook_templates.layouts").joinpath("synonyms.csv").read_text(encoding="utf-8").splitlines()
    )
}
NAMES = {
    "so2": ("SO2", "二氧化硫"),
    "nox": ("NOx", "氮氧化物"),
    "pm": ("颗粒物", "烟粉尘"),
    "vocs": ("VOCs", "挥发性有机物"),
}
UNITS = {"kg/d": ("千克/天", "t/d", "吨/日", "kg/d"), "t/a": ("吨/年", "t/a", "千克/年"), "m²": ("㎡", "亩")}
JOINERS = ("_", "-", "", "—")


def disguised(entry: Entry, rng: random.Random) -> tuple[str, str]:
    """Another head of the same meaning, and the unit that it says."""
    sheet, _, field = entry.means.partition(".")
    parts = field.split("_")
    level = next((part for part in parts if part in LEVELS), "")
    pollutant = next((part for part in parts if part in POLLUTANTS), "")
    slots = {**dict.fromkeys(LEVELS, "{level}"), **dict.fromkeys(POLLUTANTS, "{pollutant}")}
    general = f"{sheet}.{'_'.join(slots.get(part, part) for part in parts)}"
    names = SYNONYMS.get(entry.means) or SYNONYMS.get(general)
    if not names:
        return entry.head, ""
    name, joiner = rng.choice(names), rng.choice(JOINERS)
    unit = rng.choice(UNITS.get(entry.column.unit if entry.column else "", ("",)))
    name += f"（{unit}）" if unit else ""
    if level:
        name = f"{LEVEL_NAMES[level]}预警{joiner}{name}"
    if pollutant and sheet != "dust":
        name = f"{name}{joiner}{rng.choice(NAMES[pollutant])}"
    return name, unit


def disguise(table: Table, rows: Sequence[Sequence[Any]], rng: random.Random) -> tuple[Grid, list[Entry]]:
    """A table whose heads are called otherwise, stand in another order and in one row or two, in other units."""
    order = rng.sample(range(len(table.entries)), len(table.entries))
    entries = [table.entries[place] for place in order]
    heads, columns = [], []
    for place, entry in zip(order, entries, strict=True):
        head, unit = disguised(entry, rng)
        wanted = entry.column.unit if entry.column else ""
        again = head in heads
        heads.append(entry.head if again else head)

        def said(value: Any, unit: str = "" if again else unit, wanted: str = wanted) -> Any:
            return convert(value, wanted, unit, 300)[0] if unit and isinstance(value, int | float) else value

        columns.append([said(row[place]) for row in rows])
    below = list(zip(*columns, strict=True))
    title = [["2020年重污染天气应急减排清单"]] if rng.random() < 0.5 else []
    if rng.random() < 0.5 and all(head.count("_") <= 1 for head in heads):
        upper = [head.partition("_")[0] if "_" in head else "" for head in heads]
        lower = [head.partition("_")[2] or head for head in heads]
        two = [
            [up or low for up, low in zip(upper, lower, strict=True)],
            [low if up else "" for up, low in zip(upper, lower, strict=True)],
        ]
        return grid("表", [*title, *two], below), entries
    return grid("表", [*title, heads], below), entries


@pytest.mark.parametrize("seed", range(3))
def test_tables_of_ours_in_disguise_are_recognised(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - made-up tables
    right = columns = 0
    wrong: list[str] = []
    for name in shipped():
        layout = shipped_layout(name)
        for table, rows in zip(layout.tables, written(layout, county()), strict=True):
            if not any(len([value for value in row if value is not None]) > 1 for row in rows):
                continue
            sheet, entries = disguise(table, rows, rng)
            found = learn(sheet, RULES)
            assert found is not None, (name, table.title)
            by_place = {column.place: column for column in found.columns}
            for place, entry in enumerate(entries):
                column = by_place.get(place)
                columns += 1
                if column is None or (column.means or "") == entry.means:
                    right += column is not None or not entry.means
                elif column.means and column.score >= SURE:
                    wrong.append(f"{name}: {column.head} is {entry.means}, not {column.means} ({column.score})")
    assert wrong == []
    assert right >= 0.95 * columns, f"{right} of {columns}"


FOREIGN: dict[str, tuple[list[list[str]], list[list[Any]], list[str | None]]] = {
    "one row per firm, merged heads, foreign words": (
        [
            ["附件2  某市重污染天气应急减排企业名单"],
            ["序号", "属地", "单位全称", "统一代码", "行业", "评级结果", "预警期间减排措施", "", "", "联系人及电话", ""],
            ["", "", "", "", "", "", "Ⅲ级（黄色）", "Ⅱ级（橙色）", "Ⅰ级（红色）", "姓名", "手机"],
        ],
        [
            [1, "东昌府区", "聊城甲水泥有限公司", "91371500MA3A00000A", "水泥", "C级", "限产30%", "停产50%", "停产", "王强", "13806350001"],
            [2, "东昌府区", "聊城乙铸造有限公司", "91371500MA3B00000W", "铸造", "D级", "停产", "停产", "停产", "李明", "13806350002"],
        ],
        [None, "enterprises.district", "enterprises.name", "enterprises.uscc", "enterprises.industry", "enterprises.grade",
         "lines.yellow_measure", "lines.orange_measure", "lines.red_measure", "enterprises.contact", "enterprises.phone"],
    ),
    "one row per line": (
        [
            ["企业名称", "产线编号", "产线名称", "主要产品", "环评产能", "年生产天数", "SO2日排放量(kg)", "NOx日排放量(kg)", "治污设施", "橙色预警管控措施", "红色预警管控措施"],
        ],
        [
            ["甲公司", "1", "1号线", "水泥熟料", 1000000, 300, 12.5, 30.1, "SCR＋布袋", "限产30%", "停产"],
            ["甲公司", "2", "2号线", "水泥熟料", 1000000, 300, 11.5, 29.1, "SCR＋布袋", "限产30%", "停产"],
        ],
        ["enterprises.name", "lines.line_id", "lines.line_name", "lines.product", "lines.eia_capacity", "enterprises.run_days", "lines.so2_daily",
         "lines.nox_daily", "lines.abatement", "lines.orange_measure", "lines.red_measure"],
    ),
    "building sites": (
        [["项目名称", "项目地址", "建设单位", "施工单位", "占地面积（万平方米）", "开工时间", "计划竣工时间", "黄色预警措施", "橙色预警措施",
          "红色预警措施", "项目负责人", "联系电话"]],
        [
            ["某小区一期", "兴华路1号", "甲置业有限公司", "乙建设集团", 3.2, "2020-03-01", "2021-12-01", "停止土石方", "停止土石方", "停工", "赵六", "13806350003"],
            ["某道路工程", "花园路", "丙城投公司", "丁路桥公司", 1.2, "2020-04-01", "2020-12-01", "洒水", "停止土石方", "停工", "钱七", "13806350004"],
        ],
        ["dust.dust_name", "dust.address", "dust.owner", "dust.builder", "dust.area", "dust.begun_on", "dust.done_on",
         "dust.yellow_measure", "dust.orange_measure", "dust.red_measure", "dust.keeper", "dust.keeper_phone"],
    ),
    "permits and annual emissions, red first": (
        [["编号", "企业名称", "所在乡镇", "信用代码", "许可证编号", "经度", "纬度", "二氧化硫（吨/年）", "氮氧化物（吨/年）", "颗粒物（吨/年）", "VOCs（吨/年）", "管控级别"]],
        [
            ["A-01", "聊城甲水泥有限公司", "沙镇镇", "91371500MA3A00000A", "91371500MA3A00000A001P", 115.91, 36.42, 12.5, 30.2, 4.1, 0.2, "民生豁免-C"],
            ["A-02", "聊城乙铸造有限公司", "郑家镇", "91371500MA3B00000W", "91371500MA3B00000W001P", 115.81, 36.52, 2.5, 3.2, 1.1, 0.4, "地方B"],
        ],
        ["enterprises.list_id", "enterprises.name", "enterprises.township", "enterprises.uscc", "enterprises.permit_no", "enterprises.longitude",
         "enterprises.latitude", "enterprises.so2_annual", "enterprises.nox_annual", "enterprises.pm_annual", "enterprises.vocs_annual",
         "合写.管控类型"],
    ),
    "vehicles": (
        [["企业名称", "厂内车辆", "非道路机械", "道闸", "载货出入口数量", "日均货车数", "国六车辆", "国五车辆", "红色预警运输管控措施", "联系方式"]],
        [
            ["甲公司", 3, 5, 2, 2, 60, 40, 20, "停止公路运输", "0635-8212345"],
            ["乙公司", 1, 2, 1, 1, 20, 10, 10, "停止公路运输", "13806350009"],
        ],
        ["enterprises.name", "transport.inner_vehicles", "transport.machines", "transport.barriers", "transport.gates", "transport.trucks",
         "transport.trucks_cn6", "transport.trucks_cn5", "transport.red_transport", "enterprises.phone"],
    ),
}  # fmt: skip
"""Heads, rows and what each column means; None where a person has to say, or either answer will do."""


def test_tables_in_other_peoples_style_are_recognised() -> None:
    right = columns = 0
    wrong = []
    for name, (heads, rows, expected) in FOREIGN.items():
        merged = ["G2:I2", "J2:K2", *(f"{letter}2:{letter}3" for letter in "ABCDEF")] if len(heads) == 3 else []
        found = learn(grid("Sheet1", heads, [tuple(row) for row in rows], merged), RULES)
        assert found is not None, name
        by_place = {column.place: column for column in found.columns}
        for place, means in enumerate(expected):
            if means is None:
                continue
            columns += 1
            own = by_place[place]
            right += own.means == means
            if own.means != means:
                wrong.append((name, own.head, own.means, own.score))
    assert right >= 0.85 * columns, wrong
    assert not [one for one in wrong if one[2] and one[3] >= SURE]


ELSEWHERE = {
    one["name"]: one
    for name in ("elsewhere", "elsewhere_2")
    for one in yaml.safe_load(Path(__file__).with_name(f"{name}.yaml").read_text(encoding="utf-8"))
}
"""Tables by people who had not read the matcher. At first sight 73 % of the heads of the first five were right, and 92 %
and 95 % of those of the last two groups of the others; the bound is what was asked, for each table, not what is reached."""


@pytest.mark.parametrize("name", ELSEWHERE)
def test_tables_of_other_places_are_recognised(name: str) -> None:
    one = ELSEWHERE[name]
    found = learn(grid(one["sheet"], [], [tuple(row) for row in one["rows"]], one["merges"]), RULES)
    assert found is not None and list(found.heading.rows) == one["head_rows"]
    by_place = {column.place: column for column in found.columns}
    wrong = [
        (own.head, own.means, own.score)
        for place, means in enumerate(one["means"])
        if (own := by_place.get(place)) and own.means != means and (own.means or "") not in others(means or "")
    ]
    assert not [head for head, means, score in wrong if means and score >= SURE]
    assert len(wrong) <= 0.15 * len(one["means"]), wrong


def test_a_blank_table_is_learnt_from_its_heads() -> None:
    found = learn(
        grid(
            "工业源",
            [["企业", "", "红色预警", "", "备注"], ["名称", "县（市、区）", "限停产措施", "减排比例（%）", ""]],
            [],
        ),
        RULES,
    )
    assert found is not None and found.heading.rows == (1, 2)
    assert [column.means for column in found.columns] == [
        "enterprises.name", "enterprises.district", "lines.red_measure", "lines.red_ratio", "enterprises.remark"
    ]  # fmt: skip
    assert all(column.samples == [] for column in found.columns)


def test_no_heads_are_seen_where_there_are_none() -> None:
    assert learn(grid("表", [], [("聊城甲公司", "C", 12.0), ("聊城乙公司", "D", 9.0)]), RULES) is None
    assert learn(grid("表", [], []), RULES) is None
