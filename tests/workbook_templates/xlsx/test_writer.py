import math
import os
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from validators.meanings import Value
from workbook_templates.xlsx import writer
from workbook_templates.xlsx.writer import Head, ListSheet, write_sheet, write_workbook

DAY = date(2020, 8, 31)
COLUMNS = [
    Head("文字", "text", 20),
    Head("编码", "code", 22.5),
    Head("数量", "number", 10),
    Head("日期", "date", 12),
]
PARTS = [
    "[Content_Types].xml",
    "xl/worksheets/sheet1.xml",
    "xl/sharedStrings.xml",
    "xl/workbook.xml",
    "xl/_rels/workbook.xml.rels",
    "xl/styles.xml",
    "docProps/core.xml",
    "docProps/app.xml",
    "_rels/.rels",
]
ODD_TEXTS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM",
    "'a",
    " a ",
    "  ",
    "a  b",
    "\n",
    "a\tb",
    "a\r\nb",
    "\r",
    "_x0041_",
    "_x0041_x0042_",
    "_x000D_",
    "<&>\"']]>",
    "😀",
    "\u3000",
    "0012",
    "371502199001011234",
    "1e5",
    "TRUE",
    "#N/A",
    "null",
    "NaN",
    "\x7f\x85\u2028",
]

texts = st.text(
    st.characters(
        exclude_categories=["Cs"],
        exclude_characters=[chr(n) for n in range(32) if chr(n) not in "\t\n\r"] + ["\ufffe", "\uffff"],
    )
).filter(lambda text: "x005F_" not in text)  # openpyxl drops these letters from any text
values: st.SearchStrategy[Value] = st.one_of(
    st.none(),
    st.sampled_from(ODD_TEXTS),
    texts,
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(2**53), 2**53),
    st.dates(min_value=date(1900, 3, 1)),
)


def write(target: Path, rows: Sequence[Sequence[Value]], name: str = "表") -> bytes:
    columns = [Head(f"列{number}", "text", 9) for number in range(len(rows[0]))]
    write_workbook(target, [ListSheet(name, columns, rows)], DAY, overwrite=True)
    return target.read_bytes()


def part(target: Path, name: str = "xl/worksheets/sheet1.xml") -> str:
    with zipfile.ZipFile(target) as package:
        return package.read(name).decode()


def rows_by_calamine(target: Path) -> list[list[object]]:
    with CalamineWorkbook.from_path(target) as workbook:
        rows = workbook.get_sheet_by_index(0).to_python(skip_empty_area=False)
    return [[None if value == "" else value for value in row] for row in rows]


def rows_by_openpyxl(target: Path) -> list[list[object]]:
    sheet = openpyxl.load_workbook(target).worksheets[0]
    return [
        [value.date() if isinstance(value, datetime) else value for value in row]
        for row in sheet.iter_rows(values_only=True)
    ]


@given(st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(values, min_size=width, max_size=width), min_size=1)))
@example([[text, index / 2] for index, text in enumerate(ODD_TEXTS)])
@example([[1], [1.0], [-0.0], [1e16], [5e-324], [1.7976931348623157e308], [0.1 + 0.2], [10.0], [None]])
@example([[1, "1"], ["1", DAY], [DAY, 1.0], [2.5, ""], [None, 10.0]])
@settings(deadline=None, max_examples=60)
def test_what_is_written_reads_back_the_same_by_two_readers(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[Value]]
) -> None:
    target = tmp_path_factory.getbasetemp() / "read_back.xlsx"
    write(target, rows)
    expected: list[list[Value]] = [[f"列{number}" for number in range(len(rows[0]))]]
    expected += [[None if value == "" else value for value in row] for row in rows]
    while not any(value is not None for value in expected[-1]):
        expected.pop()  # neither reader reports blank rows at the end
    assert rows_by_openpyxl(target) == expected
    assert rows_by_calamine(target) == expected


