import datetime as dt
import io
import re
import zipfile

import openpyxl
import pytest
from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from validators.columns import BOOK_FIELDS, COVER_TITLE, INVENTORY, LETTERS, SHEETS, TEMPLATE_VERSION, TITLES
from validators.ruleset import load
from workbook_templates.county.data_validation import CHOICES_TITLE, GRADE_KEYS, GRADES, SUBTYPE_KEYS, SUBTYPES, lists
from workbook_templates.county.template import LEAST_ROOM, write_county
from workbook_templates.formulas.default_formulas import OFFERED
from workbook_templates.formulas.plan import HELPER_HEAD, TITLE
from workbook_templates.xlsx.appearance import BAND_ROW, FIRST_ROW, HEADER_ROW, LEVEL_BANDS, MARK_ROW, MARKS

RULESET = load("2020")
ENTERPRISES = 30
ALLOWED_FUNCTIONS = {
    "ABS", "ADDRESS", "AND", "ASC", "CHAR", "CLEAN", "COLUMN", "COUNT", "COUNTA", "COUNTIF", "DATEVALUE", "EXACT",
    "FIND", "FREQUENCY", "HYPERLINK", "IF", "IFERROR", "INDEX", "INT", "ISERROR", "ISNUMBER", "ISTEXT", "LARGE", "LEFT",
    "LEN", "MATCH", "MAX", "MID", "MIN", "MOD", "NOT", "OR", "REPT", "RIGHT", "ROUND", "ROW", "SUBSTITUTE", "SUM",
    "SUMPRODUCT", "TEXT", "TRIM", "UPPER", "VALUE", "_xlfn.ISFORMULA", "_xlfn.SHEET", "_xlfn.SHEETS", "_xlfn.UNICHAR",
    "_xlfn.UNICODE",
}  # fmt: skip
"""Functions of Excel 2013 at the latest; none is volatile, none needs an array formula."""
ENTERPRISE = {
    "list_id": "371502-G-0001",
    "name": "=1+1 有限公司",
    "uscc": "91371502MA3C00000X",
    "longitude": 115.9812,
    "run_days": 300,
    "fixed_on": dt.date(2020, 8, 18),
}
LINE = {
    "list_id": "371502-G-0001",
    "line_id": "371502-G-0001-L01",
    "eia_capacity": 3000,
    "run_days": 300,
    "so2_daily": 12.345,
    "yellow_ratio": 30,
    "orange_ratio": 50,
    "orange_so2_cut": 6.0,
    "red_measure": "1号熟料生产线全部停产" * 20,
}


def build(county: str = "371502", round_: str = "首报", enterprises: int = ENTERPRISES, **more: object) -> bytes:
    target = io.BytesIO()
    write_county(target, county=county, ruleset=RULESET, round_=round_, revision=1, enterprises=enterprises, **more)  # type: ignore[arg-type]
    return target.getvalue()


def load_book(content: bytes, values: bool = False) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(content), data_only=values)


def filled() -> bytes:
    rows = {"enterprises": [ENTERPRISE], "lines": [LINE]}
    return build(rows=rows, officer={"filled_by": "赵六", "filled_on": dt.date(2020, 8, 20)})


@pytest.fixture(scope="module")
def empty() -> Workbook:
    return load_book(build())


