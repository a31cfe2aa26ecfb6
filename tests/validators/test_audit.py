"""The auditor: what passes, and at least three attacks on each check of the contract."""

import contextlib
import io
import json
import math
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, BinaryIO

import openpyxl
import pytest
import xlsxwriter
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.validators.crafting import (
    BOOK,
    BOOK_RELS,
    HEADS,
    OFFICE,
    ROWS,
    SHEET,
    SHEET_RELS,
    STRINGS,
    STYLES,
    TYPES,
    changed,
    failed,
    manifest_of,
    packed,
    parts_of,
    plain_workbook,
    report_of,
    said,
    with_cell,
    with_part,
)
from validators.audit import AuditCheck, ColumnKind, sheets, values
from validators.audit.policy import PLAIN_AREAS, grammar, hides_value
from validators.audit.report import CHECKS, Findings, plain
from validators.audit.sheets import Formats, SheetWalker, StringTable, below, is_figure
from validators.ooxml.package import MAIN, PackageError

SM = "application/vnd.openxmlformats-officedocument.spreadsheetml."
MS = "application/vnd.ms-"


# What passes


def test_a_plain_submission_passes_every_check() -> None:
    data = plain_workbook()
    found = report_of(data, manifest=manifest_of(data))
    assert found.verdict == "通过"
    assert [(c.id, c.name, c.result) for c in found.checks[:9]] == [(i, n, "通过") for i, n in list(CHECKS.items())[:9]]
    assert found.checks[9].result == "不适用"


def test_the_report_has_the_contracts_shape() -> None:
    shape = json.loads(json.dumps(report_of(with_cell('<c r="E3"><f>1+1</f><v>2</v></c>')).to_json()))
    assert list(shape) == ["file", "sha256", "verdict", "checks"]
    assert shape["verdict"] == "不通过"
    assert [list(check) for check in shape["checks"]] == [["id", "name", "result", "evidence", "count"]] * 10
    first = shape["checks"][0]
    assert (first["id"], first["result"], first["count"]) == ("AU01", "不通过", 1)
    assert first["evidence"] == [{"part": SHEET, "sheet": "企业", "cell": "E3", "what": "公式 <f>"}]


def test_all_that_only_shows_or_prints_may_be_there() -> None:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    sheet = book.add_worksheet("企业 (1)")
    bold = book.add_format({"bold": True, "bg_color": "#FFFF00", "border": 1, "num_format": "#,##0.00"})
    for column, head in enumerate(HEADS):
        sheet.write(0, column, head, bold)
    sheet.write(1, 0, "甲")
    sheet.write_rich_string(2, 0, bold, "乙", "厂")
    sheet.write_boolean(3, 0, True)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, 3, 3)
    sheet.set_column(0, 3, 20)
    sheet.set_row(0, 30)
    sheet.repeat_rows(0)
    sheet.print_area(0, 0, 3, 3)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.set_header("&C&F")
    sheet.merge_range(5, 0, 5, 3, "合并")
    sheet.protect("secret")
    sheet.set_tab_color("red")
    book.add_worksheet("说明")
    book.set_properties({"title": "清单", "author": "城市"})
    book.close()
    assert failed(report_of(target.getvalue())) == set()


def test_openpyxls_plain_values_pass() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(HEADS))
    for row in ROWS:
        sheet.append(row)
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    sheet.auto_filter.ref = "A1:D4"
    sheet.merge_cells("F1:G1")
    target = io.BytesIO()
    book.save(target)
    assert failed(report_of(target.getvalue())) == set()


def test_libreoffices_empty_drawing_and_properties_pass() -> None:
    drawing = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
    kind = "application/vnd.openxmlformats-officedocument.drawing+xml"
    data = with_part("xl/drawings/drawing1.xml", kind, "drawing", f'<x:wsDr xmlns:x="{drawing}"/>'.encode(), SHEET_RELS)
    assert failed(report_of(data)) == set()
    shape = f'<x:wsDr xmlns:x="{drawing}"><x:oneCellAnchor/></x:wsDr>'
    assert failed(report_of(with_part("xl/drawings/drawing1.xml", kind, "drawing", shape.encode(), SHEET_RELS))) == {
        "AU04"
    }


def test_text_that_looks_like_a_formula_passes_as_text() -> None:
    rows = [(text, None, text, None) for text in ("=1+1", "+1", "-1", "@SUM(A1)", "=cmd|'/c calc'!A0")]
    assert failed(report_of(plain_workbook(rows))) == set()


def test_a_file_without_heads_or_rows_passes() -> None:
    assert failed(report_of(plain_workbook([]), heads={})) == set()


# AU01 to AU04: parts and elements

CF = '<conditionalFormatting sqref="A1"><cfRule type="expression" priority="1"><formula>A1=1</formula></cfRule></conditionalFormatting>'
CELLS = {
    "plain": '<c r="E3"><f>1+1</f><v>2</v></c>',
    "shared": '<c r="E3"><f t="shared" ref="E3:E9" si="0">A1</f><v>2</v></c>',
    "shared follower": '<c r="E3"><f t="shared" si="0"/><v>2</v></c>',
    "array": '<c r="E3"><f t="array" ref="E3">SUM(A1:A2)</f><v>2</v></c>',
    "data table": '<c r="E3"><f t="dataTable" ref="E3:E9" dt2D="1" r1="A1" r2="A2"/><v>2</v></c>',
    "self-closing": '<c r="E3"><f/></c>',
    "prefixed": '<x:c xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main" r="E3"><x:f>1</x:f></x:c>',
    "after the value": '<c r="E3"><v>2</v><f>1+1</f></c>',
    "beside an inline string": '<c r="E3" t="inlineStr"><f>1</f><is><t>a</t></is></c>',
    "with blanks in its tag": '<c r="E3"><f\n\t>1</f ><v>2</v></c>',
    "in a string item": '<c r="E3" t="inlineStr"><is><t>a</t><f>1</f></is></c>',
    "dynamic array": '<c r="E3" cm="1"><v>2</v></c>',
}


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_au01_finds_every_kind_of_cell_formula(cell: str) -> None:
    found = report_of(with_cell(cell))
    assert "AU01" in failed(found)
    assert found.checks[0].evidence[0].sheet == "企业"
    assert found.checks[0].evidence[0].cell == "E3"


DV = '<dataValidations count="1"><dataValidation sqref="A1" type="{}"><formula1>{}</formula1></dataValidation></dataValidations>'
EXT = (
    '<extLst><ext uri="{{CCE6A557-97BC-4B89-ADB6-D9C93CAAB3DF}}" '
    'xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main" '
    'xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main">{}</ext></extLst>'
)


@pytest.mark.parametrize(
    "inner",
    [
        CF,
        DV.format("custom", "A1=1"),
        DV.format("list", "Sheet2!$A$1:$A$9"),
    ],
)
def test_au01_finds_formulas_around_the_cells(inner: str) -> None:
    data = changed(SHEET, "<pageMargins", inner + "<pageMargins")
    assert failed(report_of(data)) == {"AU01"}


@pytest.mark.parametrize(
    "inner",
    [
        "<x14:dataValidations><x14:dataValidation><x14:formula1><xm:f>A1</xm:f></x14:formula1></x14:dataValidation></x14:dataValidations>",
        "<x14:conditionalFormattings><x14:conditionalFormatting/></x14:conditionalFormattings>",
        "<x14:sparklineGroups><x14:sparklineGroup><x14:sparklines><x14:sparkline><xm:f>A1</xm:f></x14:sparkline></x14:sparklines></x14:sparklineGroup></x14:sparklineGroups>",
    ],
)
def test_au01_finds_formulas_in_extensions(inner: str) -> None:
    data = changed(SHEET, "</worksheet>", EXT.format(inner) + "</worksheet>")
    assert {"AU01", "AU06"} <= failed(report_of(data))