@given(st.lists(st.tuples(values, values), min_size=1))
@settings(deadline=None, max_examples=30)
def test_identical_input_gives_identical_bytes(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[Value, Value]]
) -> None:
    folder = tmp_path_factory.getbasetemp()
    one = write(folder / "one.xlsx", rows)
    blanks_swapped = [[None if value == "" else "" if value is None else value for value in row] for row in rows]
    assert write(folder / "another.xlsx", blanks_swapped) == one


def test_a_blank_writes_no_cell_and_a_blank_row_keeps_its_place(tmp_path: Path) -> None:
    write(tmp_path / "a.xlsx", [[None, "甲"], ["", None], [None, 3]])
    rows = re.findall(r'<row r="(\d+)"[^>]*>(.*?)</row>', part(tmp_path / "a.xlsx"))
    assert rows[1:] == [
        ("2", '<c r="B2" t="s"><v>2</v></c>'),
        ("3", ""),
        ("4", '<c r="B4"><v>3</v></c>'),
    ]


def test_text_that_looks_like_a_formula_is_a_shared_string_and_no_formula_is_written(tmp_path: Path) -> None:
    write(tmp_path / "a.xlsx", [["=1+1"], ["+1"], ["-1"], ["@a"], ["=HYPERLINK(1)"]])
    cells = re.findall(r"<c [^>]*>", part(tmp_path / "a.xlsx").split('<row r="2">')[1])
    assert cells == [f'<c r="A{row}" t="s">' for row in range(2, 7)]
    assert "<f" not in part(tmp_path / "a.xlsx")
    assert "=HYPERLINK(1)" in part(tmp_path / "a.xlsx", "xl/sharedStrings.xml")


def test_numbers_are_written_shortest(tmp_path: Path) -> None:
    write(tmp_path / "a.xlsx", [[10.0], [100], [0.1], [-0.0], [0.30000000000000004], [-10.0]])
    numbers = re.findall(r"<v>([^<]*)</v>", part(tmp_path / "a.xlsx").split('<row r="2">')[1])
    assert numbers == ["10", "100", "0.1", "0", "0.30000000000000004", "-10"]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (math.nan, "不是数"),
        (math.inf, "无穷大"),
        (-math.inf, "无穷大"),
        (2**53 + 1, "9007199254740993"),
        (True, "bool"),
        (datetime(2020, 8, 31, 12), "datetime"),
        (b"a", "bytes"),
        (date(1900, 2, 28), "1900-02-28"),
        ("甲\x00", "U+0000"),
        ("甲\x0b乙", "U+000B"),
        ("\ud800", "U+D800"),
        ("\uffff", "U+FFFF"),
        ("字" * 32_768, "32768"),
        ("😀" * 16_384, "32768"),
    ],
)
@pytest.mark.parametrize("others", [["丙"], [1.5], [None]])
def test_what_a_cell_cannot_hold_is_refused_with_its_place(
    tmp_path: Path, value: Value, says: str, others: list[Value]
) -> None:
    rows = [["甲", other] for other in others * 300] + [["乙", value]]
    with pytest.raises(ValueError, match=re.escape("工作表“企业”的单元格 B302：")) as refusal:
        write(tmp_path / "a.xlsx", rows, "企业")
    assert says in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


def test_the_longest_texts_are_written(tmp_path: Path) -> None:
    rows: list[list[Value]] = [["字" * 32_767], ["😀" * 16_383]]
    write(tmp_path / "a.xlsx", rows)
    assert rows_by_calamine(tmp_path / "a.xlsx")[1:] == rows


def test_a_head_that_a_cell_cannot_hold_is_refused_with_its_place(tmp_path: Path) -> None:
    sheet = ListSheet("表", [Head("好", "text", 9), Head("坏\x07", "text", 9)], [])
    with pytest.raises(ValueError, match=r"单元格 B1：.*U\+0007"):
        write_workbook(tmp_path / "a.xlsx", [sheet], DAY)


