"""Tables derived from a rule set, by name, as conditions look them up (`validators.expr.lookup`)."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from validators.ruleset import HIGH_GRADES, RuleSet


def _scheme(ruleset: RuleSet) -> Mapping[Any, Any]:
    """(industry, subtype or '', grade) → 'yes' or 'no' (verified), for grades of the industry's scheme."""
    return {
        (industry, subtype, grade): row["verified"]
        for (industry, subtype), row in ruleset.schemes.items()
        for grade in row["grades"].split("|")
    }


def _scheme_of(ruleset: RuleSet) -> Mapping[Any, Any]:
    """(industry, subtype or '') → 'yes' or 'no' (verified)."""
    return {key: row["verified"] for key, row in ruleset.schemes.items()}


def _lowest(ruleset: RuleSet) -> Mapping[Any, Any]:
    """(industry, subtype or '') → 'yes' where D is verified as the lowest grade, else 'no'."""
    return {
        key: "yes" if row["lowest"] == "D" and row["verified"] == "yes" else "no" for key, row in ruleset.schemes.items()
    }


def _subtyped(ruleset: RuleSet) -> Mapping[Any, Any]:
    """Industry → its subtypes joined by 、, for industries with several schemes."""
    return {industry: "、".join(subtypes) for industry, subtypes in ruleset.subtypes.items()}


def _code_industry(ruleset: RuleSet) -> Mapping[Any, Any]:
    """GB/T 4754 code → industries that it belongs to, joined by 、."""
    found: dict[str, dict[str, None]] = {}
    for row in ruleset.tables["industries"]:
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
    """Days that the rule set names: its own, and `guarantee_deadline`."""
    found = {name: ruleset.day(name) for name in ("offence_from", "offence_to")}
    deadline = ruleset.deadline("首报", "保障类清单确定")
    return {**found, "guarantee_deadline": deadline} if deadline else found


_MAKERS: dict[str, Callable[[RuleSet], Mapping[Any, Any]]] = {
    "scheme": _scheme,
    "scheme_of": _scheme_of,
    "lowest_is_d": _lowest,
    "subtyped": _subtyped,
    "code_industry": _code_industry,
    "grade_order": lambda ruleset: ruleset.grade_order,
    "divisions": lambda ruleset: {code: row["name"] for code, row in ruleset.divisions.items()},
    "division_codes": lambda ruleset: {code: row["code"] for code, row in ruleset.divisions.items()},
    "high_grade": lambda ruleset: dict.fromkeys(HIGH_GRADES, True),
    "switch": lambda ruleset: {"b_minus_counts_as_b": ruleset.b_minus_counts_as_b},
    "number": _thresholds,
    "day": _days,
}


@cache
def rule_table(ruleset: RuleSet, name: str) -> Mapping[Any, Any]:
    """A derived table by name; made once per rule set."""
    return _MAKERS[name](ruleset)
