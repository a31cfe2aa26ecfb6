"""A rule set as a workbook that the city office edits: one sheet per table, and the same read back.

Everything that stands on the sheets is made from the declaration of the tables (`validators.ruleset_tables`).
"""

import datetime as dt
import math
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import BinaryIO

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from validators.columns import letter
from validators.meanings import Raw, Value, text_of
from validators.ooxml.grid import EPOCH
from validators.rule import all_rules
from validators.ruleset import TABLES, RuleSet, years
from validators.ruleset_tables import Field, LawRow, Tables, allowed, fields, meant, problems, shown, title
from workbook_templates.county.cover_facts import named_cells
from workbook_templates.county.data_validation import CHOICES_TITLE, DATES, Limit
from workbook_templates.county.sheet_layout import HEAD_ROWS
from workbook_templates.xlsx import appearance
from workbook_templates.xlsx.opened import Grid, Opened, UnreadableWorkbook
from workbook_templates.xlsx.styles import Style, new_workbook, put, styles, text_width

COVER = "规则集说明"
FACTS = {"base": "规则集", "year": "年度", "by": "录入人"}
"""What the workbook says of itself, and the defined names; the last is the office's."""
LAW_TITLE_ROW, LAW_MARK_ROW, LAW_HEADER_ROW = 1, 2, 3
"""1-based rows; the first entry stands below."""
ROW_HEIGHT = 19.0
"""In points, of a row with one line."""
SPARE = 200
"""Rows made ready below those that are filled."""
MOST_PROBLEMS = 500
NUMBERS = ("int", "decimal", "date", "month_day", "code")
"""Kinds whose full-width digits are meant as the plain ones."""
VERIFYING = ("verified", "source", "verified_by", "verified_on")
_HINTS = (
    "在各表里改、加、删行，不要改表名和表头，不要合并单元格；可以排序和筛选，表格按行读取。",
    "每一行都要写来源。亲自对照文件原文核实过的，“是否核实”选“是”，并写核实人和核实日期；没有核实的选“否”，它只会提醒，不会拦住导出。",
    "不知道的不要猜：没有录入的措施不检查，各表会说明有几种没有录入。",
    "改完填好上面的录入人，保存，然后执行：qingdan ruleset load 本文件。程序逐行核对，列出改了什么，另存为新的一版；原来的各版都还在。",
    "想先看对某个县的清单有什么影响，加上 --against 该县的填报表。",
)


def write_law(target: BinaryIO, rules: RuleSet) -> None:
    """Write the rule set as a workbook. The same rule set gives the same bytes."""
    made = BytesIO()
    book = new_workbook(made)
    book.set_properties({"title": f"规则集 {rules.id}", "created": dt.datetime(rules.year, 1, 1)})
    style = styles(book)
    _cover(book, style, rules)
    lists: dict[str, tuple[str, ...]] = {}
    for table in TABLES:
        _table(book.add_worksheet(title(table)), style, table, rules, lists)
    page = book.add_worksheet(CHOICES_TITLE)
    for position, (name, values) in enumerate(lists.items()):
        page.write_string(0, position, name)
        page.write_column(1, position, values, style(num_format="@"))
        column = letter(position)
        book.define_name(name, f"={CHOICES_TITLE}!${column}$2:${column}${len(values) + 1}")
    page.hide()
    book.close()
    target.write(made.getvalue())