def test_a_row_of_another_length_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="工作表“表”第 3 行有 1 个值，应为 2 个"):
        write(tmp_path / "a.xlsx", [["甲", 1], ["乙"]])


def test_more_rows_than_a_sheet_holds_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "LAST_ROW", 3)
    write(tmp_path / "a.xlsx", [[1], [2]])
    with pytest.raises(ValueError, match="工作表“表”超过 3 行"):
        write(tmp_path / "b.xlsx", [[1], [2], [3]])


@pytest.mark.parametrize("name", ["", "a" * 32, "a/b", "a[b", "'a", "a'", "a\n"])
def test_a_name_that_a_sheet_cannot_have_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="工作表名"):
        write_workbook(tmp_path / "a.xlsx", [ListSheet(name, COLUMNS, [])], DAY)


def test_sheets_need_distinct_names_and_at_least_one_column(tmp_path: Path) -> None:
    for sheets in ([], [ListSheet("A", COLUMNS, []), ListSheet("a", COLUMNS, [])]):
        with pytest.raises(ValueError, match="表名不能重复"):
            write_workbook(tmp_path / "a.xlsx", sheets, DAY)
    for columns in ([], COLUMNS * 4097):
        with pytest.raises(ValueError, match="应为 1 至 16384 列"):
            write_workbook(tmp_path / "a.xlsx", [ListSheet("A", columns, [])], DAY)


def test_the_package_holds_these_parts_and_names_no_person_machine_or_time(tmp_path: Path) -> None:
    write_workbook(tmp_path / "a.xlsx", [ListSheet("表", COLUMNS, [])], DAY)
    with zipfile.ZipFile(tmp_path / "a.xlsx") as package:
        infos = package.infolist()
    assert [info.filename for info in infos] == PARTS
    assert {info.date_time for info in infos} == {(1980, 1, 1, 0, 0, 0)}
    assert {info.create_system for info in infos} == {0}
    properties = re.findall(r"<(\w+:?\w+)[^<>]*>([^<]+)<", part(tmp_path / "a.xlsx", "docProps/core.xml"))
    assert properties == [
        ("dcterms:created", "2020-08-31T00:00:00Z"),
        ("dcterms:modified", "2020-08-31T00:00:00Z"),
    ]
    assert re.findall(r">([^<\n]+)<", part(tmp_path / "a.xlsx", "docProps/app.xml")) == ["qingdan"]


def test_a_sheet_looks_as_declared(tmp_path: Path) -> None:
    rows: list[list[Value]] = [["甲", "001", 1.5, DAY], ["乙", 7, "约3", None]]
    name = "企业 & '名单'单"
    sheets = [ListSheet(name, COLUMNS, rows), ListSheet("空", COLUMNS[:1], [])]
    write_workbook(tmp_path / "a.xlsx", sheets, DAY)
    workbook = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert workbook.sheetnames == [name, "空"]
    sheet = workbook[name]
    assert [cell.number_format for cell in sheet[2]] == ["General", "@", "General", r"yyyy\-mm\-dd"]
    assert [cell.number_format for cell in sheet[3]] == ["General"] * 4
    assert all(cell.font.b and cell.alignment.wrap_text and cell.fill.fill_type == "solid" for cell in sheet[1])
    assert not sheet["A2"].font.b
    assert [sheet.column_dimensions[letter].width for letter in "ABCD"] == [20, 22.5, 10, 12]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:D3"
    assert sheet.print_title_rows == "$1:$1"
    assert (sheet.page_setup.orientation, sheet.page_setup.fitToHeight) == ("landscape", 0)
    assert '<pageSetUpPr fitToPage="1"/>' in part(tmp_path / "a.xlsx")
    assert (
        '<definedName name="_xlnm._FilterDatabase" localSheetId="0" hidden="1">'
        "'企业 &amp; ''名单''单'!$A$1:$D$3</definedName>"
    ) in part(tmp_path / "a.xlsx", "xl/workbook.xml")
    assert workbook["空"].auto_filter.ref == "A1:A1"