def names(text: str, attributes: str = 'name="甲"') -> bytes:
    return changed(
        BOOK, "<calcPr", f"<definedNames><definedName {attributes}>{text}</definedName></definedNames><calcPr"
    )


@pytest.mark.parametrize(
    ("text", "check"),
    [
        ("SUM(企业!$A$1)", "AU01"),
        ("企业!$A$1+1", "AU01"),
        ("123", "AU01"),
        ("#REF!", "AU01"),
        ("OFFSET(企业!$A$1,0,0)", "AU01"),
        ("[1]企业!$A$1", "AU03"),
        ("cmd|'/c calc'!A0", "AU03"),
        ("WEBSERVICE(&quot;http://x&quot;)", "AU03"),
        ("'C:\\[a.xlsx]S'!$A$1", "AU03"),
        ("EXEC(&quot;calc&quot;)", "AU02"),
    ],
)
def test_defined_names_that_compute_or_reach_out_are_found(text: str, check: str) -> None:
    assert {"AU01", check} <= failed(report_of(names(text)))


@pytest.mark.parametrize("text", ["企业!$A$1:$B$2", "'企业'!$1:$3", "企业!$A:$B,企业!$1:$1", "'a''b c'!A1"])
def test_defined_names_of_plain_areas_pass(text: str) -> None:
    assert PLAIN_AREAS.fullmatch(text)
    assert failed(report_of(names(text, 'name="_xlnm.Print_Titles" localSheetId="0"'))) == set()


@pytest.mark.parametrize(
    ("attributes", "check"),
    [
        ('name="_xlnm.Auto_Open"', "AU02"),
        ('name="auto_close"', "AU02"),
        ('name="甲" function="1" vbProcedure="1"', "AU02"),
        ('name="甲" xlm="true"', "AU02"),
        ('name="甲" hidden="1"', "AU05"),
        ('name="_xlnm.Extract"', "AU06"),
    ],
)
def test_defined_names_that_run_or_hide_are_found(attributes: str, check: str) -> None:
    assert check in failed(report_of(names("企业!$A$1", attributes)))


PARTS = {
    "calculation chain": ("xl/calcChain.xml", SM + "calcChain+xml", "calcChain", "AU01"),
    "chart": ("xl/charts/chart1.xml", "application/vnd.openxmlformats-officedocument.drawingml.chart+xml", "chart", "AU01"),
    "chart sheet": ("xl/chartsheets/sheet1.xml", SM + "chartsheet+xml", "chartsheet", "AU01"),
    "macros": ("xl/vbaProject.bin", MS + "office.vbaProject", "http://schemas.microsoft.com/office/2006/relationships/vbaProject", "AU02"),
    "disguised macros": ("xl/data.bin", "application/octet-stream", "http://schemas.microsoft.com/office/2006/relationships/vbaProject", "AU02"),
    "macro sheet": ("xl/macrosheets/sheet1.xml", MS + "excel.macrosheet+xml", "http://schemas.microsoft.com/office/2006/relationships/xlMacrosheet", "AU02"),
    "dialog sheet": ("xl/dialogsheets/sheet1.xml", SM + "dialogsheet+xml", "dialogsheet", "AU02"),
    "external link": ("xl/externalLinks/externalLink1.xml", SM + "externalLink+xml", "externalLink", "AU03"),
    "connections": ("xl/connections.xml", SM + "connections+xml", "connections", "AU03"),
    "query table": ("xl/queryTables/queryTable1.xml", SM + "queryTable+xml", "queryTable", "AU03"),
    "data model": ("xl/model/item.data", "application/vnd.openxmlformats-officedocument.model+data", "powerPivotData", "AU03"),
    "web data types": ("xl/richData/rdRichValue.xml", MS + "excel.rdrichvalue+xml", "http://schemas.microsoft.com/office/2017/06/relationships/rdRichValue", "AU03"),
    "xml maps": ("xl/xmlMaps.xml", "application/xml", "xmlMaps", "AU03"),
    "ole": ("xl/embeddings/oleObject1.bin", "application/vnd.openxmlformats-officedocument.oleObject", "oleObject", "AU04"),
    "embedded package": ("xl/embeddings/a.xlsx", SM + "sheet", "package", "AU04"),
    "activex": ("xl/activeX/activeX1.xml", MS + "office.activeX+xml", "control", "AU04"),
    "form control": ("xl/ctrlProps/ctrlProp1.xml", MS + "excel.controlproperties+xml", "ctrlProp", "AU04"),
    "web extension": ("xl/webextensions/webextension1.xml", MS + "office.webextension+xml", "http://schemas.microsoft.com/office/2011/relationships/webextension", "AU04"),
    "ribbon": ("customUI/customUI.xml", "application/xml", "http://schemas.microsoft.com/office/2006/relationships/ui/extensibility", "AU04"),
    "picture": ("xl/media/image1.png", "image/png", "image", "AU04"),
    "vml": ("xl/drawings/vmlDrawing1.vml", "application/vnd.openxmlformats-officedocument.vmlDrawing", "vmlDrawing", "AU04"),
    "custom xml": ("customXml/item1.xml", "application/xml", "customXml", "AU05"),
    "custom property": ("xl/customProperty1.bin", SM + "customProperty", "customProperty", "AU05"),
    "pivot cache": ("xl/pivotCache/pivotCacheDefinition1.xml", SM + "pivotCacheDefinition+xml", "pivotCacheDefinition", "AU05"),
    "revisions": ("xl/revisions/revisionHeaders.xml", SM + "revisionHeaders+xml", "revisionHeaders", "AU05"),
    "printer settings": ("xl/printerSettings/printerSettings1.bin", SM + "printerSettings", "printerSettings", "AU06"),
    "comments": ("xl/comments1.xml", SM + "comments+xml", "comments", "AU06"),
    "unknown": ("xl/other.xml", "application/x-new+xml", "new", "AU06"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "content", "relation", "check"), PARTS.values(), ids=PARTS)
def test_parts_that_are_not_allowed_fail_their_check_and_the_structure(
    name: str, content: str, relation: str, check: str
) -> None:
    found = report_of(with_part(name, content, relation))
    assert {check, "AU06"} <= failed(found)
    assert any(e.part == name for c in found.checks if c.id == check for e in c.evidence)


def test_power_query_is_named_by_its_content() -> None:
    mashup = '<DataMashup xmlns="http://schemas.microsoft.com/DataMashup">AAAA</DataMashup>'.encode("utf-16")
    assert {"AU03", "AU05"} <= failed(
        report_of(with_part("customXml/item1.xml", "application/xml", "customXml", mashup))
    )


@pytest.mark.parametrize("content", [b"\xd0\xcf\x11\xe0" + bytes(600), plain_workbook(), b"MZ" + bytes(99)])
def test_au04_knows_embedded_files_by_their_first_bytes(content: bytes) -> None:
    assert {"AU04", "AU06"} <= failed(report_of(with_part("xl/other.bin", "application/x-new", "new", content)))


@pytest.mark.parametrize(
    "main",
    [
        MS + "excel.sheet.macroEnabled.main+xml",
        MS + "excel.addin.macroEnabled.main+xml",
        MS + "excel.sheet.binary.macroEnabled.main",
    ],
)
def test_au02_finds_macro_content_types(main: str) -> None:
    assert {"AU02", "AU06"} <= failed(report_of(changed(TYPES, SM + "sheet.main+xml", main)))


@pytest.mark.parametrize("name", ["a.xlsm", "a.XLSB", "a.xlam", "a.xltm"])
def test_au02_finds_macro_extensions(name: str) -> None:
    assert failed(report_of(plain_workbook(), name)) == {"AU02", "AU06"}


@pytest.mark.parametrize(("part", "old", "new"), [
    (BOOK, "<workbookPr", '<workbookPr codeName="ThisWorkbook"'),
    (SHEET, "<dimension", '<sheetPr codeName="Sheet1"/><dimension'),
])  # fmt: skip
def test_au02_finds_traces_of_a_macro_project(part: str, old: str, new: str) -> None:
    assert failed(report_of(changed(part, old, new))) == {"AU02"}


