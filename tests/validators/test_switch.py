"""What the document leaves open, or other provinces do otherwise, is a switch of the rule set."""

from dataclasses import replace

import pytest

from tests.inventory import Rows, make_book
from validators.book import Book
from validators.grading_procedure import fixed
from validators.rule import judge
from validators.ruleset import RuleSet, load
from workbook_templates.printed_grade import printed_grade


def with_switch(rules: RuleSet, name: str, value: str) -> RuleSet:
    """The rule set with a switch turned."""
    thresholds = [{**row, "value": value} if row["name"] == name else row for row in rules.tables["thresholds"]]
    return replace(rules, tables={**rules.tables, "thresholds": thresholds})


def book_with(rows: Rows, name: str, value: str) -> Book:
    book = make_book(rows)
    book.ruleset = with_switch(book.ruleset, name, value)
    return book


def found(book: Book, *rules: str) -> list[str]:
    return [finding.rule for finding in judge(book) if finding.rule in rules]


@pytest.mark.parametrize(("switch", "rules"), [("no", ["BZ02"]), ("yes", [])])
def test_b_minus_counts_as_the_rule_set_says(switch: str, rules: list[str]) -> None:
    book = book_with({"enterprises": [{"guaranteed": "是", "grade": "B-"}]}, "b_minus_counts_as_b", switch)
    assert found(book, "BZ01", "BZ02") == rules


@pytest.mark.parametrize(("switch", "rules"), [("no", ["PJ03", "PJ03"]), ("yes", [])])
def test_lines_may_stand_apart_where_the_rule_set_says_so(switch: str, rules: list[str]) -> None:
    book = book_with({"lines": [{}, {"grade": "C"}]}, "lines_apart", switch)
    assert found(book, "PJ03") == rules


@pytest.mark.parametrize(("switch", "rules"), [("no", ["SB04", "SC13"]), ("yes", [])])
def test_processes_may_stand_apart_in_the_procedure_too(switch: str, rules: list[str]) -> None:
    rows = {"processes": [{}, {"process": "粉磨", "applied_grade": "C", "fixed_grade": "C"}]}
    book = book_with(rows, "lines_apart", switch)
    assert sorted(set(found(book, "SB04", "SC13"))) == rules
    grounded = fixed(book, book.tables["applications"][0])
    assert grounded and grounded.grade == ("B" if switch == "yes" else "C")


def test_lists_and_documents_print_lines_that_stand_apart() -> None:
    book = make_book(
        {"enterprises": [{}, {"grade": None}], "lines": [{}, {"grade": "C"}, {"grade": "A"}, {"grade": "C"}]}
    )
    one, blank = book.tables["enterprises"]
    lines = book.tables["lines"]
    assert printed_grade(one, lines, book.ruleset) == "B"
    apart = with_switch(book.ruleset, "lines_apart", "yes")
    assert printed_grade(one, lines, apart) == "B（另有生产线A级1条、C级2条）"
    assert printed_grade(one, lines[:1], apart) == "B"
    assert printed_grade(blank, lines, apart) is None


def test_industries_of_the_province_alone_are_offered_where_the_rule_set_says_so() -> None:
    rules = load("2020")
    further = with_switch(rules, "provincial_industries", "yes")
    assert set(further.values["industries"]) - set(rules.values["industries"]) == {"塑料制品", "纺织印染", "沥青搅拌站"}
    assert len(rules.values["industries"]) == 39
    plastics = {"industry": "塑料制品", "subtype": None, "grade": "D"}
    rows = {"enterprises": [{**plastics}], "lines": [{**plastics}]}
    assert "GS03" in found(make_book(rows), "GS03")
    book = make_book({"enterprises": [{"industry_code": "2921", "industry": "非重点行业", "subtype": None}]})
    assert found(book, "JB09") == []
    book.ruleset = further
    assert found(book, "JB09") == ["JB09"]
