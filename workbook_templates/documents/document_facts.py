"""What a workbook says of one enterprise, as texts under the names of its sheets and columns.

A document shows nothing else, so it cannot say what the workbook does not: a name that a template uses is the head of
a column, as in the workbook, or one of those listed here.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256

from validators import grading_procedure
from validators.book import Book
from validators.columns import BOOK_FIELDS, LEVEL_NAMES, SHEETS
from validators.expr import Record
from validators.findings import Finding, Severity
from validators.meanings import Value, number_text
from validators.ruleset import RuleSet
from workbook_templates.documents.filling import NOT_FILLED_IN, Known, MarkNames
from workbook_templates.printed_grade import printed_grade

UNREAD = "（清单中此格读不出，请改正清单）"
NO_DAY = "　　　　年　　月　　日"
"""Where a day is to be written by hand."""
_DIGITS = 12
"""Characters shown of a content's hash."""
REVIEWED = {"processes": 0, "aspects": 0, "county": 1, "visits": 0, "city": 1, "province": 0, "events": 0}
"""Sheets of the grading workbook whose rows belong to an application: how many of the last ones hold, 0 for all."""
JOINED = ("lines", "transport", "guarantee", "changes")
"""Sheets of the inventory whose rows belong to an enterprise."""
ABOUT = {
    "区县名称": "填报的县（市、区）",
    "清单校验码": "整本填报表内容的校验码；内容有任何改动，校验码就不同",
    "本企业校验码": "本企业各行内容的校验码",
    "企业及厂区": "企业名称，有厂区名称的写在后面的括号里",
    "行业及子类": "重点行业，有子类的写在后面的括号里",
}
"""Names that every document knows beside the columns."""
PLAN_ABOUT = {
    "生产线责任人": "各生产线的工序责任人和电话，写在一起；同一人的生产线合并",
    "方案日期": "一厂一策备案日期；清单中没有，或早于绩效等级核定日期的，留出空格待填",
}
LINE_ABOUT = {
    f"{name}预警_{what}": about
    for name in LEVEL_NAMES.values()
    for what, about in (
        ("生产线和措施", "限停产措施；其中没有写生产线名称的，在前面加上"),
        ("核查指标变化", "由正常值变为该级预警值，或保持不变；没有填的空着"),
    )
}
LISTS = {
    "有待改正": "表中关于本企业还有错误没有改正时有一条",
    "待改正": "表中关于本企业还没有改正的错误，每条有“问题”",
}
PLAN_LISTS = {
    "备案提示": "备案日期不合规则 CS09 时的说明，每条有“问题”",
}
PAPER_ABOUT = {
    "市名称": "市的名称",
}
PAPER_LISTS = {
    "对标情况": "《对标》中有本企业的行时有一条",
    "八个方面": "《对标》的各行，按八个方面的次序；没有填的方面也有一行，各项空着",
    "县现场核查": "《现场核查》中核查单位为县指挥部的各行",
    "市现场核查": "《现场核查》中核查单位为市指挥部的各行",
    "不核查现场": "申报最低等级或未申报，不必现场核查时有一条",
    "缺县现场核查": "应有县级现场核查而没有记录时有一条",
    "缺市现场核查": "市级应逐个核查或已抽中，而没有记录时有一条",
    "应急减排清单": "用 --inventory 给出的清单中的本企业，名称与“一厂一策”的相同",
}
PLANS = {"plan": "操作方案", "board": "公示牌"}
PAPERS = {
    "report": "附件1_申请报告",
    "form": "附件2_申请表",
    "preliminary": "附件3_初审意见",
    "county": "附件4_审核意见",
    "city": "附件5_市级审核意见",
}
"""Outlines and what people call the documents; the file of a template is named so."""
VISITORS = {"县现场核查": grading_procedure.COUNTY, "市现场核查": grading_procedure.CITY}
PROBLEM = "问题"
_FILED = "CS09"
"""The rule that says whether a plan was filed, and late enough."""


def shown(value: Value) -> str:
    """A value as a document writes it."""
    if value is None:
        return NOT_FILLED_IN
    if isinstance(value, dt.date):
        return f"{value.year}年{value.month}月{value.day}日"
    return value if isinstance(value, str) else number_text(value)


def row(sheet: str, record: Record) -> dict[str, str]:
    """A record under the heads of its columns; the workbook's own status is no part of it."""
    by_head = {
        column.header: UNREAD if column.field in record.bad else shown(record[column.position])
        for column in SHEETS[sheet].columns
        if column.kind != "status"
    }
    if sheet == "lines":
        line = by_head[SHEETS["lines"]["line_name"].header]
        for level, name in LEVEL_NAMES.items():
            measure = by_head[SHEETS["lines"][f"{level}_measure"].header]
            by_head[f"{name}预警_生产线和措施"] = measure if line in measure else f"{line}：{measure}"
            normal, now, unit = (
                by_head[SHEETS["lines"][field].header]
                for field in ("indicator_normal", f"{level}_indicator", "indicator_unit")
            )
            changed = f"由{normal}变为{now}" if normal != now else f"保持{now}不变"
            by_head[f"{name}预警_核查指标变化"] = NOT_FILLED_IN if now == NOT_FILLED_IN else f"{changed}（{unit}）"
    return by_head


