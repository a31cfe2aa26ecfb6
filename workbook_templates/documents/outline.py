"""Outlines: what a shipped template says, as text, made into a .docx that an office can edit and hand back.

One line is one paragraph, by what it begins with: `# ` the title, `## ` and `### ` headings, `> ` a small note, `= ` a
line without indent, `< ` a signature at the right, `---` a new page; anything else is body text. `|` begins a row of a table, whose cells are
parted by `|`: a row `|:` says how wide they are (in millimetres), `|!` is a head. Before the text of a cell stands in
brackets how it looks, `[26 黑 中 黄色]`: points, typeface, centred, the colour of a level; before a row `|=60|` its
exact height in millimetres. What stands between `@级` and `@完` is written for each warning level, with its name for `〔级〕` and
its symbol for `〔符〕`; `@含 commitment` takes in another outline. The first line names the page.

Sizes and typefaces are those of GB/T 9704-2012: A4, 37 mm above and 28 mm left of a body of 156 by 225 mm, the title in
小标宋 of 22 points, the body in 仿宋 of 16 points, 22 lines of 28 characters. A typeface that a computer lacks is
replaced by the one named beside it in the document's table of typefaces (`FALLBACKS`).
"""

import re
from collections.abc import Iterator, Sequence
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING

from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_ALIGN_VERTICAL, WD_ROW_HEIGHT_RULE, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import nsdecls, qn
from docx.oxml.parser import parse_xml
from docx.shared import Mm, Pt

from validators.columns import LEVEL_NAMES
from workbook_templates.xlsx.appearance import LEVEL_BANDS

if TYPE_CHECKING:
    from docx.document import Document as Paper
    from docx.section import _Footer
    from docx.styles.style import ParagraphStyle
    from docx.table import Table
    from docx.text.paragraph import Paragraph
    from docx.text.run import Run

SONG, FANGSONG, KAI, HEI, TITLE_SONG = "宋体", "仿宋_GB2312", "楷体_GB2312", "黑体", "方正小标宋简体"
FALLBACKS = {FANGSONG: "仿宋", KAI: "楷体", TITLE_SONG: "华文中宋", SONG: "新宋体", HEI: "微软雅黑"}
"""Typefaces of official documents, and what a program takes where one is not installed."""
LATIN = "Times New Roman"
_LINE = 28.95
"""Points from line to line: 22 lines on 225 mm."""
CHARACTER = -0.2
"""Points that a character of 16 points is set tighter: 28 characters on 156 mm."""
LEVEL_SYMBOLS = {"黄色": "●", "橙色": "▲", "红色": "■"}
"""Beside the colour, so that colour is never alone."""
PAGES = {"公文": (37, 26, 35, 28), "公示牌": (14, 15, 10, 15)}
"""Margins in millimetres: above, right, below, left."""
LOOKS = {
    "公文标题": (TITLE_SONG, 22, WD_ALIGN_PARAGRAPH.CENTER, 0),
    "公文正文": (FANGSONG, 16, WD_ALIGN_PARAGRAPH.JUSTIFY, 2),
    "公文一级标题": (HEI, 16, WD_ALIGN_PARAGRAPH.LEFT, 2),
    "公文二级标题": (KAI, 16, WD_ALIGN_PARAGRAPH.LEFT, 2),
    "公文顶格": (FANGSONG, 16, WD_ALIGN_PARAGRAPH.LEFT, 0),
    "公文落款": (FANGSONG, 16, WD_ALIGN_PARAGRAPH.RIGHT, 0),
    "公文说明": (KAI, 10.5, WD_ALIGN_PARAGRAPH.LEFT, 0),
    "公文表格": (FANGSONG, 10.5, WD_ALIGN_PARAGRAPH.LEFT, 0),
}
"""Styles: typeface, points, alignment, and characters by which the first line is indented."""
BEGINNINGS = {
    "# ": "公文标题",
    "## ": "公文一级标题",
    "### ": "公文二级标题",
    "= ": "公文顶格",
    "< ": "公文落款",
    "> ": "公文说明",
}
_FACES = {"黑": HEI, "宋": SONG, "标": TITLE_SONG, "楷": KAI, "仿": FANGSONG}
_LOOK = re.compile(r"\[([^\]]*)\] ?")
_KEPT = ("Normal", "Default Paragraph Font", "Normal Table", "No List", "Table Grid", "Header", "Footer")


