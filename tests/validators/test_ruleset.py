"""A year's law is data: what a rule set says is what the rules do, and nothing unverified stops a submission."""

import ast
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.inventory import make_book
from validators import ruleset
from validators.book import Book
from validators.findings import Finding, Severity
from validators.rule import all_rules, judge
from validators.ruleset import RuleSet, UnknownRuleSet, of_tables
from validators.ruleset_tables import fields, key_of

ROOT = Path(__file__).parents[2]


def with_row(rules: RuleSet, table: str, **row: str) -> RuleSet:
    """The rule set with one row put in or changed."""
    whole = of_tables("", {table: [row]}).tables[table][0]
    key = key_of(table, whole)
    kept = [one for one in rules.tables[table] if key_of(table, one) != key]
    old = next((one for one in rules.tables[table] if key_of(table, one) == key), {})
    return of_tables(rules.id, {**rules.tables, table: [*kept, {**old, **row}]})


def found(book: Book, *rules: str) -> list[Finding]:
    return [finding for finding in judge(book) if finding.rule in rules]


def test_no_code_mentions_a_year() -> None:
    for room in ("validators", "workbook_templates", "addin"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant):
                    assert str(node.value) not in ruleset.years(), f"{path}:{node.lineno}"


def test_a_rule_with_an_older_document_says_in_each_later_year_whether_it_holds() -> None:
    for year in ruleset.years():
        older = {
            rule.id for rule in all_rules().values() if any(y < year for y in re.findall(r"〔(\d{4})〕", rule.basis))
        }
        assert older <= ruleset.load(year).bases.keys()


def test_every_shipped_table_has_the_declared_columns_and_says_where_from() -> None:
    folder = ROOT / "validators" / "rulesets"
    for year in ruleset.years():
        for table in ruleset.TABLES:
            heads = (folder / year / f"{table}.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
            declared = [field.name for field in fields(table)]
            assert set(declared) - set(heads) <= {"verified_by", "verified_on"}
            assert set(heads) <= set(declared)
        unsourced = [row for rows in ruleset.load(year).tables.values() for row in rows if not row["source"]]
        assert all(row["verified"] == "no" for row in unsourced)


LATER = {"grade": "C", "industry": "铸造", "subtype": None, "guaranteed": "是"}


def test_a_basis_that_is_not_verified_only_warns() -> None:
    book = make_book(
        {"enterprises": [LATER], "lines": [{"grade": "C", "industry": "铸造", "subtype": None}]}, year=2026
    )
    assert book.ruleset.id == "2026"
    (one,) = found(book, "BZ01")
    assert one.severity is Severity.WARNING
    assert one.basis == book.ruleset.bases["BZ01"]["basis"]
    unverified = {rule for rule, row in book.ruleset.bases.items() if row["verified"] == "no"}
    assert max(one.severity for one in judge(book) if one.rule in unverified) is Severity.WARNING
    book.ruleset = with_row(book.ruleset, "basis", rule="BZ01", basis="新文件 三", verified="yes")
    (one,) = found(book, "BZ01")
    assert (one.severity, one.basis) == (Severity.ERROR, "新文件 三")
    same = make_book({"enterprises": [LATER], "lines": [{"grade": "C", "industry": "铸造", "subtype": None}]})
    (one,) = found(same, "BZ01")
    assert (one.severity, one.basis) == (Severity.ERROR, all_rules()["BZ01"].basis)


def test_what_grades_are_for_is_said_by_the_rule_set() -> None:
    rows = {"enterprises": [{"grade": "C", "industry": "铸造", "subtype": None, "fixed_by": "县指挥部", "filing": "未申报", "applied_grade": None}],
            "lines": [{"grade": "C", "industry": "铸造", "subtype": None}]}  # fmt: skip
    book = make_book(rows)
    assert [one.severity for one in found(book, "PJ02", "PJ04")] == [Severity.WARNING]
    fixed = with_row(book.ruleset, "grades", grade="C", high="yes", fixed_by="省生态环境厅")
    book.ruleset = fixed
    assert {(one.rule, one.severity) for one in found(book, "PJ02", "PJ04")} == {
        ("PJ02", Severity.ERROR), ("PJ04", Severity.ERROR)
    }  # fmt: skip
    sure = with_row(fixed, "grades", grade="C", high="no", fixed_by="县指挥部")
    book.ruleset = with_row(sure, "industries", industry="铸造", subtype="", verified="yes")
    assert [one.severity for one in found(book, "PJ02")] == [Severity.ERROR]
    book.ruleset = with_row(sure, "industries", industry="铸造", subtype="", verified="yes", lowest="非引领性")
    assert [one.severity for one in found(book, "PJ02")] == [Severity.WARNING]


def test_days_that_are_not_known_are_not_judged() -> None:
    barred = {"bar": "未批先建", "offence_on": "2026-01-15", "applied_grade": "A", "grade": "A"}
    book = make_book({"enterprises": [barred]}, year=2026)
    assert found(book, "PJ05", "BZ05") == []
    first = with_row(book.ruleset, "thresholds", name="offence_from", value="2025-08-01")
    book.ruleset = with_row(first, "thresholds", name="offence_to", value="2026-07-31")
    (one,) = found(book, "PJ05")
    assert "当年不得申报A+级、A级、B级" in one.message


class Kept:
    """A shelf in memory."""

    def __init__(self, *rules: RuleSet) -> None:
        self.rules = {one.id: one for one in rules}

    def ids(self) -> Sequence[str]:
        return list(self.rules)

    def read(self, id_: str) -> RuleSet:
        return self.rules[id_]


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Kept:
    base = ruleset.load("2020")
    shelf = Kept(*(replace(base, id=f"2020.{number}") for number in (10, 2, 1)), replace(base, id="1999.1"))
    monkeypatch.setattr(ruleset, "_shelf", [shelf])
    return shelf


@pytest.mark.usefixtures("kept")
def test_the_newest_version_is_the_one_with_the_highest_number() -> None:
    assert ruleset.versions("2020") == ("2020", "2020.1", "2020.2", "2020.10")
    assert ruleset.newest("2020").id == "2020.10"
    assert ruleset.load("2020").id == "2020"
    assert ruleset.versions("1999") == ()
    for id_ in ("1999", "1999.1", "2020.3", "2020.x", ""):
        with pytest.raises(UnknownRuleSet, match="没有"):
            ruleset.load(id_)


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize(
    ("year", "named", "id_"),
    [
        ("2020", "2020.2", "2020.2"), ("2020", "2020", "2020.10"), ("2020", "", "2020.10"), ("2020", "2020.3", "2020"),
        ("2020", "2026", "2020"), ("2026", "2020.2", "2026"), ("2026", "", "2026"), ("1999", "1999.1", "2020.10"),
    ],
)  # fmt: skip
def test_what_a_workbook_is_judged_by(year: str, named: str, id_: str) -> None:
    assert ruleset.judging(year, named).id == id_


def test_who_names_no_year_gets_the_last_one_that_is_complete(kept: Kept) -> None:
    assert ruleset.default().id == "2020.10"
    kept.rules["2026.1"] = replace(
        with_row(ruleset.load("2026"), "thresholds", name="complete", value="yes"), id="2026.1"
    )
    assert ruleset.default().id == "2026.1"
