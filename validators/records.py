"""Records: rows of typed values, made from cells as an officer meant them.

A row whose cells are all as declared passes one strict pydantic tuple and costs a few microseconds. Only where
that fails is each cell looked at for what the officer meant (GS04) or what is wrong with it (GS03, GS05).
"""

import datetime as dt
import re
from collections import namedtuple
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import Field, GetPydanticSchema, Strict, StringConstraints, TypeAdapter, ValidationError
from pydantic_core import core_schema

from validators import text as texts
from validators.columns import SHEETS, Column, Sheet
from validators.expr import Record
from validators.looks import Shown
from validators.meanings import (
    FIRST_DAY,
    HAN_GAP,
    ID_PATTERNS,
    LARGEST_NUMBER,
    LETTER,
    LONG,
    Raw,
    Unreadable,
    Value,
    bounds_judged_here,
    expected,
    is_blank,
    meaning,
    word_list,
)
from validators.ruleset import RuleSet

NO_BAD: frozenset[str] = frozenset()
DAYS_OF_OURS = (36_526, 54_789)
"""Numbers of the days from 2000 to 2049."""


@dataclass(frozen=True, slots=True)
class CellFault:
    """Something about one cell that was seen while it was read; rules GS03 to GS05 put it into words."""

    rule: str
    column: Column
    value: object
    """The cell as it stands."""
    meant: object = None
    """GS04: what it was read as. GS03: the nearest allowed values, joined."""
    what: str = "cell"
    """Which case of the rule: `cell`; `became` (GS04): a text that the program had made a date or number of; `private`
    (GS03): characters that other computers do not show; `gap` (GS03): one that a program may have lost."""


@cache
def record_type(sheet: str) -> Callable[..., Record]:
    """The named tuple of a sheet: its fields, then `row` (1-based) and `bad` (fields that could not be read)."""
    fields = [column.field for column in SHEETS[sheet].columns]
    return namedtuple(sheet, [*fields, "row", "bad"])  # fields come from columns.csv


_WHOLE = GetPydanticSchema(lambda kind, made: core_schema.chain_schema([made(kind), core_schema.int_schema()]))
"""A number that is whole: `multiple_of` would let one pass that is a billionth off."""


def _cell_type(column: Column, ruleset: RuleSet) -> Any:  # noqa: ANN401 - a type made at run time
    if column.required == "auto":
        return Any
    kind: Any
    if column.kind == "enum":
        kind = Literal[ruleset.allowed(column.values)]
    elif column.is_number:
        low, high, open_ = column.bounds if bounds_judged_here(column) else (None, None, False)
        over, from_ = (low, None) if open_ else (None, -LARGEST_NUMBER if low is None else low)
        most = LARGEST_NUMBER if high is None else high
        kind = Annotated[float, Strict(), Field(allow_inf_nan=False, gt=over, ge=from_, le=most)]
        if column.kind == "int":
            kind = Annotated[kind, _WHOLE]
    elif column.kind == "date":
        kind = Annotated[dt.date, Strict(), Field(ge=FIRST_DAY)]
    else:
        length = int(column.values[2:]) if column.values.startswith("<=") else None
        pattern = ID_PATTERNS[column.values] if column.kind == "id" else None
        kind = Annotated[str, StringConstraints(strict=True, max_length=length, pattern=pattern)]
    return kind | None


@cache
def _adapter(sheet: str, ruleset: RuleSet) -> TypeAdapter[tuple[Any, ...]]:
    cells = tuple(_cell_type(column, ruleset) for column in SHEETS[sheet].columns)
    return TypeAdapter(tuple[cells])  # type: ignore[valid-type] # made from the declaration


_WIDE_RANGE = r"\uff10-\uff19\uff21-\uff3a\uff41-\uff5a"
_NEVER = (
    f"{texts.UNSEEN}{texts.BREAKS}{texts.LOST}{texts.PRIVATE_USE}\\r\u2e80-\u2fdf\uf900-\ufad9\U0002f800-\U0002fa1d"
)
"""Characters that no text is left with, or not without a word."""
_WORTH = re.compile(rf"[\s={_NEVER}{_WIDE_RANGE}{texts.GARBLED_BY}]")
_ODD_PROSE = re.compile(rf"^\s|\s$|[{_NEVER}{_WIDE_RANGE}]|{HAN_GAP}")
_ODD_CODE = re.compile(rf"[\s\uff0b\uff0d-\uff0f{_NEVER}{_WIDE_RANGE}{''.join(map(chr, texts.LATIN_LOOKALIKES))}]")
_PRIVATE = re.compile(f"[{texts.PRIVATE_USE}]")
_ERROR_WORDS = frozenset(map(texts.spoken, texts.ERROR_WORDS))
_SCIENTIFIC = re.compile(r"[0-9](\.[0-9]+)?[eE]")


def _is_odd_prose(text: str) -> bool:
    """Whether a prose text is worth a second look; nearly none has a character that makes it so."""
    if _WORTH.search(text) is None:
        return len(text) > LONG
    odd = _ODD_PROSE.search(text) is not None or text[0] == "=" or len(text) > LONG
    return odd or texts.garbled(text) or texts.gap(text)


