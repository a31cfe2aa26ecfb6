"""PJ: 绩效评级."""

from collections.abc import Iterator

from validators.book import Book
from validators.expr import Cell, Check, Expr, Record, Row, check, count, latest, lookup, text_of
from validators.findings import Severity
from validators.references import MINISTRY_RESULT, PROVINCE_RESULT, Listed
from validators.rule import CityFound, city_rule, row_rule
from validators.rules.schemes import ungraded
from validators.rules.texts import bare
from validators.ruleset import NOT_KEY, UNGRADED
from validators.settlement import City, ruleset_of


def key_lines(list_id: Expr) -> Expr:
    """Whether any line of the enterprise is of a key industry."""
    return count("lines", ("industry", "!=", NOT_KEY), list_id=list_id) > 0


def of_key_industry(e: Row) -> tuple[Expr, Expr]:
    """The two ways in which an enterprise is of a key industry: itself, or else by a line (rules.csv PJ11).

    They exclude each other. Only the second needs the 清单编号: with a check for each, its blank does not
    silence the first.
    """
    return e.industry != NOT_KEY, (e.industry == NOT_KEY) & key_lines(e.list_id)


def co_disposing(list_id: Expr) -> Expr:
    """Whether 保障类 says that the enterprise disposes of household or hazardous waste."""
    return count("guarantee", ("co_disposal", "==", "是"), list_id=list_id) > 0


def is_high(grade: Expr) -> Expr:
    """Whether a grade is one of those that enterprises with an offence may not apply for."""
    return lookup("high", grade) == "yes"


def above_lowest(e: Row, condition: Expr, why: str, remedy: str) -> Iterator[Check]:
    """Grades above the lowest, for enterprises that are to have the lowest (PJ02, PJ06).

    A grade between is only a warning where the industry's lowest is not verified.
    """
    say = f"{why}，应按最低等级（{{lowest}}）管理，绩效等级却是“{{at}}”。请{remedy}"
    lowest = lookup("said", "lowest")
    yield check(e.grade, condition & is_high(e.grade), say, lowest=lowest)
    between = lookup("middle", e.industry, text_of(e.subtype), e.grade, default="")
    yield check(e.grade, condition & (between == "yes"), say, lowest=lowest)
    yield check(
        e.grade,
        condition & (between == "no"),
        f"{why}，应按该行业的最低等级管理，绩效等级是“{{at}}”。"
        f"请对照技术指南确认{{at}}级是否为该行业的最低等级（尚未核实）；不是的，{remedy}",
        Severity.WARNING,
    )


def outside_scheme(row: Row, grade: Cell, named: str, graded: Expr | None = None) -> Iterator[Check]:
    """A grade that the scheme of its industry and subtype does not have; a scheme that is not verified only warns."""
    scheme = (row.industry, text_of(row.subtype))
    wrong = lookup("scheme", *scheme, grade, default="") == ""
    if graded is not None:
        wrong = graded & wrong
    for verified, severity, doubt in (("yes", None, ""), ("no", Severity.WARNING, "（分级办法尚未核实）")):
        yield check(
            grade,
            wrong & (lookup("scheme_of", *scheme, default="") == verified),
            f"{named}“{{at}}”不属于“{{industry}}{{subtype}}”的分级办法{doubt}，该行业的等级有：{{allowed}}。请改选等级，或核对行业和子类。",
            severity,
            industry=row.industry,
            subtype=text_of(row.subtype),
            allowed=lookup("scheme_grades", *scheme),
        )


def barred(row: Row, remedy: str) -> Iterator[Check]:
    """A high grade that is applied for within the year in which an offence bars it (四(二))."""
    first, last = lookup("day", "offence_from"), lookup("day", "offence_to")
    yield check(
        row.applied_grade,
        (row.bar != "无") & (row.offence_on >= first) & (row.offence_on <= last) & is_high(row.applied_grade),
        "企业在 {day} 有“{bar}”情形（{first} 至 {last} 之间），当年不得申报{high}，申报等级却是“{at}”。" + remedy,
        day=row.offence_on,
        bar=row.bar,
        first=first,
        last=last,
        high=lookup("said", "high"),
    )