def _keepers(lines: Iterable[Record]) -> str:
    """Who is responsible for which lines."""
    people: dict[tuple[str, str], list[str]] = {}
    for line in lines:
        people.setdefault((shown(line.keeper), shown(line.keeper_phone)), []).append(shown(line.line_name))
    return "；".join(f"{'、'.join(own)}：{' '.join(person)}" for person, own in people.items())


def row_names(sheet: str) -> dict[str, MarkNames | None]:
    """The names that `row` knows."""
    own = [column.header for column in SHEETS[sheet].columns if column.kind != "status"]
    return dict.fromkeys([*own, *(LINE_ABOUT if sheet == "lines" else ())])


def about(book: Book) -> dict[str, str]:
    """What a workbook says of itself, and the hash of its content."""
    facts = {head: shown(book.facts.get(name)) for name, head in BOOK_FIELDS.items()}
    return facts | {"区县名称": book.county_name, "清单校验码": book.content()[:_DIGITS]}


def _named(record: Record) -> dict[str, str]:
    """What has a closer word in brackets where there is one."""
    return {
        "企业及厂区": shown(record.name) + (f"（{record.site}）" if record.site else ""),
        "行业及子类": shown(record.industry) + (f"（{record.subtype}）" if record.subtype else ""),
    }


def _own_hash(rows: Mapping[str, Sequence[Record]]) -> str:
    """Hash of some rows by sheet, whatever their numbers."""
    said = [(sheet, record[:-2]) for sheet, records in rows.items() for record in records]
    return sha256(repr(said).encode()).hexdigest()[:_DIGITS]


def plans(book: Book, findings: Iterable[Finding]) -> Iterator[tuple[Record, Known]]:
    """Each enterprise that can be told apart, and what its plan may say; `findings` are those of the workbook."""
    common, places = about(book), _places(findings)
    for rows in book.index("enterprises", "list_id").values():
        if len(rows) == 1:
            yield rows[0], common | _plan(book, rows[0], places)


def _plan(book: Book, enterprise: Record, places: "Places") -> dict[str, str | Sequence[Known]]:
    joined = {sheet: book.index(sheet, "list_id").get(enterprise.list_id, []) for sheet in JOINED}
    rows = {"enterprises": [enterprise], **joined}
    filing = [one for one in _found(rows, places) if one.rule == _FILED]
    filed = None if filing else enterprise.plan_filed_on
    return {
        **row("enterprises", enterprise),
        SHEETS["enterprises"]["grade"].header: _grade(book, enterprise, joined["lines"]),
        **{SHEETS[sheet].title: [row(sheet, record) for record in records] for sheet, records in joined.items()},
        "本企业校验码": _own_hash(rows),
        **_named(enterprise),
        "生产线责任人": _keepers(joined["lines"]),
        "方案日期": NO_DAY if filed is None else shown(filed),
        **_wrong(rows, places),
        "备案提示": [{PROBLEM: one.message} for one in filing],
    }


def _grade(book: Book, enterprise: Record, lines: Iterable[Record]) -> str:
    """The grade as it is printed; one that cannot be read is said so."""
    return UNREAD if "grade" in enterprise.bad else shown(printed_grade(enterprise, lines, book.ruleset))


Places = Mapping[tuple[str | None, int | None], Sequence[Finding]]
"""Findings by the title of their sheet and their row."""


def _places(findings: Iterable[Finding]) -> Places:
    places: dict[tuple[str | None, int | None], list[Finding]] = {}
    for one in findings:
        places.setdefault((one.sheet, one.row), []).append(one)
    return places


def _found(rows: Mapping[str, Sequence[Record]], places: Places) -> list[Finding]:
    """What was found in some rows."""
    records = ((SHEETS[sheet].title, record.row) for sheet, own in rows.items() for record in own)
    return [finding for place in records for finding in places.get(place, ())]


def _wrong(rows: Mapping[str, Sequence[Record]], places: Places) -> dict[str, list[Known]]:
    """`LISTS`: errors in some rows; whether a plan was filed is no error of the plan."""
    errors = [one for one in _found(rows, places) if one.severity >= Severity.ERROR and one.rule != _FILED]
    return {"有待改正": [{}] if errors else [], "待改正": [{PROBLEM: one.message} for one in errors]}


def plan_names() -> MarkNames:
    """The names that a plan knows."""
    return {
        **dict.fromkeys([*BOOK_FIELDS.values(), *ABOUT, *PLAN_ABOUT]),
        **row_names("enterprises"),
        **{SHEETS[sheet].title: row_names(sheet) for sheet in JOINED},
        **{name: {PROBLEM: None} for name in (*LISTS, *PLAN_LISTS)},
    }


