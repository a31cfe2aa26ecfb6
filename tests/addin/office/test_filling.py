"""The province's blank, filled: its own looks, values only, an audit that passes and finds what was altered."""

import json
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation

from addin.office.auditing import audit_one
from tests.addin.conftest import COUNTY, Run, fill, run
from validators.columns import SHEETS
from workbook_templates.documents.docx_package import AS_OLD_AS
from workbook_templates.submission.submission_workbook import manifest_path

__all__ = ["run"]

TOP = ["清单编号", "企业名称", "统一社会信用代码", "生产线", "", "红色预警", "", "", "备注", "序号"]
LOW = ["", "", "", "名称", "编码", "限停产措施", "SO2减排量（吨/天）", "NOx减排量（千克/天）", "", ""]
LAYOUT = (
    "工作表,每行是,表头行,表头,含义,单位,取值\n"
    "附件1,生产线,,清单编号,企业基本信息.清单编号,,\n"
    "附件1,生产线,,企业名称,企业基本信息.企业名称,,\n"
    "附件1,生产线,,统一社会信用代码,企业基本信息.统一社会信用代码,,\n"
    "附件1,生产线,,生产线_名称,生产线减排措施.生产线名称,,\n"
    "附件1,生产线,,生产线_编码,生产线减排措施.生产线编码,,\n"
    "附件1,生产线,,红色预警_限停产措施,生产线减排措施.红色预警_限停产措施,,\n"
    "附件1,生产线,,红色预警_SO2减排量（吨/天）,生产线减排措施.红色预警_SO2减排量（kg/d）,t/d,\n"
    "附件1,生产线,,红色预警_NOx减排量（千克/天）,生产线减排措施.红色预警_NOx减排量（kg/d）,,\n"
    "附件1,生产线,,序号,,,\n"
)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("布局.csv").write_text(LAYOUT, encoding="utf-8")


