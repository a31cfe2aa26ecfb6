"""The sheet 填报说明 of a county workbook: who fills in what, in which order, by when, with which marks."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from validators.columns import (
    BOOK_FIELDS,
    COVER_TITLE,
    KIND_NAMES,
    KINDS,
    OFFICERS,
    ROOTS,
    SHEETS,
    TEMPLATE_VERSION,
    BookKind,
)
from validators.meanings import Value
from validators.ruleset import RuleSet
from workbook_templates.county.cover_facts import signed
from workbook_templates.county.data_validation import CHOICES_TITLE, DATES, PHONE_LENGTHS, Limit
from workbook_templates.formulas.cells import quoted
from workbook_templates.formulas.plan import ERROR, TITLE, WARNING, Formulas, Lead
from workbook_templates.formulas.verdicts import Verdict
from workbook_templates.xlsx import appearance
from workbook_templates.xlsx.appearance import RETURNED_TITLE
from workbook_templates.xlsx.styles import Style, put, text_width

_WIDTHS = (2.0, 18.0, 30.0, 3.0, 18.0, 46.0)
_LABEL, _CELL, OFFICER_LABEL, LAST = 1, 2, 4, 5
"""0-based columns: labels and cells of the workbook's own fields, the officer's, and the right-hand edge."""

UNDER = {"bottom": 1, "bottom_color": appearance.LINE}

STEPS = {
    "enterprises": "每个厂区一行，是其他各表的根。清单编号写成 {county}-G-0001 的样子，一经使用各年不变。",
    "lines": "每条生产线一行，清单编号与企业表一致。填了日排放量和减排比例，减排量自动算出；"
    "可以改填数字，改了要在“减排量核算说明”写明理由。",
    "transport": "每个企业一行，没有货车的填 0。",
    "dust": "有工地、堆场等扬尘源的，每个一行；没有则空着。",
    "mobile": "每类移动源一行；没有则空着。",
    "guarantee": "企业表“是否保障类”选“是”的、扬尘源表“是否重点保障性工程”选“是”的，每个一行。",
    "changes": "本年绩效等级有变化的企业，每次变更一行。",
    "removals": "上一版清单里有、这一版没有的企业，每个一行。",
    "applications": "县里收到申报后每个厂区一行；规定时限内没有申报的重点行业企业也要列上，申报方式选“未申报”。"
    "清单编号与应急减排清单相同，写成 {county}-G-0001 的样子。",
    "processes": "涉及几个行业或工序的企业，每个行业或工序一行；只有一个的空着。",
    "aspects": "填《申请报告》的企业，八个方面各至少一行；市里在最后两列逐项审核。",
    "county": "县指挥部审查后每个厂区一行：申报A级、B（含B-）级、引领性的出具初审意见，其余的出具审核意见。",
    "visits": "每次现场核查一行，县、市、省、部的都填在这里；申报最低等级的不纳入现场核查。",
    "city": "市指挥部审核申报A级、B（含B-）级、引领性的，每个厂区一行。",
    "province": "省里核定、部里复核的结果，每次一行，以日期最晚的为准。",
    "events": "等级评定以后的事，每件一行：变更报备、监督检查、公众举报、应急措施未落实、等级调整。",
}
"""What to do on each sheet, in one sentence."""


@dataclass(frozen=True)
class Words:
    """What the cover of one kind of workbook says in its own words."""

    after_title: str
    nothing_yet: str
    """While the first sheet is empty."""
    own_columns: str
    """The columns that the workbook fills itself."""
    last_step: tuple[str, str]


WORDS: dict[BookKind, Words] = {
    "inventory": Words(
        "县区填报表", "还没有填企业", "“校验”“序号”“基准日产量”，由表格自己填写。",
        ("报送", "全部填完后保存，把本文件报送市里；市里退回的，改好后按新版次再报。"),
    ),
    "grading": Words(
        "", "还没有填申报", "“校验”由表格自己填写；“办理状态”“核定等级”“执行等级”由程序写表时填写。",
        ("流转", "一本表用一年：县里填到审查和核查，报市里；市里审核后填上结果，报省里；核定结果和以后的变动接着填。"),
    ),
}  # fmt: skip

_HINTS = (
    "下拉：点中单元格后按 Alt+↓ 打开列表。等级、子类的列表随“重点行业”变化，先选行业再选等级。",
    "粘贴：请用“选择性粘贴—数值”，普通粘贴会盖掉下拉列表和格式。代码列是文本格式，18位代码不会变成科学计数。",
    "可以排序、筛选、插入和删除行，也可以在备好的行数以外接着填。插入新行后，把别的行整行复制过去再改填。",
    "不要改表头文字，不要合并数据格，不要增删列；列宽、行高可以随意调。",
    "打印：先在“清单编号”的筛选箭头里去掉“空白”，再打印，就只印填了的行。纸张已设为 A3 横向，每页重复表头。",
    "保存为 .xlsx，不要另存为 .xls、.et 或 .csv。文件里没有宏，若打开时提示“启用宏”，说明文件被人动过。",
)


def write_cover(
    book: Workbook,
    style: Style,
    ruleset: RuleSet,
    kind: BookKind,
    facts: Mapping[str, Value],
    room: Mapping[str, int],
    formulas: Formulas,
    shown: Mapping[str, Verdict],
    returned: Sequence[str] | None = None,
) -> None:
    """Adds the cover as the first sheet, with a defined name for each of `BOOK_FIELDS`.

    `facts` are the values of `BOOK_FIELDS`, `room` the number of rows made ready on each sheet, `formulas` say
    what the sheets say of their faults, and `shown` what that is now. `returned` is what is said of a workbook that is given back.
    """
    sheet = book.add_worksheet(COVER_TITLE)
    for position, width in enumerate(_WIDTHS):
        sheet.set_column(position, position, width)
    sheet.hide_gridlines(2)
    first = _title(sheet, style, ruleset, kind, facts, returned is not None)
    if returned is not None:
        row = _section(sheet, style, first, "市里退回的话")
        for text in returned:
            _line(sheet, style, row, text, _LABEL)
            row += 1
        first = row + 1
    row = _facts(book, sheet, style, facts, first)
    lists = [one.title for one in KINDS[kind].values()]
    beside = [RETURNED_TITLE] if returned is not None else []
    row = _board(sheet, style, kind, formulas, shown, facts, [COVER_TITLE, *beside, *lists, CHOICES_TITLE, TITLE], row)
    row = _steps(sheet, style, kind, str(facts["division"]), room, row)
    row = _key(sheet, style, kind, row)
    row = _deadlines(sheet, style, ruleset, "" if kind == "grading" else str(facts["round"]), row)
    row = _hints(sheet, style, ruleset, row)
    sheet.protect("", {"format_columns": True, "format_rows": True})
    sheet.set_portrait()
    sheet.set_paper(appearance.PAPER_A4)
    sheet.set_margins(0.5, 0.5, 0.6, 0.6)
    sheet.fit_to_pages(1, 1)
    sheet.center_horizontally()
    sheet.print_area(0, 0, row - 1, LAST)
    sheet.set_footer("&C第 &P 页，共 &N 页")
    sheet.set_tab_color(appearance.INK)
    sheet.set_selection(first + 2, LAST, first + 2, LAST)
    sheet.activate()


def _title(
    sheet: Worksheet, style: Style, ruleset: RuleSet, kind: BookKind, facts: Mapping[str, Value], returned: bool
) -> int:
    city = ruleset.thresholds["city_name"]
    after = f"{WORDS[kind].after_title}{'（退回改正）' if returned else ''}"
    title = style(font_name=appearance.HEAD_FONT, font_size=20, font_color=appearance.INK, align="center")
    sheet.set_row(0, 42)
    sheet.merge_range(0, _LABEL, 0, LAST, f"{city}{KIND_NAMES[kind]}{after}", title)
    under = style(font_color=appearance.GREY, align="center", bottom=2, bottom_color=appearance.INK)
    name = ruleset.submitting[str(facts["division"])]
    text = f"{name}　　{facts['year']}年 {facts['round']}　　第 {facts['revision']} 版"
    sheet.set_row(1, 22)
    sheet.merge_range(1, _LABEL, 1, LAST, f"{text}　　规则集：{ruleset.thresholds['ruleset_name']}", under)
    return 3


def _section(sheet: Worksheet, style: Style, row: int, text: str) -> int:
    look = style(font_name=appearance.HEAD_FONT, font_size=12, font_color="#FFFFFF", bg_color=appearance.INK, indent=1)
    sheet.set_row(row, 22)
    sheet.merge_range(row, _LABEL, row, LAST, text, look)
    return row + 1


def _line(sheet: Worksheet, style: Style, row: int, text: str, first: int = _CELL) -> None:
    """A text across the columns from `first` on, the row high enough for it."""
    lines = -(-text_width(text) // (sum(_WIDTHS[first:]) - 4))
    sheet.set_row(row, max(20, 15 * lines + 5))
    look = style(text_wrap=True, indent=1, **UNDER)
    sheet.merge_range(row, first, row, LAST, text, look)


def _facts(book: Workbook, sheet: Worksheet, style: Style, facts: Mapping[str, Value], row: int) -> int:
    row = _section(sheet, style, row, "一、填报信息")
    border = {"border": 1, "border_color": appearance.LINE}
    label = style(**appearance.HEAD, indent=1, **border)
    own = style(bg_color=appearance.OWN, align="left", indent=1, num_format="@", **border)
    count = style(bg_color=appearance.OWN, align="left", indent=1, num_format="0", **border)
    entry = style(bg_color=appearance.ENTRY, align="left", indent=1, num_format="@", locked=False, **border)
    day = style(bg_color=appearance.ENTRY, align="left", indent=1, num_format=appearance.DAY, locked=False, **border)
    looks = {"year": count, "revision": count, "filled_on": day}
    columns = {_LABEL: [f for f in BOOK_FIELDS if f not in OFFICERS], OFFICER_LABEL: [*OFFICERS]}
    for place, fields in columns.items():
        for offset, field in enumerate(fields):
            here, name = row + offset, BOOK_FIELDS[field]
            sheet.set_row(here, 21)
            sheet.write_string(here, place, f"＊{name}" if field in OFFICERS else name, label)
            look = looks.get(field, entry if field in OFFICERS else own)
            put(sheet, here, place + 1, facts.get(field), look)
            book.define_name(name, f"={COVER_TITLE}!${'ABCDEF'[place + 1]}${here + 1}")
            if field in OFFICERS:
                sheet.data_validation(here, place + 1, here, place + 1, _officer_limit(field, name))
    note = style(font_color=appearance.GREY, text_wrap=True, indent=1)
    last = row + len(columns[_LABEL]) - 1
    sheet.merge_range(
        last - 1,
        OFFICER_LABEL,
        last,
        LAST,
        "浅黄底的四格由填报人填写（＊必填）。灰底的已写好并锁定，汇总时靠它认出是哪个区县的哪一版。",
        note,
    )
    return last + 2


def _officer_limit(field: str, name: str) -> Limit:
    low, high = PHONE_LENGTHS
    first, last = DATES
    limits: dict[str, tuple[Limit, str, str]] = {
        "filled_by_office": ({"validate": "any"}, "填报单位全称，可在区县名后补写部门名称。", ""),
        "filled_by": ({"validate": "any"}, "填报人姓名。", ""),
        "filled_phone": (
            {
                "validate": "length",
                "criteria": "between",
                "minimum": low,
                "maximum": high,
                "error_type": "warning",
            },
            "手机号或带区号的固定电话，市里核对时用。",
            "须是11位手机号，或带区号的固定电话。确认无误才保留。",
        ),
        "filled_on": (
            {"validate": "date", "criteria": "between", "minimum": first, "maximum": last},
            "填完的日期，写成 2020-08-20 的样子；判断是否逾期以此为准。",
            "须是日期，写成 年-月-日，例如 2020-08-20。请改正，或按 Esc 恢复原来的内容。",
        ),
    }
    check, prompt, error = limits[field]
    return {
        **check,
        "input_title": name,
        "input_message": f"＊必填。{prompt}",
        **({"error_title": f"{name}填写有误", "error_message": error} if error else {}),
    }


def _board(
    sheet: Worksheet,
    style: Style,
    kind: BookKind,
    formulas: Formulas,
    shown: Mapping[str, Verdict],
    facts: Mapping[str, Value],
    titles: Sequence[str],
    row: int,
) -> int:
    """How far each sheet is, the first of its faults with a link, and whether the workbook can be handed in."""
    row = _section(sheet, style, row, "二、进度（随填随变）")
    go = style(
        font_name=appearance.HEAD_FONT, font_size=12, indent=1, text_wrap=True, border=1, border_color=appearance.LINE
    )
    sheet.set_row(row, 30)
    sheet.merge_range(row, _LABEL, row, LAST, "", go)
    sheet.write_formula(
        row, _LABEL, f"={_go(kind, formulas, facts, titles)}", go, _gone(kind, shown, facts, formulas.ruleset)
    )
    for sign, colour in (("✗", "#8E0000"), ("✓", "#2F5D1E"), ("○", appearance.GREY)):
        rule = {"type": "formula", "criteria": f'=LEFT($B${row + 1})="{sign}"', "format": style(font_color=colour)}
        sheet.conditional_format(row, _LABEL, row, _LABEL, rule)
    plain = style(indent=1, **UNDER)
    link = style(indent=1, font_color=appearance.LINK, underline=1, **UNDER)
    for key, lead in formulas.lead.items():
        row += 1
        now = shown[key]
        sheet.set_row(row, 20)
        sheet.write_string(row, _LABEL, SHEETS[key].title, plain)
        counts = f'"已填"&{lead.filled}&"行　{ERROR} "&{lead.wrong}&"行　{WARNING} "&{lead.warned}&"行"'
        troubled = f'IF({lead.heads}+{lead.unjudged}>0,"　","")&{lead.trouble}'
        sheet.write_formula(row, _CELL, f"={counts}&{troubled}", plain, f"已填{now.filled}行　{now.head[1]}")
        sheet.merge_range(row, OFFICER_LABEL - 1, row, OFFICER_LABEL, "", link)
        sheet.write_formula(row, OFFICER_LABEL - 1, f'=IF({lead.fault},{lead.link},"")', link, now.link)
        sheet.write_formula(row, LAST, f"={lead.said}", plain, now.said)
    return row + 2


def moved_sheets(titles: Sequence[str]) -> str:
    """How many sheets have another name or are gone, or are there besides; 0 where a program cannot say."""
    lost = "+".join(f'ISERROR(_xlfn.SHEET("{title}"))' for title in titles)
    return f"IF({lost}={len(titles)},0,{lost})+ABS(IFERROR(_xlfn.SHEETS(),{len(titles)})-{len(titles)})"


def _own_changed(facts: Mapping[str, Value], rounds: Sequence[str]) -> str:
    """How many of the workbook's own cells, which are locked, say what they cannot: 版次 and 轮次 may have moved on."""
    tests = {
        field: f'NOT(EXACT({BOOK_FIELDS[field]}&"",{quoted(str(facts[field]))}))'
        for field in ("division", "year", "template_version", "ruleset")
    }
    number, round_ = BOOK_FIELDS["revision"], BOOK_FIELDS["round"]
    tests["revision"] = f"IFERROR(IF(VALUE({number})>0,VALUE({number})<>INT(VALUE({number})),TRUE),TRUE)"
    tests["round"] = f"NOT(OR({','.join(f'EXACT({round_},{quoted(one)})' for one in rounds)}))"
    return "+".join(f"IF(_xlfn.ISFORMULA({BOOK_FIELDS[field]}),1,{test}+0)" for field, test in tests.items())


