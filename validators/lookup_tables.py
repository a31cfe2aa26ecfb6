"""Tables derived from a rule set, by name, as conditions look them up (`validators.expr.lookup`)."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from validators.columns import SHEETS
from validators.ruleset import (
    ADJUSTMENTS,
    BY_CITY,
    BY_COUNTY,
    FIRST_OPINION,
    NOT_KEY,
    OWN_OPINION,
    UNGRADED,
    RuleSet,
    named,
)
from validators.ruleset_tables import LawRow, threshold_kinds


def _schemes(ruleset: RuleSet) -> Iterator[tuple[tuple[str, str], LawRow]]:
    """(industry, subtype or '') and its row; one without a subtype holds for any that is not the industry's own."""
    for (industry, subtype), row in ruleset.schemes.items():
        others = [one for one in ruleset.values["subtypes"] if one not in ruleset.subtypes.get(industry, ())]
        for given in (subtype,) if subtype else ("", *others):
            yield (industry, given), row


def _scheme(ruleset: RuleSet) -> Mapping[Any, Any]:
    """(industry, subtype or '', grade) → 'yes' or 'no' (verified), for grades of the industry's scheme."""
    return {(*key, grade): row["verified"] for key, row in _schemes(ruleset) for grade in row["grades"].split("|")}


def _middle(ruleset: RuleSet) -> Mapping[Any, Any]:
    """(industry, subtype or '', grade) of the grades between the high ones and the lowest.

    'yes' where the industry's lowest grade is verified and is one of the same scheme below it, else 'no'.
    """
    own = {row["grade"]: row for row in ruleset.tables["grades"] if row["order"]}
    order = ruleset.grade_order
    found: dict[tuple[str, str, str], str] = {}
    for grade, row in own.items():
        if row["high"] == "yes" or row["lowest"] == "yes":
            continue
        for subtype in ("", *ruleset.values["subtypes"]):
            found[NOT_KEY, subtype, grade] = "no"
        for key, industry in _schemes(ruleset):
            lowest = own.get(industry["lowest"])
            below = lowest and lowest["scheme"] == row["scheme"] and order[lowest["grade"]] > order[grade]
            found[(*key, grade)] = "yes" if below and industry["verified"] == "yes" else "no"
    return found


def _said(ruleset: RuleSet) -> Mapping[Any, Any]:
    """Grades as messages name them: `lowest` and `high` ones."""
    found = {
        "lowest": "或".join(named(row["grade"]) for row in ruleset.tables["grades"] if row["lowest"] == "yes"),
        "high": "、".join(map(named, ruleset.high_grades)),
    }
    return {name: text for name, text in found.items() if text}


def _fixed_by(ruleset: RuleSet) -> Mapping[Any, Any]:
    """High grades and who fixes them, as far as 核定机关 can name it."""
    known = SHEETS["enterprises"]["fixed_by"].values.split("|")
    grades = ruleset.tables["grades"]
    return {row["grade"]: row["fixed_by"] for row in grades if row["high"] == "yes" and row["fixed_by"] in known}


def _worse(ruleset: RuleSet) -> Mapping[Any, Any]:
    """Grade → the grades that are worse."""
    order = ruleset.grade_order
    return {grade: tuple(worse for worse in order if order[worse] > order[grade]) for grade in order}


def _not_better(ruleset: RuleSet) -> Mapping[Any, Any]:
    """Grade → the grades that are no better, itself among them."""
    order = ruleset.grade_order
    return {grade: tuple(other for other in order if order[other] >= order[grade]) for grade in order}


def _opinion(ruleset: RuleSet) -> Mapping[Any, Any]:
    """Grade applied for → the opinion that the county gives on it; grades without an order are absent."""
    return {grade: FIRST_OPINION if ruleset.fixed_by_province(grade) else OWN_OPINION for grade in ruleset.grade_order}


def _lowest(ruleset: RuleSet) -> Mapping[Any, Any]:
    """(industry, subtype or '') → its lowest grade, where the rule set says it."""
    found = {key: ruleset.lowest(*key) for key, _ in _schemes(ruleset)}
    return {key: grade for key, grade in found.items() if grade}


def _form(ruleset: RuleSet) -> Mapping[Any, Any]:
    """Grade applied for → the 申报方式 that is due; grades without an order are absent."""
    return {
        row["grade"]: "申请表" if row["lowest"] == "yes" else "申请报告"
        for row in ruleset.tables["grades"]
        if row["order"]
    }


