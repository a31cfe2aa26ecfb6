"""What the workbook's formulas say of the rows that a new workbook is given, worked out in Python.

So a preview, a phone and a protected view show the truth before anything is calculated there. An application works all of
it out again as soon as a cell changes; that both say the same is held by tests.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from validators.book import Book
from validators.columns import SHEETS, Column, Sheet, letter
from validators.expr import Record
from validators.findings import SEVERITY_SYMBOLS, Severity
from validators.looks import fifteen_digits
from validators.meanings import Raw, Unreadable, Value, meaning
from validators.records import CellFault, RowReader
from validators.rule import compiled
from workbook_templates.formulas.cells import FIRST_SERIAL, LAST_SERIAL
from workbook_templates.formulas.default_formulas import OFFERED
from workbook_templates.formulas.plan import (
    ERROR,
    FINE,
    NEXT,
    NOTHING_WRONG,
    NUMBERED,
    SIGNS,
    WARNING,
    Formulas,
)
from workbook_templates.xlsx.appearance import AT_FAULT, FIRST_ROW, LATER, MISSING, NOT_YET, WARN, WRONG
from workbook_templates.xlsx.fast_reader import moment

SIGN = 6
"""Signs of a code."""
_SYMBOLS = {MISSING: ERROR, LATER: NOT_YET, **{sign: SEVERITY_SYMBOLS[severity] for severity, sign in SIGNS.items()}}


@dataclass(frozen=True)
class Verdict:
    """What a sheet shows."""

    rows: Sequence[str]
    """校验 of each row that is given."""
    offered: Mapping[int, Mapping[str, Value]]
    """What the offered formulas show, by number of the row and field."""
    filled: int
    wrong: int
    warned: int
    link: str = ""
    """The way to the next cell at fault, "" where there is none."""
    said: str = ""
    """What 校验 says of it."""
    last: int = 0
    """The highest serial number that was given, on a sheet of `plan.NUMBERED`."""

    @property
    def head(self) -> tuple[str, str]:
        """What stands in the head of the sheet: the link, and how many rows are at fault."""
        return self.link or NOTHING_WRONG, f"{ERROR} {self.wrong}行　{WARNING} {self.warned}行"


_NOTHING = Verdict((), {}, 0, 0, 0)


def verdicts(
    formulas: Formulas, rows: Mapping[str, Sequence[Mapping[str, Value]]], facts: Mapping[str, Any], round_: str
) -> dict[str, Verdict]:
    """What each sheet shows, by its key, of filled rows as `write_county` takes them.

    `facts` are the values of `BOOK_FIELDS`.
    """
    found = dict.fromkeys(formulas.room, _NOTHING)
    if not any(rows.values()):
        return found
    filled_on = facts.get("filled_on")
    day = filled_on if isinstance(filled_on, dt.date) else None
    book = Book(
        "",
        formulas.ruleset,
        formulas.county,
        round_,
        1,
        day or dt.date.min,
        facts,
        formulas.kind,
        undated=not day,
    )
    noticed: dict[tuple[str, int], list[CellFault]] = {}
    offered: dict[str, dict[int, Mapping[str, Value]]] = {key: {} for key in rows}
    for key in (one for one in formulas.room if one in rows):  # enterprises before their lines
        reader = RowReader(key, formulas.ruleset)
        for number, values in enumerate(rows[key], FIRST_ROW):
            if any(value not in (None, "") for value in values.values()):
                record, faults, offered[key][number] = _read(reader, values, number, book)
                book.tables[key].append(record)
                noticed[key, number] = sorted(faults, key=lambda fault: fault.column.position)
    codes = {key: {record.row: "" for record in records} for key, records in book.tables.items()}
    for key, own in codes.items():
        hits: list[int] = []
        judge = compiled(key, None).bind(book)
        checks = compiled(key, None).checks
        due = [one for one in checks if one.rule == "GS02"]
        for record in book.tables[key]:
            judge(record, hits.append)
            told: set[int | str] = {id(checks[number]) for number in hits}
            hits.clear()
            root = book.enterprise(record.list_id) if "enterprises" in book.tables else None
            told.update(_each(codes["enterprises"].get(root.row, "")) if root else ())
            missing = {fault.column.field for fault in noticed[key, record.row] if fault.rule == "GS02"}
            told.update(id(one) for one in due if one.at.column.field in missing)
            seen = [(fault.column, _noticed(formulas, fault)) for fault in noticed[key, record.row]]
            own[record.row] = "".join(formulas.in_order(SHEETS[key], seen, told))
    for key, given in rows.items():
        found[key] = _verdict(formulas, SHEETS[key], codes[key], len(given), offered[key])
    for key in NUMBERED.keys() & found.keys():
        found[key] = replace(found[key], last=_last_number(book, key))
    return found


def _last_number(book: Book, key: str) -> int:
    head = f"{book.county}-{SHEETS[key]['list_id'].values}-"
    ids = (record.list_id for one in (key, *NUMBERED[key]) for record in book.tables[one])
    return max((int(one.removeprefix(head)) for one in ids if one and one.startswith(head)), default=0)


def _read(
    reader: RowReader, values: Mapping[str, Value], number: int, book: Book
) -> tuple[Record, list[CellFault], Mapping[str, Value]]:
    """The record of a row as the reader will make it of the file, and what the offered formulas give in it."""
    sheet, county = reader.sheet, book.ruleset.submitting[book.county]
    own = {field: offered for (key, field), offered in OFFERED.items() if key == sheet.key}
    needed = {need for offered in own.values() for need in offered.needs}
    inputs: dict[str, Value] = {"row": number, "list_id": values.get("list_id")}
    for field, value in values.items():
        if field in needed:
            inputs[field] = _meant(sheet, field, value, book)
    root = _root(sheet, values, book)
    computed: dict[str, Value] = {}
    for field, offered in own.items():
        if values.get(field) is None:
            computed[field] = inputs[field] = offered.value(inputs, county, root)
    cells = [
        None
        if one.required == "auto"
        else computed[one.field]
        if one.field in computed
        else _as_stored(one, values.get(one.field))
        for one in sheet.columns
    ]
    record, faults = reader.read(cells, number)
    lost = [field for field in computed if not record.bad.isdisjoint(OFFERED[sheet.key, field].needs)]
    return record._replace(**dict.fromkeys(lost)) if lost else record, faults, computed | dict.fromkeys(lost)


def _as_stored(column: Column, value: Value) -> Raw:
    """A value as the formulas see it in the file: of a number 15 digits, or the day that it is."""
    if not isinstance(value, int | float):
        return value
    number = fifteen_digits(float(value))
    return moment(number) if column.kind == "date" and FIRST_SERIAL <= number <= LAST_SERIAL else number


def _root(sheet: Sheet, values: Mapping[str, Value], book: Book) -> Record | None:
    """The enterprise that a row of another sheet belongs to."""
    if sheet.key != "lines":
        return None
    found = _understood(sheet["list_id"], values.get("list_id"), book)
    return book.enterprise(found) if isinstance(found, str) else None


def _meant(sheet: Sheet, field: str, value: Value, book: Book) -> Value:
    return _understood(sheet[field], value, book) if sheet[field].is_number or field == "industry" else value


def _understood(column: Column, value: Value, book: Book) -> Value:
    if not isinstance(value, str) or not value:
        return value
    try:
        return meaning(column, value, book.ruleset)
    except Unreadable:
        return None


def _noticed(formulas: Formulas, fault: CellFault) -> str:
    """The code of what the reader noticed of a cell, "" where no formula sees it."""
    if fault.rule == "GS02" or fault.what == "private":  # the first is told by its condition
        return ""
    prose = fault.column.kind == "text" and fault.meant is not None
    if fault.rule == "GS04" and prose and isinstance(fault.value, str) and fault.value == fault.value.strip(" "):
        return ""  # what is odd within a text is left to Python
    return formulas.form_code(fault.column, fault.rule, Severity.WARNING if fault.what == "became" else None)


def _verdict(
    formulas: Formulas, sheet: Sheet, codes: Mapping[int, str], many: int, offered: Mapping[int, Mapping[str, Value]]
) -> Verdict:
    rows = {row: _status(formulas, sheet, own) for row, own in codes.items()}
    wrong = [row for row, own in codes.items() if not set(AT_FAULT).isdisjoint(own)]
    warned = [row for row, own in codes.items() if WARN in own and set(AT_FAULT).isdisjoint(own)]
    statuses = [rows.get(row, "") for row in range(FIRST_ROW, FIRST_ROW + many)]
    if not wrong and not warned:
        return Verdict(statuses, offered, len(rows), 0, 0)
    row = (wrong or warned)[0]
    at = f"{letter(int(_worst(codes[row])[1:3]) - 1)}{row}"
    return Verdict(statuses, offered, len(rows), len(wrong), len(warned), f"▶ {NEXT}：{at}", rows[row])


def _worst(codes: str) -> str:
    """The first of the worst codes."""
    ranks = {MISSING: 0, WRONG: 0, LATER: 1, WARN: 2}
    return min(_each(codes), key=lambda code: ranks.get(code[0], 3))


def _each(codes: str) -> list[str]:
    return [codes[at : at + SIGN] for at in range(0, len(codes), SIGN)]


def _status(formulas: Formulas, sheet: Sheet, codes: str) -> str:
    if not codes:
        return FINE
    worst, many = _worst(codes), len(codes) // SIGN
    rule, words = formulas.said[int(worst[3:]) - 1]
    rest = f"（还有{many - 1}处）" if many > 1 else ""
    return f"{_SYMBOLS[worst[0]]} {rule} {sheet.columns[int(worst[1:3]) - 1].header}：{words}{rest}"
