"""The visit list that a draw gives, printed on A4, and beside it how the draw was made."""

import datetime as dt
from collections.abc import Sequence
from typing import BinaryIO

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from validators.lottery import METHOD, Draw
from validators.meanings import Value
from validators.ruleset import RuleSet
from workbook_templates.xlsx import appearance
from workbook_templates.xlsx.styles import Style, new_workbook, put, styles, text_width

LIST, PROCESS, LEFT_OUT = "现场核查名单", "抽签过程", "不列入"
LIST_HEADS = (
    ("序号", 6.0), ("区县", 12.0), ("清单编号", 16.0), ("企业名称", 26.0), ("厂区名称", 10.0), ("详细地址", 22.0),
    ("重点行业", 13.0), ("申报等级", 9.0), ("核查方式", 10.0), ("核查日期", 11.0), ("核查人员", 13.0), ("核查结果", 18.0),
)  # fmt: skip
"""The last three are filled in by hand."""
BY_HAND = 3
QUEUE_HEADS = (
    ("队列号", 9.0), ("区划代码", 10.0), ("重点行业", 20.0), ("清单编号", 17.0), ("申报等级", 9.0),
    ("“种子|清单编号”的 SHA-256", 66.0), ("余数", 9.0), ("结果", 9.0),
)  # fmt: skip
LEFT_HEADS = (("区县", 14.0), ("清单编号", 17.0), ("企业名称", 34.0), ("申报等级", 9.0), ("为什么", 44.0))
BLANK_HEIGHT = 30.0
"""Points of a row of the list: room to write by hand."""


def write_visits(file: BinaryIO, made: Draw, ruleset: RuleSet, source: str, created: dt.date) -> None:
    """Write the workbook into an open file; `source` says where the ratio is from."""
    book = new_workbook(file)
    book.set_properties({"created": dt.datetime.combine(created, dt.time()), "comments": "qingdan"})
    style = styles(book)
    _list(book, style, made, ruleset)
    _process(book, style, made, source)
    if made.left_out:
        rows: list[tuple[Value, ...]] = [
            (owner.county_name, one.list_id, one.name, one.applied_grade, why) for owner, one, why in made.left_out
        ]
        sheet = _sheet(book, LEFT_OUT, LEFT_HEADS)
        _rows(sheet, style, LEFT_HEADS, 0, rows, height=None)
        sheet.repeat_rows(0)
    book.close()


def _sheet(book: Workbook, title: str, heads: Sequence[tuple[str, float]]) -> Worksheet:
    """A sheet that is printed on A4 landscape pages of its width."""
    sheet = book.add_worksheet(title)
    for place, (_, width) in enumerate(heads):
        sheet.set_column(place, place, width)
    sheet.set_landscape()
    sheet.set_paper(appearance.PAPER_A4)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
    sheet.set_footer("&C第 &P 页，共 &N 页")
    return sheet


def _rows(
    sheet: Worksheet,
    style: Style,
    heads: Sequence[tuple[str, float]],
    row: int,
    rows: Sequence[Sequence[Value]],
    *,
    height: float | None,
) -> None:
    """Heads in a 0-based row and the rows below them; without a height each is as high as its texts are."""
    edge = {"border": 1, "border_color": appearance.LINE, "text_wrap": True}
    head = style(**edge, **appearance.HEAD, align="center")
    plain = style(**edge)
    for place, (text, _) in enumerate(heads):
        sheet.write_string(row, place, text, head)
    for number, values in enumerate(rows, row + 1):
        sheet.set_row(number, height)
        for place, value in enumerate(values):
            put(sheet, number, place, value, plain)


def _list(book: Workbook, style: Style, made: Draw, ruleset: RuleSet) -> None:
    sheet = _sheet(book, LIST, LIST_HEADS)
    title = style(font_name=appearance.HEAD_FONT, font_size=18, font_color=appearance.INK)
    name = f"{ruleset.thresholds['city_name']}{ruleset.year}年重点行业企业绩效分级　{LIST}"
    sheet.set_row(0, 32)
    sheet.write_string(0, 0, name, title)
    each = sum(site.number is None for site in made.sites)
    said = f"逐个核查 {each} 个，按比例抽中 {made.quota} 个（共 {made.population} 个）。怎样抽的见《{PROCESS}》。"
    sheet.write_string(1, 0, said, style(font_color=appearance.GREY))
    rows: list[tuple[Value, ...]] = []
    for number, site in enumerate(made.visits, 1):
        one = site.application
        rows.append(
            (
                number,
                site.book.county_name,
                one.list_id,
                one.name,
                one.site,
                one.address,
                one.industry,
                one.applied_grade,
                site.how,
                *[None] * BY_HAND,
            )
        )
    _rows(sheet, style, LIST_HEADS, 2, rows, height=BLANK_HEIGHT)
    sheet.repeat_rows(2)
    sheet.freeze_panes(3, 4)


def _process(book: Workbook, style: Style, made: Draw, source: str) -> None:
    sheet = _sheet(book, PROCESS, QUEUE_HEADS)
    width = sum(width for _, width in QUEUE_HEADS)
    facts = (
        f"种子：{made.seed}",
        f"比例：{float(made.ratio):g}%（{source}）",
        f"名单的 SHA-256：{made.list_sha256}",
        f"N＝{made.population}，K＝{made.quota}，T＝{made.start}",
    )
    plain = style(text_wrap=True, valign="top")
    row = 0
    for text in ("抽签的数据", *facts, "抽签的方法，任何人可以照做", *METHOD):
        heading = text.startswith("抽签的")
        look = style(font_name=appearance.HEAD_FONT, font_size=13, font_color=appearance.INK) if heading else plain
        sheet.merge_range(row, 0, row, len(QUEUE_HEADS) - 1, "", look)
        sheet.write_string(row, 0, text, look)
        sheet.set_row(row, 15 * (1 + int(text_width(text) / (width - 2))) + 4)
        row += 1
    rows: list[tuple[Value, ...]] = [
        (
            site.number,
            site.book.county,
            site.application.industry,
            site.application.list_id,
            site.application.applied_grade,
            site.hash,
            site.rest,
            site.how,
        )
        for site in made.sites
        if site.number is not None
    ]
    _rows(sheet, style, QUEUE_HEADS, row, rows, height=None)
    sheet.repeat_rows(row)
