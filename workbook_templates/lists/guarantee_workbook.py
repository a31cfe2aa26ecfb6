"""The list of guaranteed enterprises and projects: by category, what may run, who decides, and how counties rank."""

import datetime as dt
from collections.abc import Callable, Sequence
from math import ceil
from typing import Any, BinaryIO

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from validators.columns import POLLUTANT_NAMES, POLLUTANTS, SHEETS
from validators.findings import Severity
from validators.guarantee_list import FILED, NOT_FILED, OTHERWISE, Extent, Guaranteed, extents, guaranteed
from validators.meanings import Value, number_text
from validators.settlement import City
from workbook_templates.xlsx import appearance
from workbook_templates.xlsx.styles import Style, new_workbook, put, styles, text_width

INCLUSION_GROUPS = {"应当": "应当纳入", "可以": "可以纳入", OTHERWISE: OTHERWISE}
"""Groups of categories, and the sheet of each."""
OVERVIEW = "概况"
GUARANTEE_HEADS = (
    ("序号", 7.0), ("保障类别", 24.0), ("区县", 16.0), ("名称", 30.0), ("清单编号", 17.0), ("重点行业", 16.0),
    ("绩效等级", 10.0), (SHEETS["guarantee"]["task"].header, 28.0), ("准许运行的生产线", 36.0), ("最大允许生产负荷", 16.0),
    ("应由谁确定", 24.0), (SHEETS["guarantee"]["decided_by"].header, 24.0), (SHEETS["guarantee"]["decided_on"].header, 12.0),
    ("报部备案", 13.0), (SHEETS["guarantee"]["valid_until"].header, 12.0),
)  # fmt: skip
MATCH, _WRONG = "✓", "✗"
_CHART_ROWS = 17


def write_guarantee(file: BinaryIO, city: City) -> None:
    """Write the workbook into an open file."""
    rows = list(guaranteed(city))
    book = new_workbook(file)
    book.set_properties({"created": dt.datetime.combine(city.filled_on, dt.time()), "comments": "qingdan"})
    style = styles(book)
    _overview(book, style, city, rows, list(extents(city, tuple(INCLUSION_GROUPS))))
    categories = list(city.ruleset.values["guarantee"])
    for group, title in INCLUSION_GROUPS.items():
        own = [one for one in rows if one.group == group]
        own.sort(key=lambda one: categories.index(one.record.guarantee_category))
        _list(book, style, title, own)
    if other := [one for one in rows if one.group not in INCLUSION_GROUPS]:
        _list(book, style, "类别待补", other)
    book.close()


def mismatched(one: Guaranteed) -> bool:
    """Whether another office decided than the one whose decision it is."""
    return bool(one.due and one.record.decided_by and one.due != one.record.decided_by)


def _list(book: Workbook, style: Style, title: str, rows: Sequence[Guaranteed]) -> None:
    sheet = book.add_worksheet(title)
    edge = {"border": 1, "border_color": appearance.LINE, "valign": "top", "text_wrap": True}
    plain, day = style(**edge), style(**edge, num_format=appearance.DAY)
    wrong = style(**edge, bold=True, font_color=appearance.SEVERITY_LOOKS[Severity.ERROR][1])
    _page(sheet, style, GUARANTEE_HEADS, repeat=True)
    for number, one in enumerate(rows, 1):
        record, enterprise = one.record, one.enterprise
        load = f"{number_text(record.max_load)} {record.load_unit or ''}" if record.max_load is not None else None
        decided = f"{_WRONG if mismatched(one) else MATCH} {record.decided_by}" if record.decided_by else None
        values: tuple[Value, ...] = (
            number,
            record.guarantee_category,
            one.book.county_name,
            record.name,
            record.list_id,
            enterprise.industry if enterprise else None,
            enterprise.grade if enterprise else None,
            record.task,
            "；".join(f"{line.line_name or ''}（{line.line_id}）" for line in one.lines) or None,
            load,
            one.due or "信息不全，不能判断",
            decided,
            record.decided_on,
            one.filing,
            record.valid_until,
        )
        for place, value in enumerate(values):
            bad = value is not None and str(value).startswith(_WRONG)
            put(sheet, number, place, value, day if isinstance(value, dt.date) else wrong if bad else plain)
        longest = max(
            ceil(text_width(str(value or "")) / (GUARANTEE_HEADS[place][1] - 1)) for place, value in enumerate(values)
        )
        sheet.set_row(number, min(15 * max(longest, 1) + 3, 400))
    sheet.autofilter(0, 0, max(len(rows), 1), len(GUARANTEE_HEADS) - 1)
    sheet.freeze_panes(1, 4)