@row_rule(
    "PJ01",
    "等级不属于该行业",
    Severity.ERROR,
    "row",
    "环办大气函〔2020〕340号（未见全文）",
    "enterprises",
    "lines",
)
def pj01(row: Row) -> Iterator[Check]:
    """检查什么：绩效等级是否在该行业（及子类）的分级办法之内；分级办法尚未核实的行业只提醒，非重点行业和未评级的不查。

    有的子类不参加分级（防水卷材的塑料类），只能填“未评级”；它仍须执行减排措施（CS16）。

    为什么：有的行业分A、B、C、D级，有的只分引领性和非引领性，用错办法的等级不能执行。
    怎么改：改选该行业的等级；行业或子类选错的，改正行业或子类。
    """
    yield from outside_scheme(row, row.grade, "绩效等级", row.grade != UNGRADED)


@row_rule("PJ02", "未申报应为最低等级", Severity.ERROR, "row", "聊重指办〔2020〕6号 三(一)", "enterprises")
def pj02(e: Row) -> Iterator[Check]:
    """检查什么：重点行业企业没有申报（申报方式=未申报），绩效等级却高于最低等级。

    D级尚未核实为最低等级的行业，C级只提醒。

    为什么：规定时限内未主动申报的重点行业企业，按最低绩效等级进行管理（三(一)）。
    怎么改：把绩效等级改为该行业的最低等级；实际已申报的，改正申报方式并补填申报等级。
    """
    remedy = "改为最低等级；实际已申报的，改正“申报方式”并补填“申报等级”。"
    for key in of_key_industry(e):
        unfiled = key & (e.filing == "未申报") & ~ungraded(e)
        yield from above_lowest(e, unfiled, "重点行业企业未申报绩效评级", remedy)


@row_rule("PJ03", "企业等级优于最差工序", Severity.ERROR, "workbook", "聊重指办〔2020〕6号 三(一)", "enterprises")
def pj03(e: Row) -> Iterator[Check]:
    """检查什么：企业的绩效等级、申报等级是否优于其生产线中最差的绩效等级；未评级的生产线不计。

    规则集的“等级可以按生产线分开”选“是”的，不检查：各生产线按自己的等级执行。有的省单独给生产线评级
    （陕西2024年名单的“引领性生产线”，只评混凝土线、不评制砂线），本市按三(一)，选“否”。

    为什么：企业总体绩效等级以所含行业或工序中较差的级别申报（三(一)）。
    怎么改：把企业的等级改为最差一条生产线的等级；生产线等级填错的，改正生产线的绩效等级。
    """
    for cell in (e.grade, e.applied_grade):
        worse = count("lines", ("grade", "in", lookup("worse_grades", cell)), list_id=e.list_id)
        yield check(
            cell,
            ~lookup("switch", "lines_apart") & (worse > 0),
            "企业的{at.header}为“{at}”，优于《生产线减排措施》{others}。企业总体等级以各工序中较差的级别为准，请改为最差一条生产线的等级，或核对生产线的等级。",
            others=(worse, "grade"),
        )


@row_rule("PJ04", "核定机关不符", Severity.ERROR, "row", "聊重指办〔2020〕6号 三(二)", "enterprises")
def pj04(e: Row) -> Iterator[Check]:
    """检查什么：A级、B级、B-级、引领性企业的核定机关是否为省生态环境厅；待核定的只提醒。

    为什么：A级、B（含B-）级、引领性由省生态环境厅核定，县、市只作初审和审核（三(二)）。
    怎么改：已由省里核定的，核定机关改为“省生态环境厅”；省里没有核定的，绩效等级按核定前的等级填。
    """
    due = lookup("fixed_by", e.grade)
    yield check(
        e.fixed_by,
        (e.fixed_by != due) & (e.fixed_by != "待核定"),
        "绩效等级“{grade}”应由{due}核定，核定机关填的是“{at}”。请改正核定机关；还没有核定的，绩效等级按核定前的等级填。",
        grade=e.grade,
        due=due,
    )
    yield check(
        e.fixed_by,
        (e.fixed_by == "待核定") & (due != ""),
        "绩效等级“{grade}”还在待核定，须经{due}核定后才能执行。请在核定后改填核定机关和核定日期。",
        Severity.WARNING,
        grade=e.grade,
        due=due,
        brief="还没有核定",
    )


