"""The quick way reads what spreadsheet programs write, the slow way anything else, and both read the same."""

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from validators.looks import Look
from workbook_templates.xlsx import opened
from workbook_templates.xlsx.fast_reader import Seen, Workbook, read_quickly, read_strings
from workbook_templates.xlsx.opened import open_workbook

BOOK = Workbook(["甲", "乙"], {"3": Look("moment"), "4": Look("duration")})
HEAD = b'<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'


def read(rows: str) -> tuple[Seen, list[tuple[int, list[object]]]] | None:
    xml = HEAD + rows.encode() + b"</sheetData></worksheet>"
    found = read_quickly(lambda: iter([xml]), BOOK)
    return (found[0], [(number, list(cells)) for number, cells in found[1]]) if found else None


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ('<c r="A1" s="1" t="s"><v>1</v></c>', "乙"),
        ('<c r="A1" t="s" s="1"><v>1</v></c>', "乙"),
        ('<c r="A1"><v>-1.5E+3</v></c>', -1500.0),
        ('<c r="A1" t="n"><v>7</v></c>', 7.0),
        ('<c r="A1" s="2" t="str"><f>B1&amp;"x"</f><v>a&lt;b&#10;c</v></c>', "a<b\nc"),
        ('<c r="A1" t="inlineStr"><is><t xml:space="preserve"> 甲 </t></is></c>', " 甲 "),
        ('<c r="A1" t="b"><v>1</v></c>', True),
        ('<c r="A1" s="3"><v>44062</v></c>', dt.date(2020, 8, 19)),
        ('<c r="A1" s="3"><v>44062.5</v></c>', dt.datetime(2020, 8, 19, 12)),
        ('<c r="A1" s="3"><v>0.25</v></c>', dt.time(6)),
        ('<c r="A1" s="4"><v>1.5</v></c>', dt.timedelta(hours=36)),
        ('<c r="A1" s="3"><v>-1</v></c>', -1.0),
        ('<c r="A1" cm="1"><v>2</v></c>', 2.0),
    ],
)
def test_a_cell_is_read(cell: str, value: object) -> None:
    found = read(f'<row r="1" spans="1:2">{cell}</row>')
    assert found is not None
    assert found[1] == [(1, [value])]


def test_blank_cells_and_rows_are_left_out() -> None:
    found = read(
        '<row r="2"><c r="A2" s="1"/><c r="B2" s="1" /></row><row r="3"/><row r="5"><c r="C5"><v>1</v></c></row>'
    )
    assert found is not None
    assert found[1] == [(5, ["", "", 1.0])]


def test_rows_are_read_in_pieces_however_they_are_cut() -> None:
    row = '<row r="{0}"><c r="A{0}" t="s"><v>0</v></c><c r="B{0}"><v>{0}</v></c></row>\r\n'
    wide = '<row r="3000"><c r="AB3000"><v>1</v></c></row>'
    xml = HEAD + ("".join(map(row.format, range(1, 3000))) + wide).encode() + b"</sheetData></worksheet>"
    found = read_quickly(lambda: (xml[at : at + 1000] for at in range(0, len(xml), 1000)), BOOK)
    assert found is not None
    assert [(number, cells[:2]) for number, cells in found[1]] == [
        *((n, ["甲", float(n)]) for n in range(1, 3000)),
        (3000, ["", ""]),
    ]
    assert found[1][-1][1][27] == 1.0


def test_formulas_errors_and_hidden_rows_are_seen() -> None:
    found = read(
        '<row r="1" hidden="1"><c r="A1"><f>B1*2</f><v>4</v></c><c r="B1" t="e"><v>#N/A</v></c></row>'
        '<row r="2"><c r="A2"><f t="shared" ref="A2:A3" si="0">B2</f><v>1</v></c><c r="C2" t="str"><f>""</f><v></v></c></row>'
        '<row r="3"><c r="A3"><f t="shared" si="0"/><v>1</v></c><c r="B3"><f t="array" ref="B3">C3:C4</f><v>1</v></c></row>'
    )
    assert found is not None
    assert found[0].formulas == {0: {1: "B1*2", 2: "B2"}, 1: {3: ""}, 2: {2: '""'}}
    assert found[0].shared == {(3, 0): (2, 0)}
    assert found[0].errors == {(1, 1): "#N/A"}
    assert found[0].hidden_rows == {1}