def template_of(outline: str) -> bytes:
    """The template, a .docx, of an outline that is shipped (name of its file without the ending)."""
    lines = _lines(outline)
    paper = _paper(lines[0].removeprefix("页面 "))
    table: Table | None = None
    widths: list[float] = []
    for line in _levelled(lines[1:]):
        if not line.startswith("|"):
            table = None
        if line.startswith("|:"):
            widths = [float(width) for width in line[2:].split()]
            table = paper.add_table(rows=0, cols=len(widths), style="Table Grid")
            table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
            for column, width in zip(table.columns, widths, strict=True):
                column.width = Mm(width)
        elif line.startswith("|"):
            assert table is not None, line  # noqa: S101 - our own file
            _row(table, line, widths)
        elif line == "---":
            paper.add_paragraph(style="公文说明").add_run().add_break(WD_BREAK.PAGE)
        elif line:
            beginning = next((one for one in BEGINNINGS if line.startswith(one)), "")
            paper.add_paragraph(line.removeprefix(beginning), style=BEGINNINGS.get(beginning, "公文正文"))
    if table is not None:  # a document ends with a paragraph; this one takes no room
        paper.add_paragraph(style="公文说明").paragraph_format.line_spacing = Pt(1)
    file = BytesIO()
    paper.save(file)
    return file.getvalue()


def _lines(outline: str) -> list[str]:
    """The lines of an outline, and in their place those of the outlines that it takes in."""
    found: list[str] = []
    for line in files(__package__).joinpath(f"{outline}.txt").read_text(encoding="utf-8").splitlines():
        found += _lines(line.removeprefix("@含 ")) if line.startswith("@含 ") else [line]
    return found


def _levelled(lines: Sequence[str]) -> Iterator[str]:
    """The lines of an outline, those that are for each warning level written for each."""
    block: list[str] | None = None
    for line in lines:
        if line == "@级":
            block = []
        elif line == "@完":
            for name in LEVEL_NAMES.values():
                yield from (one.replace("〔级〕", name).replace("〔符〕", LEVEL_SYMBOLS[name]) for one in block or ())
            block = None
        elif block is None:
            yield line
        else:
            block.append(line)


def _paper(page: str) -> "Paper":
    """An empty A4 page with the styles of official documents and nobody's name."""
    paper = Document()
    _declare_typefaces(paper)
    for style in list(paper.styles):
        if style.name not in _KEPT:
            style.delete()
    for language in paper.styles.element.iter(qn("w:lang")):
        language.set(qn("w:eastAsia"), "zh-CN")
    section = paper.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.right_margin, section.bottom_margin, section.left_margin = map(Mm, PAGES[page])
    grid = section._sectPr.find(qn("w:docGrid"))
    normal = paper.styles["Normal"]
    _set(normal, SONG, 10.5)
    if page == "公文":
        grid.set(qn("w:linePitch"), str(round(_LINE * 20)))
        section.footer_distance = Mm(35 - 7 - 5)
        paper.settings.odd_and_even_pages_header_footer = True
        _number(section.footer, WD_ALIGN_PARAGRAPH.RIGHT)
        _number(section.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT)
    for name, (face, size, alignment, indent) in LOOKS.items():
        style = paper.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = normal
        _set(style, face, size)
        form = style.paragraph_format
        form.alignment = alignment
        form.space_before = form.space_after = Pt(0)
        form.line_spacing_rule, form.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(_LINE if size >= 16 else size * 1.4)
        if indent:
            form.first_line_indent = Pt(indent * (size + CHARACTER))
        if size == 16:
            spacing = OxmlElement("w:spacing")
            spacing.set(qn("w:val"), str(round(CHARACTER * 20)))
            style.element.rPr.insert_element_before(spacing, "w:sz", "w:szCs")
        form.keep_with_next = "标题" in name
        if name == "公文落款":
            form.right_indent = Pt(2 * size)
    title = paper.styles["公文标题"]
    title.paragraph_format.space_after, title.paragraph_format.line_spacing = Pt(_LINE), Pt(34)
    between = OxmlElement("w:contextualSpacing")  # none between the lines of one title
    title.element.pPr.insert_element_before(between, "w:mirrorIndents", "w:jc", "w:outlineLvl")
    return paper