@row_rule("PJ05", "限制申报", Severity.ERROR, "row", "聊重指办〔2020〕6号 四(二)", "enterprises")
def pj05(e: Row) -> Iterator[Check]:
    """检查什么：方案发布前一年内有环境违法或构成犯罪的企业，申报等级是否为A级、B级、B-级或引领性。

    为什么：有上述情形的企业当年不得申报A级、B（含B-）级、引领性（四(二)）。
    怎么改：把申报等级改为C级及以下；违法情形或日期填错的，改正那两格。
    """
    yield from barred(e, "请改为其余等级，或核对违法情形和日期。")


@row_rule("PJ06", "弄虚作假应为最低等级", Severity.ERROR, "row", "聊重指办〔2020〕6号 四(二)", "enterprises")
def pj06(e: Row) -> Iterator[Check]:
    """检查什么：有弄虚作假或行贿情形的企业，绩效等级是否高于最低等级。

    D级尚未核实为最低等级的行业，C级只提醒。

    为什么：隐瞒、提供虚假材料，或贿赂专家、生态环境工作人员的，直接评定为最低等级（四(二)）。
    怎么改：把绩效等级改为该行业的最低等级；“弄虚作假或行贿”填错的，改正那一格。
    """
    remedy = "改为最低等级；“弄虚作假或行贿”填错的，请改正。"
    yield from above_lowest(e, e.fraud == "是", "企业有弄虚作假或行贿情形", remedy)


@row_rule("PJ07", "非重点行业不评级", Severity.WARNING, "row", "聊重指办〔2020〕6号 一", "enterprises")
def pj07(e: Row) -> Iterator[Check]:
    """检查什么：非重点行业的企业是否填了绩效等级（协同处置生活垃圾、危险废物的除外），重点行业的企业是否未评级。

    规则集写明不参加分级的子类（防水卷材的塑料类）就是“未评级”，不提示。

    为什么：绩效分级只适用于39个重点行业，重点行业企业都应当有等级（一）。
    怎么改：非重点行业的，绩效等级改为“未评级”；重点行业的，填核定的等级，未申报的填最低等级。
    """
    yield check(
        e.grade,
        (e.industry == NOT_KEY) & ~key_lines(e.list_id) & (e.grade != UNGRADED) & ~co_disposing(e.list_id),
        f"“{NOT_KEY}”的企业不参加绩效分级，绩效等级却是“{{at}}”。请改为“{UNGRADED}”；属于重点行业的，请改正“重点行业”。",
    )
    for key in of_key_industry(e):
        yield check(
            e.grade,
            key & (e.grade == UNGRADED) & ~ungraded(e),
            f"重点行业的企业应当有绩效等级，现为“{UNGRADED}”。请填核定的等级；未申报的，填该行业的最低等级。",
            brief="重点行业应有等级",
        )


@row_rule("PJ08", "与等级变更不一致", Severity.ERROR, "workbook", "聊重指办〔2020〕6号 四(一)", "enterprises")
def pj08(e: Row) -> Iterator[Check]:
    """检查什么：企业的绩效等级是否就是《等级变更》中最近一次变更的新等级。

    为什么：等级变更后清单要同步调整（四(一)），两处不一致就不知道该执行哪一个。
    怎么改：把绩效等级改为最近一次变更的新等级；变更记录有误的，改正《等级变更》。
    """
    last = latest("changes", "changed_on", list_id=e.list_id)
    others = count("changes", ("changed_on", "==", last), ("new_grade", "!=", e.grade), list_id=e.list_id)
    same = count("changes", ("changed_on", "==", last), ("new_grade", "==", e.grade), list_id=e.list_id)
    yield check(
        e.grade,
        (others > 0) & (same == 0),
        "绩效等级为“{at}”，与《等级变更》最近一次（{last}）的新等级不一致：{others}。请改为新等级，或改正变更记录。",
        others=(others, "new_grade"),
        last=last,
    )


