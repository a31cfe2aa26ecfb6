"""The county workbook: an empty or filled .xlsx without macros, made from the declaration and a rule set."""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import BinaryIO

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from validators.columns import KIND_NAMES, KINDS, LETTERS, TEMPLATE_VERSION, BookKind, Column, Sheet, letter
from validators.findings import Finding
from validators.meanings import Value
from validators.ruleset import RuleSet
from workbook_templates.county.cover import STEPS, write_cover
from workbook_templates.county.data_validation import CHOICES_TITLE, Limit, limit, lists, mark_of
from workbook_templates.county.returned import write_beside, write_guessed, write_list
from workbook_templates.formulas.cells import quoted
from workbook_templates.formulas.default_formulas import OFFERED
from workbook_templates.formulas.plan import HELPER_HEAD, NEXT, NUMBERED, TITLE, Formula, Formulas
from workbook_templates.formulas.verdicts import Verdict, verdicts
from workbook_templates.xlsx import appearance
from workbook_templates.xlsx.appearance import (
    BAND_ROW,
    FIRST_ROW,
    GUESSED_HEAD,
    HEADER_ROW,
    MARK_ROW,
    RETURNED_HEAD,
    TITLE_ROW,
)
from workbook_templates.xlsx.styles import Style, new_workbook, packed, put, styles, text_width

_ROOM = {
    "enterprises": (1, 1),
    "lines": (10, 3),
    "transport": (1, 1),
    "dust": (1, 5),
    "mobile": (1, 15),
    "guarantee": (1, 5),
    "changes": (1, 5),
    "removals": (1, 5),
    "applications": (1, 1),
    "processes": (1, 2),
    "aspects": (8, 1),
    "county": (1, 1),
    "visits": (3, 2),
    "city": (1, 1),
    "province": (1, 1),
    "events": (1, 1),
}
"""Rows made ready on each sheet per enterprise, as a fraction."""
LEAST_ROOM = 20
_NUMBER = "General;-General"
"""Looks as without a format, but what looks like a date does not become one when it is typed."""
CENTRED = ("id", "ref", "enum", "date", "code4")


def write_county(
    target: BinaryIO,
    *,
    county: str,
    ruleset: RuleSet,
    round_: str,
    revision: int,
    kind: BookKind = "inventory",
    enterprises: int = 1500,
    rows: Mapping[str, Sequence[Mapping[str, Value]]] | None = None,
    officer: Mapping[str, Value] | None = None,
    found: Sequence[Finding] | None = None,
    notices: Sequence[str] = (),
    guessed: Mapping[tuple[str, int], Mapping[str, str]] | None = None,
    ids: tuple[int, int] | None = None,
) -> None:
    """Writes the workbook of a division (its code) for one year, round and revision, an inventory or of another kind.

    There is room for that number of enterprises, and for lines and the rest in proportion, and for more rows than
    are given. `rows` holds filled rows by key of the sheet and field: a field that is absent or None stays blank,
    or keeps the formula offered there with its value; one that is present replaces the formula, '' by a blank.
    `officer` holds the officer's fields of `BOOK_FIELDS`. Where `found` is given, it is a returned workbook: what was
    found in it, with the places where it stands here, and `notices` is what the cover says of it. `guessed` says of rows (key of
    the sheet, 0-based place among its `rows`) which fields a person has to confirm, and why. `ids` are the first
    and last serial number for a piece of a county. The same input gives the same bytes.
    """
    given = rows or {}
    room = {key: room_for(key, enterprises, len(given.get(key, ()))) for key in KINDS[kind]}
    facts: dict[str, Value] = {
        "division": county,
        "year": ruleset.year,
        "round": round_,
        "revision": revision,
        "template_version": TEMPLATE_VERSION,
        "ruleset": ruleset.id,
        "filled_by_office": ruleset.submitting[county],
        **(officer or {}),
    }
    made = BytesIO()  # a disk that fills up meets one write, not a half-closed archive
    book = new_workbook(made)
    book.structure_locked = True
    name = ruleset.submitting[county]
    book.set_properties(
        {
            "title": f"{name}{ruleset.year}年{KIND_NAMES[kind]}（{round_}，第{revision}版）",
            "company": ruleset.thresholds["city_name"],
            "created": dt.datetime(ruleset.year, 1, 1),
        }
    )
    style = styles(book)
    formulas = Formulas(ruleset, county, room, between=found is not None or bool(guessed))
    shown = verdicts(formulas, given, facts, round_)
    write_cover(book, style, ruleset, kind, facts, room, formulas, shown, None if found is None else notices)
    if found is not None:
        write_list(book, style, found, f"{name} {ruleset.year}年{round_}第{revision - 1}版")
    beside = [RETURNED_HEAD] if found is not None else [GUESSED_HEAD] if guessed else []
    for sheet in KINDS[kind].values():
        page = book.add_worksheet(sheet.title)
        page.growing_from = FIRST_ROW
        _table(page, sheet, room[sheet.key], formulas, [*beside])
        _head(page, style, sheet, formulas, shown[sheet.key], ids[0] if ids else 1)
        limits = [limit(column, LETTERS[sheet.key], ruleset, county, ids) for column in sheet.columns]
        _columns(page, style, sheet, room[sheet.key], limits)
        _helpers(page, style, sheet, formulas, len(given.get(sheet.key, ())), room[sheet.key])
        _rows(
            page,
            style,
            sheet,
            given.get(sheet.key, ()),
            room[sheet.key],
            formulas.status[sheet.key],
            shown[sheet.key],
        )
        _page(page, sheet, room[sheet.key], f"{name} {ruleset.year}年{round_}")
        if found is not None:
            write_beside(page, style, sheet, found)
        elif guessed:
            own = {FIRST_ROW + at: fields for (key, at), fields in guessed.items() if key == sheet.key}
            write_guessed(page, style, sheet, own)
    _choices(book, style, lists(ruleset, county, kind))
    _machinery(book, style, formulas)
    book.close()
    target.write(packed(made))


