"""Printed pages that are made whole by the program: A4, our fonts, numbered, with ruled tables whose heads come again."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

from validators.audit.report import plain

if TYPE_CHECKING:
    from docx.document import Document as Paper
    from docx.table import Table

LONGEST_TEXT = 500
"""Characters of one text; what comes from a file may be anything."""


def blank_paper(footer: str) -> "Paper":
    """A blank A4 page whose properties name no person, with its number at the foot."""
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
    foot = section.footer.paragraphs[0]
    foot.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for text in (f"{footer}　第 ", "PAGE", " 页，共 ", "NUMPAGES", " 页"):
        run = foot.add_run("" if text.isascii() and text.isupper() else text)
        run.font.size = Pt(9)
        if text.isascii() and text.isupper():
            for kind, inside in (("begin", None), (None, text), ("end", None)):
                made = OxmlElement("w:fldChar" if kind else "w:instrText")
                if kind:
                    made.set(qn("w:fldCharType"), kind)
                else:
                    made.text = inside
                run._r.append(made)
    return paper


def line(paper: "Paper", text: str, size: float = 10, *, bold: bool = False, centred: bool = False) -> None:
    """Add a paragraph; `size` in points; a bold one keeps with what follows."""
    paragraph = paper.add_paragraph()
    paragraph.paragraph_format.space_before = Pt(6 if bold else 2)
    paragraph.paragraph_format.keep_with_next = bold
    run = paragraph.add_run(plain(text, LONGEST_TEXT))
    run.bold, run.font.size = bold, Pt(size)
    if centred:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER


def table(paper: "Paper", rows: Sequence[Sequence[str]], widths: Sequence[float], *, headed: bool = True) -> "Table":
    """A ruled table; widths in centimetres; its heads come again on each page, and no row is torn apart."""
    made_table = paper.add_table(rows=0, cols=len(widths), style="Table Grid")
    made_table.alignment = WD_TABLE_ALIGNMENT.CENTER
    made_table.autofit = False
    for column, width in zip(made_table.columns, widths, strict=True):
        column.width = Cm(width)
    for number, row in enumerate(rows):
        made = made_table.add_row()
        properties = made._tr.get_or_add_trPr()
        properties.append(OxmlElement("w:cantSplit"))
        if headed and number == 0:
            properties.append(OxmlElement("w:tblHeader"))
        for cell, text, width in zip(made.cells, row, widths, strict=True):
            cell.width = Cm(width)
            paragraph = cell.paragraphs[0]
            paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(1)
            if text.replace(",", "").replace(".", "").isdigit():
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            run = paragraph.add_run(plain(text, LONGEST_TEXT))
            run.font.size = Pt(9)
            run.bold = headed and number == 0
    return made_table  # type: ignore[no-any-return] # python-docx is not typed throughout
