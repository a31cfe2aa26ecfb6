"""Templates: what may stand in one, what is put into it, and what a hostile one comes to."""

import os
import re
import zipfile
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any

import pytest
from docx import Document
from docx.enum.table import WD_ROW_HEIGHT_RULE
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml.ns import nsdecls, qn
from docx.oxml.parser import parse_xml
from docx.shared import Mm, Pt

from workbook_templates.documents import document_facts
from workbook_templates.documents.docx_package import TemplateError, read_template, write_package
from workbook_templates.documents.filling import SMALLEST, DoesNotFit, bound, filled, form, whole
from workbook_templates.documents.outline import template_of

NAMES: Any = {
    "名称": None,
    "备注": None,
    "线": {"线名": None, "值": None, "段": {"段名": None}},
    "空表": {"线名": None},
}
KNOWN: Any = {
    "名称": "甲厂<&>",
    "备注": "—",
    "线": [
        {"线名": "一号", "值": "1", "段": [{"段名": "磨"}, {"段名": "烧"}]},
        {"线名": "二号", "值": "2", "段": []},
    ],
    "空表": [],
}
SHIPPED = document_facts.PLANS | document_facts.PAPERS


def saved(paper: Any) -> BytesIO:
    file = BytesIO()
    paper.save(file)
    return file


def of(*paragraphs: str) -> BytesIO:
    paper = Document()
    for text in paragraphs:
        paper.add_paragraph(text)
    return saved(paper)


def fill(file: BytesIO, data: Any = KNOWN) -> Any:
    """The document that a template comes to, opened again."""
    template = read_template(file, "试")
    out = BytesIO()
    write_package(out, template, [whole(filled(form(template, NAMES), data))])
    return Document(out)


def said(paper: Any) -> list[str]:
    return [paragraph.text for paragraph in paper.paragraphs]


@pytest.mark.parametrize(
    ("paragraphs", "expected"),
    [
        (["{{名称}}，{{ 名称 }}。"], ["甲厂<&>，甲厂<&>。"]),
        (["{{#线}}{{线名}}={{值}}（{{名称}}）{{/线}}"], ["一号=1（甲厂<&>）", "二号=2（甲厂<&>）"]),
        (["前", "{{#线}}", "{{线名}}", "值{{值}}", "{{/线}}", "后"], ["前", "一号", "值1", "二号", "值2", "后"]),
        (["{{#线}}{{线名}}", "{{#段}}{{段名}}{{/段}}", "完{{/线}}"], ["一号", "磨", "烧", "完", "二号", "完"]),
        (
            ["{{#备注}}有{{备注}}{{/备注}}", "{{^备注}}没有备注{{/备注}}", "{{#名称}}有名称{{/名称}}"],
            ["没有备注", "有名称"],
        ),
        (["{{#空表}}{{线名}}{{/空表}}", "{{^空表}}一行都没有{{/空表}}", "{{^线}}没有线{{/线}}"], ["一行都没有"]),
    ],
)
def test_marks_become_what_is_known(paragraphs: Sequence[str], expected: list[str]) -> None:
    assert said(fill(of(*paragraphs))) == expected


def test_a_mark_that_word_cut_into_runs_is_one_and_looks_like_its_beginning() -> None:
    paper = Document()
    paragraph = paper.add_paragraph("厂：")
    for piece, bold in (("{", True), ("{名", False), ("称}", False), ("}！", None)):
        paragraph.add_run(piece).bold = bold
    (filled_in,) = fill(saved(paper)).paragraphs
    assert filled_in.text == "厂：甲厂<&>！"
    assert [run.text for run in filled_in.runs if run.bold] == ["甲厂<&>"]


def test_a_table_row_is_written_for_each_item_and_an_empty_table_is_gone() -> None:
    paper = Document()
    for name, field in (("线", "值"), ("空表", "线名")):
        table = paper.add_table(rows=1, cols=2)
        table.rows[0].cells[0].text = f"{{{{#{name}}}}}{{{{线名}}}}"
        table.rows[0].cells[1].text = f"{{{{{field}}}}}{{{{/{name}}}}}"
    cell = paper.add_table(rows=1, cols=1).rows[0].cells[0]
    cell.text = "{{#空表}}{{线名}}{{/空表}}"
    done = fill(saved(paper))
    rows, blank = done.tables
    assert [[cell.text for cell in row.cells] for row in rows.rows] == [["一号", "1"], ["二号", "2"]]
    assert [paragraph.text for paragraph in blank.rows[0].cells[0].paragraphs] == [""]  # Word wants one


