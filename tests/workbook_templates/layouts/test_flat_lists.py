"""A flat list of another office comes in whole: what is found afterwards are facts that the list does not have."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.addin.conftest import RULES
from tests.workbook_templates.layouts.tables import as_book, county, grid, taken
from validators.book import Book
from validators.columns import POLLUTANTS, SHEETS
from validators.rule import judge
from workbook_templates.layouts.declared import Entry, Layout, Table, of_text, others
from workbook_templates.layouts.learnt import SURE, learn
from workbook_templates.xlsx.opened import Grid

Flat = dict[str, Any]
LISTS: dict[str, Flat] = {
    one["name"]: one for one in yaml.safe_load(Path(__file__).with_name("flat_lists.yaml").read_text(encoding="utf-8"))
}


def facts(book: Book) -> list[list[dict[str, Any]]]:
    """For each enterprise the facts of each of its lines together with its own, its emissions those of the lines told."""
    found = []
    for firm in book.tables["enterprises"]:
        lines = [line._asdict() for line in book.tables["lines"] if line.list_id == firm.list_id][:2]
        truck = next(row._asdict() for row in book.tables["transport"] if row.list_id == firm.list_id)
        own = firm._asdict() | {name: lines[0][name] for name in ("run_days",)}
        rows = []
        for line in lines:
            line |= {name: own[name] for name in ("industry", "subtype", "grade", "run_days")}
            rows.append({f"transport.{name}": value for name, value in truck.items()})
            rows[-1] |= {f"lines.{name}": value for name, value in line.items()}
            rows[-1] |= {f"enterprises.{name}": value for name, value in own.items()}
        found.append(rows)
    return found


def sheet_of(flat: Flat) -> Grid:
    rows = []
    for own in facts(county()):
        lines = own[:1] if flat["every"] == "enterprise" else own
        for pollutant in POLLUTANTS:
            yearly = sum(line[f"lines.{pollutant}_daily"] * line["lines.run_days"] for line in lines) / 1000
            for line in lines:
                line[f"enterprises.{pollutant}_annual"] = round(yearly, 4)
        rows += [tuple(line.get(means) for means in flat["heads"].values()) for line in lines]
    return grid("表", [list(flat["heads"])], rows)


def layout_of(flat: Flat) -> Layout:
    entries = tuple(Entry(head, means or "") for head, means in flat["heads"].items())
    return Layout("布局", (Table("", "企业" if flat["every"] == "enterprise" else "生产线", (), entries),))


@pytest.mark.parametrize("name", LISTS)
def test_what_is_found_after_an_import_is_what_the_list_does_not_have(name: str) -> None:
    flat = LISTS[name]
    found = taken(layout_of(flat), [sheet_of(flat)])
    assert len(found.rows["enterprises"]) == 14 and len(found.rows["lines"]) >= 14
    has = {means for means in flat["heads"].values() if means}
    has |= {other for means in has for other in others(means)}
    wrong = []
    for finding in judge(as_book(found)):
        key = next(key for key, sheet in SHEETS.items() if sheet.title == finding.sheet)
        column = next((column for column in SHEETS[key].columns if column.header == finding.header), None)
        if column and f"{key}.{column.field}" in has:
            wrong.append(f"{finding.rule} {finding.cell} {finding.message}")
    assert wrong == []


def test_most_heads_of_flat_lists_are_recognised_and_none_is_surely_wrong() -> None:
    right = heads = 0
    wrong = []
    for flat in LISTS.values():
        found = learn(sheet_of(flat), RULES)
        assert found is not None
        for column in found.columns:
            means = flat["heads"][column.head]
            same = column.means == means or column.means in others(means or "")
            right += same
            heads += 1
            if column.means and not same and column.score >= SURE:
                wrong.append((column.head, column.means, column.score))
    assert right >= 0.9 * heads, f"{right} of {heads}"
    assert not wrong


BOTH = """每行是,表头,含义
生产线,企业,企业基本信息.企业名称
生产线,等级,企业基本信息.绩效等级
生产线,天数,生产线减排措施.年运行天数（d）
生产线,线,生产线减排措施.生产线名称
"""
ROWS = [
    ("甲公司", "C", 300, "1号线"),
    ("甲公司", "C", 280, "2号线"),
    ("乙公司", "D", 200, "1号线"),
]


def test_one_head_fills_the_column_of_the_enterprise_and_that_of_its_lines() -> None:
    found = taken(of_text("布局", BOTH), [grid("表", [["企业", "等级", "天数", "线"]], ROWS)])
    assert [row["grade"] for row in found.rows["lines"]] == ["C", "C", "D"]
    assert [row["run_days"] for row in found.rows["lines"]] == [300, 280, 200]
    assert [row.get("run_days") for row in found.rows["enterprises"]] == [None, 200]
    assert found.notes[0] == "有 1 家企业各行的“年运行天数（d）”不同，企业的没有填，请照规定填一个。"
    assert [one.note for one in found.columns] == [
        "", "也填生产线减排措施.绩效等级", "也填企业基本信息.年运行天数（d）", ""
    ]  # fmt: skip


def test_a_layout_can_keep_a_head_to_one_column() -> None:
    layout = of_text("布局", BOTH.replace("企业基本信息.绩效等级", "仅企业基本信息.绩效等级"))
    assert of_text("布局", layout.text) == layout
    found = taken(layout, [grid("表", [["企业", "等级", "天数", "线"]], ROWS)])
    assert [row.get("grade") for row in found.rows["lines"]] == [None, None, None]
    assert found.columns[1].note == ""


def test_a_head_of_its_own_is_never_filled_from_another() -> None:
    layout = of_text("布局", f"{BOTH}生产线,线的等级,生产线减排措施.绩效等级\n")
    rows = [(*row, "B" if row[3] == "2号线" else None) for row in ROWS]
    found = taken(layout, [grid("表", [["企业", "等级", "天数", "线", "线的等级"]], rows)])
    assert [row.get("grade") for row in found.rows["lines"]] == [None, "B", None]
    assert [row["grade"] for row in found.rows["enterprises"]] == ["C", "D"]


def test_emissions_of_a_year_and_of_a_day_follow_from_each_other_with_the_arithmetic() -> None:
    heads = ["企业", "天数", "线", "日", "年"]
    layout = of_text(
        "布局",
        "每行是,表头,含义\n生产线,企业,企业基本信息.企业名称\n生产线,天数,企业基本信息.年运行天数（d）\n"
        "生产线,线,生产线减排措施.生产线名称\n生产线,日,生产线减排措施.SO2日排放量（kg/d）\n生产线,年,企业基本信息.SO2年排放量（t/a）\n",
    )
    rows = [("甲", 300, "1", 10, None), ("甲", 300, "2", 20, None), ("乙", 250, "1", None, 5), ("丙", 250, "1", None, 5),
            ("丙", 250, "2", None, 5), ("丁", 0, "1", None, 0)]  # fmt: skip
    found = taken(layout, [grid("表", [heads], rows)])
    assert [row.get("so2_annual") for row in found.rows["enterprises"]] == [9, 5, 5, 0]
    assert [row.get("so2_daily") for row in found.rows["lines"]] == [10, 20, 20, None, None, 0]
    guessed = {(one.key, one.index): one for one in found.cells if one.what == "推测"}
    assert set(guessed) == {("enterprises", 0), ("lines", 2), ("lines", 5)}
    assert guessed["enterprises", 0].words == "由日排放量和年运行天数算得：（10 × 300 ＋ 20 × 300）÷ 1000 = 9 t/a"
    assert guessed["lines", 2].cell == "E4" and "5 × 1000 ÷ 250 = 20 kg/d" in guessed["lines", 2].words