def blank(**extra: Any) -> Any:
    """A blank as a province sends it: a title, heads in two rows, styles, a drop-down, a row of totals, who signs."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "附件1"
    sheet["A1"] = "重污染天气应急减排清单"
    sheet.merge_cells("A1:I1")
    for row, texts in ((2, TOP), (3, LOW)):
        for column, text in enumerate(texts, 1):
            sheet.cell(row, column, text or None).fill = PatternFill("solid", "DDEBF7")
    for column in "ABCIJ":
        sheet.merge_cells(f"{column}2:{column}3")
    sheet.merge_cells("D2:E2")
    sheet.merge_cells("F2:H2")
    for row in range(4, 7):
        for column in range(1, 10):
            sheet.cell(row, column).font = Font(name="仿宋", size=12)
    sheet.row_dimensions[4].height = 33
    sheet.column_dimensions["B"].width = 41
    sheet["A7"] = "合计"
    sheet["G7"], sheet["H7"] = "=SUM(G4:G6)", "=SUM(H4:H6)"
    sheet["A8"] = "填表人：          审核人："
    sheet.merge_cells("A8:I8")
    choices = DataValidation("list", formula1='"是,否"')
    choices.add("I4:I6")
    sheet.add_data_validation(choices)
    sheet["B2"].comment = Comment("与营业执照一致", "省厅")
    for cell, value in extra.items():
        sheet[cell] = value
    return book


def exported(run: Run, *more: str) -> tuple[int, dict[str, Any], str]:
    code, out, err = run(
        "export",
        "东昌府区.xlsx",
        "--into",
        "空白表.xlsx",
        "--layout",
        "布局.csv",
        "--out",
        "报省.xlsx",
        "--json",
        *more,
    )
    return code, json.loads(out), err


def test_a_blank_with_two_rows_of_heads_is_filled_and_passes_its_audit(run: Run) -> None:
    county = fill(Path("东昌府区.xlsx"), enterprises=5)
    blank().save("空白表.xlsx")
    code, done, err = exported(run)
    assert code == 0, err
    manifest = done["manifest"]
    assert manifest["layout"]["name"] == "布局" and len(manifest["blank"]["sha256"]) == 64
    assert any("下拉列表" in one for one in manifest["blank"]["removed"]) and any(
        "批注" in one for one in manifest["blank"]["removed"]
    )
    with zipfile.ZipFile("报省.xlsx") as package:
        assert {one.date_time for one in package.infolist()} == {AS_OLD_AS}, "the same bytes whenever it is written"
    book = openpyxl.load_workbook("报省.xlsx")
    assert book.properties.modified == book.properties.created and str(book.properties.created).endswith("00:00:00")
    sheet = book["附件1"]
    rows = sheet.max_row - 5
    assert rows > 3 and sheet.column_dimensions["B"].width == 41
    assert {"A2:A3", "D2:E2", "F2:H2", f"A{rows + 5}:I{rows + 5}"} <= {str(area) for area in sheet.merged_cells.ranges}
    last = sheet.cell(rows + 3, 4)
    assert last.value and last.font.name == "仿宋" and sheet.row_dimensions[rows + 3].height == 33
    assert str(sheet.cell(rows + 5, 1).value).startswith("填表人")
    assert sheet.cell(rows + 4, 1).value == "合计"
    assert [sheet.cell(row, 10).value for row in range(4, rows + 4)] == list(range(1, rows + 1))
    for column in (7, 8):
        own = [sheet.cell(row, column).value or 0 for row in range(4, rows + 4)]
        assert sheet.cell(rows + 4, column).value == pytest.approx(sum(own)) and sum(own) > 0
    again = json.loads(run("audit", "报省.xlsx", "--against", "东昌府区.xlsx", "--json").out)
    assert again["verdict"] == "通过" and [check["result"] for check in again["checks"]] == ["通过"] * 10, again
    assert SHEETS["lines"]["red_so2_cut"].unit == "kg/d"
    for cell, value in (("G4", 99), ("I4", "另加"), ("A1", "改了标题")):
        book = openpyxl.load_workbook("报省.xlsx")
        book["附件1"][cell] = value
        book.save("改.xlsx")
        manifest_path(Path("改.xlsx")).write_bytes(manifest_path(Path("报省.xlsx")).read_bytes())
        found = {check["id"]: check for check in audit_one(Path("改.xlsx"), sources=[county])["checks"]}
        assert found["AU08"]["result"] == "不通过" and cell in {one["cell"] for one in found["AU10"]["evidence"]}, cell


def test_a_blank_that_cannot_become_a_submission_is_refused_and_nothing_is_written(run: Run) -> None:
    fill(Path("东昌府区.xlsx"), enterprises=3)
    refused = {
        "公式": blank(A1="=NOW()"),
        "已有内容": blank(A4="371502-G-0001", B4="某公司"),
        "没有布局所列的表头": blank(F3="措施"),
    }
    for words, book in refused.items():
        book.save("空白表.xlsx")
        code, out, err = run(
            "export", "东昌府区.xlsx", "--into", "空白表.xlsx", "--layout", "布局.csv", "--out", "报省.xlsx"
        )
        assert code == 2 and not out and words in err and len(err.splitlines()) == 1, (words, err)
        assert not Path("报省.xlsx").exists() and not manifest_path(Path("报省.xlsx")).exists()
    assert "要一起写" in run("export", "东昌府区.xlsx", "--into", "空白表.xlsx", "--out", "报省.xlsx").err


def test_rows_that_were_numbered_hidden_or_computed_beforehand_give_way(run: Run) -> None:
    county = fill(Path("东昌府区.xlsx"), enterprises=3)
    book = blank()
    page = book["附件1"]
    page.insert_rows(4)
    for column in range(1, 11):
        page.cell(4, column, column)
    page["G8"], page["H8"] = "=SUM(G5:G7)", "=SUM(H5:H7)"
    for row in (5, 6, 7):
        page.cell(row, 10, row - 4)
        page.cell(row, 9, f"=A{row}")
    page.row_dimensions[6].hidden = True
    book.save("空白表.xlsx")
    code, done, err = exported(run)
    assert code == 0, err
    assert "《附件1》数据行里的公式 3 处" in done["manifest"]["blank"]["removed"]
    sheet = openpyxl.load_workbook("报省.xlsx")["附件1"]
    assert [cell.value for cell in sheet[4]][:4] == ["1", 2, "3", 4], "codes stand below the first and the third"
    numbers = [cell.value for cell in sheet["J"][4:] if cell.value is not None]
    assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) > 3
    assert audit_one(Path("报省.xlsx"), sources=[county])["verdict"] == "通过"


def test_pictures_and_charts_of_a_blank_are_taken_out_and_named(run: Run) -> None:
    fill(Path("东昌府区.xlsx"), enterprises=3)
    book = blank()
    chart = BarChart()
    chart.add_data(Reference(book["附件1"], min_col=7, min_row=4, max_row=6))
    book["附件1"].add_chart(chart, "L2")
    book.save("空白表.xlsx")
    with zipfile.ZipFile("空白表.xlsx") as old, zipfile.ZipFile("有图.xlsx", "w") as new:
        for part in old.namelist():
            data = old.read(part)
            if part == "xl/drawings/drawing1.xml":
                data = data.replace(
                    b"</oneCellAnchor>", b"</oneCellAnchor><absoluteAnchor><pic/><sp/></absoluteAnchor>"
                )
            new.writestr(part, data)
    Path("有图.xlsx").replace("空白表.xlsx")
    code, done, err = exported(run)
    assert code == 0, err
    assert {"图片 1 个", "图表 1 个", "图形和文本框 1 个"} <= set(done["manifest"]["blank"]["removed"])
    with zipfile.ZipFile("报省.xlsx") as package:
        assert not [part for part in package.namelist() if "drawing" in part or "chart" in part]


def test_hidden_lists_of_a_blank_are_taken_out(run: Run) -> None:
    fill(Path("东昌府区.xlsx"), enterprises=3, county=COUNTY)
    book = blank()
    choices = book.create_sheet("选项")
    choices["A1"] = "是"
    choices.sheet_state = "hidden"
    book.create_sheet("填表说明")["A1"] = "请用仿宋。"
    book.save("空白表.xlsx")
    code, done, err = exported(run)
    assert code == 0, err
    assert "隐藏的工作表“选项”" in done["manifest"]["blank"]["removed"]
    assert openpyxl.load_workbook("报省.xlsx").sheetnames == ["附件1", "填表说明"]
    assert audit_one(Path("报省.xlsx"), sources=[Path("东昌府区.xlsx")])["verdict"] == "通过"
