"""The first sheet of the city workbook: who has filed, what conflicts, whether the targets are met, in tables and charts."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from validators.columns import LEVEL_NAMES
from validators.deadlines import SOON, duties
from validators.findings import Finding, Severity, stops
from validators.meanings import Value
from validators.settlement import EVEN, City, County, Measured, crossings, measured_against_targets
from workbook_templates.xlsx import appearance
from workbook_templates.xlsx.styles import Style, put

_TITLE = "总览"
_WIDTHS = (2.0, 25.0, 10.0, 9.0, 12.0, *([9.5] * 16))
_COUNTY_HEADS = (
    "区县", "状态", "版次", "填报日期", "企业数", "生产线数", "未豁免的错误", "已豁免", "提醒", "保障类企业", "保障类占比",
)  # fmt: skip
TARGET_HEADS = ("预警级别", "污染物", "减排量（t/d）", "全社会排放量（t/d）", "减排比例（%）", "目标（%）")
POLLUTANT, REDUCTION, _RATIO, TARGET = 2, 3, 5, 6
"""0-based columns of the targets that the chart shows."""
LEVEL_COLOURS = dict(zip(LEVEL_NAMES.values(), ("#E3B505", "#E07A1F", "#C0392B"), strict=True))
GRADE_COLOURS = ("#1E8449", "#52BE80", "#2E86C1", "#85C1E9", "#F5B041", "#CA6F1E", "#A93226", "#AEB6BF", "#D7DBDD")
_CHART_ROWS = 19
"""Rows that a chart takes."""


def write_overview(
    book: Workbook,
    style: Style,
    city: City,
    findings: Sequence[Finding],
    notes: Sequence[str],
    untaken: Sequence[str] = (),
) -> None:
    """Add the overview as the first sheet; `notes` are said under the title.

    `untaken` are the sheets, one for each decision, on which what was typed could not be taken.
    """
    sheet = book.add_worksheet(_TITLE)
    for place, width in enumerate(_WIDTHS):
        sheet.set_column(place, place, width)
    sheet.hide_gridlines(2)
    sheet.set_row(0, 36)
    name = city.ruleset.thresholds["city_name"]
    sheet.write_string(
        0,
        1,
        f"{name}{city.year}年{city.round}应急减排清单　全市汇总",
        style(font_name=appearance.HEAD_FONT, font_size=20, font_color=appearance.INK),
    )
    grey = style(font_color=appearance.GREY)
    row = 1
    for note in notes:
        sheet.write_string(row, 1, note, grey)
        row += 1
    measured = list(measured_against_targets(city))
    row = _answers(sheet, style, city, findings, measured, untaken, row + 1)
    row = _deadlines(sheet, style, city, row + 1)
    row = _counties(book, sheet, style, city, findings, row + 1)
    last = _targets(book, sheet, style, measured, row + 1)
    sheet.set_landscape()
    sheet.set_paper(appearance.PAPER_A4)
    sheet.fit_to_pages(1, 0)
    sheet.print_area(0, 0, last, len(_WIDTHS) - 1)
    sheet.set_h_pagebreaks([row + 1])  # the charts stand on a page with the targets
    sheet.set_margins(0.4, 0.4, 0.6, 0.6)
    office = f"{name}重污染天气应急指挥部办公室"
    sheet.set_footer(f"&L{office}&C第 &P 页，共 &N 页&R汇总日期 {city.on}")
    sheet.set_tab_color(appearance.INK)
    sheet.activate()


def _section(sheet: Worksheet, style: Style, row: int, text: str) -> int:
    look = style(font_name=appearance.HEAD_FONT, font_size=12, font_color="#FFFFFF", bg_color=appearance.INK)
    sheet.set_row(row, 22)
    for place in range(1, len(_WIDTHS)):
        sheet.write_blank(row, place, None, look)
    sheet.write_string(row, 1, text, look)
    return row + 1


def _heads(sheet: Worksheet, style: Style, row: int, heads: Sequence[str]) -> int:
    look = style(
        **appearance.HEAD,
        border=1,
        border_color=appearance.HEAD_LINE,
        align="center",
        text_wrap=True,
    )
    sheet.set_row(row, 32)
    for place, head in enumerate(heads, 1):
        sheet.write_string(row, place, head, look)
    return row + 1


def _across(sheet: Worksheet, row: int, first: int, last: int, text: str, look: Format) -> None:
    """A text in merged cells; given to `merge_range` it might become a link or a formula."""
    sheet.merge_range(row, first, row, last, "", look)
    sheet.write_string(row, first, text, look)


def _answers(
    sheet: Worksheet,
    style: Style,
    city: City,
    findings: Sequence[Finding],
    measured: Sequence[Measured],
    untaken: Sequence[str],
    row: int,
) -> int:
    """The four questions that are asked first."""
    row = _section(sheet, style, row, "一、先看这里")
    by_status: dict[str, list[str]] = {}
    for county in city.counties:
        by_status.setdefault(county.status, []).append(county.name)
    missing = [
        f"{status}：{'、'.join(by_status[status])}"
        for status in ("未报", "无法读取", "已剔除", "迟报")
        if status in by_status
    ]
    pairs = len(crossings(city)) + len(city.clashes)
    failed = [f"{one.level}{one.name}" for one in measured if result(one)[0] in "✗！"]
    unknown = all(one.ratio is None for one in measured)
    errors = [finding for finding in findings if finding.severity >= Severity.ERROR and not finding.waiver]
    places = {county.handed.file: county.name for county in city.counties if county.handed}
    per_county = Counter(places.get(finding.file or "", "全市") for finding in errors)
    fix = "、".join(f"{name} {count} 处" for name, count in per_county.items())
    unread = [handed.file for handed in city.files if handed.book is None]
    unread += [file for file, _ in city.imports.unread]
    slips = "、".join(f"《{title}》{number} 条" for title, number in Counter(untaken).items())
    said = f"{slips}，红底的格要补正；补正之前没有采用。"
    lines = (
        *([("录入的决定没写全", said, untaken[0])] if untaken else []),
        ("谁还没交", "；".join(missing) or "都已按时报来。", "提交情况"),
        *([("哪些文件读不了", f"{'、'.join(unread)}。请重报后换下。", "文件情况")] if unread else []),
        ("有什么冲突", f"{pairs} 处还没有裁定，两行并列，在那里裁定。" if pairs else "没有未裁定的冲突。", "冲突清单"),
        (
            "减排是否达标",
            "还没有录入全社会排放量，不能判断。"
            if unknown
            else f"低于目标：{'、'.join(failed)}。"
            if failed
            else "各项都达到目标。",
            "全社会排放",
        ),
        (
            "各县区要改什么",
            f"{fix}。按“区县”筛选可看一个县的全部问题。" if errors else "没有未豁免的错误。",
            "问题清单",
        ),
        ("能不能导出", "不能：还有错误没有改正或豁免。" if stops(findings) else "可以导出报省清单。", "问题清单"),
    )
    label = style(font_name=appearance.HEAD_FONT, bottom=1, bottom_color=appearance.LINE)
    plain = style(bottom=1, bottom_color=appearance.LINE)
    link = style(bottom=1, bottom_color=appearance.LINE, font_color=appearance.LINK, underline=1)
    for question, answer, where in lines:
        sheet.set_row(row, 20)
        for place in range(1, len(_WIDTHS)):
            sheet.write_blank(row, place, None, plain)
        sheet.write_string(row, 1, question, label)
        sheet.write_url(row, 2, f"internal:'{where}'!A1", link, f"→{where}")
        sheet.write_string(row, 4, answer, plain)
        row += 1
    return row


def _deadlines(sheet: Worksheet, style: Style, city: City, row: int) -> int:
    row = _section(sheet, style, row, f"二、期限（以 {city.on} 计）")
    row = _heads(sheet, style, row, ("事项", "谁", "轮次", "期限", "余下天数"))
    edge = {"border": 1, "border_color": appearance.LINE}
    plain, day = style(**edge), style(**edge, num_format=appearance.DAY, align="center")
    for duty in duties(city.ruleset, city.on):
        look = style(**edge, bg_color="#FFEFC2") if 0 <= duty.left <= SOON else plain
        values: tuple[Value, ...] = (duty.what, duty.who, duty.round, duty.due, duty.state)
        for place, value in enumerate(values, 1):
            put(sheet, row, place, value, day if isinstance(value, dt.date) else look)
        row += 1
    return row


def _county_row(county: County, findings: Sequence[Finding], grades: Sequence[str]) -> list[Value]:
    book = county.handed.book if county.handed else None
    if book is None:
        return [county.name, county.status]
    own = [finding for finding in findings if finding.file == book.file]
    enterprises = book.tables["enterprises"]
    guaranteed = sum(record.guaranteed == "是" for record in enterprises)
    count = Counter(record.grade for record in enterprises)
    errors = [finding for finding in own if finding.severity >= Severity.ERROR]
    return [
        county.name,
        county.status,
        book.revision,
        book.facts.get("filled_on"),
        len(enterprises),
        len(book.tables["lines"]),
        sum(not one.waiver for one in errors),
        sum(bool(one.waiver) for one in errors),
        sum(one.severity == Severity.WARNING for one in own),
        guaranteed,
        guaranteed / len(enterprises) if enterprises else None,
        *(count[grade] or None for grade in grades),
    ]


def _counties(book: Workbook, sheet: Worksheet, style: Style, city: City, findings: Sequence[Finding], row: int) -> int:
    row = _section(sheet, style, row, "三、各县区")
    grades = city.ruleset.values["grades"]
    row = _heads(sheet, style, row, (*_COUNTY_HEADS, *grades))
    edge = {"border": 1, "border_color": appearance.LINE}
    looks: dict[str, Format] = {
        "已报": style(**edge, bg_color="#E2F0D9"),
        "迟报": style(**edge, bg_color="#FFEFC2"),
        "未报": style(**edge, bg_color="#FBD5D5"),
        "无法读取": style(**edge, bg_color="#FBD5D5"),
        "已剔除": style(**edge, bg_color=appearance.OWN),
    }
    plain, day = style(**edge), style(**edge, num_format=appearance.DAY, align="center")
    share = style(**edge, num_format="0.0%")
    wrong = style(**edge, font_color=appearance.SEVERITY_LOOKS[Severity.ERROR][1], bold=True)
    first = row
    rows = [_county_row(county, findings, grades) for county in city.counties]
    width = len(_COUNTY_HEADS) + len(grades)
    for values in rows:
        for place in range(width):
            value = values[place] if place < len(values) else None
            head = _COUNTY_HEADS[place] if place < len(_COUNTY_HEADS) else ""
            look = looks[str(value)] if head == "状态" else day if head == "填报日期" else plain
            look = share if head == "保障类占比" else wrong if head == "未豁免的错误" and value else look
            put(sheet, row, place + 1, value, look)
        row += 1
    adopted = {one.book.file for one in city.adopted if one.book}
    own = [finding for finding in findings if finding.file not in adopted]
    if own:  # of the city as a whole, or of files that are not taken
        errors = [finding for finding in own if finding.severity >= Severity.ERROR]
        whole: list[Value] = [
            "全市和未采用的文件",
            *[None] * 5,
            sum(not one.waiver for one in errors),
            sum(bool(one.waiver) for one in errors),
            sum(one.severity == Severity.WARNING for one in own),
        ]
        for place in range(width):
            put(sheet, row, place + 1, whole[place] if place < len(whole) else None, plain)
        rows.append(whole)
        row += 1
    sums = [sum(int(v[place] or 0) for v in rows if len(v) > place) for place in range(4, width)]  # type: ignore[arg-type, misc] # counts
    total: list[Value] = ["全市", None, None, None, *sums]
    total[10] = sums[5] / sums[0] if sums[0] else None
    for place, value in enumerate(total):
        number = {"num_format": "0.0%"} if place == 10 else {}
        put(sheet, row, place + 1, value, style(**edge, bold=True, bg_color=appearance.OWN, **number))
    counties = row - (1 if own else 0)
    present = [
        offset
        for offset in range(len(grades))
        if any(len(values) > len(_COUNTY_HEADS) + offset and values[len(_COUNTY_HEADS) + offset] for values in rows)
    ]
    if not present:  # nothing could be adopted
        return row + 1
    chart = book.add_chart({"type": "bar", "subtype": "stacked"})  # lying, so that long names do not take its room
    for offset in present:
        place = 1 + len(_COUNTY_HEADS) + offset
        chart.add_series(
            {
                "name": [_TITLE, first - 1, place],
                "categories": [_TITLE, first, 1, counties - 1, 1],
                "values": [_TITLE, first, place, counties - 1, place],
                "fill": {"color": GRADE_COLOURS[offset % len(GRADE_COLOURS)]},
                "gap": 60,
            }
        )
    _finish(chart, "各县区企业的绩效等级（家）")
    chart.set_y_axis(
        {
            "num_font": _FONT,
            "reverse": True,
            "interval_unit": 1,
            "major_gridlines": {"visible": False},
            "major_tick_mark": "none",
        }
    )
    chart.set_x_axis(
        {
            "num_font": _FONT,
            "num_format": "0",
            "major_gridlines": _GRID,
            "label_position": "high",
            "major_tick_mark": "none",
        }
    )
    sheet.insert_chart(row + 3, 10, chart, {"x_offset": 6, "object_position": 1})
    return row + 1


_FONT = {"name": appearance.BODY_FONT, "size": 9}
_GRID = {"visible": True, "line": {"color": "#D9D9D9"}}


def _finish(chart: Any, title: str) -> None:  # noqa: ANN401 - XlsxWriter ships no types
    chart.set_title({"name": title, "name_font": {"name": appearance.HEAD_FONT, "size": 12, "bold": False}})
    chart.set_legend({"position": "bottom", "font": _FONT})
    chart.set_x_axis({"num_font": _FONT, "major_tick_mark": "none"})
    chart.set_y_axis({"num_font": _FONT, "num_format": "0", "major_gridlines": _GRID, "major_tick_mark": "none"})
    chart.set_size({"width": 760, "height": 18 * _CHART_ROWS + 20})


def result(one: Measured) -> str:
    """Whether a target is met, with its symbol."""
    if one.ratio is None:
        return "－ 未录入全社会排放量"
    if one.ratio >= one.target - EVEN:
        return "✓ 达标"
    if one.held_by_sum:
        return "→ 可调剂，看两者之和"
    return "✗ 低于目标" if one.verified else "！ 低于目标（目标待核实）"


def _targets(book: Workbook, sheet: Worksheet, style: Style, measured: Sequence[Measured], row: int) -> int:
    """The charts and the table of targets; returns the last row."""
    charts = row
    row = _section(sheet, style, row + _CHART_ROWS + 3, "五、减排量与目标（颗粒物含扬尘）")
    row = _heads(sheet, style, row, TARGET_HEADS)
    head = style(
        **appearance.HEAD,
        border=1,
        border_color=appearance.HEAD_LINE,
        align="center",
    )
    last = len(_WIDTHS) - 1
    _across(sheet, row - 1, TARGET + 1, TARGET + 3, "结果", head)
    _across(sheet, row - 1, TARGET + 4, last, "目标出处", head)
    edge = {"border": 1, "border_color": appearance.LINE}
    plain, tons, percent = style(**edge), style(**edge, num_format="0.000"), style(**edge, num_format="0.00")
    places: dict[str, list[int]] = {}
    addresses: list[str] = []
    for one in measured:
        if not one.traded:
            places.setdefault(one.level, []).append(row)
        said = result(one)
        ground = {"✓": "#E2F0D9", "✗": "#FBD5D5", "！": "#FFEFC2"}.get(said[0], "#FFFFFF")
        put(sheet, row, 1, f"{one.level}{'（比例之和）' if one.traded else ''}", plain)
        put(sheet, row, POLLUTANT, one.name, plain)
        put(sheet, row, REDUCTION, one.reduction, tons)
        put(sheet, row, REDUCTION + 1, one.emission or None, tons)
        put(sheet, row, _RATIO, one.ratio, percent)
        put(sheet, row, TARGET, one.target, plain)
        _across(sheet, row, TARGET + 1, TARGET + 3, said, style(**edge, bg_color=ground))
        _across(sheet, row, TARGET + 4, last, _document(one.source, addresses), plain)
        row += 1
    grey = style(font_color=appearance.GREY, font_size=9)
    notes = ["比例之和是 SO2、NOx 两项各自的比例相加，可以超过 100%；可调剂的两项不单独判定，看两者之和。"]
    notes += [f"注{number}：{address}" for number, address in enumerate(addresses, 1)]
    for note in notes:
        sheet.write_string(row, 1, note, grey)
        row += 1
    known = any(one.ratio is not None for one in measured)
    shown = _RATIO if known else REDUCTION
    _section(sheet, style, charts, "四、图")
    chart = book.add_chart({"type": "column"})
    lines = book.add_chart({"type": "line"})
    for level, rows in places.items():
        span = (rows[0], rows[-1])
        chart.add_series(
            {
                "name": f"{level}预警",
                "categories": [_TITLE, span[0], POLLUTANT, span[1], POLLUTANT],
                "values": [_TITLE, span[0], shown, span[1], shown],
                "fill": {"color": LEVEL_COLOURS[level]},
                "gap": 80,
            }
        )
        if known:
            lines.add_series(
                {
                    "name": f"{level}目标",
                    "categories": [_TITLE, span[0], POLLUTANT, span[1], POLLUTANT],
                    "values": [_TITLE, span[0], TARGET, span[1], TARGET],
                    "line": {"color": LEVEL_COLOURS[level], "dash_type": "dash", "width": 1.5},
                }
            )
    if known:
        chart.combine(lines)
    _finish(chart, "减排比例与目标（%）" if known else "各级预警的减排量（t/d）")
    sheet.insert_chart(charts + 1, 1, chart, {"x_offset": 4, "object_position": 1})
    return row - 1


_ADDRESS = re.compile(r"https?://[!-~]+")


def _document(source: str, addresses: list[str]) -> str:
    """A source without its address, which becomes a note of that number in `addresses`."""

    def note(found: re.Match[str]) -> str:
        if found[0] not in addresses:
            addresses.append(found[0])
        return f"注{addresses.index(found[0]) + 1}"

    said = _ADDRESS.sub(note, source)
    return f"网上公布的文件（{said}）" if said.startswith("注") else said
