"""What is printed of an audit, as .docx: the report, verdict first, and the receipt for a submission on one page."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO

from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

from validators.audit.report import plain

if TYPE_CHECKING:
    from docx.document import Document as Paper
    from docx.table import Table

Json = dict[str, Any]
LONGEST = 500
"""Characters of one text; what comes from a file may be anything."""
SUMS_SHOWN = 12
"""Sums on the receipt, so that it stays one page; the manifest has them all."""


def _paper() -> "Paper":
    """A blank A4 page whose properties name no person."""
    paper = Document()
    section = paper.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.2)
    section.top_margin = section.bottom_margin = Cm(1.6)
    style = paper.styles["Normal"]
    style.font.size = Pt(10)
    style.font.name = "宋体"
    style.element.rPr.rFonts.set(qn("w:eastAsia"), "宋体")
    style.paragraph_format.space_after = Pt(3)
    properties = paper.core_properties
    properties.author = properties.comments = properties.title = ""
    return paper


def _line(paper: "Paper", text: str, size: float = 10, *, bold: bool = False, centred: bool = False) -> None:
    paragraph = paper.add_paragraph()
    paragraph.paragraph_format.space_before = Pt(6 if bold else 2)
    run = paragraph.add_run(plain(text, LONGEST))
    run.bold, run.font.size = bold, Pt(size)
    if centred:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER


def _table(paper: "Paper", rows: Sequence[Sequence[str]], widths: Sequence[float], *, headed: bool = True) -> "Table":
    """A ruled table; widths in centimetres."""
    table = paper.add_table(rows=0, cols=len(widths), style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Cm(width)
    for number, row in enumerate(rows):
        for cell, text, width in zip(table.add_row().cells, row, widths, strict=True):
            cell.width = Cm(width)
            paragraph = cell.paragraphs[0]
            paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(1)
            if text.replace(",", "").replace(".", "").isdigit():
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            run = paragraph.add_run(plain(text, LONGEST))
            run.font.size = Pt(9)
            run.bold = headed and number == 0
    return table  # type: ignore[no-any-return] # python-docx is not typed throughout


def _grouped(digest: str) -> str:
    return " ".join(digest[place : place + 8] for place in range(0, len(digest), 8))


def _result(check: Mapping[str, Any]) -> str:
    return f"{check['result']}，{check['count']} 处" if check["count"] else str(check["result"])


def _failing(report: Mapping[str, Any]) -> str:
    return "、".join(f"{check['id']} {check['name']}" for check in report["checks"] if check["result"] == "不通过")


def write_report(file: BinaryIO, reports: Sequence[Mapping[str, Any]]) -> None:
    """The audit report of files, given as the contract's objects: verdicts first, then what was found and where."""
    paper = _paper()
    _line(paper, "审计报告", 18, bold=True, centred=True)
    if len(reports) > 1:
        rows = [["文件", "结论", "不通过的各项"]]
        rows += [[one["file"], one["verdict"], _failing(one)] for one in reports]
        _table(paper, rows, (6.5, 2.1, 8))
    for report in reports:
        _line(paper, f"{report['verdict']}：{report['file']}", 14, bold=True)
        _line(paper, f"SHA-256  {_grouped(report['sha256'])}" if report["sha256"] else "文件打不开。", 9)
        if not report["checks"]:
            continue
        _table(
            paper,
            [["编号", "检查", "结果"], *([check["id"], check["name"], _result(check)] for check in report["checks"])],
            (2, 5, 9.6),
        )
        for check in report["checks"]:
            if not check["evidence"]:
                continue
            _line(paper, f"{check['id']} {check['name']}：{_result(check)}", bold=True)
            places = [["部件", "工作表", "单元格", "情况"]]
            places += [
                [one["part"] or "", one["sheet"] or "", one["cell"] or "", one["what"]] for one in check["evidence"]
            ]
            _table(paper, places, (4.6, 2.6, 1.6, 7.8))
            if check["count"] > len(check["evidence"]):
                _line(paper, f"共 {check['count']} 处，列出前 {len(check['evidence'])} 处。", 9)
    paper.save(file)


def write_receipt(file: BinaryIO, report: Mapping[str, Any], manifest: Mapping[str, Any]) -> None:
    """The receipt for a submission that was audited: hash, counts, sums, verdicts, and a QR code of the hash."""
    import segno

    paper = _paper()
    _line(paper, "应急减排清单接收回执", 18, bold=True, centred=True)
    code = BytesIO()
    segno.make(report["sha256"], error="m").save(code, kind="png", scale=4, border=2)
    code.seek(0)
    frame = paper.add_table(rows=1, cols=2)
    frame.autofit = False
    left, right = frame.rows[0].cells
    for place, width in enumerate((12.6, 4)):
        frame.columns[place].width = frame.rows[0].cells[place].width = Cm(width)
    facts = [
        f"文件：{report['file']}（{manifest['size']:,} 字节）",
        f"{manifest['year']} 年  {manifest['round']}  报送格式 {manifest['profile']}  规则集 {manifest['ruleset']}",
        f"来自 {len(manifest['inputs'])} 本区县填报表，剔除 {len(manifest['exclusions'])} 个区县",
        "SHA-256（与右边的二维码相同）：",
        _grouped(report["sha256"]),
    ]
    left.paragraphs[0].add_run("\n".join(plain(fact, LONGEST) for fact in facts))
    right.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
    right.paragraphs[0].add_run().add_picture(code, width=Cm(3.6))
    _line(paper, f"审计结论：{report['verdict']}", 16, bold=True)
    checks = [f"{check['id']} {check['name']}：{_result(check)}" for check in report["checks"]]
    checks += [""] * (len(checks) % 2)
    half = len(checks) // 2
    _table(paper, list(zip(checks[:half], checks[half:], strict=True)), (8.3, 8.3), headed=False)
    notes = [one["what"] for check in report["checks"] if check["id"] == "AU08" for one in check["evidence"]][:1]
    _line(paper, notes[0] if notes else "核对清单没有签名。", 9)
    _line(paper, "各表行数", bold=True)
    counted = "；".join(f"{sheet['name']} {sheet['rows']:,} 行" for sheet in manifest["sheets"])
    _line(paper, counted, 9)
    sums = [(sheet["name"], head, value) for sheet in manifest["sheets"] for head, value in sheet["sums"].items()]
    cuts = [one for one in sums if "减排量" in one[1]] or sums
    if cuts:
        _line(paper, f"主要合计（全部 {len(sums)} 项见核对清单）", bold=True)
        rows = [["工作表", "列", "合计"], *([name, head, f"{value:,.10g}"] for name, head, value in cuts[:SUMS_SHOWN])]
        _table(paper, rows, (3.6, 9.4, 3.6))
    _line(paper, "")
    _line(paper, "报送单位（盖章）：                            接收单位（盖章）：")
    _line(paper, "报送人：                                      接收人：                    日期：")
    paper.save(file)
