"""Formulas that the template offers in entry cells, declared once for template, reader and arithmetic.

The template writes the Excel text, the reader recognises it however an application spelled it on saving, and
Python computes the same value, so that a cached value is never needed.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache
from typing import Any

from validators.columns import LEVELS, POLLUTANTS, SHEETS
from validators.expr import Record
from validators.meanings import Value
from workbook_templates.xlsx.appearance import HEADER_ROW

SheetRows = dict[str, list[dict[str, Value]]]
"""Rows by key of the sheet, each {field: value}, as a new workbook is given them."""
_PLACES = 6
"""Decimals that the offered formulas round to."""
_SCALE: int = 10**_PLACES
_STEP = Decimal(1).scaleb(-_PLACES)


def round_half_away(number: float) -> float | None:
    """Rounded to `_PLACES` decimals like a spreadsheet does: by the 15 digits it shows, half away from zero.

    None where the number is not finite.
    """
    scaled = number * _SCALE
    if 0 <= scaled < 1e9:
        whole = int(scaled)
        rest = scaled - whole
        if not 0.4999 < rest < 0.5001:  # far from a half, where binary and decimal rounding agree
            return (whole + (rest > 0.5)) / _SCALE
    if not math.isfinite(number):
        return None
    return float(Decimal(f"{number:.15g}").quantize(_STEP, ROUND_HALF_UP)) if abs(scaled) < 1e15 else number


AROUND = ("row", "numbered", "county", "root")
"""What a formula knows besides the values of its row: the 1-based row, whether anything stands in its 清单编号, the
name of the county that submits, and the record of the enterprise with its 清单编号."""


@dataclass(frozen=True, slots=True)
class Offered:
    """One formula: its text, and the same computed in Python."""

    formula: str
    """With `{field}` where a cell of the same row belongs."""
    needs: tuple[str, ...]
    """What `compute` takes, in order: fields of the same row, or one of `AROUND`."""
    compute: Callable[..., Value]

    @property
    def inputs(self) -> tuple[str, ...]:
        """The fields of the same row whose cells it is made of."""
        return tuple(need for need in self.needs if need not in AROUND and f"{{{need}}}" in self.formula)

    @property
    def inherits(self) -> bool:
        """Whether it shows what stands at the enterprise."""
        return "root" in self.needs

    def pieces(self, letters: Mapping[str, str]) -> tuple[str, ...]:
        """Excel text without `=`, cut where the row number stands; `letters` gives the column letter of each field.

        KeyError where a column that it needs is missing.
        """
        return _split(self.formula, tuple(letters[field] for field in _fields(self.formula)))

    def text(self, row: int, letters: Mapping[str, str]) -> str:
        """Excel text without `=` for a 1-based row."""
        return str(row).join(self.pieces(letters))

    def value(self, values: Mapping[str, Any], county: str = "", root: Record | None = None) -> Value:
        """What the formula shows for the values of a row; None for a blank, and where a value is not of its kind.

        `root` is the enterprise with the row's 清单编号.
        """
        around = {"numbered": values.get("list_id") not in (None, ""), "county": county, "root": root}
        try:
            return self.compute(*(around.get(need, values.get(need)) for need in self.needs))
        except TypeError:  # a text where a number is due
            return None


def matches(sheet: str, field: str, formula_text: str, row: int, letters: Mapping[str, str]) -> bool:
    """Whether a formula found at a 1-based row is the one offered there, in any spelling that means the same.

    `letters` gives the letter that each field has in this file; a formula that needs a missing column, or one
    of another row, is not ours. `formula_text` may begin with `=` or not.
    """
    offered = OFFERED.get((sheet, field))
    if offered is None:
        return False
    try:
        expected = offered.text(row, letters)
    except KeyError:
        return False
    return formula_text == expected or _plain(formula_text) == expected


def _plain(formula: str) -> str:
    """A formula without what applications add when they save it: blanks, `$`, `@`, small letters, prefixes."""
    return "".join(formula.split()).upper().replace("$", "").replace("_XLFN.", "").replace("@", "").lstrip("=+")


@cache
def _fields(formula: str) -> tuple[str, ...]:
    return tuple(_FIELD.findall(formula))


@lru_cache(4096)
def _split(formula: str, letters: tuple[str, ...]) -> tuple[str, ...]:
    """The text around the row numbers, which stand where a field stood, after its letter."""
    texts = _FIELD.sub("\0", formula).split("\0")
    return tuple(text + letter for text, letter in zip(texts, (*letters, ""), strict=True))


_FIELD = re.compile(r"\{(\w+)\}")


def _cut(daily: float | None, ratio: float | None) -> float | None:
    return None if daily is None or ratio is None else round_half_away(daily * ratio / 100)


def _baseline(eia: float | None, permit: float | None, output: float | None, run_days: float | None) -> float | None:
    filled = [capacity for capacity in (eia, permit, output) if capacity is not None]
    return round_half_away(min(filled) / run_days) if filled and run_days else None


def _serial(list_id: str | None, row: int) -> float | None:
    return row - HEADER_ROW if list_id else None


def _cut_formula(level: str, pollutant: str) -> Offered:
    daily, ratio = f"{pollutant}_daily", f"{level}_ratio"
    formula = f'IF(OR({{{daily}}}="",{{{ratio}}}=""),"",ROUND({{{daily}}}*{{{ratio}}}/100,{_PLACES}))'
    return Offered(formula, (daily, ratio), _cut)


def _usual(text: str) -> Offered:
    """A text that stands there as soon as the row has its number, until another is chosen."""
    return Offered(f'IF({{list_id}}="","","{text}")', ("numbered",), lambda numbered: text if numbered else None)


_OWN_COUNTY = Offered(
    'IF({list_id}="","",选项_区县)',
    ("numbered", "county"),
    lambda numbered, county: county if numbered else None,
)
_FROM_ROOT = "校验_企业的"
INHERITED = ("industry", "subtype", "grade")
"""Fields of a line that its enterprise has too. Sub-types and grades belong to an industry: a line of another one has its
own, and its cells stay blank."""


def inherited_name(field: str) -> str:
    """The defined name of what a line takes from its enterprise."""
    return f"{_FROM_ROOT}{SHEETS['lines'][field].header}"


def is_inherited(formula: str) -> bool:
    """Whether a formula, as it was found, shows what stands at the enterprise."""
    return _FROM_ROOT in formula


def _inherited(field: str) -> Offered:
    def of_same_industry(industry: str | None, root: Record | None) -> Value:
        return getattr(root, field) if root and industry and root.industry == industry else None

    formula = f'IF({{list_id}}="","",{inherited_name(field)})'
    if field == "industry":
        return Offered(formula, ("root",), lambda root: root and root.industry)
    return Offered(formula, ("industry", "root"), of_same_industry)


OFFERED: Mapping[tuple[str, str], Offered] = {
    ("enterprises", "district"): _OWN_COUNTY,
    ("enterprises", "datum"): _usual("CGCS2000"),
    ("enterprises", "fraud"): _usual("否"),
    ("enterprises", "guaranteed"): _usual("否"),
    ("enterprises", "long_idle"): _usual("否"),
    ("dust", "district"): _OWN_COUNTY,
    ("dust", "key_project"): _usual("否"),
    ("mobile", "district"): _OWN_COUNTY,
    **{("lines", field): _inherited(field) for field in INHERITED},
    ("enterprises", "serial"): Offered(f'IF({{list_id}}="","",ROW()-{HEADER_ROW})', ("list_id", "row"), _serial),
    ("lines", "baseline_daily"): Offered(
        'IF(OR(COUNT({eia_capacity},{permit_capacity},{last_output})=0,{run_days}="",{run_days}=0),"",'
        f"ROUND(MIN({{eia_capacity}},{{permit_capacity}},{{last_output}})/{{run_days}},{_PLACES}))",
        ("eia_capacity", "permit_capacity", "last_output", "run_days"),
        _baseline,
    ),
} | {
    ("lines", f"{level}_{pollutant}_cut"): _cut_formula(level, pollutant)
    for level in LEVELS
    for pollutant in POLLUTANTS
}
"""Formulas by (key of the sheet, field)."""


def entered(sheet: str, record: Record, county: str) -> dict[str, Value]:
    """The cells of a record as a new workbook is given them, by field.

    Columns that the workbook fills itself are left out, and a cell that holds what the formula offered there gives
    becomes the formula again; what an officer typed instead stays. What a line took from its enterprise stays as it is,
    blank too: measures were fixed for it, and another grade of the enterprise must not change it behind the officer's back.
    `county` is the name of the one that submits.
    """
    columns = SHEETS[sheet].columns
    row: dict[str, Value] = {one.field: record[one.position] for one in columns if one.required != "auto"}
    for (own, field), formula in OFFERED.items():
        if own != sheet or field not in row:
            continue
        if formula.inherits:
            row[field] = "" if row[field] is None else row[field]
        elif _same(row[field], formula.value(row, county)):
            del row[field]
    return row


def _same(value: Value, computed: Value) -> bool:
    if not isinstance(value, int | float) or not isinstance(computed, int | float):
        return value == computed
    return math.isclose(value, computed, rel_tol=1e-9, abs_tol=1e-9)
