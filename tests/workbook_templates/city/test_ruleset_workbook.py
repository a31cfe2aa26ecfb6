"""A rule set as a workbook: whatever the tables hold comes back, and every change is noticed."""

import datetime as dt
import random
from io import BytesIO

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from validators import ruleset, ruleset_tables
from validators.text import plain
from workbook_templates.city.ruleset_workbook import LAW_HEADER_ROW, Law, faults, read_law, write_law
from workbook_templates.xlsx.opened import Opened

RULES = ruleset.load("2020")

TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), min_size=1, max_size=40
).map(plain).map(str.strip).filter(bool) | st.sampled_from(
    ["=1+1", "+1", "-1", "@A1", "'x", "_x0041_", "#N/A", "TRUE", "1e5", "0012", "2020-01-01", "<b>&amp;", "甲\n乙", "𠮷"]
)  # fmt: skip
"""Texts as a reader leaves them (`validators.text`)."""


@st.composite
def rows_with(draw: st.DrawFn) -> dict[str, list[ruleset_tables.LawRow]]:
    """The shipped tables with texts, numbers, days and lists that nobody expects."""
    tables = {table: [dict(row) for row in rows] for table, rows in RULES.tables.items()}
    for table, rows in tables.items():
        if not rows:
            continue
        row = draw(st.sampled_from(rows))
        for field in ruleset_tables.fields(table):
            if field.kind == "text" and not field.key and field.name not in ("value",):
                row[field.name] = draw(TEXT)
    tables["measures"][10]["min_ratio_percent"] = str(draw(st.integers(1, 100)))
    tables["targets"][0]["minimum_percent_of_whole_society"] = f"{draw(st.integers(1, 99))}.5"
    tables["deadlines"][0]["month_day"] = draw(st.dates(dt.date(2000, 1, 1), dt.date(2000, 12, 31))).isoformat()[5:]
    tables["words"][0]["verified_on"] = draw(st.dates(dt.date(1990, 1, 1), dt.date(2100, 12, 31))).isoformat()
    tables["industries"][0]["grades"] = "|".join(draw(st.permutations(["A", "B", "C", "D"])))
    tables["industries"][0]["gbt4754_codes"] = ";".join(
        draw(st.lists(st.from_regex("[0-9]{4}", fullmatch=True), max_size=4))
    )
    return tables


def read(buffer: BytesIO) -> Law:
    return read_law(Opened("规则集.xlsx", buffer.getvalue()))


@pytest.mark.filterwarnings("ignore:Generating overly large repr")  # a whole rule set is long, and says so when printed
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows_with())
def test_whatever_the_tables_hold_comes_back(tables: dict[str, list[ruleset_tables.LawRow]]) -> None:
    rules = ruleset.of_tables("2020", tables)
    buffer = BytesIO()
    write_law(buffer, rules)
    back = read(buffer)
    assert back.tables == rules.tables
    assert list(ruleset_tables.changes(rules.tables, back.tables)) == []
    assert faults(back, [rules]) == []


@pytest.mark.parametrize("table", ruleset.TABLES)
def test_every_change_of_a_cell_is_noticed(table: str) -> None:
    rules = ruleset.load("2026" if table == "basis" else "2020")
    for number, row in enumerate(rules.tables[table]):
        for field in ruleset_tables.fields(table):
            other = {**row, field.name: f"{row[field.name]}1"}
            tables = {
                **rules.tables,
                table: [other if at == number else one for at, one in enumerate(rules.tables[table])],
            }
            found = list(ruleset_tables.changes(rules.tables, tables))
            assert {one.what for one in found} == ({"新增", "删除"} if field.key else {"修改"}), (row, field.name)
            assert {one.table for one in found} == {table}


def test_every_cell_that_an_office_changes_is_noticed() -> None:
    shipped = BytesIO()
    write_law(shipped, RULES)
    workbook = openpyxl.load_workbook(shipped)
    places = [
        (table, LAW_HEADER_ROW + 1 + row, column)
        for table in ruleset.TABLES
        for row in range(len(RULES.tables[table]))
        for column in range(1, len(ruleset_tables.fields(table)) + 1)
    ]
    for table, row, column in random.Random(1).sample(places, 20):  # noqa: S311 - which cells are tried
        cell = workbook[ruleset_tables.title(table)].cell(row, column)
        before, cell.value = cell.value, "不一样的"
        buffer = BytesIO()
        workbook.save(buffer)
        back = read(buffer)
        assert {one.table for one in ruleset_tables.changes(RULES.tables, back.tables)} == {table}, cell
        cell.value = before


def test_the_order_of_rows_is_a_change() -> None:
    tables = {**RULES.tables, "divisions": RULES.tables["divisions"][::-1]}
    assert [(one.table, one.what) for one in ruleset_tables.changes(RULES.tables, tables)] == [("divisions", "次序")]


def test_the_same_rule_set_gives_the_same_bytes() -> None:
    first, second = BytesIO(), BytesIO()
    write_law(first, RULES)
    write_law(second, RULES)
    assert first.getvalue() == second.getvalue()
