"""What formulas may be made of: what LibreOffice, ONLYOFFICE and Gnumeric compute alike, and Excel and WPS by their manuals.

Most of it no engine here would show: these are Excel's own limits, and constructs that one of them computes otherwise.
"""

import re
from collections.abc import Iterator

import pytest

from validators.columns import KINDS, SHEETS, TITLES, BookKind
from validators.ruleset import load, years
from workbook_templates.formulas.plan import HEAVIEST, TITLE, Formula, Formulas
from workbook_templates.xlsx.appearance import HEADER_ROW

COUNTY = "371502"
LONGEST, DEEPEST, LONGEST_TEXT, LONGEST_NAME = 8_192, 64, 255, 255
"""Excel: characters of a formula, levels of functions, characters of a text in a formula and of a name."""
FUNCTIONS = {
    "ABS", "ADDRESS", "AND", "ASC", "CHAR", "CLEAN", "COUNT", "COUNTA", "DATEVALUE", "EXACT", "FIND", "FREQUENCY", "HYPERLINK",
    "IF", "IFERROR", "INDEX", "INT", "ISERROR", "ISNUMBER", "ISTEXT", "LARGE", "LEFT", "LEN", "MATCH", "MAX", "MID", "MIN", "MOD",
    "NOT", "OR", "REPT", "RIGHT", "ROUND", "ROW", "SUBSTITUTE", "SUM", "SUMPRODUCT", "TEXT", "TRIM", "UPPER", "VALUE",
    "_xlfn.ISFORMULA", "_xlfn.UNICHAR", "_xlfn.UNICODE",
}  # fmt: skip
"""Not COUNTIF or SUMIF: ONLYOFFICE lets them read what is not yet worked out, and Excel compares 15 digits in them."""


@pytest.fixture(scope="module", params=[(year, kind) for year in years() for kind in KINDS], ids=str)
def plan(request: pytest.FixtureRequest) -> Formulas:
    year, kind = request.param
    return Formulas(load(year), next(iter(load(year).submitting)), dict.fromkeys(TITLES[kind], 20))


def formulas(plan: Formulas) -> Iterator[str]:
    """All formulas of rows, of the hidden sheet, and of the heads."""
    yield from (text for name, text in plan.names.items() if not re.fullmatch(r"[^()]+!\$[A-Z:$0-9]+", text))
    yield from (one.text for own in plan.lists.values() for one in own if isinstance(one, Formula))
    yield from (text for lead in plan.lead.values() for text in (lead.next, lead.said, *lead.head))


def without_texts(formula: str) -> str:
    return re.sub(r'"[^"]*"', '""', formula)


def test_only_functions_that_all_compute_alike(plan: Formulas) -> None:
    used = {
        name for one in formulas(plan) for name in re.findall(r"((?:_xlfn\.)?[A-Z][A-Z0-9.]*)\(", without_texts(one))
    }
    assert used <= FUNCTIONS
    assert not [one for one in formulas(plan) if re.search(r"[{}@#\[\]]", without_texts(one))]  # arrays, errors, tables


def test_arrays_are_only_compared_and_multiplied(plan: Formulas) -> None:
    """Gnumeric gives no array to a function inside SUMPRODUCT."""
    for one in formulas(plan):
        for inside in re.findall(
            r"SUMPRODUCT\(((?:[^()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))*)\)", without_texts(one)
        ):
            if f"IFERROR(SUMPRODUCT({inside}),0)" in without_texts(one) and "ISFORMULA" in inside:
                continue  # whether values were pasted over formulas: where that cannot be asked, it is not
            functions = set(re.findall(r"((?:_xlfn\.)?[A-Z][A-Z0-9.]*)\(", inside)) - {"INDEX", "FREQUENCY"}
            assert not functions or (functions == {"IF"} and TITLE not in inside), inside  # IF of single cells


def test_formulas_keep_the_limits_of_excel(plan: Formulas) -> None:
    for one in formulas(plan):
        assert len(one) < LONGEST, one[:200]
        assert all(len(text) <= LONGEST_TEXT for text in re.findall(r'"([^"]*)"', one))
        depth = deepest = 0
        for sign in without_texts(one):
            depth += (sign == "(") - (sign == ")")
            deepest = max(deepest, depth)
        assert deepest < DEEPEST and depth == 0, one[:200]
    assert all(len(name) <= LONGEST_NAME for name in plan.names)


def test_formulas_with_their_names_spelled_out_are_light_enough_for_libreoffice(plan: Formulas) -> None:
    for sheet in plan.helpers:
        for name in plan.helper_names(sheet):
            assert plan._weight(plan.names[name]) < HEAVIEST * 1.3, plan.names[name][:200]


def test_ranges_hang_on_no_row_that_an_officer_can_move(plan: Formulas) -> None:
    """A row of ours is row 1 of a relative name; whole columns begin with the head, whose cells are read too, and end far
    beyond the room."""
    titles = "|".join(sheet.title for sheet in SHEETS.values())
    for text in (*plan.names.values(), *formulas(plan)):
        for first, last in re.findall(rf"(?:{titles})!\$?[A-Z]+\$?([0-9]+)(?::\$?[A-Z]+\$?([0-9]+))?", text):
            head = first == str(HEADER_ROW) and (last in ("", first) or int(last) > 1000)
            assert head or (first, last) in {("1", ""), ("1", "1")}, text[:200]


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_means_the_same_in_every_workbook(kind: BookKind) -> None:
    """Rows that are pasted from another year's or division's workbook use the names of the workbook they come to."""
    seen: dict[str, str] = {}
    for year in years():
        for county in load(year).submitting:
            plan = Formulas(load(year), county, dict.fromkeys(TITLES[kind], 20))
            for name, text in plan.names.items():
                if text.startswith(f"{TITLE}!") or ("!" in text and text.count("!") == 1 and f"${HEADER_ROW}" in text):
                    continue  # where a list or column stands
                assert seen.setdefault(name, text) == text, name


def test_helper_cells_are_few(plan: Formulas) -> None:
    """They were 283 in an inventory, before nine rules were added; each costs time and room in every row."""
    assert sum(map(len, map(plan.helper_names, plan.helpers))) <= 170