@pytest.mark.parametrize("kind", ["hyperlink", "image", "externalLinkPath", "worksheet", "attachedTemplate"])
@pytest.mark.parametrize("target", ["http://example.org/a", "file:///c:/a.xlsx", "\\\\server\\a", "a.xlsx"])
def test_au03_finds_every_external_relationship(kind: str, target: str) -> None:
    link = f'<Relationship Id="rIdX" Type="{OFFICE}{kind}" Target="{target}" TargetMode="External"/></Relationships>'
    found = report_of(changed(BOOK_RELS, "</Relationships>", link))
    assert "AU03" in failed(found)
    assert target in said(found, "AU03")
    assert ("AU04" in failed(found)) == (kind == "image")


@pytest.mark.parametrize(
    "inner",
    [
        '<hyperlinks><hyperlink ref="A1" location="企业!A2"/></hyperlinks>',
        '<webPublishItems><webPublishItem id="1"/></webPublishItems>',
        "<dataConsolidate/>",
    ],
)
def test_au03_finds_links_in_a_sheet(inner: str) -> None:
    assert failed(report_of(changed(SHEET, "<pageMargins", inner + "<pageMargins"))) == {"AU03"}


@pytest.mark.parametrize(
    "formula", ["WEBSERVICE(A1)", "RTD(A1,,1)", "[1]S!A1", "_xlfn.IMAGE(A1)", "cmd|'/c calc'!A0", "CUBEVALUE(A1)"]
)
def test_au03_finds_formulas_that_reach_out(formula: str) -> None:
    assert failed(report_of(with_cell(f'<c r="E3"><f>{formula}</f><v>2</v></c>'))) == {"AU01", "AU03"}


@pytest.mark.parametrize(
    "inner",
    [
        '<legacyDrawing r:id="rId1"/>',
        '<oleObjects><oleObject progId="Package" shapeId="1"/></oleObjects>',
        '<controls><control shapeId="1" r:id="rId1"/></controls>',
        '<picture r:id="rId1"/>',
    ],
)
def test_au04_finds_objects_in_a_sheet(inner: str) -> None:
    assert failed(report_of(changed(SHEET, "</worksheet>", inner + "</worksheet>"))) == {"AU04"}


def test_au04_finds_a_picture_in_the_header() -> None:
    header = "<headerFooter><oddHeader>&amp;L&amp;G</oddHeader></headerFooter></worksheet>"
    assert failed(report_of(changed(SHEET, "</worksheet>", header))) == {"AU04"}


def test_a_formula_is_named_in_a_part_that_is_not_allowed_anyway() -> None:
    found = report_of(with_part("xl/old/sheet9.xml", SM + "worksheet+xml", "worksheet", b"<x:s><x:f>1+1</x:f></x:s>"))
    assert failed(found) == {"AU01", "AU06"}


def test_the_strict_form_is_refused_in_plain_words() -> None:
    strict = OFFICE.replace(
        "http://schemas.openxmlformats.org/officeDocument/2006/", "http://purl.oclc.org/ooxml/officeDocument/"
    )
    parts = parts_of(plain_workbook())
    for name in ("_rels/.rels", BOOK_RELS, BOOK):
        parts[name] = parts[name].replace(OFFICE.encode(), strict.encode())
    found = report_of(packed(parts))
    assert "严格 Open XML" in said(found, "AU06")
    assert found.checks[0].result == "不适用"


def test_the_properties_may_be_related_as_libreoffice_does() -> None:
    package, office = (
        "http://schemas.openxmlformats.org/package/2006/relationships/",
        OFFICE.replace("Document", "document"),
    )
    assert failed(report_of(changed("_rels/.rels", package + "metadata", office + "metadata"))) == set()


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        (BOOK, 'sheetId="1"', 'sheetId="a"'),
        (BOOK, "</sheets>", '</sheets><definedNames><definedName name="n" localSheetId="7">企业!$A$1</definedName></definedNames>'),
        (STYLES, 'cellXfs count="3"><xf numFmtId="0" fontId="0"', 'cellXfs count="3"><xf numFmtId="0" fontId="9"'),
    ],
)  # fmt: skip
def test_au06_finds_numbers_of_things_that_are_not_there(part: str, old: str, new: str) -> None:
    assert failed(report_of(changed(part, old, new))) == {"AU06"}


@pytest.mark.parametrize(("signature", "place"), [(b"PK\x01\x02", 6), (b"PK\x03\x04", 4)])
def test_au06_finds_an_entry_that_wants_a_newer_program(signature: bytes, place: int) -> None:
    data = bytearray(plain_workbook())
    data[data.index(signature) + place] = 168
    assert failed(report_of(bytes(data))) == {"AU06"}


# AU05

COLUMNS = '<cols><col min="1" max="2" {}/></cols><sheetData>'
HIDDEN = {
    "sheet": (BOOK, '<sheet name="企业"', '<sheet state="hidden" name="企业"'),
    "very hidden sheet": (BOOK, '<sheet name="企业"', '<sheet state="veryHidden" name="企业"'),
    "odd state": (BOOK, '<sheet name="企业"', '<sheet state=" hidden" name="企业"'),
    "row": (SHEET, '<row r="3"', '<row hidden="1" r="3"'),
    "row, written true": (SHEET, '<row r="3"', '<row hidden="true" r="3"'),
    "row, with a blank": (SHEET, '<row r="3"', '<row hidden=" 1" r="3"'),
    "row without height": (SHEET, '<row r="3"', '<row ht="0" customHeight="1" r="3"'),
    "column": (SHEET, "<sheetData>", COLUMNS.format('hidden="1" width="9"')),
    "column without width": (SHEET, "<sheetData>", COLUMNS.format('width="0" customWidth="1"')),
    "row of a folded group": (SHEET, '<row r="3"', '<row collapsed="1" r="3"'),
    "column of a folded group": (SHEET, "<sheetData>", COLUMNS.format('collapsed="1" width="9"')),
    "rows above a frozen pane": (
        SHEET,
        '<sheetView tabSelected="1" workbookViewId="0"/>',
        '<sheetView workbookViewId="0" topLeftCell="A3"><pane ySplit="1" topLeftCell="A4" state="frozen"/></sheetView>',
    ),
    "white on white": (STYLES, '<color theme="1"/>', '<color rgb="FFFFFFFF"/>'),
    "all rows": (SHEET, "<sheetFormatPr ", '<sheetFormatPr zeroHeight="1" '),
    "window": (BOOK, "<workbookView ", '<workbookView visibility="hidden" '),
    "tabs": (BOOK, "<workbookView ", '<workbookView showSheetTabs="0" '),
    "zeros": (SHEET, "<sheetView ", '<sheetView showZeros="0" '),
    "number format": (STYLES, 'formatCode="yyyy\\-mm\\-dd"', 'formatCode=";;;"'),
    "phonetic text": (STRINGS, "<si><t>甲厂</t></si>", '<si><t>甲厂</t><rPh sb="0" eb="1"><t>x</t></rPh></si>'),
    "custom view": (BOOK, "</workbook>", "<customWorkbookViews/></workbook>"),
}


@pytest.mark.parametrize(("part", "old", "new"), HIDDEN.values(), ids=HIDDEN)
def test_au05_finds_what_is_hidden(part: str, old: str, new: str) -> None:
    base = plain_workbook()
    if "yyyy" in old and old.encode() not in parts_of(base)[part]:
        old = old.replace("\\", "")
    found = report_of(changed(part, old, new))
    assert "AU05" in failed(found)
    assert failed(found) <= {"AU05", "AU06"}


def test_hidden_rows_and_columns_without_content_pass() -> None:
    data = changed(SHEET, "</sheetData>", '<row r="9" hidden="1"/></sheetData>')
    data = changed(SHEET, "<sheetData>", '<cols><col min="9" max="9" hidden="1"/></cols><sheetData>', data)
    assert failed(report_of(data)) == set()