def test_the_head_row_is_as_high_as_its_wrapped_heads(tmp_path: Path) -> None:
    for head, width, height in [
        ("数", 10, None),
        ("", 10, None),
        ("一二三四五", 10, 34),
        ("SO2年排放量（t/a）", 10, 49),
    ]:
        sheets = [ListSheet("表", [Head(head, "text", width), Head("短", "text", 9)], [[1, 2]])]
        write_workbook(tmp_path / "a.xlsx", sheets, DAY, overwrite=True)
        rows = openpyxl.load_workbook(tmp_path / "a.xlsx")["表"].row_dimensions
        assert (rows[1].height, rows[2].height) == (height, None)


def test_rows_are_as_high_as_their_wrapped_prose(tmp_path: Path) -> None:
    columns = [Head("问题", "prose", 12), Head("名称", "text", 4)]
    rows = [["一二三四五六七八九十" * 2, "短"], ["短", "不换行的长名称"], ["长" * 2000, None]]
    write_workbook(tmp_path / "a.xlsx", [ListSheet("表", columns, rows)], DAY)
    heights = openpyxl.load_workbook(tmp_path / "a.xlsx")["表"].row_dimensions
    assert [heights[number].height for number in (2, 3, 4)] == [64, None, 409]


def test_sheets_share_their_strings_and_continue_those_of_a_package_begun_elsewhere() -> None:
    strings = {"甲": 0, "乙": 1}
    pieces: list[bytes] = []
    sheet = ListSheet("表", [Head("甲", "text", 9)], [["丙"], ["乙"]])
    assert write_sheet(pieces.append, sheet, strings) == 3
    assert re.findall(r"<v>(\d+)</v>", b"".join(pieces).decode()) == ["0", "2", "1"]
    assert strings == {"甲": 0, "乙": 1, "丙": 2}


def test_rows_are_drawn_as_they_are_written() -> None:
    drawn = 0
    ahead = []

    def rows() -> Iterator[Sequence[Value]]:
        nonlocal drawn
        for drawn in range(1, 5_001):
            yield [drawn, "甲"]

    written = 0

    def sink(piece: bytes) -> None:
        nonlocal written
        written += piece.count(b"<row ")
        ahead.append(drawn - written)

    columns = [Head("数", "number", 9), Head("字", "text", 9)]
    assert write_sheet(sink, ListSheet("表", columns, rows()), {}) == 5_001
    assert max(ahead) <= 0
    assert len(ahead) > 10


def test_an_existing_file_is_replaced_only_on_request(tmp_path: Path) -> None:
    target = tmp_path / "a.xlsx"
    target.write_text("old")
    sheet = ListSheet("表", COLUMNS, [])
    with pytest.raises(FileExistsError, match="文件已存在"):
        write_workbook(target, [sheet], DAY)
    assert target.read_text() == "old"
    write_workbook(target, [sheet], DAY, overwrite=True)
    assert zipfile.is_zipfile(target)
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    target = tmp_path / "a.xlsx"

    def rows() -> Iterator[Sequence[Value]]:
        target.write_text("theirs")
        yield ["甲"]

    with pytest.raises(FileExistsError, match="文件已存在"):
        write_workbook(target, [ListSheet("表", COLUMNS[:1], rows())], DAY)
    assert target.read_text() == "theirs"
    assert list(tmp_path.iterdir()) == [target]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "a.xlsx"
    target.write_text("old")

    def rows() -> Iterator[Sequence[Value]]:
        yield ["甲"]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_workbook(target, [ListSheet("表", COLUMNS[:1], rows())], DAY, overwrite=True)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_workbook(target, [ListSheet("表", COLUMNS, [])], DAY, overwrite=True)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]