def _page(sheet: Worksheet, style: Style, heads: Sequence[tuple[str, float]], *, repeat: bool) -> None:
    """Heads in the first row of a list, printed on A3 landscape pages of its width."""
    look = _head(style)
    sheet.set_row(0, 32)
    for place, (head, width) in enumerate(heads):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, head, look)
    sheet.set_landscape()
    sheet.set_paper(appearance.PAPER_A3)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _head(style: Style) -> Any:  # noqa: ANN401 - XlsxWriter ships no types
    return style(
        **appearance.HEAD,
        border=1,
        border_color=appearance.HEAD_LINE,
        align="center",
        text_wrap=True,
    )


def _overview(book: Workbook, style: Style, city: City, rows: Sequence[Guaranteed], counties: Sequence[Extent]) -> None:
    sheet = book.add_worksheet(OVERVIEW)
    sheet.set_column(0, 0, 8)
    sheet.set_column(1, 1, 28)
    sheet.set_column(2, 9, 13)
    sheet.hide_gridlines(2)
    sheet.set_row(0, 34)
    name = city.ruleset.thresholds["city_name"]
    title = style(font_name=appearance.HEAD_FONT, font_size=18, font_color=appearance.INK)
    sheet.write_string(0, 0, f"{name}{city.year}年{city.round}　保障类企业和重点工程名单", title)
    grey = style(font_color=appearance.GREY)
    notes = (
        f"规则集：{city.ruleset.thresholds['ruleset_name']}　　截至 {city.on}　　各类的名单见后面各表。",
        "预警期间仅准许从事名单所列的保障任务；一个厂区有几项任务的，家数只算一家。",
        "应由省生态环境厅确定的（重点行业内的企业，承担协同处置的企业）要报生态环境部备案。",
    )
    for row, note in enumerate(notes, 1):
        sheet.write_string(row, 0, note, grey)
    row = _categories(sheet, style, city, rows, len(notes) + 2)
    row = _ranking(
        book, sheet, style, "二、各区县按家数排名（与该县企业数之比）", counties, row, _number_row, 2, "保障类家数"
    )
    _ranking(
        book,
        sheet,
        style,
        "三、各区县按排放量占比排名（正常生产时的日排放量）",
        counties,
        row,
        _share_row,
        4,
        "保障类占全县日排放量的比例",
    )
    sheet.set_landscape()
    sheet.set_paper(appearance.PAPER_A3)
    sheet.fit_to_pages(1, 0)
    sheet.activate()


def _table(sheet: Worksheet, style: Style, row: int, title: str, heads: Sequence[str]) -> int:
    """A title and heads from a 0-based row on; returns the row below them."""
    sheet.write_string(row, 0, title, style(font_name=appearance.HEAD_FONT, font_size=13, font_color=appearance.INK))
    sheet.set_row(row + 1, 46)
    for place, head in enumerate(heads):
        sheet.write_string(row + 1, place, head, _head(style))
    return row + 2