def test_a_scrolled_sheet_and_white_on_blue_pass() -> None:
    view = (
        '<sheetView workbookViewId="0" topLeftCell="C1"><pane ySplit="1" topLeftCell="C9" state="frozen"/></sheetView>'
    )
    data = changed(SHEET, '<sheetView tabSelected="1" workbookViewId="0"/>', view)
    data = changed(STYLES, '<color theme="1"/>', '<color indexed="9"/>', data)
    assert "AU05" in failed(report_of(data))
    data = changed(
        STYLES,
        '<fill><patternFill patternType="none"/>',
        '<fill><patternFill patternType="solid"><fgColor theme="4"/></patternFill>',
        data,
    )
    assert failed(report_of(data)) == set()


def test_au05_finds_a_sheet_without_a_tab() -> None:
    sheet = parts_of(plain_workbook())[SHEET]
    found = report_of(with_part("xl/worksheets/sheet2.xml", SM + "worksheet+xml", "worksheet", sheet))
    assert failed(found) == {"AU05"}


def test_au05_finds_content_under_a_merged_area() -> None:
    data = changed(SHEET, "<pageMargins", '<mergeCells count="1"><mergeCell ref="A2:B3"/></mergeCells><pageMargins')
    found = report_of(data)
    assert failed(found) == {"AU05"}
    assert [e.cell for e in found.checks[4].evidence] == ["B2", "A3", "B3"]


@pytest.mark.parametrize(
    ("code", "hides"),
    [
        ("General", False),
        ("@", False),
        ("#,##0.00", False),
        ("#,##0,", True),
        ("yyyy-mm-ddThh:mm:ss", False),
        ("0.00%", False),
        ("yyyy\\-mm\\-dd", False),
        ('yyyy"年"m"月"d"日";@', False),
        ("[$-804]yyyy/m/d h:mm", False),
        ("[h]:mm:ss", False),
        ("0.00E+00", False),
        ('_ * #,##0.00_ ;_ * \\-#,##0.00_ ;_ * "-"??_ ;_ @_ ', False),
        ("#,##0;[Red]\\-#,##0", False),
        (";;;", True),
        ("0;-0;;@", True),
        ('"100"', True),
        ('0"99"', True),
        ('"好"', True),
        ("[White]0", True),
        ("", True),
        ("\\9", True),
        ("y" * 300, True),
    ],
)
def test_number_formats_must_show_the_value(code: str, hides: bool) -> None:
    assert hides_value(code) == hides


# AU06


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "空"),
        (b"PK", "不是 .xlsx"),
        (b"name,1\n", "不是 .xlsx"),
        (plain_workbook()[:-30], "不完整"),
        (plain_workbook()[:2000], "不完整"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "旧的二进制"),
        (plain_workbook() + b"x", "附加数据"),
        (b"x" + plain_workbook(), "不是 .xlsx"),
        (packed({"a.txt": b"hello"}), "Content_Types"),
    ],
)
def test_what_is_no_workbook_fails_the_structure(data: bytes, word: str) -> None:
    found = report_of(data)
    assert found.verdict == "不通过"
    assert failed(found) == {"AU06"}
    assert word in said(found, "AU06")


def test_an_old_binary_workbook_with_macros_fails_both() -> None:
    data = b"\xd0\xcf\x11\xe0" + bytes(60) + "_VBA_PROJECT".encode("utf-16le")
    assert failed(report_of(data, "a.xls")) == {"AU02", "AU06"}


def test_what_was_not_read_is_not_said_to_be_passed() -> None:
    found = report_of(plain_workbook()[:2000])
    assert {c.id for c in found.checks if c.result == "通过"} == set()
    bad = report_of(changed(SHEET, "<sheetData>", "<sheetData><"))
    assert {c.id: c.result for c in bad.checks}["AU01"] == "不适用"


XML = {
    "doctype": (SHEET, "<worksheet", '<!DOCTYPE worksheet [<!ENTITY a "b">]><worksheet', "DOCTYPE"),
    "doctype in strings": (STRINGS, "<sst", '<!DOCTYPE sst SYSTEM "http://x/"><sst', "DOCTYPE"),
    "doctype in relationships": (BOOK_RELS, "<Relationships", "<!DOCTYPE x><Relationships", "DOCTYPE"),
    "entity": (STRINGS, "甲厂", "&x;", "XML"),
    "processing instruction": (SHEET, "<sheetData>", "<sheetData><?mso x?>", "处理指令"),
    "comment": (SHEET, "<sheetData>", "<sheetData><!-- <f>1+1</f> -->", "注释"),
    "cdata": (STRINGS, "甲厂", "<![CDATA[<f>1</f>]]>", "CDATA"),
    "comment in a number": (SHEET, "<v>1.5</v>", "<v>1<!-- x -->2</v>", "注释"),
    "declared encoding": (SHEET, 'encoding="UTF-8"', 'encoding="GBK"', "编码"),
    "text between rows": (SHEET, "<sheetData>", "<sheetData>secret", "文字"),
    "unknown element": (SHEET, "<sheetData>", "<sheetData><new/>", "<new>"),
    "unknown attribute": (SHEET, '<row r="2"', '<row new="1" r="2"', "new"),
    "unknown namespace": (SHEET, "<sheetData>", '<x xmlns="urn:x"/><sheetData>', "urn:x"),
    "two sheetData": (SHEET, "</sheetData>", "</sheetData><sheetData/>", "重复"),
    "order": (SHEET, "<sheetData>", '<pageSetup/><sheetData>', "次序"),
    "alternate content": (SHEET, "<sheetData>", '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"/><sheetData>', "AlternateContent"),
    "root": (STYLES, "<styleSheet", "<styleSheet2", "XML"),
    "row order": (SHEET, '<row r="3"', '<row r="2"', "重复或颠倒"),
    "row number": (SHEET, '<row r="3"', '<row r="1048577"', "行号"),
    "cell order": (SHEET, '<c r="B3"', '<c r="A3"', "重复或次序颠倒"),
    "cell in another row": (SHEET, '<c r="B3"', '<c r="B9"', "写在第 3 行"),
    "cell address": (SHEET, '<c r="B3"', '<c r="b3"', "不合法"),
    "column beyond": (SHEET, '<c r="D3"', '<c r="XFE3"', "不合法"),
    "string index": (SHEET, 't="s"><v>0<', 't="s"><v>999<', "共享字符串编号"),
    "negative string index": (SHEET, 't="s"><v>0<', 't="s"><v>-1<', "共享字符串编号"),
    "style index": (SHEET, '<c r="B3"', '<c r="B3" s="77"', "样式编号"),
    "string count": (STRINGS, 'uniqueCount="', 'uniqueCount="99999999', "登记为"),
    "dimension": (SHEET, "A1:D4", "A1:A1", "使用区域声明"),
    "precision": (BOOK, "<calcPr ", '<calcPr fullPrecision="0" ', "显示精度"),
    "sheet name": (BOOK, 'name="企业"', 'name="a/b"', "不合规范"),
    "long sheet name": (BOOK, 'name="企业"', f'name="{"长" * 32}"', "不合规范"),
    "type and content": (SHEET, '<c r="B2"><v>1.5</v>', '<c r="B2"><is><t>1</t></is>', "不符"),
    "default for the unknown": (TYPES, "<Default", '<Default Extension="bin" ContentType="application/x"/><Default', "bin"),
    "override without part": (TYPES, "<Override", '<Override PartName="/a.xml" ContentType="application/xml"/><Override', "不存在"),
    "dangling": (BOOK_RELS, "worksheets/sheet1.xml", "worksheets/sheet7.xml", "没有对应的部件"),
    "percent": (BOOK_RELS, "styles.xml", "%73tyles.xml", "写法"),
    "relationship type": (BOOK_RELS, OFFICE + "styles", OFFICE + "theme", "不允许的关系"),
    "merge": (SHEET, "<pageMargins", '<mergeCells><mergeCell ref="A0:B"/></mergeCells><pageMargins', "合并区域"),
}  # fmt: skip