def _go(kind: BookKind, formulas: Formulas, facts: Mapping[str, Value], titles: Sequence[str]) -> str:
    """Whether the workbook can be handed in, in words."""
    leads: Mapping[str, Lead] = formulas.lead
    wrong = "+".join(lead.wrong for lead in leads.values())
    warned = "+".join(lead.warned for lead in leads.values())
    unjudged = "+".join(lead.unjudged for lead in leads.values())
    heads = "+".join(lead.heads for lead in leads.values())
    own = "+".join(formulas.unsigned)
    found = (
        f'IF({leads[ROOTS[kind]].filled}=0,"○ {WORDS[kind].nothing_yet}。",'
        f"IF({wrong}>0,{_text(_WRONG, wrong)},"
        f'IF({moved_sheets(titles)}>0,"{_OTHER_SHEETS}",'
        f'IF({heads}>0,"{ERROR} 还不能报送：表头改了"&{heads}&"处，请撤销，或照原样改回。",'
        f'IF({unjudged}>0,"{ERROR} 还不能报送：有"&{unjudged}&"处没有校验公式，请从别的行整行复制过去再改填。",'
        f'IF({_own_changed(facts, formulas.ruleset.rounds)}>0,"{_OWN_CHANGED}",'
        f'IF({own}>0,"{_UNSIGNED}","{_READY}"&IF({warned}>0,{_text(_WARNED, warned)},""))))))))'
    )
    return f'IFERROR({found},"{_OTHER_SHEETS}")'  # what a removed sheet leaves are errors


