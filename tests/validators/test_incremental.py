"""What is kept right row by row is what judging from scratch finds; each rule's cases are reached by edits."""

from dataclasses import replace
from typing import Any

import pytest

from tests.inventory import make_book
from tests.validators.test_cases import CASES, read
from validators.book import Book, Fault
from validators.columns import KINDS
from validators.expr import Record
from validators.findings import Finding
from validators.incremental import NAMING, Watch
from validators.rule import WORKBOOK_SCOPES, all_rules, judge, judge_book

EDITED = [
    pytest.param(case, id=f"{rule}-{case['name']}")
    for rule in CASES
    for case in CASES[rule]
    if "books" not in case and "file" not in case and all_rules()[rule].scope in WORKBOOK_SCOPES
]
Standing = dict[str, dict[int, tuple[Record | None, list[Fault]]]]


def standing(book: Book) -> Standing:
    """Records and faults by sheet and row."""
    found: Standing = {}
    for key, sheet in KINDS[book.kind].items():
        records = {record.row: record for record in book.tables[key]}
        faults: dict[int, list[Fault]] = {}
        for fault in book.faults:
            if fault.sheet == sheet.title and fault.row:
                faults.setdefault(fault.row, []).append(fault)
        found[key] = {row: (records.get(row), faults.get(row, [])) for row in sorted(records.keys() | faults.keys())}
    return found


def watched(book: Book, rows: Standing) -> Watch:
    book.faults = []
    return Watch(book, {key: {row: faults for row, (_, faults) in own.items()} for key, own in rows.items()})


def scratch(book: Book, rows: Standing) -> list[Finding]:
    """What `judge` finds in a book that was never edited."""
    tables = {key: [record for record, _ in own.values() if record] for key, own in rows.items()}
    faults = [fault for own in rows.values() for _, noticed in own.values() for fault in noticed]
    return judge(replace(book, tables=tables, faults=faults, _indexes={}))


@pytest.fixture(scope="module")
def clean() -> Standing:
    return standing(make_book({}))


@pytest.fixture(scope="module")
def clean_grading() -> Standing:
    return standing(make_book({"applications": [{}]}))


@pytest.mark.parametrize("case", EDITED)
def test_each_case_is_found_when_it_is_reached_and_left_by_edits(
    case: dict[str, Any], clean: Standing, clean_grading: Standing
) -> None:
    book = read(case)
    clean = clean if book.kind == "inventory" else clean_grading
    if "previous" in case:
        book.previous = make_book(case["previous"])
    wanted, now = standing(book), {key: dict(own) for key, own in clean.items()}
    book.tables = {key: [record for record, _ in own.values() if record] for key, own in now.items()}
    watch = watched(book, now)
    for target in (wanted, clean):
        for key, own in target.items():
            for row in sorted(own.keys() | now[key].keys()):
                now[key][row] = own.get(row, (None, []))
                now[key] = dict(sorted(now[key].items()))
                watch.update({key: {row: now[key][row]}})
                while watch.settle():
                    pass
                assert watch.findings == scratch(book, now), (key, row)


class Spy:
    """A record that notes which of its fields are read."""

    def __init__(self, sheet: str, record: Record, seen: set[tuple[str, str]]) -> None:
        self._sheet, self._record, self._seen = sheet, record, seen

    def __getattr__(self, name: str) -> Any:
        self._seen.add((self._sheet, name))
        return getattr(self._record, name)

    def __getitem__(self, position: int) -> Any:
        return getattr(self, self._record._fields[position])


@pytest.mark.parametrize(
    "rule", [rule.id for rule in all_rules().values() if rule.book is not None and rule.scope in WORKBOOK_SCOPES]
)
def test_a_rule_over_the_workbook_says_which_fields_it_reads(rule: str) -> None:
    seen: set[tuple[str, str]] = set()
    declared = all_rules()[rule]
    for case in CASES[rule]:
        if "books" in case:
            continue
        book = read(case)
        if not declared.over_book(book.kind):
            continue
        if "previous" in case:
            book.previous = make_book(case["previous"])
        book.tables = {key: [Spy(key, record, seen) for record in own] for key, own in book.tables.items()}
        list(judge_book(book, declared))
    own = {*NAMING, "row", "bad"}
    read_ = {(sheet, name) for sheet, name in seen if name not in own}
    assert read_ <= {(sheet, name) for sheet, names in declared.reads.items() for name in names}
    assert {sheet for sheet, _ in seen} <= declared.reads.keys()


def test_a_number_without_an_enterprise_is_found_once_no_enterprise_lacks_its_number(clean: Standing) -> None:
    book = make_book({"enterprises": [{}, {"site": "二厂"}], "lines": [{}, {"list_id": "371502-G-0009"}]})
    rows = standing(book)
    watch = watched(book, rows)
    assert [finding.rule for finding in watch.findings].count("GS08") == 1
    [row, (second, _)] = [*rows["enterprises"].items()][1]
    for number, times in ((None, 0), (second.list_id, 1)):  # type: ignore[union-attr]
        rows["enterprises"][row] = second._replace(list_id=number), []  # type: ignore[union-attr]
        watch.update({"enterprises": {row: rows["enterprises"][row]}})
        assert [finding.rule for finding in watch.findings].count("GS08") == times
        while watch.settle():
            pass
        assert watch.findings == scratch(book, rows)