@pytest.mark.parametrize(("part", "old", "new", "word"), XML.values(), ids=XML)
def test_au06_finds_what_is_out_of_order(part: str, old: str, new: str, word: str) -> None:
    found = report_of(changed(part, old, new))
    assert "AU06" in failed(found)
    assert word in said(found, "AU06")


@pytest.mark.parametrize("part", [SHEET, BOOK, STRINGS, STYLES, TYPES, "docProps/app.xml", "xl/theme/theme1.xml"])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16le", "utf-16be", "utf-32"])
def test_au06_finds_parts_in_another_encoding(part: str, encoding: str) -> None:
    parts = parts_of(plain_workbook())
    parts[part] = parts[part].decode().replace('encoding="UTF-8"', "").encode(encoding)
    assert "AU06" in failed(report_of(packed(parts)))


def test_au06_finds_duplicates_and_escapes_in_the_archive() -> None:
    parts = parts_of(plain_workbook())
    for name in ("XL/workbook.xml", "../evil.xml", "xl\\evil.xml", "C:/evil.xml"):
        assert failed(report_of(packed({**parts, name: b"<x/>"}))) == {"AU06"}


def test_au06_finds_bombs() -> None:
    inner = packed({"a": bytes(30 << 20)})
    for content in (bytes(80 << 20), inner):
        assert "AU06" in failed(report_of(packed({**parts_of(plain_workbook()), "xl/a.bin": content})))


def test_au06_finds_a_part_that_nothing_leads_to() -> None:
    parts = parts_of(plain_workbook())
    parts["xl/theme/theme2.xml"] = parts["xl/theme/theme1.xml"]
    parts[TYPES] = parts[TYPES].replace(
        b"</Types>",
        b'<Override PartName="/xl/theme/theme2.xml" '
        b'ContentType="application/vnd.openxmlformats-officedocument.theme+xml"/></Types>',
    )
    assert "没有任何关系" in said(report_of(packed(parts)), "AU06")


@pytest.mark.parametrize("cell", ["XFD1048576", "AD1048576"])
def test_one_stray_cell_is_found_before_the_second_reader_meets_it(cell: str) -> None:
    row = f'<row r="1048576"><c r="{cell}"><v>1</v></c></row></sheetData>'
    found = report_of(changed(SHEET, "</sheetData>", row))
    assert failed(found) == {"AU06"}
    assert "使用区域" in said(found, "AU06")
    assert {c.id: c.result for c in found.checks}["AU09"] == "不适用"


@pytest.mark.parametrize(
    ("cell", "fits"), [("CG320600", True), ("CG1048576", False)]
)  # a province's grid, and thrice that
def test_a_provinces_sheet_is_no_bomb(monkeypatch: pytest.MonkeyPatch, cell: str, fits: bool) -> None:
    monkeypatch.setattr(sheets, "FREE_GRID", sheets.LAST_ROW * sheets.LAST_COLUMN)  # spares the test the cells between
    row = cell.removeprefix("CG")
    found = Findings()
    walker = SheetWalker(SHEET, "清单", found, StringTable("", found, frozenset()), Formats(1))
    first, last = (f'<row r="{number}"><c r="CG{number}"><v>1</v></c></row>' for number in ("1", row))
    walker.run([f'<worksheet xmlns="{MAIN}"><sheetData>{first}{last}</sheetData></worksheet>'.encode()])
    assert found.failed("AU06") is not fits


def test_an_empty_far_dimension_harms_nobody() -> None:
    assert failed(report_of(changed(SHEET, "A1:D4", "A1:XFD1048576"))) == set()


def test_a_sheet_name_twice_is_found() -> None:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    book.add_worksheet("甲a")
    book.add_worksheet("乙")
    book.close()
    assert "重复" in said(report_of(changed(BOOK, 'name="乙"', 'name="甲A"', target.getvalue())), "AU06")


def test_two_tabs_of_one_part_are_found() -> None:
    found = report_of(changed(BOOK, "</sheets>", '<sheet name="b" sheetId="2" r:id="rId1"/></sheets>'))
    assert "共用一个部件" in said(found, "AU06")


def test_three_million_strings_are_looked_through() -> None:
    parts = parts_of(plain_workbook([]))
    strings = b"".join(b"<si><t>%d</t></si>" % n for n in range(1000)) * 3000
    head, _, tail = parts[STRINGS].partition(b"<si>")
    count = 3_000_000 + (b"<si>" + tail).count(b"<si>")
    parts[STRINGS] = head.replace(b'uniqueCount="4"', b'uniqueCount="%d"' % count) + strings + b"<si>" + tail
    assert failed(report_of(packed(parts))) <= {"AU06"}


def test_what_makes_the_auditor_stumble_fails_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("validators.audit.parts.kinds_of", stumble)
    found = report_of(plain_workbook())
    assert failed(found) == {"AU06"}
    assert "无法解析" in said(found, "AU06")


def test_au06_finds_a_cell_with_two_values() -> None:
    assert "AU06" in failed(report_of(with_cell('<c r="E3" t="inlineStr"><v>1</v><is><t>2</t></is></c>')))


def test_the_byte_that_is_wrong_is_named_though_rows_before_it_were_not_parsed() -> None:
    parts = parts_of(plain_workbook([(f"厂{n}", n, f"{n:03d}", 43831 + n) for n in range(3000)]))
    parts[SHEET] = parts[SHEET].replace(b"<pageMargins", b"<<pageMargins")
    place = parts[SHEET].index(b"<<") + 2
    assert f"第 {place} 个字节处" in said(report_of(packed(parts)), "AU06")


# AU07

VALUES = {
    "error": ('<c r="E3" t="e"><v>#REF!</v></c>', "错误值 #REF!"),
    "formula-like result": ('<c r="E3" t="str"><v>=1+1</v></c>', "以 = 开头"),
    "plus": ('<c r="E3" t="str"><v>+1</v></c>', "以 + 开头"),
    "at": ('<c r="E3" t="str"><v>@SUM(A1)</v></c>', "以 @ 开头"),
    "equals as a number": ('<c r="E3"><v>=1</v></c>', "不是合法的数字"),
    "nan": ('<c r="E3"><v>NaN</v></c>', "不是合法的数字"),
    "infinity": ('<c r="E3"><v>INF</v></c>', "不是合法的数字"),
    "overflow": ('<c r="E3"><v>1e999</v></c>', "不是合法的数字"),
    "underscore": ('<c r="E3"><v>1_000</v></c>', "不是合法的数字"),
    "hexadecimal": ('<c r="E3"><v>0x10</v></c>', "不是合法的数字"),
    "full-width": ('<c r="E3"><v>１２</v></c>', "不是合法的数字"),
    "blank": ('<c r="E3"><v> 1</v></c>', "不是合法的数字"),
    "leading zero": ('<c r="E3"><v>007</v></c>', "不是合法的数字"),
    "nothing": ('<c r="E3"><v></v></c>', "不是合法的数字"),
    "boolean": ('<c r="E3" t="b"><v>2</v></c>', "逻辑值"),
    "date text": ('<c r="E3" t="d"><v>2020-01-01</v></c>', "日期"),
    "unknown type": ('<c r="E3" t="x"><v>1</v></c>', "类型 x"),
}


@pytest.mark.parametrize(("cell", "word"), VALUES.values(), ids=VALUES)
def test_au07_finds_bad_values(cell: str, word: str) -> None:
    found = report_of(with_cell(cell))
    assert "AU07" in failed(found)
    assert word in said(found, "AU07")
    assert found.checks[6].evidence[0].cell == "E3"