@pytest.mark.parametrize(
    ("paragraphs", "says"),
    [
        (["{{企业名}}"], "“{{企业名}}”不认识"),
        (["{{名称字}}"], "最接近的是“{{名称}}”"),
        (["{{线名}}"], "“{{线名}}”不认识"),
        (["{{#线}}", "{{线名}}"], "没有对应的 {{/线}}"),
        (["{{/线}}"], "没有对应的 {{#线}}"),
        (["{{#线}}", "{{#段}}", "{{/线}}", "{{/段}}"], "与别的交叉了"),
        (["{{#线}}", "{{#线}}", "{{/线}}", "{{/线}}"], "套在了自己里面"),
        (["{{名称}"], "没有写完整"),
        (["｛｛名称｝｝"], "半角的大括号"),
        (["{{线}}"], "是一张表"),
        (["前面{{#线}}{{线名}}{{/线}}"], "应写在一段的开头"),
        (["{{#线}}{{线名}}{{/线}}后面"], "应写在一段的末尾"),
    ],
)
def test_a_wrong_mark_is_named_with_its_template_in_one_line(paragraphs: Sequence[str], says: str) -> None:
    with pytest.raises(TemplateError) as error:
        fill(of(*paragraphs))
    assert (
        says in str(error.value) and str(error.value).startswith("模板“试”的占位符“") and "\n" not in str(error.value)
    )


def test_a_mark_in_a_footer_is_refused() -> None:
    paper = Document()
    paper.sections[0].footer.paragraphs[0].text = "{{名称}}"
    with pytest.raises(TemplateError, match="页眉、页脚"):
        fill(saved(paper))


def edited(edit: Callable[[dict[str, bytes]], None]) -> BytesIO:
    """A good template whose parts were changed."""
    with zipfile.ZipFile(of("{{名称}}")) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    edit(parts)
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file


def replacing(part: str, old: str, new: str) -> Callable[[dict[str, bytes]], None]:
    def edit(parts: dict[str, bytes]) -> None:
        assert old.encode() in parts[part]
        parts[part] = parts[part].replace(old.encode(), new.encode(), 1)

    return edit


def relationship(kind: str, target: str, mode: str = "") -> Callable[[dict[str, bytes]], None]:
    one = f'<Relationship Id="rIdX" Type="http://x/{kind}" Target="{target}"{mode}/></Relationships>'
    return replacing("word/_rels/document.xml.rels", "</Relationships>", one)


def bomb(parts: dict[str, bytes]) -> None:
    parts["word/media/x.png"] = b"\0" * (200 << 20)


def heavy(parts: dict[str, bytes]) -> None:
    parts["word/media/x.png"] = os.urandom(17 << 20)


RUN = '<w:r><w:instrText xml:space="preserve">{}</w:instrText></w:r>'


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (replacing("[Content_Types].xml", "wordprocessingml.document.main", "ms-word.macro"), "也许带宏"),
        (replacing("[Content_Types].xml", "document.main+xml", "template.main+xml"), "不是普通的 .docx"),
        (relationship("attachedTemplate", "http://evil/x.dotm", ' TargetMode="External"'), "指向外面的链接"),
        (relationship("image", "file:///etc/passwd", ' TargetMode="External"'), "指向外面的链接"),
        (relationship("customXml", "http://evil", ' TargetMode="External"'), "指向外面的链接"),
        (relationship("vbaProject", "settings.xml"), "打印用不着的内容（vbaProject"),
        (relationship("oleObject", "settings.xml"), "打印用不着的内容（oleObject"),
        (relationship("image", "../settings.xml"), "打印用不着的内容（image"),
        (relationship("image", "settings.xml"), "不是 .png 或 .jpg"),
        (replacing("word/document.xml", "<w:document", '<!DOCTYPE x [<!ENTITY e "x">]><w:document'), "DOCTYPE"),
        (replacing("word/document.xml", "</w:body>", ""), "用不了"),
        (
            replacing(
                "word/document.xml", "<w:body>", f"<w:body><w:p>{RUN.format('INCLU')}{RUN.format('DETEXT x')}</w:p>"
            ),
            "页码以外的域（INCLUDETEXT x）",
        ),
        (
            replacing("word/document.xml", "<w:body>", '<w:body><w:p><w:fldSimple w:instr="DDEAUTO c"/></w:p>'),
            "页码以外的域（DDEAUTO c）",
        ),
        (replacing("word/settings.xml", "<w:zoom", "<w:mailMerge/><w:zoom"), "邮件合并"),
        (bomb, "压缩炸弹"),
        (heavy, "16 MB"),
    ],
)
def test_a_hostile_template_is_refused_in_one_line(edit: Callable[[dict[str, bytes]], None], says: str) -> None:
    with pytest.raises(TemplateError) as error:
        read_template(edited(edit), "试")
    assert says in str(error.value) and str(error.value).startswith("模板“试”") and "\n" not in str(error.value)


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0" + bytes(600), b"{{x}}", b"PK\x05\x06" + bytes(18)]
)
def test_what_is_no_document_is_refused(content: bytes) -> None:
    with pytest.raises(TemplateError):
        read_template(BytesIO(content), "试")


