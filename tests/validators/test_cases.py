"""Every rule's cases, `tests/cases/<ID>.yaml`: what must be found, with the cell, and what must not.

A case says what differs from the valid rows of `base.yaml`: `rows` by sheet, `file` for damage to the file itself,
`previous` for last version's rows; or `books`, several such workbooks, for the rules of a city, and `imports`, the
rows of what the office brings, by its kind.
"""

import csv
from pathlib import Path
from typing import Any

import pytest

from tests.inventory import cases_by_rule, make_book, make_imports
from validators.book import Book
from validators.columns import INVENTORY, SHEET_TITLES
from validators.findings import Finding
from validators.rule import GROUPS, all_rules, judge, judge_city, page
from validators.settlement import Handed, sort_out

TESTS = Path(__file__).parents[1]
CASES = cases_by_rule()


def read(case: dict[str, Any]) -> Book:
    facts = {key: case[key] for key in ("county", "on", "year", "round", "revision", "filled_on") if key in case}
    return make_book(case.get("rows", {}), case.get("file"), **facts)


def find(case: dict[str, Any]) -> list[Finding]:
    if "books" in case:
        handed = []
        for one in case["books"]:
            handed.append(Handed(one["name"], None if one.get("unreadable") else read(one)))
            if (book := handed[-1].book) is not None:
                book.file = one["name"]
        chosen = {key: case[key] for key in ("year", "round_", "exclusions") if key in case}
        city = sort_out(handed, **chosen)
        city.imports = make_imports(case.get("imports", {}))
        return judge_city(city)
    book = read(case)
    if "previous" in case:
        book.previous = make_book(case["previous"])
    return judge(book)


def place(finding: Finding) -> str:
    file = f"{finding.file} " if finding.rule.startswith("HZ") and finding.file else ""
    return file + (f"{finding.sheet}!{finding.cell}" if finding.cell else finding.sheet or "").strip()


@pytest.mark.parametrize(
    ("rule", "case"), [pytest.param(rule, case, id=f"{rule}-{case['name']}") for rule in CASES for case in CASES[rule]]
)
def test_case(rule: str, case: dict[str, Any]) -> None:
    found = [finding for finding in find(case) if finding.rule == rule]
    seen = sorted((place(finding).strip(), finding.severity.name) for finding in found)
    wanted = sorted(
        (want.get("cell", ""), want.get("severity", all_rules()[rule].severity.name)) for want in case["finds"]
    )
    assert seen == wanted, [finding.message for finding in found]
    for want in case["finds"]:
        messages = [finding.message for finding in found if place(finding).strip() == want.get("cell", "")]
        for text in want.get("says", []):
            assert any(text in message for message in messages), (text, messages)
    for finding in found:
        assert finding.basis
        assert finding.message.endswith(("。", "？", "）"))


def published(name: str) -> list[dict[str, str]]:
    with (TESTS / "published" / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_base_rows_are_clean() -> None:
    sheets = ("dust", "mobile", "guarantee", "changes", "removals")
    rows: dict[str, Any] = {sheet: [{}] for sheet in sheets}
    rows["enterprises"] = [{"guaranteed": "是"}]
    assert [(finding.rule, finding.message) for finding in judge(make_book(rows))] == []
    assert judge(make_book({})) == []


def test_every_published_rule_is_registered_as_published() -> None:
    wanted = {row["id"]: (row["name"], row["severity"], row["scope"]) for row in published("rules.csv")}
    found = {rule.id: (rule.name, rule.severity.name, rule.scope) for rule in all_rules().values()}
    assert found == wanted


@pytest.mark.parametrize("rule", list(all_rules()))
def test_every_rule_has_a_page_a_basis_and_cases_that_fire_and_that_do_not(rule: str) -> None:
    declared = all_rules()[rule]
    assert declared.basis
    assert set(page(declared.doc)) == {"检查什么", "为什么", "怎么改"}
    assert any(case["finds"] for case in CASES[rule])
    assert any(not case["finds"] for case in CASES[rule])


def test_every_severity_that_a_rule_declares_is_seen_in_a_case() -> None:
    for rule in all_rules().values():
        declared = {one.severity for checks in rule.checks.values() for one in checks if one.severity}
        seen = {want.get("severity", rule.severity.name) for case in CASES[rule.id] for want in case["finds"]}
        assert {severity.name for severity in declared} <= seen, rule.id


def test_case_files_belong_to_rules() -> None:
    assert set(CASES) == set(all_rules())
    assert {rule.id[:2] for rule in all_rules().values()} == set(GROUPS)


def test_sheets_and_headers_are_those_published() -> None:
    wanted = [(row["sheet"], row["header"]) for row in published("columns.csv")]
    found = [(SHEET_TITLES[sheet.key], column.header) for sheet in INVENTORY.values() for column in sheet.columns]
    assert found == wanted