_WRONG = f"{ERROR} 还不能报送：有{{}}行要改，点下面的链接逐处去改。"
_OTHER_SHEETS = f"{ERROR} 还不能报送：工作表改了名、少了或多了，请撤销；多出来的请删去。"
_OWN_CHANGED = f"{ERROR} 还不能报送：上面灰底的格改了，请撤销，或照原样改回。"
_UNSIGNED = f"{ERROR} 还不能报送：上面浅黄底的四格没有填全，或填得不对。"
_READY = "✓ 可以报送。"
_WARNED = "有{}行提醒，请看一看，确实无误的不必改。"


def _text(words: str, number: str) -> str:
    """Words with a number that a formula gives, as part of a formula."""
    before, _, after = words.partition("{}")
    return f'"{before}"&({number})&"{after}"'


def _gone(kind: BookKind, shown: Mapping[str, Verdict], facts: Mapping[str, Value], ruleset: RuleSet) -> str:
    """What `_go` gives now."""
    wrong, warned = (sum(getattr(one, name) for one in shown.values()) for name in ("wrong", "warned"))
    if not shown[ROOTS[kind]].filled:
        return f"○ {WORDS[kind].nothing_yet}。"
    if wrong:
        return _WRONG.format(wrong)
    if not signed(facts, ruleset):
        return _UNSIGNED
    return _READY + (_WARNED.format(warned) if warned else "")


