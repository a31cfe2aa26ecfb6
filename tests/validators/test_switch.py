"""Whether B- counts as B级及以上 is a switch of the rule set."""

from dataclasses import replace

import pytest

from tests.inventory import make_book
from validators.rule import judge


@pytest.mark.parametrize(("switch", "found"), [("no", ["BZ02"]), ("yes", [])])
def test_b_minus_counts_as_the_rule_set_says(switch: str, found: list[str]) -> None:
    book = make_book({"enterprises": [{"guaranteed": "是", "grade": "B-"}]})
    thresholds = [
        {**row, "value": switch} if row["name"] == "b_minus_counts_as_b" else row
        for row in book.ruleset.tables["thresholds"]
    ]
    book.ruleset = replace(book.ruleset, tables={**book.ruleset.tables, "thresholds": thresholds})
    assert [finding.rule for finding in judge(book) if finding.rule in ("BZ01", "BZ02")] == found
