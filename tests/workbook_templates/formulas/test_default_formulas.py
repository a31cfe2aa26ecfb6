from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from validators.columns import LETTERS, SHEETS
from validators.meanings import Value
from validators.ruleset import load
from workbook_templates.county.reader import read_county
from workbook_templates.county.template import write_county
from workbook_templates.formulas.default_formulas import AROUND, INHERITED, OFFERED, entered, matches, round_half_away
from workbook_templates.xlsx.appearance import FIRST_ROW

LINES = {"so2_daily": "T", "yellow_ratio": "Z"}
CUT = OFFERED["lines", "yellow_so2_cut"]


def test_offered_formulas_belong_to_declared_columns_of_their_sheet() -> None:
    for (sheet, field), offered in OFFERED.items():
        assert field in SHEETS[sheet]
        assert all(need in AROUND or need in SHEETS[sheet] for need in offered.needs)


def test_text_puts_letters_and_row_in() -> None:
    assert CUT.text(12, LINES) == 'IF(OR(T12="",Z12=""),"",ROUND(T12*Z12/100,6))'


@pytest.mark.parametrize(
    "spelled",
    [
        'IF(OR(T12="",Z12=""),"",ROUND(T12*Z12/100,6))',
        '=IF(OR(T12="",Z12=""),"",ROUND(T12*Z12/100,6))',
        'if( or( $T$12 = "" , Z$12 = "" ) , "" , round( $T12 * Z12 / 100 , 6 ) )',
        '_xlfn.IF(OR(T12="",Z12=""),"",\n_xlfn.ROUND(T12*Z12/100,6))',
    ],
)
def test_our_formula_is_recognised_in_every_spelling(spelled: str) -> None:
    assert matches("lines", "yellow_so2_cut", spelled, 12, LINES)


def test_columns_may_have_moved() -> None:
    moved = {"so2_daily": "AB", "yellow_ratio": "C"}
    assert matches("lines", "yellow_so2_cut", CUT.text(7, moved), 7, moved)
    assert not matches("lines", "yellow_so2_cut", CUT.text(7, moved), 7, LINES)


@pytest.mark.parametrize(
    "foreign",
    [
        'IF(OR(T13="",Z13=""),"",ROUND(T13*Z13/100,6))',
        'IF(OR(T12="",Z12=""),"",ROUND(T12*Z12/10,6))',
        'IF(OR(T12="",Z12=""),"",ROUND(T12*Z13/100,6))',
        "T12*Z12/100",
        "",
        "#REF!",
    ],
)
def test_another_formula_is_not_ours(foreign: str) -> None:
    assert not matches("lines", "yellow_so2_cut", foreign, 12, LINES)


def test_nothing_is_ours_where_nothing_is_offered_or_a_column_is_missing() -> None:
    assert not matches("lines", "line_id", CUT.text(12, LINES), 12, LINES)
    assert not matches("lines", "yellow_so2_cut", CUT.text(12, LINES), 12, {"so2_daily": "T"})


def test_values_are_blank_where_the_formula_is() -> None:
    assert CUT.value({"so2_daily": 12.5, "yellow_ratio": 30.0}) == 3.75
    assert CUT.value({"so2_daily": 12.5}) is None
    assert CUT.value({"so2_daily": 1e308, "yellow_ratio": 1e9}) is None
    baseline = OFFERED["lines", "baseline_daily"]
    assert baseline.value({"eia_capacity": 300.0, "last_output": 250.0, "run_days": 300.0}) == 0.833333
    assert baseline.value({"eia_capacity": 300.0, "run_days": 0.0}) is None
    assert baseline.value({"run_days": 300.0}) is None
    serial = OFFERED["enterprises", "serial"]
    assert serial.value({"list_id": "371502-G-0009", "row": FIRST_ROW + 8}) == 9
    assert serial.value({"row": FIRST_ROW}) is None