def _categories(sheet: Worksheet, style: Style, city: City, rows: Sequence[Guaranteed], row: int) -> int:
    offices = list(dict.fromkeys(line["fixed_by"] for line in city.ruleset.tables["guarantee"]))
    heads = ("", "保障类别", "家数", *(f"应由{office}确定" for office in offices), "报部：已报", "报部：应报未报")
    row = _table(sheet, style, row, "一、分类", heads)
    edge = {"border": 1, "border_color": appearance.LINE}
    plain, sum_ = style(**edge), style(**edge, bold=True, bg_color=appearance.OWN)

    def line(row: int, group: str, category: str, own: Sequence[Guaranteed], look: Any) -> None:  # noqa: ANN401 - as above
        values: tuple[Value, ...] = (
            group,
            category,
            len({(id(one.book), one.record.list_id) for one in own}),
            *(sum(one.due == office for one in own) for office in offices),
            sum(one.filing == FILED for one in own),
            sum(one.filing == NOT_FILED for one in own),
        )
        for place, value in enumerate(values):
            put(sheet, row, place, value, look)

    for group, title in INCLUSION_GROUPS.items():
        of_group = [one for one in rows if one.group == group]
        for category in city.ruleset.tables["guarantee"]:
            if (category["duty"] or OTHERWISE) == group:
                own = [one for one in of_group if one.record.guarantee_category == category["category"]]
                line(row, group, category["category"], own, plain)
                row += 1
        line(row, group, f"{title}　合计", of_group, sum_)
        row += 1
    line(row, "", "总计", rows, sum_)
    return row + 2


RankRow = Callable[[Extent], tuple[float, tuple[Value, ...]]]
"""What a county is ranked by, most first, and its cells after rank and name."""
NUMBER_HEADS = (
    "名次",
    "区县",
    "家数",
    *(f"其中{title}" for title in INCLUSION_GROUPS.values()),
    "企业总数",
    "占企业数",
)
SHARE_HEADS = (
    "名次", "区县", "保障类（kg/d）", "全县（kg/d）", "占比", *(f"{POLLUTANT_NAMES[name]}占比" for name in POLLUTANTS)
)  # fmt: skip


def _number_row(one: Extent) -> tuple[float, tuple[Value, ...]]:
    share = one.number / one.enterprises if one.enterprises else None
    return one.number, (one.number, *(one.numbers[group] for group in INCLUSION_GROUPS), one.enterprises, share)


def _share_row(one: Extent) -> tuple[float, tuple[Value, ...]]:
    parts = [one.kept[name] / one.whole[name] if one.whole[name] else None for name in POLLUTANTS]
    return one.share, (sum(one.kept.values()), sum(one.whole.values()), one.share, *parts)


def _ranking(
    book: Workbook,
    sheet: Worksheet,
    style: Style,
    title: str,
    counties: Sequence[Extent],
    row: int,
    made: RankRow,
    shown: int,
    chart_title: str,
) -> int:
    """A ranking of the counties with its chart of the column `shown`; returns the row below both."""
    heads = NUMBER_HEADS if made is _number_row else SHARE_HEADS
    first = _table(sheet, style, row, title, heads)
    edge = {"border": 1, "border_color": appearance.LINE}
    looks = [
        style(
            **edge,
            num_format="0.0%"
            if head.startswith("占") or head.endswith("占比")
            else "#,##0.0"
            if "kg" in head
            else "General",
        )
        for head in heads
    ]
    ranked = sorted(((*made(one), one.county) for one in counties), key=lambda item: -item[0])
    by = [item[0] for item in ranked]
    for place, (value, cells, county) in enumerate(ranked):
        for column, cell in enumerate((by.index(value) + 1, county, *cells)):
            put(sheet, first + place, column, cell, looks[column])
    last = first + max(len(ranked), 1) - 1
    chart = book.add_chart({"type": "bar"})
    chart.add_series(
        {
            "categories": [OVERVIEW, first, 1, last, 1],
            "values": [OVERVIEW, first, shown, last, shown],
            "fill": {"color": appearance.INK},
            "gap": 60,
            "data_labels": {"value": True, "font": {"name": appearance.BODY_FONT, "size": 9}},
        }
    )
    font = {"name": appearance.BODY_FONT, "size": 9}
    chart.set_title({"name": chart_title, "name_font": {"name": appearance.HEAD_FONT, "size": 12, "bold": False}})
    chart.set_legend({"none": True})
    chart.set_y_axis({"reverse": True, "num_font": font})
    number = "0%" if made is _share_row else "0"
    chart.set_x_axis(
        {"num_font": font, "num_format": number, "major_gridlines": {"visible": True, "line": {"color": "#D9D9D9"}}}
    )
    chart.set_size({"width": 620, "height": 20 * _CHART_ROWS})
    sheet.insert_chart(row, 10, chart, {"x_offset": 8, "object_position": 1})
    return max(last + 2, row + _CHART_ROWS + 2)