def _steps(sheet: Worksheet, style: Style, kind: BookKind, county: str, room: Mapping[str, int], row: int) -> int:
    row = _section(sheet, style, row, "三、填报顺序（点表名可跳到该表）")
    plain = style(indent=1, **UNDER)
    link = style(indent=1, font_color=appearance.LINK, underline=1, **UNDER)
    sheet.write_string(row, _LABEL, "第1步 本页", plain)
    _line(sheet, style, row, "填好上面浅黄底的四格。")
    for number, key in enumerate(room, 2):
        row += 1
        title = SHEETS[key].title
        sheet.write_url(row, _LABEL, f"internal:'{title}'!B{appearance.FIRST_ROW}", link, f"第{number}步 {title}")
        _line(sheet, style, row, f"{STEPS[key].format(county=county)}（已备好{room[key]}行）")
    row += 1
    name, text = WORDS[kind].last_step
    sheet.write_string(row, _LABEL, f"第{len(room) + 2}步 {name}", plain)
    _line(sheet, style, row, text)
    return row + 2


def _key(sheet: Worksheet, style: Style, kind: BookKind, row: int) -> int:
    row = _section(sheet, style, row, "四、符号和颜色")
    for key, (mark, colour, meaning) in appearance.MARKS.items():
        if key in ("offered", "usual") and kind != "inventory":
            continue
        look = style(font_name=appearance.HEAD_FONT, font_color=colour, indent=1, **UNDER)
        sheet.write_string(row, _LABEL, mark, look)
        _line(sheet, style, row, f"写在表头上方：{meaning}")
        row += 1
    grounds = {
        "灰底格": (appearance.OWN, WORDS[kind].own_columns),
    }
    if kind == "inventory":
        grounds["浅蓝底格"] = (appearance.OFFERED_GROUND, "有公式或通常的内容，可以改填。")
        grounds |= {
            name: (upper, f"{name}各列的表头；组名同时写在表头上方。")
            for name, (upper, _) in appearance.LEVEL_BANDS.items()
        }
    for name, (ground, meaning) in grounds.items():
        sheet.write_string(row, _LABEL, name, style(bg_color=ground, indent=1, **UNDER))
        _line(sheet, style, row, meaning)
        row += 1
    return row + 1