def _reviewed(city: City) -> Iterator[tuple[Listed, list[tuple[Book, Record]]]]:
    """The result that holds for each enterprise that was reviewed, and its rows: the later one, else the ministry's."""
    by_id: dict[str, list[tuple[Book, Record]]] = {}
    by_code: dict[str, list[tuple[Book, Record]]] = {}
    by_name: dict[str, list[tuple[Book, Record]]] = {}
    for book in city.books():
        for record in book.tables["enterprises"]:
            by_id.setdefault(record.list_id, []).append((book, record))
            by_code.setdefault(record.uscc, []).append((book, record))
            by_name.setdefault(bare(record.name or ""), []).append((book, record))
    holding: dict[object, tuple[Listed, list[tuple[Book, Record]]]] = {}
    for one in city.imports.rows(PROVINCE_RESULT, MINISTRY_RESULT):  # the ministry's come last
        if one.of_line:
            continue
        coded = one.list_id or one.uscc  # lists that provinces publish have names only
        own = by_id.get(one.list_id) or by_code.get(one.uscc, []) if coded else by_name.get(bare(one.name), [])
        if one.site:
            own = [(book, record) for book, record in own if record.site == one.site]
        key = tuple(sorted((book.file, record.row) for book, record in own)) or one
        earlier = holding.get(key)
        if earlier is None or one.day is None or earlier[0].day is None or one.day >= earlier[0].day:
            holding[key] = one, own
    yield from holding.values()


@city_rule("PJ09", "与省核定结果不一致", Severity.ERROR, "聊重指办〔2020〕6号 三(二)3")
def pj09(city: City) -> Iterator[CityFound]:
    """检查什么：绩效等级是否与导入的省核定结果、部复核结果一致；两者都有的以日期较晚的为准，没有日期或同日的以部复核结果为准。结果没有写明是哪个厂区而企业有几个厂区的，只作提醒。

    结果写明按哪套规则集（“规则集”“评级依据”一列写 2020、2026 或文号）核定的，按那一套认等级：2026年1月还有按2020年修订版评的结果。
    结果没有写代码和清单编号的（各省公布的名单多是这样），按企业名称对，只差括号、全角半角、空格的也算，只作提醒。

    那一套有、本次没有的等级（例如引领性），以及只评一条生产线的结果（“引领性生产线”），不能直接比，只作提醒。

    为什么：A级、B级（含B-）和引领性企业由省生态环境厅核定，部里复核，清单里的等级应当是核定的结果。
    怎么改：按核定结果改绩效等级，并在《等级变更》登记；认为结果有误的，报省生态环境厅更正。
    """
    for one in city.imports.rows(PROVINCE_RESULT, MINISTRY_RESULT):
        if one.of_line:
            say = f"{one}评的是一条生产线（{one.grade}），企业的等级没有比对。请核对《生产线减排措施》的绩效等级。"
            yield CityFound(say, severity=Severity.WARNING)
    for one, own in _reviewed(city):
        rules = ruleset_of(one, city)
        obstacle = (
            f"写的规则集“{one.ruleset}”本机没有，没有比对。请核对这一格，或用 qingdan ruleset load 载入。"
            if rules is None
            else f"的等级“{one.grade or '空白'}”不是认得的绩效等级，没有比对。"
            if one.grade not in rules.values["grades"]
            else f"按规则集 {rules.id} 核定为“{one.grade}”，本次的规则集 {city.ruleset.id} 没有这一级，没有比对。请按省里的衔接办法核对清单里的等级。"
            if one.grade not in city.ruleset.values["grades"]
            else "在清单里找不到，没有比对。请核对代码或清单编号。"
            if not own
            else ""
        )
        if obstacle:
            yield CityFound(f"{one}{obstacle}", severity=Severity.WARNING)
            continue
        for book, record in own:
            if record.grade is None or record.grade == one.grade:
                continue
            by = f"按规则集 {rules.id}" if rules and rules.id != city.ruleset.id else None
            day = "，".join(str(part) for part in (one.day, by) if part)
            day = f"（{day}）" if day else ""
            said = f"绩效等级填的是“{record.grade}”，{one}{day}是“{one.grade}”"
            unsure = (
                f"；该{'代码' if one.uscc or one.list_id else '名称'}有 {len(own)} 个厂区，结果没有写明是哪一个。请核对。"
                if len(own) > 1
                else "；结果没有写代码，是按企业名称对上的。请核对是不是同一家。"
                if not (one.list_id or one.uscc)
                else ""
            )
            message = said + (unsure or "。请按核定结果改正，并在《等级变更》登记。")
            severity = Severity.WARNING if unsure else None
            yield CityFound(message, book=book, sheet="enterprises", record=record, field="grade", severity=severity)