def _cover(book: Workbook, style: Style, rules: RuleSet) -> None:
    page = book.add_worksheet(COVER)
    page.hide_gridlines(2)
    for position, width in enumerate((2, 20, 14, 14, 60)):
        page.set_column(position, position, width)
    head = style(font_name=appearance.HEAD_FONT, font_size=18, font_color=appearance.INK)
    page.set_row(0, 36)
    page.write_string(0, 1, f"{rules.thresholds['city_name']}重污染天气应急减排清单　规则集", head)
    edge = {"border": 1, "border_color": appearance.LINE, "indent": 1}
    label = style(**appearance.HEAD, **edge)
    own = style(bg_color=appearance.OWN, num_format="@", **edge)
    entry = style(bg_color=appearance.ENTRY, num_format="@", **edge)
    said = {"base": rules.id, "year": str(rules.year), "by": ""}
    for row, (key, name) in enumerate(FACTS.items(), 2):
        page.set_row(row, 21)
        page.write_string(row, 1, name if key != "by" else f"＊{name}", label)
        look = entry if key == "by" else own
        page.merge_range(row, 2, row, 3, said[key], look)
        book.define_name(name, f"={COVER}!$C${row + 1}")
    note = style(font_color=appearance.GREY, indent=1)
    page.write_string(2, 4, rules.thresholds["ruleset_name"], note)
    page.write_string(4, 4, "单位和姓名。改了内容就要填，载入时记在新的一版里。", note)
    bar = style(font_name=appearance.HEAD_FONT, font_color="#FFFFFF", bg_color=appearance.INK, indent=1)
    for position, text in enumerate(("表（点表名可跳过去）", "行数", "其中已核实", "管什么"), 1):
        page.write_string(6, position, text, bar)
    line = {"bottom": 1, "bottom_color": appearance.LINE, "indent": 1}
    for row, table in enumerate(TABLES, 7):
        rows = rules.tables[table]
        page.set_row(row, 20)
        name = title(table)
        page.write_url(
            row,
            1,
            f"internal:'{name}'!A{LAW_HEADER_ROW + 1}",
            style(font_color=appearance.LINK, underline=1, **line),
            name,
        )
        page.write_number(row, 2, len(rows), style(align="left", **line))
        page.write_number(row, 3, sum(one["verified"] == "yes" for one in rows), style(align="left", **line))
        page.write_string(row, 4, PURPOSES[table], style(**line))
    first = 7 + len(TABLES) + 1
    for row, hint in enumerate(_HINTS, first):
        page.set_row(row, 18 * -(-text_width(hint) // 104) + 4)
        page.merge_range(row, 1, row, 4, f"· {hint}", style(text_wrap=True, indent=1))
    page.set_selection(4, 2, 4, 2)
    page.set_landscape()
    page.set_paper(appearance.PAPER_A4)
    page.fit_to_pages(1, 1)
    page.set_tab_color(appearance.INK)


PURPOSES = {
    "industries": "重点行业、子类，各可以评哪些等级，最低是哪一级",
    "grades": "等级的高低、由谁核定、哪些限制申报、哪些自主减排",
    "measures": "技术指南对各行业、等级、预警级别规定的措施和最低比例",
    "guarantee": "保障类别，应当还是可以，由谁确定",
    "targets": "全市各级预警的减排目标",
    "divisions": "提交清单的区县和已撤销的区划",
    "deadlines": "各轮次的期限",
    "thresholds": "核对用的限值和可以由市里决定的开关",
    "words": "判断措施文字用的词，以及轮次",
    "basis": "规则在本年度的依据；没有写的用规则自己的依据",
}


def _table(page: Worksheet, style: Style, table: str, rules: RuleSet, lists: dict[str, tuple[str, ...]]) -> None:
    declared = fields(table)
    rows = rules.tables[table]
    last = LAW_HEADER_ROW + len(rows) + SPARE - 1
    page.hide_gridlines(2)
    page.growing_from = LAW_HEADER_ROW + 1
    for place, height in ((LAW_TITLE_ROW, 28), (LAW_MARK_ROW, 16.5), (LAW_HEADER_ROW, 32)):
        page.set_row(place - 1, height)
    big = style(font_name=appearance.HEAD_FONT, font_size=15, font_color=appearance.INK)
    page.write_string(0, 0, title(table), big)
    kept = sum(one.key for one in declared[:4])
    page.write_string(0, kept, PURPOSES[table], style(font_color=appearance.GREY))
    for place, one in enumerate(declared):
        upper, lower = appearance.PLAIN_BANDS[one.name in VERIFYING]
        mark, colour, _ = appearance.MARKS[
            "always" if one.required else "when" if one.name in VERIFYING else "optional"
        ]
        edge = {"border": 1, "border_color": appearance.HEAD_LINE, "align": "center", "text_wrap": True}
        page.write_string(LAW_MARK_ROW - 1, place, mark, style(font_size=9, font_color=colour, bg_color=lower, **edge))
        page.write_string(
            LAW_HEADER_ROW - 1, place, one.head, style(font_name=appearance.HEAD_FONT, bg_color=upper, **edge)
        )
        page.set_column(place, place, one.width)
        page.data_validation(LAW_HEADER_ROW, place, last, place, _limit(one, rules.tables, lists))
    looks = [_look(style, one) for one in declared]
    blank = [""] * len(declared)
    for number in range(len(rows) + SPARE):
        texts = [shown(one, rows[number], rules.tables) for one in declared] if number < len(rows) else blank
        for place, (one, text, look) in enumerate(zip(declared, texts, looks, strict=True)):
            put(page, LAW_HEADER_ROW + number, place, _written(one, text), look)
        lines = max(_lines(one, text) for one, text in zip(declared, texts, strict=True))
        page.set_row(LAW_HEADER_ROW + number, max(ROW_HEIGHT, min(appearance.ENTRY_LINE * lines + 5, 400)))
    _colours(page, style, declared, last)
    page.freeze_panes(LAW_HEADER_ROW, kept)
    page.autofilter(LAW_HEADER_ROW - 1, 0, last, len(declared) - 1)
    page.set_landscape()
    page.set_paper(appearance.PAPER_A3)
    page.fit_to_pages(1, 0)
    page.repeat_rows(LAW_MARK_ROW - 1, LAW_HEADER_ROW - 1)
    page.set_footer("&C第 &P 页，共 &N 页")


def _lines(one: Field, text: str) -> int:
    """Lines that a text takes; a long address is not broken well."""
    lines = math.ceil(text_width(text) / (one.width - 2.5))
    return lines + (lines > 2 and "http" in text)


def _look(style: Style, one: Field) -> Format:
    formats = {"int": "0", "decimal": "General", "date": appearance.DAY}
    centred = one.kind in ("int", "decimal", "date", "month_day", "code") or one.values in ("@yes_no", "@counts")
    return style(
        border=1,
        border_color=appearance.LINE,
        font_size=appearance.ENTRY_SIZE,
        text_wrap=True,
        align="center" if centred else "left",
        indent=0 if centred else 1,
        num_format=formats.get(one.kind, "@"),
    )


def _colours(page: Worksheet, style: Style, declared: Sequence[Field], last: int) -> None:
    """Red where a begun row lacks what it must have, grey where a row is not verified."""
    first = LAW_HEADER_ROW + 1
    columns = {one.name: letter(place) for place, one in enumerate(declared)}
    end = letter(len(declared) - 1)
    verified = f"${columns['verified']}{first}"
    begun = f"COUNTA($A{first}:${end}{first})>0"
    lacking = style(bg_color="#F8CBAD")
    needed = {one.name: begun for one in declared if one.required} | dict.fromkeys(
        ("source", "verified_by", "verified_on"), f'{verified}="是"'
    )
    for name, when in needed.items():
        column = columns[name]
        rows = f"{column}{first}:{column}{last + 1}"
        ground = lacking if name not in ("verified_by", "verified_on") else style(bg_color=appearance.ENTRY)
        criteria = f'=AND({when},{column}{first}="")'
        page.conditional_format(rows, {"type": "formula", "criteria": criteria, "format": ground})
    rows = f"{columns['verified']}{first}:{columns['verified']}{last + 1}"
    page.conditional_format(
        rows, {"type": "formula", "criteria": f'={verified}="否"', "format": style(font_color="#9C4A00")}
    )


def _written(one: Field, text: str) -> Value:
    """A cell as the workbook holds it: numbers and days as such."""
    if one.kind in ("int", "decimal") and text:
        return float(text)
    return dt.date.fromisoformat(text) if one.kind == "date" and text else text


def _limit(one: Field, tables: Tables, lists: dict[str, tuple[str, ...]]) -> Limit:
    said: Limit = {"input_title": one.head, "input_message": f"{'＊必填。' if one.required else ''}{one.prompt}"}
    refuse = {"error_title": f"{one.head}请核对", "error_message": f"{one.prompt}", "error_type": "stop"}
    match one.kind:
        case "choice":
            name = f"选项_{title(one.table)}_{one.head}"
            lists[name] = tuple(dict.fromkeys(allowed(one, tables).values())) or ("",)
            ask = "不在下拉列表里。如果是刚在别的表里新增的，可以保留；否则请从列表中选。"
            grows = any(sign in one.values for sign in "./")
            how = {"error_type": "warning", "error_message": ask} if grows else {}
            return {"validate": "list", "source": f"={name}", **said, **refuse, **how}
        case "int" | "decimal":
            low, _, high = one.values.partition("..")
            kind = "integer" if one.kind == "int" else "decimal"
            return {
                "validate": kind,
                "criteria": "between",
                "minimum": float(low),
                "maximum": float(high),
                **said,
                **refuse,
            }
        case "date":
            first, last = DATES
            return {"validate": "date", "criteria": "between", "minimum": first, "maximum": last, **said, **refuse}
    return {"validate": "any", **said}


@dataclass
class Law:
    """A rule set as it was read from a workbook."""

    year: str
    base: str
    """Id of the rule set that the workbook was made from."""
    by: str
    """Who keyed it in, '' where nobody says."""
    sha256: str
    tables: dict[str, list[LawRow]] = field(default_factory=dict)
    rows: dict[str, list[int]] = field(default_factory=dict)
    """1-based row in the sheet of each row of a table."""
    columns: dict[str, dict[str, str]] = field(default_factory=dict)
    """Letter of each field."""
    faults: list[tuple[str, str | None, str]] = field(default_factory=list)
    """Sheet, cell and what is wrong, as far as the reading itself shows it."""


def read_law(opened: Opened) -> Law:
    """A rule set from a workbook of ours that was edited. Raises `UnreadableWorkbook` where it is none."""
    facts = {key: text_of(value) for key, value in named_cells(opened, COVER, FACTS).items()}
    year = facts.get("year", "")
    if year not in years():
        raise UnreadableWorkbook(
            f"“{opened.name}”不是规则集工作簿，或《{COVER}》里的年度不对。请用 qingdan ruleset edit 重新生成后再填。"
        )
    law = Law(year, facts.get("base", year), facts.get("by", ""), opened.sha256)
    for table in TABLES:
        law.tables[table], law.rows[table], law.columns[table] = [], [], {}
        grid = opened.grid(title(table))
        if grid is None:
            law.faults.append((title(table), None, f"缺少工作表“{title(table)}”。请从原来的规则集工作簿复制该表。"))
        else:
            _read_table(law, table, grid)
    for table, rows in law.tables.items():
        for row in rows:
            for one in fields(table):
                row[one.name] = meant(one, row, law.tables)
    return law


def _read_table(law: Law, table: str, grid: Grid) -> None:
    by_head = {one.head: one for one in fields(table)}
    tops = [(number, cells) for number, cells in grid.rows if number <= HEAD_ROWS]
    header, heads = max(
        tops, key=lambda top: sum(text_of(cell) in by_head for cell in top[1]), default=(LAW_HEADER_ROW, list[Raw]())
    )
    places = {text_of(cell): place for place, cell in reversed(list(enumerate(heads))) if text_of(cell) in by_head}
    name = title(table)
    for head in by_head:
        times = sum(text_of(cell) == head for cell in heads)
        if times != 1:
            what = "缺少表头" if not times else "有两个表头"
            law.faults.append((name, None, f"{what}“{head}”，不能读取这张表。请对照原来的规则集改正表头。"))
    if len(places) < len(by_head):
        return
    law.columns[table] = {by_head[head].name: letter(place) for head, place in places.items()}
    odd = grid.seen.places() | grid.seen.errors.keys()
    for number, place in sorted(odd):
        if number > header and place in places.values():
            law.faults.append((name, f"{letter(place)}{number}", "是公式或错误值，不读取。请复制后选择性粘贴为数值。"))
    for reference in grid.seen.merged:
        first = reference.partition(":")[0]
        if int("".join(filter(str.isdecimal, first)) or 0) > header:
            law.faults.append((name, first, f"{reference} 是合并单元格，只有第一格读得到。请取消合并，每格都填。"))
    for number, cells in grid.rows:
        if number <= header:
            continue
        row = {
            one.name: _text(one, cells[places[head]] if places[head] < len(cells) else None)
            for head, one in by_head.items()
        }
        if any(row.values()):
            law.tables[table].append(row)
            law.rows[table].append(number)


def _text(one: Field, cell: Raw) -> str:
    """A cell as the tables hold it; what cannot be meant stays as it was written."""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, dt.datetime | dt.date):
        day = cell.date() if isinstance(cell, dt.datetime) else cell
        return day.isoformat()[5:] if one.kind == "month_day" else day.isoformat()
    if one.kind == "date" and isinstance(cell, int | float) and 1 <= cell < 2_000_000:
        return (EPOCH + dt.timedelta(days=int(cell))).isoformat()
    text = text_of(cell) if isinstance(cell, str | int | float) else str(cell or "")
    return unicodedata.normalize("NFKC", text) if one.kind in NUMBERS else text


def faults(law: Law, known: Sequence[RuleSet]) -> list[tuple[str, str | None, str]]:
    """Everything that is wrong with it: sheet, cell and a line for the officer; at most `MOST_PROBLEMS`.

    Rows that one of the `known` rule sets has need not say anew who verified them.
    """
    found = list(law.faults)
    if not found:
        found += list(_judged(law, known))
    return found[:MOST_PROBLEMS]


def _judged(law: Law, known: Sequence[RuleSet]) -> Iterator[tuple[str, str | None, str]]:
    for one in problems(law.tables, *(rules.tables for rules in known)):
        place = None if one.row is None else f"{law.columns[one.table][one.field]}{law.rows[one.table][one.row]}"
        where = f"另一行是第 {law.rows[one.table][one.other]} 行。" if one.other is not None else ""
        yield title(one.table), place, one.message + where
    for number, row in zip(law.rows["basis"], law.tables["basis"], strict=True):
        if row["rule"] and row["rule"] not in all_rules():
            cell = f"{law.columns['basis']['rule']}{number}"
            yield title("basis"), cell, f"没有规则“{row['rule']}”。请改成规则目录中的编号，例如 BZ01。"