def _deadlines(sheet: Worksheet, style: Style, ruleset: RuleSet, round_: str, row: int) -> int:
    """The deadlines of a round, or of the whole year ('')."""
    row = _section(sheet, style, row, f"五、{round_ or '全年'}的期限")
    look = style(align="left", indent=1, num_format='yyyy"年"m"月"d"日"', **UNDER)
    own = [line for line in ruleset.tables["deadlines"] if round_ in ("", line["round"])]
    for line in own:
        sheet.write_datetime(row, _LABEL, dt.date.fromisoformat(f"{line['year']}-{line['month_day']}"), look)
        source = line["source"].split("；")[0]
        _line(sheet, style, row, f"{line['what']}（{line['who']}）　依据：{source}")
        row += 1
    if not own:
        _line(sheet, style, row, "规则集没有列出这一轮的期限，以市里通知为准。", _LABEL)
        row += 1
    return row + 1


def _hints(sheet: Worksheet, style: Style, ruleset: RuleSet, row: int) -> int:
    row = _section(sheet, style, row, "六、操作提示")
    for hint in _HINTS:
        _line(sheet, style, row, f"· {hint}", _LABEL)
        row += 1
    row = _section(sheet, style, row + 1, "七、有疑问找谁")
    office = f"{ruleset.thresholds['city_name']}重污染天气应急指挥部办公室"
    for text in (
        f"· 填报要求和期限：{office}，联系方式见下发本表的通知。",
        f"· 表格打不开、公式或下拉不起作用：把文件和截图一并发给{office}，不要自己改表头或另做一张表。",
        f"· 本表（模板版本 {TEMPLATE_VERSION}）在 LibreOffice 里逐项试过；"
        "Excel 2016 及以上和 WPS 也有这些功能，但没有在其中逐项试过，显示略有差别属正常。",
    ):
        _line(sheet, style, row, text, _LABEL)
        row += 1
    return row