def test_nobody_is_named_in_what_a_template_becomes() -> None:
    paper = Document()
    paper.core_properties.author = paper.core_properties.last_modified_by = "张三丰"
    paper.add_paragraph("{{名称}}")
    out = BytesIO()
    template = read_template(saved(paper), "试")
    write_package(out, template, [whole(filled(form(template, NAMES), KNOWN))])
    with zipfile.ZipFile(out) as archive:
        assert not [name for name in archive.namelist() if name.startswith(("docProps", "customXml"))]
        assert all("张三丰".encode() not in archive.read(name) for name in archive.namelist())
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def exact(text: str, millimetres: float, size: float) -> BytesIO:
    paper = Document()
    table = paper.add_table(rows=1, cols=1)
    row = table.rows[0]
    row.height_rule, row.height = WD_ROW_HEIGHT_RULE.EXACTLY, Mm(millimetres)
    row.cells[0].width = Mm(100)
    row.cells[0].paragraphs[0].add_run(text).font.size = Pt(size)
    return saved(paper)


def test_type_shrinks_in_a_row_of_exact_height_until_it_fits() -> None:
    sizes = []
    for length in (1, 20, 60, 120):
        (run,) = (
            fill(exact("{{名称}}", 20, 30), KNOWN | {"名称": "字" * length})
            .tables[0]
            .rows[0]
            .cells[0]
            .paragraphs[0]
            .runs
        )
        assert run.text == "字" * length
        sizes.append(run.font.size.pt)
    assert sizes[0] == 30 and sizes == sorted(sizes, reverse=True) and SMALLEST <= sizes[-1] < sizes[1] < 30
    with pytest.raises(DoesNotFit):
        fill(exact("{{名称}}", 20, 30), KNOWN | {"名称": "字" * 2000})


def test_a_bound_set_holds_all_documents_each_in_a_section_of_its_own() -> None:
    template = read_template(of("{{名称}}", "{{#线}}{{线名}}{{/线}}"), "试")
    own = form(template, NAMES)
    out = BytesIO()
    write_package(out, template, bound(filled(own, KNOWN | {"名称": f"厂{n}"}) for n in range(3)))
    paper = Document(out)
    assert said(paper) == [text for n in range(3) for text in (f"厂{n}", "一号", "二号")]
    assert len(paper.sections) == 3


@pytest.mark.parametrize("outline", SHIPPED)
def test_a_shipped_template_is_sound_and_always_the_same(outline: str) -> None:
    names = document_facts.plan_names() if outline in document_facts.PLANS else document_facts.paper_names()
    made = []
    for _ in range(2):
        template = read_template(BytesIO(template_of(outline)), SHIPPED[outline])
        form(template, names)
        made.append(BytesIO())
        write_package(made[-1], template, [template.parts[template.main]])
    assert made[0].getvalue() == made[1].getvalue()
    text = re.sub(r"\{\{.*?\}\}", "", parse_xml(template.parts[template.main]).xpath("string()"))
    assert "草案" in text and not re.search(r"〔[级符]〕|\[[^\]]*\]|[|¶@]", text)
    section = Document(BytesIO(template_of(outline))).sections[0]
    assert (section.page_width.mm, section.page_height.mm) == pytest.approx((210, 297), abs=0.1)
    if outline != "board":
        margins = (section.top_margin.mm, section.left_margin.mm, section.right_margin.mm, section.bottom_margin.mm)
        assert margins == pytest.approx((37, 28, 26, 35), abs=0.1)
        assert "— 1 —" in section.footer.paragraphs[0].text.replace("\t", "")
        assert section.even_page_footer.paragraphs[0].alignment != section.footer.paragraphs[0].alignment


def test_a_typeface_that_is_missing_has_one_in_its_place() -> None:
    template = read_template(BytesIO(template_of("plan")), "操作方案")
    (fonts,) = [content for part, content in template.parts.items() if part.endswith("fontTable.xml")]
    declared = {font.get(qn("w:name")): font for font in parse_xml(fonts)}
    used = set(re.findall(r'<w:rFonts[^>]*w:eastAsia="([^"]+)"', template.parts["word/styles.xml"].decode()))
    assert {"方正小标宋简体", "仿宋_GB2312", "黑体", "楷体_GB2312"} <= used
    assert used <= set(declared)
    for face in used:
        instead = declared[face].find(qn("w:altName")).get(qn("w:val"))
        assert instead and instead != face


def test_paragraphs_in_a_text_box_are_filled_once() -> None:
    paper = Document()
    box = (
        f'<w:r {nsdecls("w")} xmlns:v="urn:schemas-microsoft-com:vml"><w:pict><v:shape><v:textbox><w:txbxContent>'
        "<w:p><w:r><w:t>盒{{名称}}</w:t></w:r></w:p></w:txbxContent></v:textbox></v:shape></w:pict></w:r>"
    )
    paper.add_paragraph("外{{名称}}")._p.append(parse_xml(box))
    text = fill(saved(paper)).element.xpath("string()")
    assert text.count("甲厂<&>") == 2 and "{{" not in text


def test_a_link_on_the_page_is_refused() -> None:
    paper = Document()
    paper.add_paragraph("{{名称}}")
    paper.part.relate_to("https://example.org", RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    with pytest.raises(TemplateError, match="hyperlink"):
        read_template(saved(paper), "试")