@pytest.mark.parametrize("text", ["12", " 12 ", "-1.5", "1,234", "１２．５", "12%", "1e5", "\u30001\u3000", "①"])
def test_au07_finds_numbers_stored_as_text(text: str) -> None:
    assert is_figure(text)
    found = report_of(plain_workbook([*ROWS, ("戊", text, None, None)]))
    assert failed(found) == {"AU07"}
    assert [e.cell for e in found.checks[6].evidence] == ["B5"]


@pytest.mark.parametrize("text", ["无", "12吨", "1-2", "", ".", "+", "1.2.3", "E", "%", "一"])
def test_other_texts_in_a_number_column_are_not_its_business(text: str) -> None:
    assert not is_figure(text)
    assert failed(report_of(plain_workbook([*ROWS, ("戊", text or None, None, None)]))) == set()


def test_au07_finds_a_number_that_is_shown_as_a_day() -> None:
    found = report_of(changed(SHEET, '<c r="B2"><v>', '<c r="B2" s="2"><v>'))
    assert failed(found) == {"AU07"}
    assert [e.cell for e in found.checks[6].evidence] == ["B2"]


def test_au07_finds_codes_stored_as_numbers() -> None:
    found = report_of(plain_workbook([*ROWS, ("戊", 1, 371502, None)]))
    assert failed(found) == {"AU07"}
    assert [e.cell for e in found.checks[6].evidence] == ["C5"]


def test_the_header_row_may_stand_lower_and_only_what_is_below_counts() -> None:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    sheet = book.add_worksheet("a")
    sheet.write_string(1, 1, "12")
    sheet.write_number(1, 2, 5)
    for column, head in enumerate([*HEADS, "备注"]):
        sheet.write_string(7, column, head)
    sheet.write_string(8, 1, "12")
    sheet.write_number(8, 2, 5)
    book.close()
    found = report_of(target.getvalue())
    assert [e.cell for e in found.checks[6].evidence] == ["B9", "C9"]


def test_a_header_row_needs_half_of_its_cells_to_be_known() -> None:
    heads: dict[str, ColumnKind] = {"数量": "number"}
    assert failed(report_of(plain_workbook([("a", "12")]), heads=heads)) == set()
    assert failed(report_of(plain_workbook([("a", "12")]), heads={**heads, "名称": "text"})) == {"AU07"}


def test_au07_finds_formula_like_text_outside_the_cells() -> None:
    for part, old, new in (
        (BOOK, 'name="企业"', 'name="=1"'),
        ("docProps/app.xml", "<Application>", "<Application>=1 "),
        (SHEET, "</worksheet>", "<headerFooter><oddFooter>@a</oddFooter></headerFooter></worksheet>"),
    ):
        assert "AU07" in failed(report_of(changed(part, old, new)))


def test_evidence_keeps_fifty_and_counts_all() -> None:
    found = report_of(plain_workbook([("a", "12", None, None)] * 70))
    assert (found.checks[6].count, len(found.checks[6].evidence)) == (70, 50)


# AU08

Change = Callable[[dict[str, Any]], Any]
LIES: dict[str, tuple[Change, str]] = {
    "hash": (lambda m: m | {"sha256": "0" * 64}, "SHA-256"),
    "size": (lambda m: m | {"size": 1}, "字节"),
    "rows": (lambda m: m["sheets"][0].update(rows=4), "4 行"),
    "sum": (lambda m: m["sheets"][0].update(sums={"数量": -0.5}), "合计是"),
    "sheet name": (lambda m: m["sheets"][0].update(name="其他"), "其他"),
    "one sheet more": (lambda m: m["sheets"].append({"name": "b", "rows": 0, "heads": [], "sums": {}}), "b"),
    "heads": (lambda m: m["sheets"][0].update(heads=["名称", "数量", "代码", "甲"]), "缺少「甲」"),
    "order of heads": (lambda m: m["sheets"][0]["heads"].reverse(), "次序"),
    "format": (lambda m: m | {"format": "x"}, "清单格式"),
    "missing": (lambda m: m.pop("sheets"), "缺少 sheets"),
    "type": (lambda m: m | {"year": "2020"}, "year"),
    "boolean": (lambda m: m | {"size": True}, "size"),
    "sum of nothing": (lambda m: m["sheets"][0].update(sums={"没有": 1}), "没有"),
    "sum as text": (lambda m: m["sheets"][0].update(sums={"数量": "1"}), "不是数字"),
    "inputs": (lambda m: m | {"inputs": ["a"]}, "inputs"),
    "sheet as text": (lambda m: m | {"sheets": ["a"]}, "都是对象"),
}


@pytest.mark.parametrize(("change", "word"), LIES.values(), ids=LIES)
def test_au08_finds_every_lie_of_the_manifest(change: Change, word: str) -> None:
    data = plain_workbook()
    manifest = json.loads(manifest_of(data))
    result = change(manifest)
    if isinstance(result, dict) and "format" in result:
        manifest = result
    found = report_of(data, manifest=json.dumps(manifest).encode())
    assert failed(found) == {"AU08"}
    assert word in said(found, "AU08")


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"format": ' + b"9" * 10_000 + b"}",
        b'{"format": NaN}',
        b'{"format": "a", "format": "b"}',
        b" " * (9 << 20),
        manifest_of(b"").replace(b'"rows": 3', b'"rows": 1e400'),
        manifest_of(b"").replace(b"-0.4", b"1e400"),
        b'{"format": "\\ud800"}',
    ],
    ids=range(14),
)
def test_au08_survives_hostile_manifests(manifest: bytes) -> None:
    found = report_of(plain_workbook(), manifest=manifest)
    assert failed(found) == {"AU08"}
    json.dumps(found.to_json(), ensure_ascii=False).encode()


def test_au08_finds_any_change_of_the_file() -> None:
    data = plain_workbook()
    other = changed(SHEET, "<v>1.5</v>", "<v>1.6</v>")
    words = said(report_of(other, manifest=manifest_of(data)), "AU08")
    assert "SHA-256" in words
    assert "「数量」列的合计" in words


def test_au08_sums_many_numbers_exactly() -> None:
    rows: list[tuple[object, ...]] = [("a", 0.1 * n, "x", None) for n in range(30_000)]
    rows += [("b", 1e300, "x", None), ("b", -1e300, "x", None)]
    data = plain_workbook(rows)
    total = math.fsum(float(f"{r[1]:.16G}") for r in rows if isinstance(r[1], float))
    sheet = {"name": "企业", "rows": len(rows), "heads": list(HEADS), "sums": {"数量": total}}
    assert failed(report_of(data, manifest=manifest_of(data, sheets=[sheet]))) == set()


def test_au08_applies_to_a_file_that_cannot_be_read() -> None:
    assert failed(report_of(b"", manifest=manifest_of(plain_workbook()))) == {"AU06", "AU08"}


# AU09


def test_au09_reads_all_types_and_dates_alike() -> None:
    rows: list[tuple[object, ...]] = []
    for serial in (0, 1, 59, 60, 61, 62, 0.25, 43831, 43831.123456, 2958465, 1e9):
        rows.append(("x", serial, "_x000D_ _x005F_", serial))
    for text in (" a ", "\ta", "a\nb", "\xa0b\xa0", "_x0041_", "𝒳", "&lt;", "a\r\nb", "'", '"', "\u200b"):
        rows.append((text, None, text, None))
    assert failed(report_of(plain_workbook(rows))) == set()


def test_au09_knows_the_1904_calendar_and_offsets() -> None:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"date_1904": True})
    sheet = book.add_worksheet("a")
    day = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    for row, value in enumerate((0.5, 1, 60, 43831, 43831.75), 5):
        sheet.write_number(row, 3, value, day)
    sheet.write_boolean(12, 2, False)
    book.close()
    assert failed(report_of(target.getvalue())) == set()