def test_the_usual_stands_there_as_soon_as_the_row_has_its_number_until_it_is_changed(tmp_path: Path) -> None:
    path = tmp_path / "填报表.xlsx"
    rows = [
        {"list_id": "371502-G-0001"},
        {"list_id": "371502-G-0002", "datum": "GCJ02"},
        {"list_id": "不成样子"},
        {"name": "甲"},
    ]
    with path.open("wb") as file:
        write_county(
            file,
            county="371502",
            ruleset=load("2020"),
            round_="首报",
            revision=1,
            enterprises=1,
            rows={"enterprises": rows},
        )
    book = read_county(path)
    shown = [(one.district, one.datum, one.long_idle) for one in book.tables["enterprises"]]
    usual = ("东昌府区", "CGCS2000", "否")
    assert shown == [usual, ("东昌府区", "GCJ02", "否"), usual, (None, None, None)]
    carried = [entered("enterprises", one, book.county_name) for one in book.tables["enterprises"]]
    assert [[field for field in ("district", "datum", "long_idle") if field in row] for row in carried] == [
        [], ["datum"], ["district", "datum", "long_idle"], [],
    ]  # fmt: skip


def test_a_line_is_of_the_industry_and_grade_of_its_enterprise_until_it_is_changed(tmp_path: Path) -> None:
    path = tmp_path / "填报表.xlsx"
    root = {"list_id": "371502-G-0001", "industry": " 水泥", "subtype": "粉磨站", "grade": "B"}
    lines: list[dict[str, Value]] = [
        {"list_id": "371502-G-0001"},
        {"list_id": "３７１５０２-G-0001", "grade": "C"},
        {"list_id": "371502-G-0001", "industry": "砖瓦窑"},
        {"list_id": "371502-G-0001", "subtype": ""},
        {"list_id": "371502-G-0002"},
        {"list_id": "371502-g-0001"},
        {"list_id": "371502-G-000?"},
        {"line_name": "没有编号"},
    ]
    with path.open("wb") as file:
        write_county(
            file, county="371502", ruleset=load("2020"), round_="首报", revision=1, enterprises=1,
            rows={"enterprises": [root], "lines": lines},
        )  # fmt: skip
    book = read_county(path)
    all_ = ("水泥", "粉磨站", "B")
    shown = [tuple(getattr(one, field) for field in INHERITED) for one in book.tables["lines"]]
    assert shown == [
        all_, ("水泥", "粉磨站", "C"), ("砖瓦窑", None, None), ("水泥", None, "B"),
        *[(None, None, None)] * 4,
    ]  # fmt: skip
    cached = load_workbook(path, data_only=True)["生产线减排措施"]
    letters = LETTERS["lines"]
    assert [tuple(cached[f"{letters[field]}{row}"].value for field in INHERITED) for row in (5, 6, 7, 12)] == [
        all_, ("水泥", "粉磨站", "C"), ("砖瓦窑", None, None), (None, None, None),
    ]  # fmt: skip
    carried = entered("lines", book.tables["lines"][3], book.county_name)
    assert [carried[field] for field in INHERITED] == [
        "水泥",
        "",
        "B",
    ]  # a grade that is corrected later changes no line


@pytest.mark.parametrize(
    ("number", "rounded"),
    [
        (0.0000005, 0.000001),
        (-0.0000005, -0.000001),
        (0.123457 * 50 / 100, 0.061729),  # 0.06172849999… in binary; a spreadsheet sees 0.0617285
        (1.0000004, 1.0),
        (123456789.1234567, 123456789.123457),
        (1e300, 1e300),
        (0.0, 0.0),
    ],
)
def test_rounding_is_the_spreadsheets(number: float, rounded: float) -> None:
    assert round_half_away(number) == rounded


def test_what_is_not_finite_has_no_rounded_value() -> None:
    assert round_half_away(float("inf")) is None
    assert round_half_away(float("nan")) is None


@given(st.integers(-(10**12), 10**12), st.integers(0, 9))
def test_rounding_agrees_with_decimal_arithmetic(millionths: int, next_digit: int) -> None:
    exact = Decimal(millionths).scaleb(-6) + Decimal(next_digit).scaleb(-7)
    expected = exact.quantize(Decimal("0.000001"), ROUND_HALF_UP)
    assert round_half_away(float(exact)) == float(expected)