def _is_odd_name(text: str) -> bool:
    """The same for what names somebody or something."""
    if _is_odd_prose(text) or not (text[0].isalpha() or LETTER.search(text)):
        return True
    return "?" in text or "？" in text


def _is_odd_code(text: str) -> bool:
    """The same for codes and choices."""
    return (
        text[0] == "=" or _ODD_CODE.search(text) is not None or _SCIENTIFIC.match(text) is not None or len(text) > LONG
    )


class _OddText(Exception):
    pass


class _Plain(dict[str, str | None]):
    """Remembers texts that need no second look; an odd one raises `_OddText`."""

    def __init__(self, is_odd: Callable[[str], bool], nothing: frozenset[str]) -> None:
        super().__init__({"": None})
        self._is_odd = is_odd
        self._nothing = nothing
        self._begin = frozenset(first for word in nothing if word for first in (word[0], word[0].upper()))

    def __missing__(self, text: str) -> str:
        first = text[0]
        may_be_nothing = self._nothing and (first in self._begin or not first.isalnum())
        if self._is_odd(text) or (may_be_nothing and texts.spoken(text) in self._nothing):
            raise _OddText
        if len(self) < 1_000_000:
            self[text] = text
        return text


class RowReader:
    """Makes records of one sheet; holds the sheet's strict type and the texts seen so far."""

    def __init__(self, sheet: str, ruleset: RuleSet) -> None:
        self.sheet: Sheet = SHEETS[sheet]
        self._ruleset = ruleset
        self._make: Callable[..., Record] = record_type(sheet)._make  # type: ignore[attr-defined]
        self._adapter = _adapter(sheet, ruleset)
        nothing = _ERROR_WORDS.union(*(word_list(ruleset, name) for name in ("placeholder", "ditto", "no_answer")))
        prose, code = _Plain(_is_odd_prose, nothing), _Plain(_is_odd_code, frozenset())
        name = _Plain(_is_odd_name, nothing | word_list(ruleset, "no_name"))
        self._plain = [
            name if column.is_name else prose if column.kind == "text" else code for column in self.sheet.columns
        ]

    def read(self, cells: Sequence[Raw], row: int) -> tuple[Record, list[CellFault]]:
        """The record of a row and what was seen in its cells; `cells` stand in the declared order."""
        try:
            values = [
                plain[cell] if type(cell) is str else cell for plain, cell in zip(self._plain, cells, strict=True)
            ]
            self._adapter.validate_python(tuple(values))
            return self._make((*values, row, NO_BAD)), []
        except (_OddText, ValidationError):
            return self._slow(cells, row)

    def _slow(self, cells: Sequence[Raw], row: int) -> tuple[Record, list[CellFault]]:
        faults: list[CellFault] = []
        values: list[object] = []
        bad: set[str] = set()
        for column, cell in zip(self.sheet.columns, cells, strict=True):
            if cell is None or cell == "" or column.required == "auto":
                values.append(cell if cell != "" else None)
                continue
            try:
                value = meaning(column, cell, self._ruleset)
            except Unreadable as error:
                faults.append(CellFault(error.rule, column, cell, error.hint))
                bad.add(column.field)
                value = None
            if _differs(value, cell):
                what = "became" if column.kind == "text" and _may_be_a_day(cell) else "cell"
                faults.append(CellFault("GS04", column, cell, value, what))
            if isinstance(value, str) and (odd := _PRIVATE.search(value)):
                faults.append(CellFault("GS03", column, cell, odd[0], "private"))
            if column.kind == "text" and isinstance(value, str) and texts.gap(value):
                faults.append(CellFault("GS03", column, cell, None, "gap"))
            values.append(value)
        try:
            self._adapter.validate_python(tuple(values))
        except ValidationError as error:
            for fault in error.errors(include_url=False, include_context=False, include_input=False):
                position = int(fault["loc"][0])
                column = self.sheet.columns[position]
                if column.field in bad:
                    continue
                bad.add(column.field)
                faults.append(
                    CellFault("GS03", column, cells[position], expected(column, self._ruleset, values[position]))
                )
                values[position] = None
        faults = [fault for fault in faults if fault.rule != "GS04" or fault.column.field not in bad]
        return self._make((*values, row, frozenset(bad) if bad else NO_BAD)), faults


def _differs(value: Value, cell: Raw) -> bool:
    """Whether a cell was read as something else than what stands there; blanks alone are nothing."""
    if value is None:
        return not is_blank(cell)
    if isinstance(cell, Shown) and isinstance(value, str):
        return value != cell.text
    return _shown(value) != _shown(cell)


def _may_be_a_day(cell: Raw) -> bool:
    """Whether a cell holds a day, or a number that would be one of our time (2000 to 2049): `3-1` becomes such."""
    first, last = DAYS_OF_OURS
    return isinstance(cell, dt.date) or (isinstance(cell, float) and cell.is_integer() and first <= cell < last)


def _shown(value: object) -> object:
    """A value with what is only form taken away: whole numbers without .0, a day without its midnight, kinds of line ends."""
    if isinstance(value, dt.datetime):
        return value.date() if value.time() == dt.time() else value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return re.sub("\r\n?", "\n", value) if isinstance(value, str) else value