@pytest.mark.parametrize("wrong", [1.25, "甲", "", True, None])
def test_au09_finds_each_difference(wrong: object, monkeypatch: pytest.MonkeyPatch) -> None:
    import python_calamine

    class Sheet:
        start = (0, 0)

        def iter_rows(self) -> Iterator[list[object]]:
            yield list(HEADS)
            for row in ROWS:
                yield ["" if v is None else v for v in row[:3]] + [row[3] or ""]
            if wrong is None:
                yield ["extra", "", "", ""]

    class Book:
        sheet_names = ("企业",)

        def get_sheet_by_index(self, index: int) -> Sheet:
            return Sheet()

    rows = list(Sheet().iter_rows())
    if wrong is not None:
        rows[2][1] = wrong
        monkeypatch.setattr(Sheet, "iter_rows", lambda self: iter(rows))
    Book.sheet_names = ["企业"]  # type: ignore[assignment] # calamine gives a list
    monkeypatch.setattr(python_calamine.CalamineWorkbook, "from_filelike", lambda file: Book())
    found = report_of(plain_workbook())
    assert failed(found) == {"AU09"}
    assert [e.cell for e in found.checks[8].evidence] == ["A5" if wrong is None else "B3"]


def test_au09_finds_a_reader_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    class PanicError(BaseException):
        """Like the one that calamine raises."""

    def panic(file: object) -> None:
        raise PanicError

    import python_calamine

    monkeypatch.setattr(python_calamine.CalamineWorkbook, "from_filelike", panic)
    found = report_of(plain_workbook())
    assert failed(found) == {"AU09"}
    assert "PanicError" in said(found, "AU09")


# AU09, a sheet so long that the second reader gets it in pieces


def long_workbook() -> bytes:
    """Rows 2 to 9001, of which some are blank, and then one that stands alone; inflating it takes several steps."""
    rows: list[tuple[object, ...]] = [
        (f"厂{n}", n / 8, f"{n:03d}", 43831 + n) if n % 50 else () for n in range(1, 9001)
    ]
    return plain_workbook([*rows, *[()] * 200, (None, 7, None, None)])


@pytest.fixture
def pieces(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """First and last row of each piece that calamine was given, from 0; the first is the whole workbook."""
    import python_calamine

    taken: list[tuple[int, int]] = []
    real = python_calamine.CalamineWorkbook.from_filelike

    def from_filelike(file: BinaryIO) -> python_calamine.CalamineWorkbook:
        sheet = real(file).get_sheet_by_index(0)
        taken.append(((sheet.start or (0, 0))[0], sheet.height))
        file.seek(0)
        return real(file)

    monkeypatch.setattr(python_calamine.CalamineWorkbook, "from_filelike", from_filelike)
    monkeypatch.setattr(values, "PIECE", 20_000)
    return taken


def test_a_long_sheet_is_read_in_pieces_and_both_readings_agree(pieces: list[tuple[int, int]]) -> None:
    assert failed(report_of(long_workbook())) == set()
    whole, *parts = pieces
    assert whole == (0, 9202)
    assert len(parts) > 3
    assert parts[0][0] == 0
    assert all(start + height <= after for (start, height), (after, _) in pairwise(parts))
    assert parts[-1][0] + parts[-1][1] == 9202


def test_a_difference_in_a_late_piece_is_found_where_it_is(
    pieces: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    take = values._Pair.row

    def row(self: values._Pair, number: int, cells: dict[int, values.ReadValue]) -> None:
        if number == 8991:
            cells[2] = 1.0
        elif number == 8992:
            cells.clear()
        take(self, number, cells)

    monkeypatch.setattr(values._Pair, "row", row)
    found = report_of(long_workbook())
    assert failed(found) == {"AU09"}
    assert [e.cell for e in found.checks[8].evidence] == ["B8991", "A8992", "B8992", "C8992", "D8992"]


@pytest.mark.parametrize(
    "fault",
    [
        lambda parts: [parts[0], *parts],
        lambda parts: [parts[0], *parts[2:]],
        lambda parts: parts[:-1],
        lambda parts: [parts[1], parts[0], *parts[2:]],
    ],
    ids=["twice", "one missing", "the last missing", "swapped"],
)
def test_a_piece_too_many_or_too_few_is_a_difference(
    fault: Callable[[list[list[bytes]]], list[list[bytes]]],
    pieces: list[tuple[int, int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = values.cut
    monkeypatch.setattr(values, "cut", lambda chunks: map(iter, fault([list(piece) for piece in real(chunks)])))
    assert failed(report_of(long_workbook())) == {"AU09"}


@pytest.mark.parametrize("spelled", ["plain", "newlines between", "no numbers", "prefixed"])
def test_only_a_plainly_spelled_sheet_is_cut(spelled: str, pieces: list[tuple[int, int]]) -> None:
    parts = parts_of(long_workbook())
    sheet = parts[SHEET]
    if spelled == "newlines between":
        sheet = sheet.replace(b"</row>", b"</row>\n")
    elif spelled == "no numbers":
        sheet = re.sub(rb'<row r="[0-9]+"', b"<row", sheet)
        sheet = re.sub(rb'(<c) r="[A-Z]+[0-9]+"', rb"\1", sheet)
    elif spelled == "prefixed":
        sheet = re.sub(rb"<(/?)(?=[a-zA-Z])", rb"<\1x:", sheet).replace(b"xmlns=", b"xmlns:x=")
    parts[SHEET] = sheet
    assert "AU09" not in failed(report_of(packed(parts)))
    assert (len(pieces) > 3) is (spelled == "plain")


# AU10


def test_au10_is_what_the_caller_found() -> None:
    given_ = AuditCheck("AU10", CHECKS["AU10"], "不通过", [], 3)
    found = report_of(plain_workbook(), reproduction=given_)
    assert found.verdict == "不通过"
    assert found.checks[9] is given_


# The two ways through a sheet give the same verdict


def scan(rows: bytes, cut: int, *, fast: bool, patch: pytest.MonkeyPatch, usual: bytes = b"") -> tuple[Any, ...]:
    """What a walker says of a sheet whose first rows come whole and the rest in blocks of about `cut` bytes.

    `usual` are the cells of row 11, the last of the first ones.
    """
    findings = Findings()
    strings = StringTable("s.xml", findings, frozenset(HEADS))
    texts = [head.encode() for head in HEADS] + [b"12", "甲".encode()]
    strings.take(texts, texts)
    walker = SheetWalker("a.xml", "a", findings, strings, Formats(12))
    walker.expect(HEADS, frozenset(HEADS), frozenset({"数量"}))
    if not fast:
        walker.plain_block = lambda data: False  # type: ignore[method-assign] # the thorough way only
    head = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cols>'
    head += b'<col min="6" max="6" hidden="1" width="3"/></cols><sheetData>'
    head += b'<row r="1">' + b"".join(b'<c r="%s1" t="s"><v>%d</v></c>' % (b"ABCD"[i : i + 1], i) for i in range(4))
    head += b'<c r="F1"/></row>'
    head += b"".join(b'<row r="%d"></row>' % n for n in range(2, 11)) + b'<row r="11">' + usual + b"</row>"
    patch.setattr(sheets, "_BLOCK", cut)
    data = rows + b"</sheetData></worksheet>"
    error = True
    with contextlib.suppress(PackageError):
        walker.run(iter([head, *(data[start : start + 7] for start in range(0, len(data), 7))]))
        error = False
    counts = {c.id: c.count for c in findings.checks.values()}
    facts = (walker.facts.rows, walker.facts.sums) if not error else None
    return error, counts, facts, walker.parser.skipped


CELL = st.builds(
    "<c r={q}{column}{row}{q}{style}{kind}>{value}</c>".format,
    q=st.just('"'),
    column=st.sampled_from("ABCDEF"),
    row=st.sampled_from(["{row}"] * 30 + ["12", "013"]),
    style=st.sampled_from(["", "", ' s="1"', ' s="11"', ' s="12"', ' s="01"', ' s=""', ' x="1"']),
    kind=st.sampled_from(["", "", ' t="s"', ' t="s"', ' t="n"', ' t="inlineStr"', ' t="str"', ' t="b"', ' t="e"']),
    value=st.sampled_from(
        [
            "<v>1</v>",
            "<v>0</v>",
            "<v>5</v>",
            "<v>4</v>",
            "<v>6</v>",
            "<v>-1.5E-05</v>",
            "<v>1.5</v>",
            "<v>00</v>",
            "",
            "<v>1e400</v>",
            "<v></v>",
            "<v>1<!--a--></v>",
            "<f>1</f><v>1</v>",
            "<v>=1</v>",
            "<v>a</v>",
            "<v> 1</v>",
            "<v>-</v>",
            "<v>1-1</v>",
            "<v>.5</v>",
            "<v>1.</v>",
            "<v>-0</v>",
            "<v>1E+5</v>",
            "<v>1234567890123456789012345678901</v>",
            "<is><t>a</t></is>",
            "<is><t>12</t></is>",
            "<is><t/></is>",
            "<is><t>&amp;&#65;</t></is>",
            "<is><t>&#0;</t></is>",
            "<is><t>]]></t></is>",
            '<is><t xml:space="preserve"> \n</t></is>',
            "x",
        ]
    ),
)
ROW_ATTRIBUTES = st.sampled_from(
    [""] * 8
    + [' spans="1:4"', ' s="11" customFormat="1"', ' s="12"', ' ht="15.5"', ' ht="1"', ' hidden="1"', ' hidden="0"']
    + [' hidden="false" customHeight="false" outlineLevel="0" collapsed="false"', ' x="1"', ' spans="1:4" spans="1:4"']
)


PLAIN_VALUES = [' s="1"><v>1.5</v></c>', ' t="s"><v>5</v></c>', ' s="11"/>', ' t="n"><v>-2E-05</v></c>']
PLAIN_VALUES += [' t="inlineStr"><is><t>a&amp;</t></is></c>', ' t="s"><v>4</v></c>']


@st.composite
def some_rows(draw: st.DrawFn) -> bytes:
    number, found = 11, ""
    for _ in range(draw(st.integers(1, 8))):
        if draw(st.integers(0, 9)):  # a plain row, in the end with a figure among the texts
            number += 1
            columns = draw(st.sets(st.sampled_from("ABCD")))
            cells = [f'<c r="{c}{number}"{draw(st.sampled_from(PLAIN_VALUES))}' for c in sorted(columns)]
            found += f'<row r="{number}">{"".join(cells)}</row>'
            continue
        number += draw(st.sampled_from([1, 1, 1, 1, 1, 1, 3, 0]))
        cells = draw(st.lists(CELL, max_size=4))
        if draw(st.integers(0, 4)):
            cells.sort(key=lambda cell: cell[6])
        inner = "".join(cells).replace("{row}", str(number))
        tail = draw(st.sampled_from([""] * 20 + ["\n", "text", "<!-- </row>", "-->", "<x>", "</x>"]))
        found += f'<row r="{number}"{draw(ROW_ATTRIBUTES)}>{inner}</row>{tail}'
    return found.encode()


USUAL = st.lists(
    st.sampled_from(["", *PLAIN_VALUES, ' s="2" t="s"><v>5</v></c>', ' s="12"><v>1</v></c>']), max_size=4
).map(
    lambda values: "".join(f'<c r="{c}11"{value}' for c, value in zip("ABCD", values, strict=False) if value).encode()
)


@settings(max_examples=300, deadline=None)
@given(some_rows(), st.sampled_from([1, 60, 250, 600]), USUAL)
@example(b'<row r="12"><c r="A12"><v>1</v></c></row><!-- <row r="13"></row><row r="14"></row>-->', 60, b"")
def test_both_ways_through_a_sheet_give_the_same_verdict(rows: bytes, cut: int, usual: bytes) -> None:
    with pytest.MonkeyPatch.context() as patch:
        fast = scan(rows, cut, fast=True, patch=patch, usual=usual)
        slow = scan(rows, cut, fast=False, patch=patch, usual=usual)
    assert fast[:3] == slow[:3]


@settings(max_examples=300, deadline=None)
@given(st.text("-+.0123456789eE", min_size=1, max_size=32))
@example("1e0005")
@example("1E99")
@example("-00")
@example("123456789012345678901234567890")
def test_both_ways_take_the_same_for_a_number(text: str) -> None:
    rows = b"".join(b'<row r="%d"><c r="B%d"><v>%s</v></c></row>' % (n, n, text.encode()) for n in (12, 13))
    with pytest.MonkeyPatch.context() as patch:
        fast = scan(rows, 1, fast=True, patch=patch)
        slow = scan(rows, 1, fast=False, patch=patch)
    assert fast[:3] == slow[:3]


STRING = st.sampled_from([
    "甲", "12", "１２ ", "0635-8", "1e5", "数量", "", "]]>", "&amp;", "&#10;", "&bad;", "\x0b", "\t", "\ufffe", "<b/>", ">",
])  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["", ' xml:space="preserve"', ' x="1"']), STRING), max_size=40),
    st.integers(1, 200),
)
def test_both_ways_through_the_strings_give_the_same(strings: list[tuple[str, str]], cut: int) -> None:
    plain = ["".join(f"<si><t>{word}</t></si>" for word in ("一", "2", "三")) * 5]
    data = "".join([*plain, *(f"<si><t{kept}>{text}</t></si>" for kept, text in strings), "</sst>"]).encode()
    head = f'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" uniqueCount="{15 + len(strings)}">'
    told = []
    for fast in (True, False):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sheets, "_BLOCK", cut)
            findings = Findings()
            table = StringTable("s.xml", findings, frozenset(HEADS))
            if not fast:
                table.plain_block = lambda data: False  # type: ignore[method-assign] # the thorough way only
            error = True
            with contextlib.suppress(PackageError):
                table.run(iter([head.encode(), *(data[at : at + 7] for at in range(0, len(data), 7))]))
                error = False
            counts = {check.id: check.count for check in findings.checks.values()}
            told.append((error, counts, None if error else (bytes(table.figures), table.heads)))
    assert told[0] == told[1]


