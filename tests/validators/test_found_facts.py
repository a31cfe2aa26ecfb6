"""Every fact that was found of the law is used where it is said to be, or it is said why it is not; none stops an export."""

import re

import pytest

from docs.generate import FOUND, found_rows
from tests.inventory import COUNTY, make_book
from validators.findings import Severity
from validators.rule import all_rules, judge
from validators.ruleset import RuleSet, load, of_tables
from validators.ruleset_tables import LawRow, key_of

RULES = load("2020")
KEYS = {"industries": ("industry", "subtype"), "measures": ("industry", "grade"), "grades": ("grade",)}


def rows_named(where: str) -> list[LawRow]:
    """The rows of the rule set that a fact names: `industries 水泥/水泥制品`."""
    table, _, key = where.partition(" ")
    wanted = [*key.split("/"), ""][: len(KEYS[table])]
    return [row for row in RULES.tables[table] if [row[name] for name in KEYS[table]] == wanted]


@pytest.mark.parametrize("name", FOUND)
def test_a_fact_is_where_it_is_said_to_be(name: str) -> None:
    for fact in found_rows(name):
        assert fact["source"] and fact["sure"] and fact["where"], fact
        match fact["how"]:
            case "规则集":
                rows = rows_named(fact["where"])
                assert rows, fact
                for url in re.findall(r"https?://[^\s;,；]+", fact["source"]):
                    assert all(url in row["source"] + row.get("note", "") for row in rows), (fact, url)
            case "规则":
                assert set(fact["where"].split()) <= all_rules().keys(), fact
            case _:
                assert fact["how"] in ("程序", "未收"), fact


def test_grades_that_were_seen_can_be_given_and_whoever_is_not_graded_cannot_be_graded() -> None:
    for fact in found_rows("industries"):
        for row in rows_named(fact["where"]) if fact["how"] == "规则集" and "industries" in fact["where"] else ():
            seen = {one for one in fact["grades"].split("、") if one in RULES.grade_order}
            assert seen <= set(row["grades"].split("|")), fact
            assert ("不参加分级" in fact["grades"]) == (row["grades"] == "未评级"), fact


def test_the_rules_of_reviewers_never_stop_an_export() -> None:
    new = {"JB14", "JB15", "BZ11", "CS13", "CS14", "CS15", "CS16", "JP06", "HZ06"}
    for id_ in new:
        rule = all_rules()[id_]
        assert rule.severity <= Severity.WARNING
        assert all((one.severity or rule.severity) <= Severity.WARNING for own in rule.checks.values() for one in own)


def facts_left_out() -> RuleSet:
    """The rule set without the rows that only the search for the law brought."""
    found = {key_of("industries", row) for row in RULES.tables["industries"] if _only_found(row)}
    assert len(found) == 7
    industries = [row for row in RULES.tables["industries"] if key_of("industries", row) not in found]
    return of_tables("2020", {**RULES.tables, "industries": industries})


def _only_found(row: LawRow) -> bool:
    return row["listed_by"] == "省" or row["subtype"] in ("水泥制品", "橡胶类", "塑料类", "粉末涂料")


def test_rows_that_are_not_verified_change_no_severity_of_a_sample() -> None:
    from workbook_templates.samples.sample_inventory import make_rows

    for rows in (make_rows(COUNTY, 60, 1, RULES), spoiled(make_rows(COUNTY, 60, 2, RULES))):
        book = make_book(rows)
        now = {(one.rule, one.sheet, one.cell, one.message): one.severity for one in judge(book)}
        book.ruleset = facts_left_out()
        before = {(one.rule, one.sheet, one.cell, one.message): one.severity for one in judge(book)}
        assert {key: now[key] for key in now.keys() & before.keys()} == {
            key: before[key] for key in now.keys() & before.keys()
        }
        assert [key for key in now.keys() - before.keys() if now[key] > Severity.WARNING] == []
        assert before.keys() - now.keys() == set()


def spoiled(rows: dict[str, list[dict[str, object]]]) -> dict[str, list[dict[str, object]]]:
    """Rows with faults of every grade rule."""
    for number, row in enumerate(rows["enterprises"]):
        row.update([{"grade": "A"}, {"filing": "未申报"}, {"fraud": "是"}, {"subtype": None}, {}][number % 5])
    return rows