def papers(
    book: Book, findings: Iterable[Finding], inventories: Mapping[str, Known]
) -> Iterator[tuple[Record, list[str], Known]]:
    """Each application that can be told apart, the outlines of the papers that it comes to, and what they may say.

    `findings` are those of the workbook, `inventories` has what is known of enterprises (`plans`) by 清单编号.
    """
    common = about(book) | {"市名称": book.ruleset.thresholds["city_name"]}
    places = _places(findings)
    alone = {id_ for id_, rows in book.index("applications", "list_id").items() if len(rows) == 1}
    for standing in grading_procedure.standings(book):
        application = standing.application
        if application.list_id in alone and "list_id" not in application.bad:
            joined = {
                sheet: book.index(sheet, "list_id").get(application.list_id, [])[-last:]
                for sheet, last in REVIEWED.items()
            }
            known = common | _application(book.ruleset, standing, joined)
            known |= _wrong({"applications": [application], **joined}, places)
            inventory = inventories.get(application.list_id)
            known["应急减排清单"] = [inventory] if inventory else []
            yield application, _due(book.ruleset, application, joined), known


def files_form(ruleset: RuleSet, application: Record) -> bool:
    """Whether an enterprise files the form, for it asks for the lowest grade; else it files the report.

    Where the rule set does not say the lowest grade of an industry, a grade counts that is the lowest of its scheme.
    """
    least = ruleset.lowest(application.industry, application.subtype)
    if least:
        return bool(application.applied_grade == least)
    return any(row["grade"] == application.applied_grade for row in ruleset.tables["grades"] if row["lowest"] == "yes")


def _due(ruleset: RuleSet, application: Record, joined: Mapping[str, Sequence[Record]]) -> list[str]:
    """The papers of an application: what the enterprise files, and the opinions that were given on it."""
    found = []
    filed = application.filing not in (None, grading_procedure.UNFILED) and application.applied_grade is not None
    if filed:
        found.append("form" if files_form(ruleset, application) else "report")
    provincial = filed and ruleset.fixed_by_province(application.applied_grade)
    if joined["county"]:
        found.append("preliminary" if provincial else "county")
    if joined["city"] and provincial:
        found.append("city")
    return found


def _application(
    ruleset: RuleSet, standing: grading_procedure.Standing, joined: Mapping[str, Sequence[Record]]
) -> dict[str, str | Sequence[Known]]:
    application, fixed = standing.application, standing.fixed
    visits = {
        name: [row("visits", one) for one in joined["visits"] if one.visitor == visitor]
        for name, visitor in VISITORS.items()
    }
    filed = application.filing != grading_procedure.UNFILED
    by_county = filed and ruleset.visits.get(application.applied_grade, ("", ""))[0]
    by_city = any(one.drawn in (grading_procedure.EACH, grading_procedure.DRAWN) for one in joined["city"])
    computed = {"stage": standing.stage, "fixed_grade": fixed.grade if fixed else None, "grade": standing.held.grade}
    return {
        **row("applications", application),
        **{SHEETS["applications"][field].header: shown(value) for field, value in computed.items()},
        **{SHEETS[sheet].title: [row(sheet, record) for record in records] for sheet, records in joined.items()},
        "本企业校验码": _own_hash({"applications": [application], **joined}),
        **_named(application),
        "对标情况": [{}] if joined["aspects"] else [],
        "八个方面": list(_aspects(joined["aspects"])),
        **visits,
        "不核查现场": [] if by_county else [{}],
        "缺县现场核查": [{}] if by_county and not visits["县现场核查"] else [],
        "缺市现场核查": [{}] if by_city and not visits["市现场核查"] else [],
    }


def _aspects(records: Sequence[Record]) -> Iterator[dict[str, str]]:
    """The aspects in their order; one that has no row is there to be filled in by hand."""
    heads = row_names("aspects")
    for aspect in SHEETS["aspects"]["aspect"].values.split("|"):
        own = [row("aspects", one) for one in records if one.aspect == aspect]
        yield from own or [dict.fromkeys(heads, "") | {SHEETS["aspects"]["aspect"].header: aspect}]


def paper_names() -> MarkNames:
    """The names that the papers know."""
    aspects, visits = row_names("aspects"), row_names("visits")
    return {
        **dict.fromkeys([*BOOK_FIELDS.values(), *ABOUT, *PAPER_ABOUT]),
        **row_names("applications"),
        **{SHEETS[sheet].title: row_names(sheet) for sheet in REVIEWED},
        **{name: {PROBLEM: None} for name in LISTS},
        **{name: {} for name in PAPER_LISTS},
        "八个方面": aspects,
        **dict.fromkeys(VISITORS, visits),
        "应急减排清单": plan_names(),
    }