@pytest.mark.parametrize(
    "rows",
    [
        '<row><c r="A1"><v>1</v></c></row>',
        '<row r="1"><c><v>1</v></c></row>',
        '<row r="1"><c r="A2"><v>1</v></c></row>',
        '<row r="1"><c r="B1"><v>1</v></c><c r="A1"><v>1</v></c></row>',
        '<row r="2"><c r="A2"><v>1</v></c></row><row r="1"><c r="A1"><v>1</v></c></row>',
        '<row r="1"><c r="A1"><v>1</v></c><!-- <c r="B1"/> --></row>',
        '<row r="1"><c r="A1"><v><![CDATA[1]]></v></c></row>',
        '<row r="1"><c r="A1"><v>1</v></c></row><x:row r="2"/>',
        '<row r="1"><c r="A1"><v>1..2</v></c></row>',
        '<row r="1"><c r="A1" t="s"><v>2</v></c></row>',
        '<row r="1"><c r="XFD1"><v>1</v></c></row>',
        '<row r="1"><c r="A1" t="inlineStr"><is><r><t>甲</t></r></is></c></row>',
    ],
)
def test_an_unusual_spelling_is_left_to_the_parser(rows: str) -> None:
    assert read(rows) is None


def test_strings_are_read_unless_they_are_rich() -> None:
    start = (
        b'<?xml version="1.0" encoding="UTF-8"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    )
    plain = '<si><t>甲&amp;乙</t></si><si><t xml:space="preserve"> a_x000D_</t><phoneticPr fontId="1"/></si>'.encode()
    assert read_strings(start + plain + b"</sst>") == ["甲&乙", " a\r"]
    assert read_strings(start + plain + b"<si><r><t>a</t></r></si></sst>") is None


def test_both_ways_read_what_openpyxl_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "表"
    rows: list[list[object]] = [
        ["=1+1", "=不是公式", "a&b<c>\n“d”", " 前后 "],
        [dt.date(2020, 8, 18), dt.datetime(2020, 8, 18, 13, 30), dt.time(8, 5), dt.timedelta(hours=30)],
        [True, 1.5, -3, 10**9],
    ]
    for row in rows:
        sheet.append(row)
    sheet["B1"].data_type = "s"
    sheet["D9"] = "远"
    stream = io.BytesIO()
    book.save(stream)
    path = tmp_path / "a.xlsx"
    path.write_bytes(stream.getvalue())

    def grid(change: Callable[[], None]) -> tuple[object, ...]:
        change()
        found = open_workbook(path).grid("表")
        assert found is not None
        return found.rows, found.seen

    quick = grid(lambda: None)
    assert quick[0] == [(1, ["", *rows[0][1:]]), (2, rows[1]), (3, rows[2]), (9, ["", "", "", "远"])]
    slow = grid(lambda: monkeypatch.setattr(opened, "read_quickly", lambda *_: None))
    assert slow == quick


def test_helper_cells_are_passed_over_however_a_program_spells_them() -> None:
    found = read(
        '<row r="4"><c r="A4" t="s"><v>0</v></c><c r="B4" t="s"><v>1</v></c><c r="C4" t="s"><v>0</v></c></row>'
        '<row r="5"><c r="A5" t="str"><f>校验_9</f><v>✓</v></c><c r="B5"><v>1</v></c>'
        '<c r="C5" t="str"><f>校验_1</f><v></v></c><c r="D5" t="b"><f aca="false">校验_2</f><v>1</v></c></row>'
        '<row r="6"><c r="A6"><f>校验_9</f></c><c r="B6"><v>2</v></c><c r="C6"><f t="shared" si="0"/><v>3</v></c>'
        '<c r="D6" t="e"><f>校验_2</f><v>#N/A</v></c><c r="E6"/></row>'
    )
    assert found is not None
    assert found[1] == [(4, ["甲", "乙"]), (5, ["✓", 1.0]), (6, ["", 2.0])]
    assert found[0].errors == {}


def test_nothing_is_passed_over_where_there_is_no_helper_cell() -> None:
    found = read(
        '<row r="1"><c r="A1"><f>校验_1</f><v>1</v></c></row>'
        + "".join(f'<row r="{n}"><c r="A{n}"><v>1</v></c></row>' for n in range(2, 2000))
        + '<row r="2000"><c r="C2000"><v>3</v></c></row>'
    )
    assert found is not None
    assert found[1][-1][0] == 2000
    assert found[1][-1][1][:3] == ["", "", 3.0]


@pytest.mark.parametrize("quick", [True, False])
def test_merged_whole_rows_and_columns_are_seen(quick: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, spoiled = tmp_path / "本.xlsx", tmp_path / "并.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "表"
    sheet.merge_cells("D2:E3")
    book.save(path)
    areas = b'<mergeCell ref="6:6"/><mergeCell ref="C:C"/>'  # as ONLYOFFICE writes them
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(spoiled, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(b"</mergeCells>", areas + b"</mergeCells>"))
    if not quick:
        monkeypatch.setattr(opened, "read_quickly", lambda *_: None)
    grid = open_workbook(spoiled).grid("表")
    assert grid is not None
    assert grid.seen.merged == ["D2:E3", "A6:XFD6", "C1:C1048576"]