def parts(content: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return {name: package.read(name).decode("utf-8") for name in package.namelist()}


def limits_by_cell(sheet: Worksheet) -> dict[str, object]:
    return {str(limit.sqref): limit for limit in sheet.data_validations.dataValidation}


def test_sheets_stand_in_order_and_the_lists_are_hidden_and_protected(empty: Workbook) -> None:
    assert empty.sheetnames == [COVER_TITLE, *TITLES["inventory"].values(), CHOICES_TITLE, TITLE]
    assert empty.active is not None
    assert empty.active.title == COVER_TITLE
    for hidden in (empty[CHOICES_TITLE], empty[TITLE]):
        assert hidden.sheet_state == "hidden"
        assert hidden.protection.sheet
    assert empty[COVER_TITLE].protection.sheet
    for title in TITLES["inventory"].values():
        assert empty[title].sheet_state == "visible"
        assert not empty[title].protection.sheet


def test_headers_are_those_declared_letter_for_letter(empty: Workbook) -> None:
    for sheet in INVENTORY.values():
        row = [str(cell.value) for cell in empty[sheet.title][HEADER_ROW]]
        own = [head for head in row if not head.startswith(HELPER_HEAD)]
        assert own == row[: len(own)] == [column.header for column in sheet.columns]
        hidden = [d for d in empty[sheet.title].column_dimensions.values() if d.hidden]
        assert [(d.min, d.max) for d in hidden] == [(len(own) + 1, len(row))]


def test_marks_say_in_words_what_is_required(empty: Workbook) -> None:
    words = {key: mark for key, (mark, _, _) in MARKS.items()}
    for sheet in INVENTORY.values():
        for column, cell in zip(sheet.columns[1:], empty[sheet.title][MARK_ROW][1:], strict=False):
            offered = column.required == "always" and (sheet.key, column.field) in OFFERED
            assert cell.value == words[("offered" if column.is_number else "usual") if offered else column.required]


def test_bands_name_their_columns_and_are_merged_above_the_headers_only(empty: Workbook) -> None:
    for sheet in INVENTORY.values():
        page = empty[sheet.title]
        band = ""
        for column, cell in zip(sheet.columns[1:], page[BAND_ROW][1:], strict=False):
            band = cell.value or band if column.band else ""
            assert band == column.band
        assert all(area.max_row == BAND_ROW for area in page.merged_cells.ranges)
    assert set(LEVEL_BANDS) <= {column.band for column in SHEETS["lines"].columns}


def test_every_column_is_limited_and_prompted_over_the_whole_room(empty: Workbook) -> None:
    names = set(empty.defined_names)
    for sheet in INVENTORY.values():
        limits = limits_by_cell(empty[sheet.title])
        assert len(limits) == len(sheet.columns)
        room = max(20, {"lines": 100, "enterprises": 30, "transport": 30}.get(sheet.key, 0))
        for column in sheet.columns:
            letter = get_column_letter(column.position + 1)
            limit = limits[f"{letter}{FIRST_ROW}:{letter}{FIRST_ROW + room - 1}"]
            assert limit.promptTitle == column.header
            assert column.prompt in limit.prompt
            assert limit.error != "None"
            if column.kind == "enum":
                assert limit.type == "list"
                used = set(re.findall(r"选项_\w+", limit.formula1))
                assert used
                assert used <= names
            if column.is_number and column.required != "auto":
                assert limit.type == ("whole" if column.kind == "int" else "decimal")
            if column.kind == "date":
                assert limit.type == "date"


def test_stop_where_never_right_and_ask_where_the_rule_only_warns(empty: Workbook) -> None:
    limits = limits_by_cell(empty["企业基本信息"])
    letters = LETTERS["enterprises"]

    def style(field: str) -> str | None:
        return limits[f"{letters[field]}{FIRST_ROW}:{letters[field]}{FIRST_ROW + ENTERPRISES - 1}"].errorStyle

    assert {style(field) for field in ("permit_no", "phone", "grade", "applied_grade")} == {"warning"}
    assert {style(field) for field in ("uscc", "list_id", "district", "longitude", "subtype")} == {None}


def test_numbers_of_rows_are_held_to_the_countys_code() -> None:
    for county, start in (("371502", 10), ("LC-JK", 9)):
        limits = limits_by_cell(load_book(build(county))["生产线减排措施"])
        line_id = limits[f"C{FIRST_ROW}:C{FIRST_ROW + 99}"].formula1
        assert f'LEFT(C5,{start - 1})="{county}-G-"' in line_id
        assert f'MID(C5,{start + 4},2)="-L"' in line_id
        assert f"LEN(C5)={len(f'{county}-G-0001-L01')}" in line_id


def test_lists_are_ranges_that_hold_the_allowed_values(empty: Workbook) -> None:
    page = empty[CHOICES_TITLE]
    choices = lists(RULESET, "371502")
    for name, values in choices.items():
        title, area = empty.defined_names[name].attr_text.split("!")
        assert title == CHOICES_TITLE
        assert tuple(row[0].value or "" for row in page[area.replace("$", "")]) == values
    assert choices["选项_区县"] == ("东昌府区",)
    assert choices["选项_重点行业"] == RULESET.allowed("@industries|非重点行业")


def test_dependent_lists_hold_each_industrys_own_subtypes_and_grades() -> None:
    choices = lists(RULESET, "371502")

    def found(keys: str, values: str, key: str) -> tuple[str, ...]:
        """As the drop-down takes them: from the first match on, as many as there are matches."""
        first, count = choices[keys].index(key), choices[keys].count(key)
        return choices[values][first : first + count]

    for (industry, subtype), row in RULESET.schemes.items():
        own = tuple(row["grades"].split("|"))
        assert found(GRADE_KEYS, GRADES, f"{industry}/{subtype}") == own
        whole = RULESET.schemes.get((industry, ""))  # one without a subtype has its own grades, else all of them
        wanted = set(whole["grades"].split("|")) if whole else set(own)
        assert wanted <= set(found(GRADE_KEYS, GRADES, f"{industry}/"))
    for industry, subtypes in RULESET.subtypes.items():
        assert found(SUBTYPE_KEYS, SUBTYPES, industry) == subtypes
    assert found(GRADE_KEYS, GRADES, "非重点行业/") == ("未评级",)


def test_code_columns_are_text_to_the_last_row(empty: Workbook) -> None:
    for sheet in INVENTORY.values():
        page = empty[sheet.title]
        formats = {
            position: dimension.number_format
            for dimension in page.column_dimensions.values()
            for position in range(dimension.min, dimension.max + 1)
        }
        for column in sheet.columns:
            if column.is_code:
                assert formats[column.position + 1] == "@"
            if column.kind == "date":
                assert formats[column.position + 1] == "yyyy-mm-dd"


def test_the_workbook_says_what_it_is_under_readable_names() -> None:
    book = load_book(filled())
    cells = {}
    for field, name in BOOK_FIELDS.items():
        title, area = book.defined_names[name].attr_text.split("!")
        cells[field] = book[title][area.replace("$", "")]
    assert {field: cell.value for field, cell in cells.items()} == {
        "division": "371502",
        "year": 2020,
        "round": "首报",
        "revision": 1,
        "template_version": TEMPLATE_VERSION,
        "ruleset": "2020",
        "filled_by_office": "东昌府区",
        "filled_by": "赵六",
        "filled_phone": None,
        "filled_on": dt.datetime(2020, 8, 20),
    }
    unlocked = {field for field, cell in cells.items() if not cell.protection.locked}
    assert unlocked == {"filled_by_office", "filled_by", "filled_phone", "filled_on"}


def test_cover_names_every_sheet_every_mark_and_the_deadlines_of_the_round(empty: Workbook) -> None:
    def cover(book: Workbook) -> str:
        cells = (cell.value for row in book[COVER_TITLE].iter_rows() for cell in row)
        return "\n".join(str(value) for value in cells if value is not None)

    text = cover(empty)
    assert all(title in text for title in TITLES["inventory"].values())
    assert all(mark in text for mark, _, _ in MARKS.values())
    assert "2020-08-21 00:00:00" in text
    assert "LibreOffice" in text
    assert "以市里通知为准" in cover(load_book(build(round_="加报")))


def test_filled_rows_come_back_at_their_cells_and_formulas_keep_the_rest() -> None:
    content = filled()
    letters = LETTERS["lines"]
    formulas = load_book(content)["生产线减排措施"]
    values = load_book(content, values=True)["生产线减排措施"]
    for field, value in LINE.items():
        assert formulas[f"{letters[field]}{FIRST_ROW}"].value == value
    for (sheet, field), offered in OFFERED.items():
        if sheet == "lines" and field not in LINE:
            assert formulas[f"{letters[field]}{FIRST_ROW}"].value == f"={offered.text(FIRST_ROW, letters)}"
            assert values[f"{letters[field]}{FIRST_ROW}"].value == offered.value(LINE)
    assert values[f"{letters['yellow_so2_cut']}{FIRST_ROW}"].value == 3.7035
    assert values[f"{letters['yellow_so2_cut']}{FIRST_ROW + 1}"].value is None
    last = FIRST_ROW + 99
    assert formulas[f"{letters['red_vocs_cut']}{last}"].value is not None
    assert formulas[f"{letters['red_vocs_cut']}{last + 1}"].value is None


def test_values_are_written_as_what_they_are() -> None:
    page = load_book(filled(), values=True)["企业基本信息"]
    letters = LETTERS["enterprises"]
    cells = {field: page[f"{letter}{FIRST_ROW}"] for field, letter in letters.items()}
    assert cells["name"].value == "=1+1 有限公司"
    assert cells["name"].data_type == "s"
    assert cells["uscc"].value == "91371502MA3C00000X"
    assert cells["longitude"].value == 115.9812
    assert cells["fixed_on"].value == dt.datetime(2020, 8, 18)
    assert cells["serial"].value == 1
    assert cells["remark"].value is None


def test_room_is_in_proportion_and_always_more_than_the_rows_given() -> None:
    many = [{"list_id": f"371502-G-{number:04d}"} for number in range(1, 42)]
    book = load_book(build(rows={"enterprises": many}))
    [table] = book["企业基本信息"].tables.values()
    assert re.fullmatch(rf"A{HEADER_ROW}:[A-Z]+{HEADER_ROW + 41 + LEAST_ROOM}", table.ref)
    assert book["企业基本信息"][f"C{HEADER_ROW + 41}"].value == "371502-G-0041"
    [table] = book["生产线减排措施"].tables.values()
    assert re.fullmatch(rf"A{HEADER_ROW}:[A-Z]+{HEADER_ROW + 100}", table.autoFilter.ref)


def test_rows_may_still_grow_below_the_head() -> None:
    row = re.search(rf'<row r="{FIRST_ROW}"[^>]*>', parts(filled())["xl/worksheets/sheet3.xml"])
    assert row is not None
    assert " ht=" in row[0]
    assert "customHeight" not in row[0]


def test_rows_are_high_enough_for_what_is_said_of_them() -> None:
    rows = {"enterprises": [ENTERPRISE], "transport": [{"list_id": ENTERPRISE["list_id"]}]}
    content = build(rows=rows)
    page = load_book(content)["运输管控"]
    said = load_book(content, values=True)["运输管控"][f"A{FIRST_ROW}"].value
    assert isinstance(said, str) and len(said) > 20, "it goes over two lines"
    assert (page.row_dimensions[FIRST_ROW].height or 0) > 25
    assert page.row_dimensions[FIRST_ROW + 1].height is None


def test_panes_print_titles_and_paper_are_set(empty: Workbook) -> None:
    for sheet in INVENTORY.values():
        page = empty[sheet.title]
        assert str(page.freeze_panes).endswith(str(FIRST_ROW))
        assert page.page_setup.orientation == "landscape"
        assert page.print_title_rows == f"${BAND_ROW}:${HEADER_ROW}"
    assert empty["企业基本信息"].freeze_panes == f"D{FIRST_ROW}"


def test_only_plain_functions_no_outside_links_and_no_macros() -> None:
    package = parts(filled())
    assert not [name for name in package if "vba" in name.lower() or "external" in name.lower()]
    text = "".join(package[name] for name in package if name.endswith(".xml"))
    formulas = re.findall(r"<(?:f|formula|calculatedColumnFormula|formula1|formula2|definedName)\b[^>]*>([^<]+)", text)
    used = {name for formula in formulas for name in re.findall(r"((?:_xlfn\.)?[A-Z][A-Z0-9.]*)\(", formula)}
    assert used == ALLOWED_FUNCTIONS
    assert not any("[" in formula for formula in formulas)
    assert "TargetMode" not in "".join(package.values())


def test_same_input_gives_the_same_bytes() -> None:
    assert filled() == filled()
    assert filled() != build()


@pytest.mark.parametrize("county", sorted(RULESET.submitting))
def test_every_division_gets_its_own_workbook(county: str) -> None:
    book = load_book(build(county, enterprises=1))
    name = RULESET.submitting[county]
    assert book[CHOICES_TITLE]["B2"].value == name
    assert name in str(book.properties.title)