@row_rule("PJ10", "申报最低等级应填申请表", Severity.WARNING, "row", "聊重指办〔2020〕6号 三(一)", "enterprises")
def pj10(e: Row) -> Iterator[Check]:
    """检查什么：申报最低等级（D、非引领性）的是否用申请表，申报更高等级的是否用申请报告；不参加分级的子类不查。

    为什么：申报最低等级的直接填写《申请表》，其余的编制《申请报告》并附证明材料（三(一)）。
    怎么改：按实际提交的材料改正申报方式；材料用错的，请企业改用应交的材料。
    """
    form = lookup("filing_form", e.applied_grade)
    for due, brief in (("申请表", "申报最低等级应填申请表"), ("申请报告", "申报等级不是最低，应填申请报告")):
        yield check(
            e.filing,
            e.filing.isin(("申请报告", "申请表")) & (e.filing != form) & (form == due) & ~ungraded(e),
            "申报等级为“{grade}”，应提交{form}，申报方式填的是“{at}”。请按实际提交的材料改正，材料用错的请企业改用{form}。",
            brief=brief,
            grade=e.applied_grade,
            form=form,
        )


@row_rule("PJ11", "企业与生产线行业不一致", Severity.ERROR, "workbook", "聊重指办〔2020〕6号 三(一)", "enterprises")
def pj11(e: Row) -> Iterator[Check]:
    """检查什么：企业填“非重点行业”却有重点行业的生产线，或企业填的重点行业没有一条生产线属于它。

    为什么：企业的行业由它的生产线决定，跨行业的要分行业对标（三(一)）；不一致时等级和措施都会套错。
    怎么改：把企业的“重点行业”改为其生产线（跨行业的，绩效等级最差的生产线）的行业；生产线行业填错的，改正生产线。
    """
    key = count("lines", ("industry", "!=", NOT_KEY), list_id=e.list_id)
    yield check(
        e.industry,
        (e.industry == NOT_KEY) & (key > 0),
        "企业填的是“{at}”，却有重点行业的生产线：{others}。请把企业的“重点行业”改为生产线的行业，或改正生产线的行业。",
        others=(key, "industry"),
    )
    lines = count("lines", list_id=e.list_id)
    unknown = count("lines", ("industry", "unknown", None), list_id=e.list_id)
    same = count("lines", ("industry", "==", e.industry), list_id=e.list_id)
    yield check(
        e.industry,
        (e.industry != NOT_KEY) & (same == 0) & (lines > 0) & (unknown == 0),
        "企业的重点行业是“{at}”，但没有一条生产线属于该行业：{others}。请改正企业或生产线的“重点行业”。",
        others=(lines, "industry"),
    )