def test_plain_rows_really_go_the_fast_way() -> None:
    rows = b"".join(
        b'<row r="%d"><c r="A%d" t="s"><v>5</v></c><c r="B%d"><v>2</v></c></row>' % (n, n, n) for n in range(12, 99)
    )
    with pytest.MonkeyPatch.context() as patch:
        _, counts, facts, skipped = scan(rows, 1000, fast=True, patch=patch)
    assert skipped > len(rows) // 2
    assert sum(counts.values()) == 0
    assert facts == (87, {"数量": 174.0})


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 8000))
def test_no_damage_ends_in_an_exception(noise: bytes, at: int) -> None:
    data = bytearray(plain_workbook())
    data[at : at + len(noise)] = noise
    report_of(bytes(data), manifest=manifest_of(bytes(data)))


# Small tools


@given(st.integers(1, 30_000), st.integers(0, 40_000))
def test_below_means_below(limit: int, number: int) -> None:
    assert (re.fullmatch(below(limit), str(number).encode()) is not None) == (number < limit)
    assert re.fullmatch(below(limit), b"0" + str(number).encode()) is None


def test_evidence_is_printable() -> None:
    assert plain("a\x1b[31m\u202eb\ud800") == "a�[31m�b�"
    assert len(plain("长" * 999)) == 120


def test_every_element_named_as_a_child_is_one_or_a_leaf() -> None:
    for kind in ("sheet", "workbook", "styles", "strings", "table", "theme", "core", "app"):
        rules = grammar(kind)
        children = {child for rule in rules.values() for child in rule.children}
        root = next(iter(rules))
        assert set(rules) - children <= {root} | LOOSE, kind


LOOSE = {"rFont", "charset", "family", "b", "i", "strike", "outline", "shadow", "condense", "extend", "color", "sz"}
LOOSE |= {"u", "vertAlign", "scheme", "name", "si", "is", "a:theme"}