def _subtyped(ruleset: RuleSet) -> Mapping[Any, Any]:
    """Industry → its subtypes joined by 、, for industries where one of them must be named."""
    return {
        industry: "、".join(subtypes)
        for industry, subtypes in ruleset.subtypes.items()
        if (industry, "") not in ruleset.schemes
    }


def _code_industry(ruleset: RuleSet) -> Mapping[Any, Any]:
    """GB/T 4754 code → industries that it belongs to, joined by 、."""
    found: dict[str, dict[str, None]] = {}
    for row in ruleset.industries:
        for code in filter(None, row["gbt4754_codes"].split(";")):
            found.setdefault(code, {})[row["industry"]] = None
    return {code: "、".join(names) for code, names in found.items()}


def _thresholds(ruleset: RuleSet) -> Mapping[Any, Any]:
    """Thresholds that are numbers, by name."""
    found: dict[str, float] = {}
    for name, value in ruleset.thresholds.items():
        try:
            found[name] = float(value)
        except ValueError:
            continue
    return found


def _days(ruleset: RuleSet) -> Mapping[Any, Any]:
    """Days that the rule set names: its own, `guarantee_deadline`, and the deadlines of the grading procedure."""
    found = {name: ruleset.day(name) for name in ("offence_from", "offence_to", "issued_on")}
    found["guarantee_deadline"] = ruleset.deadline("首报", "保障类清单确定")
    found |= {what: ruleset.deadline("首报", what) for what in (BY_COUNTY, BY_CITY)}
    found[ADJUSTMENTS] = ruleset.deadline("动态调整", ADJUSTMENTS)
    return {name: day for name, day in found.items() if day}


def _measures(ruleset: RuleSet) -> Mapping[Any, Any]:
    """(industry or *, subtype or '', grade, level as 黄色) → row of measures.csv."""
    return {(row["industry"], row["subtype"], row["grade"], row["level"]): row for row in ruleset.tables["measures"]}


def _transport_order(_: RuleSet) -> Mapping[Any, Any]:
    """运输措施 → its place in the drop-down, which goes from the mildest to the strictest."""
    measures = SHEETS["transport"]["yellow_transport"].values.split("|")
    return {measure: place for place, measure in enumerate(measures)}


def _words(ruleset: RuleSet) -> Mapping[Any, Any]:
    """Name of a word list → a pattern that finds any of its words."""
    return {name: re.compile("|".join(map(re.escape, words))) for name, words in ruleset.words.items()}


_MAKERS: dict[str, Callable[[RuleSet], Mapping[Any, Any]]] = {
    "scheme": _scheme,
    "scheme_of": lambda ruleset: {key: row["verified"] for key, row in _schemes(ruleset)},
    "scheme_grades": lambda ruleset: {key: row["grades"].replace("|", "、") for key, row in _schemes(ruleset)},
    "ungraded": lambda ruleset: {key: row["verified"] for key, row in _schemes(ruleset) if row["grades"] == UNGRADED},
    "middle": _middle,
    "high": lambda ruleset: {row["grade"]: row["high"] for row in ruleset.tables["grades"]},
    "exempt": lambda ruleset: {row["grade"]: row["exempt"] for row in ruleset.tables["grades"]},
    "fixed_by": _fixed_by,
    "said": _said,
    "worse_grades": _worse,
    "not_better_grades": _not_better,
    "opinion": _opinion,
    "lowest": _lowest,
    "county_visit": lambda ruleset: {grade: county for grade, (county, _) in ruleset.visits.items()},
    "city_visit": lambda ruleset: {grade: city for grade, (_, city) in ruleset.visits.items()},
    "counts_as_b": lambda ruleset: {row["grade"]: row["counts_as_b_or_above"] for row in ruleset.tables["grades"]},
    "filing_form": _form,
    "guarantee_by": lambda ruleset: {row["category"]: row["fixed_by"] for row in ruleset.tables["guarantee"]},
    "subtyped": _subtyped,
    "code_industry": _code_industry,
    "divisions": lambda ruleset: {code: row["name"] for code, row in ruleset.divisions.items()},
    "division_codes": lambda ruleset: {code: row["code"] for code, row in ruleset.divisions.items()},
    "switch": lambda ruleset: {
        name: ruleset.switch(name) for name, kind in threshold_kinds().items() if kind == "yes_no"
    },
    "number": _thresholds,
    "name": lambda ruleset: {"city": ruleset.thresholds["city_name"]},
    "words": _words,
    "measures": _measures,
    "transport_order": _transport_order,
    "day": _days,
}


@cache
def rule_table(ruleset: RuleSet, name: str) -> Mapping[Any, Any]:
    """A derived table by name; made once per rule set."""
    return _MAKERS[name](ruleset)
