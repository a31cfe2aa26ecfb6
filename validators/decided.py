"""What holds of all that was handed in, as the office decided, and what is found in it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace

from validators.decisions import (
    Decision,
    apply,
    emissions,
    excluded,
    holding_files,
    waived,
)
from validators.findings import Finding, in_order
from validators.references import Imports
from validators.rule import judge, judge_city
from validators.ruleset import RuleSet
from validators.settlement import City, Handed, sort_out


def settle(
    handed: Sequence[Handed],
    *,
    year: int | None = None,
    round_: str | None = None,
    rules: RuleSet | None = None,
    on: dt.date | None = None,
    exclusions: Mapping[str, str] | None = None,
    imports: Imports | None = None,
    decisions: Sequence[Decision] = (),
) -> tuple[City, list[Finding], dict[str, list[Decision]]]:
    """What holds of all that was handed in, as was decided, and what is found in it.

    Returns the city, its findings and those of the workbooks that hold, in order, and the decisions that changed a
    workbook, by its county.
    """
    holding = holding_files(decisions)
    city = sort_out(handed, year=year, round_=round_, on=on, exclusions=exclusions, ruleset=rules, holding=holding)
    if more := excluded(city, decisions):
        given = {**more, **(exclusions or {})}
        city = sort_out(handed, year=year, round_=round_, on=on, exclusions=given, ruleset=rules, holding=holding)
    city.imports = replace(imports or Imports(), emissions=emissions(decisions))
    changed = apply(city, decisions)
    for one in city.adopted:
        if one.book in changed:
            one.findings = judge(one.book)
    findings = in_order([*judge_city(city), *(found for one in city.adopted for found in one.findings)])
    return city, waived(city, findings, decisions), {book.county: own for book, own in changed.items()}
