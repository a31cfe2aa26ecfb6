"""The letter that goes with a workbook which is given back: 退回函, one page, to be sealed by the office."""

from collections.abc import Sequence
from typing import BinaryIO

from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Cm, Pt

from validators.book import Book
from validators.findings import Finding, Severity
from validators.rule import all_rules
from validators.ruleset import RuleSet
from validators.settlement import COUNTY_LIST_DUE
from workbook_templates.documents.paper import blank_paper, line, table

_SHOWN = 12
"""Rules that the letter lists; the workbook has all."""


def write_letter(
    file: BinaryIO, rules: RuleSet, book: Book, findings: Sequence[Finding], notices: Sequence[str]
) -> None:
    """Write the letter for a county: what was found by rule, what is asked for, what was decided (`notices`)."""
    office = f"{rules.thresholds['city_name']}重污染天气应急指挥部办公室"
    paper = blank_paper("退回函")
    line(paper, "关于退回应急减排清单填报表的函", 18, bold=True, centred=True)
    line(paper, f"{book.county_name}：", 12)
    open_ = [one for one in findings if not one.waiver]
    errors = sum(one.severity >= Severity.ERROR for one in open_)
    warnings = sum(one.severity == Severity.WARNING for one in open_)
    _paragraph(
        paper,
        f"你单位报来的{rules.year}年{book.round}应急减排清单（第{book.revision}版）已经核对，"
        + (f"有错误{errors}处" if errors else "没有错误")
        + (f"、提醒{warnings}处" if warnings else "")
        + f"。现将填报表退回，请改正后按第{book.revision + 1}版重新报送。",
    )
    rows = [["规则", "问题", "错误", "提醒", "在哪里（前几处）"]]
    by_rule: dict[str, list[Finding]] = {}
    for one in sorted(open_, key=lambda one: -one.severity):
        if one.severity > Severity.INFO:
            by_rule.setdefault(one.rule, []).append(one)
    for rule, own in list(by_rule.items())[:_SHOWN]:
        places = "、".join(f"《{one.sheet}》{one.cell or ''}" if one.sheet else "整个文件" for one in own[:3])
        wrong = sum(one.severity >= Severity.ERROR for one in own)
        rows.append([rule, all_rules()[rule].name, str(wrong or ""), str(len(own) - wrong or ""), places])
    if len(rows) > 1:
        table(paper, rows, (1.6, 4.4, 1.4, 1.4, 7.8))
        if len(by_rule) > _SHOWN:
            line(paper, f"还有 {len(by_rule) - _SHOWN} 类，见填报表的《退回清单》。", 9)
    if notices:
        line(paper, "市里已作的决定", 11, bold=True)
        for notice in notices:
            line(paper, f"· {notice}")
    _paragraph(paper, "错误必须改正；提醒请逐处核对，确实无误的写明情况。各处的改法写在填报表里，每行旁边。")
    due = rules.deadline(book.round, COUNTY_LIST_DUE)
    when = f"县级清单上报的期限是{due:%Y年%m月%d日}，" if due else ""
    _paragraph(paper, f"{when}请于      月      日前重新报送。填报表随函附上。")
    for text in ("", f"{office}（盖章）", "年      月      日"):
        line(paper, text, 12)
        paper.paragraphs[-1].alignment = WD_ALIGN_PARAGRAPH.RIGHT
    paper.save(file)


def _paragraph(paper: object, text: str) -> None:
    line(paper, text, 12)  # type: ignore[arg-type] # python-docx is not typed throughout
    made = paper.paragraphs[-1]  # type: ignore[attr-defined]
    made.paragraph_format.first_line_indent = Cm(0.85)
    made.paragraph_format.line_spacing = Pt(22)