def _set(style: "ParagraphStyle", face: str, size: float) -> None:
    style.font.size = Pt(size)
    _set_face(style, face)


def _set_face(dressed: "ParagraphStyle | Run", face: str) -> None:
    dressed.font.name = LATIN
    dressed.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), face)


def _declare_typefaces(paper: "Paper") -> None:
    """The document's table of typefaces: each with the one that takes its place."""
    fonts = "".join(
        f'<w:font w:name="{face}"><w:altName w:val="{instead}"/><w:charset w:val="86"/></w:font>'
        for face, instead in FALLBACKS.items()
    )
    (part,) = [one.target_part for one in paper.part.rels.values() if one.reltype.endswith("/fontTable")]
    part._blob = f'<?xml version="1.0" encoding="UTF-8"?><w:fonts {nsdecls("w")}>{fonts}</w:fonts>'.encode()


def _number(footer: "_Footer", alignment: WD_ALIGN_PARAGRAPH) -> None:
    """— 1 — in 宋体 of 14 points, one character from the outer edge."""
    footer.is_linked_to_previous = False
    paragraph = footer.paragraphs[0]
    paragraph.alignment = alignment
    right = alignment == WD_ALIGN_PARAGRAPH.RIGHT
    indent = "right_indent" if right else "left_indent"
    setattr(paragraph.paragraph_format, indent, Pt(14))
    for piece in ("— ", None, " —"):
        run = paragraph.add_run(piece)
        run.font.size = Pt(14)
        _set_face(run, SONG)
        if piece is None:
            for kind, text in (("begin", ""), ("", " PAGE "), ("separate", ""), ("text", "1"), ("end", "")):
                tag = {"": "instrText", "text": "t"}.get(kind, "fldChar")
                attribute = f' w:fldCharType="{kind}"' if tag == "fldChar" else ' xml:space="preserve"'
                run._r.append(parse_xml(f"<w:{tag} {nsdecls('w')}{attribute}>{text}</w:{tag}>"))


def _row(table: "Table", line: str, widths: Sequence[float]) -> None:
    head = line.startswith("|!")
    texts = line.strip("|").removeprefix("!").split("|")
    row = table.add_row()  # type: ignore[no-untyped-call] # python-docx is not typed throughout
    if texts[0].startswith("="):
        row.height_rule, row.height = WD_ROW_HEIGHT_RULE.EXACTLY, Mm(float(texts.pop(0)[1:]))
    properties = row._tr.get_or_add_trPr()
    properties.append(OxmlElement("w:cantSplit"))
    if head:
        properties.append(OxmlElement("w:tblHeader"))
    cells = list(row.cells)
    for number, text in enumerate(texts):
        last = number == len(texts) - 1
        cell = cells[number].merge(cells[-1]) if last and number < len(cells) - 1 else cells[number]
        cell.width = Mm(sum(widths[number:])) if last else Mm(widths[number])
        look = _LOOK.match(text)
        words = look[1].split() if look else ["黑", "中"] if head else []
        for place, piece in enumerate(text[look.end() :].split("¶") if look else text.split("¶")):
            paragraph = cell.paragraphs[0] if place == 0 else cell.add_paragraph()
            paragraph.style = "公文表格"
            _dress(paragraph, piece.strip(), words)
        for word in words:
            if f"{word}预警" in LEVEL_BANDS:
                fill = LEVEL_BANDS[f"{word}预警"][0].removeprefix("#")
                cell._tc.get_or_add_tcPr().append(
                    parse_xml(f'<w:shd {nsdecls("w")} w:val="clear" w:color="auto" w:fill="{fill}"/>')
                )
        cell.vertical_alignment = WD_ALIGN_VERTICAL.CENTER


def _dress(paragraph: "Paragraph", text: str, words: Sequence[str]) -> None:
    """Add a text that looks as the words say."""
    run = paragraph.add_run(text)
    for word in words:
        if word in _FACES:
            _set_face(run, _FACES[word])
        elif word == "中":
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        elif word.replace(".", "").isdigit():
            run.font.size = Pt(float(word))
            paragraph.paragraph_format.line_spacing = Pt(float(word) * 1.25)