def room_for(sheet: str, enterprises: int, filled: int) -> int:
    """Rows made ready on a sheet (its key): in proportion to the enterprises, and always some beyond those filled."""
    share, of = _ROOM[sheet]
    return max(LEAST_ROOM, -(-enterprises * share // of), filled and filled + max(LEAST_ROOM, filled // 10))


def _head(page: Worksheet, style: Style, sheet: Sheet, formulas: Formulas, shown: Verdict, first: int) -> None:
    """The head of a list; `first` is the first serial number that rows may have."""
    for row, height in appearance.HEAD_HEIGHTS.items():
        page.set_row(row - 1, height)
    title = style(font_name=appearance.HEAD_FONT, font_size=16, font_color=appearance.INK)
    hint = style(font_color=appearance.GREY)
    page.write_string(TITLE_ROW - 1, 0, sheet.title, title)
    step = STEPS[sheet.key].replace("{county}", "区划代码")
    if sheet.key in NUMBERED:
        head, number = f"{formulas.county}-{sheet['list_id'].values}-", max(shown.last + 1, first)
        offer = f'="下一个清单编号："&{formulas.next_number(sheet.key, first)}&"。{step}"'
        page.write_formula(TITLE_ROW - 1, 1, offer, hint, f"下一个清单编号：{head}{number:04d}。{step}")
    else:
        page.write_string(TITLE_ROW - 1, 1, step, hint)
    for position in range(2, len(sheet.columns)):
        page.write_blank(TITLE_ROW - 1, position, None, hint)
    grounds = appearance.band_grounds(sheet)
    edge = {"border": 1, "border_color": appearance.HEAD_LINE, "align": "center"}
    for band, columns in appearance.bands(sheet):
        upper, lower = grounds[band]
        first, last = columns[0].position, columns[-1].position
        look = style(font_name=appearance.HEAD_FONT, bg_color=upper, **edge)
        if first == last:
            page.write_string(BAND_ROW - 1, first, band, look)
        else:
            page.merge_range(BAND_ROW - 1, first, BAND_ROW - 1, last, band, look)
        for column in columns:
            mark, colour, _ = appearance.MARKS[mark_of(column)]
            look = style(font_size=9, font_color=colour, bg_color=lower, **edge)
            page.write_string(MARK_ROW - 1, column.position, mark, look)
            look = style(
                font_name=appearance.HEAD_FONT,
                font_size=appearance.ENTRY_SIZE,
                bg_color=lower,
                text_wrap=True,
                **edge,
            )
            page.write_string(HEADER_ROW - 1, column.position, column.header, look)
    link, counts = formulas.lead[sheet.key].head
    _, lower = grounds[""]
    page.write_formula(
        BAND_ROW - 1,
        0,
        f"={link}",
        style(font_color=appearance.LINK, underline=1, bg_color=grounds[""][0], **edge),
        shown.head[0],
    )
    page.write_formula(MARK_ROW - 1, 0, f"={counts}", style(font_size=9, bg_color=lower, **edge), shown.head[1])


def _body(style: Style, column: Column) -> Format:
    """The look of a column's entry cells, which is the column's own format too."""
    look: dict[str, object] = {
        "border": 1,
        "border_color": appearance.LINE,
        "font_size": appearance.ENTRY_SIZE,
    }
    if column.kind in CENTRED:
        look["align"] = "center"
    else:
        look |= {"align": "right" if column.is_number else "left", "indent": 1}
    if column.required == "auto":
        look["bg_color"] = appearance.OWN
    elif (column.sheet, column.field) in OFFERED:
        look["bg_color"] = appearance.OFFERED_GROUND
    if column.kind == "date":
        look["num_format"] = appearance.DAY
    elif column.kind == "int":
        look["num_format"] = "0"
    elif column.kind == "decimal":
        look["num_format"] = _NUMBER
    elif column.is_code:
        look["num_format"] = "@"
    elif column.kind in ("text", "status"):
        look["text_wrap"] = True
    elif column.kind == "enum":
        look["shrink"] = True
    if column.kind == "text":
        look["num_format"] = "@"  # 3-1 does not become a date
    return style(**look)


def _columns(page: Worksheet, style: Style, sheet: Sheet, room: int, limits: Sequence[Limit]) -> None:
    """Width, look and limit of each column; the look reaches beyond the room, the limits end with it."""
    last = HEADER_ROW - 1 + room
    codes = []
    for column, own in zip(sheet.columns, limits, strict=True):
        place = column.position
        page.set_column(place, place, column.width, _body(style, column))
        page.data_validation(FIRST_ROW - 1, place, last, place, own)
        if column.is_code:
            codes.append(f"{letter(place)}{FIRST_ROW}:{letter(place)}{last + 1}")
    page.ignore_errors({"number_stored_as_text": " ".join(codes)})


def _table(page: Worksheet, sheet: Sheet, room: int, formulas: Formulas, beside: Sequence[str]) -> None:
    """Make the list a table: where a program knows tables, a row inserted or added below is judged by itself.

    `beside` are heads between the declared columns and the helper ones.
    """
    heads = [*(column.header for column in sheet.columns), *beside]
    names = [formulas.status[sheet.key], *[""] * (len(heads) - 1), *formulas.helper_names(sheet.key)]
    heads += [f"{HELPER_HEAD}{number}" for number in range(1, len(names) - len(heads) + 1)]
    page.add_table(
        HEADER_ROW - 1,
        0,
        HEADER_ROW,
        len(names) - 1,
        {"name": f"表_{sheet.title}", "style": None, "columns": [{"header": head} for head in heads]},
    )
    area = f"A{HEADER_ROW}:{letter(len(names) - 1)}{HEADER_ROW + room}"
    page.tables[-1].update(range=area, a_range=area, autofilter=area)  # else XlsxWriter would keep a note for each cell
    for column, name in zip(page.tables[-1]["columns"], names, strict=True):
        column["formula"] = name  # given at once, XlsxWriter would write all cells too, and as if each had a result


def _helpers(page: Worksheet, style: Style, sheet: Sheet, formulas: Formulas, filled: int, room: int) -> None:
    """The hidden columns beside a list, and the colours of the cells at fault."""
    own = formulas.helpers[sheet.key]
    page.set_column(own.first, own.first + len(own.formulas) - 1, None, None, {"hidden": True})
    named = zip(formulas.helper_names(sheet.key), formulas.blank_values(sheet.key), strict=True)
    page.helpers = own.first, list(named)
    page.filled_to = HEADER_ROW + filled
    codes = f"${formulas.codes[sheet.key].partition('$')[2].rstrip('1')}{FIRST_ROW}"
    last, first = HEADER_ROW - 1 + room, f"A{FIRST_ROW}"
    # few formulas, which LibreOffice tells of every row that is worked out anew; 校验 takes the look of its worst code
    for sign, look in appearance.FAULTS.items():
        above = "".join(
            f"*ISERROR(FIND({quoted(worse)},{codes}))" for worse in "".join(appearance.FAULTS).partition(sign)[0]
        )
        here = f"ISNUMBER(FIND({quoted(sign)},{codes})){above}"
        there = f'ISNUMBER(FIND("{sign}"&TEXT(COLUMN({first}),"00"),{codes}))'
        rule = f'=IF({codes}="",FALSE,IF(COLUMN({first})=1,{here},{there}))'
        options = {"type": "formula", "criteria": rule, "format": style(**look)}
        page.conditional_format(FIRST_ROW - 1, 0, last, len(sheet.columns) - 1, options)


def _rows(
    page: Worksheet,
    style: Style,
    sheet: Sheet,
    given: Sequence[Mapping[str, Value]],
    room: int,
    status: str,
    shown: Verdict,
) -> None:
    letters = LETTERS[sheet.key]
    looks = [_body(style, column) for column in sheet.columns]
    wrapped = [column for column in sheet.columns if column.kind in ("status", "text")]
    formulas = [OFFERED.get((sheet.key, column.field)) for column in sheet.columns]
    for row in range(FIRST_ROW, FIRST_ROW + room):
        values = given[row - FIRST_ROW] if row - FIRST_ROW < len(given) else {}
        said = shown.rows[row - FIRST_ROW] if row - FIRST_ROW < len(shown.rows) else ""
        for column, look, formula in zip(sheet.columns, looks, formulas, strict=True):
            value = values.get(column.field)
            if column.kind == "status":
                page.write_formula(row - 1, column.position, f"={status}", look, said)
            elif value not in (None, ""):
                put(page, row - 1, column.position, value, look)
            elif formula and value is None:
                text = f"={formula.text(row, letters)}"
                if not given:  # the rows of a filled one are read faster where each spells its own
                    page.write_alike(row - 1, column.position, text, look, "", HEADER_ROW - 1 + room)
                    continue
                cached = shown.offered.get(row, {}).get(column.field)
                page.write_formula(row - 1, column.position, text, look, "" if cached is None else cached)
        texts = {**values, "status": said} if values else {}
        lines = max((_lines(column, texts) for column in wrapped), default=1) if texts else 1
        if lines > 1:
            page.set_row(row - 1, lines * appearance.ENTRY_LINE + 3)


def _lines(column: Column, values: Mapping[str, Value]) -> int:
    text = str(values.get(column.field) or "")
    return math.ceil(text_width(text) * appearance.ENTRY_SIZE / appearance.FONT_SIZE / (column.width - 0.5))


def _page(page: Worksheet, sheet: Sheet, room: int, heading: str) -> None:
    kept = appearance.kept_columns(sheet)
    page.freeze_panes(HEADER_ROW, kept)
    page.set_selection(FIRST_ROW - 1, sheet["list_id"].position, FIRST_ROW - 1, sheet["list_id"].position)
    page.hide_gridlines(2)
    page.set_landscape()
    page.set_paper(appearance.PAPER_A3)
    page.set_margins(0.4, 0.4, 0.6, 0.6)
    breaks = appearance.page_breaks(sheet)
    if breaks:
        page.set_print_scale(appearance.PRINT_SCALE)
        page.set_v_pagebreaks(breaks)
    else:
        page.fit_to_pages(1, 0)
    page.repeat_rows(BAND_ROW - 1, HEADER_ROW - 1)
    page.repeat_columns(1, kept - 1)
    page.print_across()
    page.set_header(f"&L{heading}&R{sheet.title}")
    page.set_footer("&C第 &P 页，共 &N 页")


def _choices(book: Workbook, style: Style, choices: Mapping[str, Sequence[str]]) -> None:
    """The hidden sheet of lists, each under its defined name."""
    page = book.add_worksheet(CHOICES_TITLE)
    head, plain = style(bold=True), style(num_format="@")
    for position, (name, values) in enumerate(choices.items()):
        page.write_string(0, position, name, head)
        for row, value in enumerate(values, 1):
            put(page, row, position, value, plain)
        column = letter(position)
        book.define_name(name, f"={CHOICES_TITLE}!${column}$2:${column}${len(values) + 1}")
    page.protect()
    page.hide()


def _machinery(book: Workbook, style: Style, formulas: Formulas) -> None:
    """The hidden sheet of texts and tables that formulas look things up in, and the names of all formulas."""
    page = book.add_worksheet(TITLE)
    head, plain = style(bold=True), style(num_format="@")
    number = style()
    for position, (name, values) in enumerate(formulas.lists.items()):
        page.write_string(0, position, name, head)
        for row, value in enumerate(values, 1):
            if isinstance(value, Formula):
                page.write_formula(row, position, f"={value.text}", number, "")
            elif isinstance(value, bool):
                page.write_boolean(row, position, value, number)
            elif isinstance(value, int | float):
                page.write_number(row, position, value, number)
            else:
                page.write_string(row, position, str(value), plain)
    page.protect()
    page.hide()
    for name, formula in formulas.names.items():
        book.defined_names.append([name, -1, formula, True])
    for place, lead in enumerate(formulas.lead.values(), 1):
        book.defined_names.append([NEXT, place, lead.next, False])
