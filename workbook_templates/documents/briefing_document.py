"""The briefing for the leader: one A4 page, with the two charts of the overview as charts that Word can show and print."""

import re
import zipfile
from collections import Counter
from collections.abc import Sequence
from io import BytesIO
from typing import BinaryIO
from xml.sax.saxutils import quoteattr

from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.shared import Cm, Pt

from validators.findings import Finding, Severity, stops
from validators.guarantee_list import extents
from validators.meanings import Value
from validators.rule import all_rules
from validators.settlement import City, measured_against_targets
from workbook_templates.city.overview import result, write_overview
from workbook_templates.documents.paper import blank_paper, line, table
from workbook_templates.lists.guarantee_workbook import INCLUSION_GROUPS
from workbook_templates.xlsx.styles import new_workbook, styles

CHART = "http://schemas.openxmlformats.org/drawingml/2006/chart"
CHART_TYPE = "application/vnd.openxmlformats-officedocument.drawingml.chart+xml"
CHART_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/chart"
CHART_SIZE = (16.6, 7.2)
"""Width and height in centimetres."""
MOST_RULES = 5
"""Rules named of what was found most often."""


def write_briefing(file: BinaryIO, city: City, findings: Sequence[Finding], changes: str, version: int) -> None:
    """Write the page; `changes` says what changed since the version before, '' where there is none."""
    name = city.ruleset.thresholds["city_name"]
    paper = blank_paper("简报")
    paper.styles["Normal"].paragraph_format.space_after = Pt(1)
    line(paper, f"{name}{city.year}年{city.round}应急减排清单简报", 18, bold=True, centred=True)
    made = f"截至 {city.on:%Y年%m月%d日}，台账第 {version} 版" if version else f"截至 {city.on:%Y年%m月%d日}"
    line(paper, f"{name}重污染天气应急指挥部办公室　　{made}", 10, centred=True)
    for head, text in _said(city, findings, changes):
        paragraph = paper.add_paragraph()
        paragraph.paragraph_format.space_before = Pt(2)
        run = paragraph.add_run(f"{head}　")
        run.bold = True
        paragraph.add_run(text)
    line(paper, "减排比例与目标", 10.5, bold=True)
    table(paper, _targets(city), (2.8, *(1.7, 2.9) * 3))
    line(
        paper,
        "减排量单位吨/天；比例是减排量占全社会排放量的百分数，没有录入全社会排放量的算不出。比例之和是两项各自的比例相加，可以超过 100%。",
        8.5,
    )
    _charts(paper, city, findings)
    paper.save(file)


def _said(city: City, findings: Sequence[Finding], changes: str) -> list[tuple[str, str]]:
    """What the leader asks first, a sentence for each."""
    by_status: dict[str, list[str]] = {}
    for county in city.counties:
        by_status.setdefault(county.status, []).append(county.name)
    number = len(city.counties)
    filed = sum(len(by_status.get(status, ())) for status in ("已报", "迟报"))
    others = "；".join(
        f"{status} {len(names)} 个（{'、'.join(names)}）" for status, names in by_status.items() if status != "已报"
    )
    enterprises = [record for book in city.books() for record in book.tables["enterprises"]]
    lines = sum(len(book.tables["lines"]) for book in city.books())
    open_ = [one for one in findings if not one.waiver]
    errors = [one for one in open_ if one.severity >= Severity.ERROR]
    waived = len(findings) - len(open_)
    most = Counter(one.rule for one in errors).most_common(MOST_RULES)
    named = "、".join(f"{all_rules()[rule].name} {count} 处" for rule, count in most)
    grades = Counter(record.grade for record in enterprises if record.grade)
    ordered = [grade for grade in city.ruleset.values["grades"] if grades[grade]]
    guaranteed = sum(record.guaranteed == "是" for record in enterprises)
    share = guaranteed / len(enterprises) if enterprises else 0
    highest = max(extents(city, tuple(INCLUSION_GROUPS)), key=lambda one: one.share, default=None)
    most_of = f"；排放量占比最高的是{highest.county}（{highest.share:.1%}）" if highest and highest.share else ""
    whether = "还不能报省：有错误没有改正或豁免" if stops(findings) else "可以报省"
    return [
        (
            "报送",
            f"{number} 个县区中 {filed} 个已报{f'；{others}' if others else ''}。企业 {len(enterprises):,} 家，生产线 {lines:,} 条。",
        ),
        (
            "问题",
            f"未豁免的错误 {len(errors):,} 处{f'，主要是{named}' if named else ''}；已豁免 {waived} 处。{whether}。",
        ),
        ("保障类", f"{guaranteed:,} 家，占企业的 {share:.1%}{most_of}。"),
        (
            "绩效等级",
            "，".join(f"{grade} {grades[grade]:,} 家" for grade in ordered) + "。" if ordered else "没有填报。",
        ),
        ("比上一版", changes or "本年第一版，没有可比的。"),
    ]


def _targets(city: City) -> list[list[str]]:
    """A row for each pollutant, two columns for each level: the reduction, and its ratio beside the target."""
    measured = list(measured_against_targets(city))
    levels = list(dict.fromkeys(one.level for one in measured))
    rows: dict[str, dict[str, tuple[str, str]]] = {}
    for one in measured:
        sign = result(one)[0]
        ratio = "－" if one.ratio is None else f"{one.ratio:.1f}%"
        said = f"{ratio} / {one.target:g}% {'' if sign == '－' else sign}".strip()
        rows.setdefault(f"{one.name}{'（比例之和）' if one.traded else ''}", {})[one.level] = (
            f"{one.reduction:.3f}",
            said,
        )
    heads = [text for level in levels for text in (f"{level}减排", "比例 / 目标")]
    return [
        ["污染物", *heads],
        *([name, *(text for level in levels for text in own.get(level, ("", "")))] for name, own in rows.items()),
    ]


def _charts(paper: object, city: City, findings: Sequence[Finding]) -> None:
    """The charts of the overview, one below the other; their numbers go with them, without a workbook behind."""
    made = BytesIO()
    book = new_workbook(made)
    write_overview(book, styles(book), city, findings, ())
    book.close()
    with zipfile.ZipFile(made) as package:
        names = sorted(name for name in package.namelist() if re.fullmatch(r"xl/charts/chart\d+\.xml", name))
        drawings = [package.read(name) for name in names]
    paragraph = paper.add_paragraph()  # type: ignore[attr-defined] # python-docx is not typed throughout
    main = paper.part  # type: ignore[attr-defined]
    width, height = (int(Cm(size)) for size in CHART_SIZE)
    for number, content in enumerate(drawings, 1):
        part = Part(PackURI(f"/word/charts/chart{number}.xml"), CHART_TYPE, content, main.package)
        relation = main.relate_to(part, CHART_RELATION)
        title: Value = f"图 {number}"
        paragraph.add_run()._r.append(
            parse_xml(
                '<w:drawing xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
                'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
                'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
                'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
                f'<wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent cx="{width}" cy="{height}"/>'
                f'<wp:docPr id="{number}" name={quoteattr(str(title))}/><wp:cNvGraphicFramePr/>'
                f'<a:graphic><a:graphicData uri="{CHART}"><c:chart xmlns:c="{CHART}" r:id="{relation}"/>'
                "</a:graphicData></a:graphic></wp:inline></w:drawing>"
            )
        )
