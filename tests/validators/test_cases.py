"""Every rule's cases, `tests/cases/<ID>.yaml`: rows that must be found, with the cell, and rows that must not."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.inventory import make_book
from validators.findings import Finding
from validators.rule import all_rules, judge

CASES = Path(__file__).parents[1] / "cases"


def load() -> list[Any]:
    found = []
    for path in sorted(CASES.glob("*.yaml")):
        for case in yaml.safe_load(path.read_text(encoding="utf-8")):
            found.append(pytest.param(path.stem, case, id=f"{path.stem}-{case['name']}"))
    return found


def place(finding: Finding) -> str | None:
    return f"{finding.sheet}!{finding.cell}" if finding.cell else finding.sheet


@pytest.mark.parametrize(("rule", "case"), load())
def test_case(rule: str, case: dict[str, Any]) -> None:
    facts = {key: case[key] for key in ("county", "on", "year", "round", "revision") if key in case}
    book = make_book(case.get("rows", {}), **facts)
    if "previous" in case:
        book.previous = make_book(case["previous"], file="上一版.xlsx")
    found = [finding for finding in judge(book) if finding.rule == rule]
    seen = sorted((place(finding) or "", finding.severity.name) for finding in found)
    wanted = sorted((want.get("cell", ""), want.get("severity", all_rules()[rule].severity.name)) for want in case["finds"])
    assert seen == wanted, [finding.message for finding in found]
    for want in case["finds"]:
        messages = [finding.message for finding in found if (place(finding) or "") == want.get("cell", "")]
        for text in want.get("says", []):
            assert any(text in message for message in messages), (text, messages)
    for finding in found:
        assert finding.basis
        assert finding.message.endswith(("。", "？", "）"))
