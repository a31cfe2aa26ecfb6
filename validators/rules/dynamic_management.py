"""DT: 绩效分级动态管理."""

import re
from collections.abc import Iterator

from validators.book import Book
from validators.expr import Check, Row, blank, call, check, count, given, lookup
from validators.findings import Severity
from validators.grading_procedure import ADJUSTED, MINISTRY
from validators.rule import Found, book_rule, row_rule
from validators.ruleset import ADJUSTMENTS, FIRST_OPINION, PROVINCE

_CLAUSE = "聊重指办〔2020〕6号 四(一)"
NOT_CARRIED_OUT = "应急措施未落实"


@row_rule("DT01", "报备或举报未核实", Severity.WARNING, "row", "聊重指办〔2020〕6号 四(一)、四(三)", "events")
def dt01(e: Row) -> Iterator[Check]:
    """检查什么：设备、治污设施变更报备和公众举报是否填了核实结果。

    为什么：与申报材料不符的变更要报备，举报由市指挥部及时组织核实（四(一)、四(三)）。
    怎么改：核实后填核实日期、核实人员和核实结果。
    """
    due = e.what.isin(("设备变更报备", "治污设施变更报备", "公众举报"))
    yield check(e.finding, due & blank(e.finding), "“{what}”还没有核实结果。请核实后补填。", what=e.what)


@row_rule("DT02", "与等级不符未调整", Severity.ERROR, "workbook", _CLAUSE, "events")
def dt02(e: Row) -> Iterator[Check]:
    """检查什么：核实结果为“与等级不符”的企业，有没有一行“等级调整”。

    为什么：实际情况与评定的等级不符的，由市指挥部办公室作出相应调整（四(一)）。
    怎么改：调整后用该清单编号填一行“等级调整”；核实结果填错的改正。
    """
    adjusted = count("events", ("what", "==", ADJUSTED), list_id=e.list_id)
    yield check(
        e.finding,
        (e.finding == "与等级不符") & (adjusted == 0),
        "核实结果是“{at}”，却没有“等级调整”。请由市指挥部办公室调整等级后补填一行。",
    )


@row_rule("DT03", "调整未经省厅核定", Severity.ERROR, "row", _CLAUSE, "events")
def dt03(e: Row) -> Iterator[Check]:
    """检查什么：调整为A级、B级、B-级、引领性的，批准机关是否为省生态环境厅（或生态环境部）。

    为什么：调整为A级、B（含B-）级和引领性的，须报省生态环境厅核定（四(一)）。
    怎么改：报省厅核定后再填；没有核定的，这次调整不作数。
    """
    yield check(
        e.approved_by,
        (e.what == ADJUSTED)
        & (lookup("opinion", e.new_grade) == FIRST_OPINION)
        & ~e.approved_by.isin((PROVINCE, MINISTRY)),
        f"调整为“{{grade}}”须报{PROVINCE}核定，批准机关填的是“{{at}}”。请报省厅核定后改填。",
        grade=e.new_grade,
    )


@row_rule("DT04", "调整未上报省厅", Severity.WARNING, "row", _CLAUSE, "events")
def dt04(e: Row) -> Iterator[Check]:
    """检查什么：等级调整是否填了上报省厅日期。

    为什么：调整结果应当及时上报省生态环境厅（四(一)）。
    怎么改：上报后填上日期。
    """
    yield check(
        e.reported_on, (e.what == ADJUSTED) & blank(e.reported_on), "等级已调整，还没有上报省厅。请上报后填日期。"
    )


@row_rule("DT05", "多次调整或逾期调整", Severity.WARNING, "workbook", "聊重指办〔2020〕6号 三(二)1、2", "events")
def dt05(e: Row) -> Iterator[Check]:
    """检查什么：同一厂区是否有两次以上的等级调整，调整日期是否晚于动态调整的期限。

    为什么：12月10日前可以开展一次绩效分级动态调整（三(二)1、2）；监督检查后的调整不受次数限制，所以只提醒。
    怎么改：重复填的删去；确是监督检查引起的调整可以不改。
    """
    adjusted = count("events", ("what", "==", ADJUSTED), list_id=e.list_id)
    yield check(
        e.what,
        (e.what == ADJUSTED) & (adjusted > 1),
        "同一厂区有不止一次等级调整，另见{others}。动态调整一年一次；是监督检查引起的可以不改。",
        others=(adjusted, "changed_on"),
        brief="不止一次调整",
    )
    deadline = lookup("day", ADJUSTMENTS)
    yield check(
        e.changed_on,
        (e.what == ADJUSTED) & (e.changed_on > deadline),
        "调整日期 {at} 晚于动态调整的期限 {deadline}。日期有误的请改正；是监督检查引起的可以不改。",
        deadline=deadline,
        brief="晚于动态调整的期限",
    )


def unpunished(penalty: str) -> bool:
    """Whether the text says that no penalty is imposed."""
    return "不予处罚" in penalty


@row_rule("DT06", "未处罚或未公开", Severity.WARNING, "row", "聊重指办〔2020〕6号 四(二)", "events")
def dt06(e: Row) -> Iterator[Check]:
    """检查什么：应急措施未落实的，有没有处罚文号（或写明不予处罚）；已处罚的有没有公开日期。

    为什么：未落实应急减排措施的，责令限期整改，依法处罚，处罚结果依法公开（四(二)）。
    怎么改：补填处罚文号；处罚结果公开后填日期；不予处罚的写“不予处罚”和理由。
    """
    yield check(
        e.penalty,
        (e.what == NOT_CARRIED_OUT) & blank(e.penalty),
        "应急措施未落实，还没有处罚文号。请补填；不予处罚的写“不予处罚”和理由。",
    )
    yield check(
        e.published_on,
        ~call(unpunished, e.penalty) & blank(e.published_on),
        "处罚“{penalty}”还没有公开日期。处罚结果应依法公开，公开后请填日期。",
        penalty=e.penalty,
        brief="处罚未公开",
    )


@row_rule("DT07", "动态管理日期颠倒", Severity.ERROR, "row", "业内惯例", "events")
def dt07(e: Row) -> Iterator[Check]:
    """检查什么：核实、整改期限、公开的日期是否早于事项的日期，上报省厅是否早于调整日期。

    为什么：后一步的日期早于前一步，说明填错。
    怎么改：核对两个日期，改正填错的一个。
    """
    pairs = ((e.checked_on, e.happened_on), (e.correct_by, e.happened_on), (e.published_on, e.happened_on))
    for later, earlier in (*pairs, (e.reported_on, e.changed_on)):
        yield check(
            later,
            later < earlier,
            "{at.header} {at} 早于{earlier.header} {earlier}。请核对两个日期，改正填错的一个。",
            earlier=earlier,
        )


@row_rule("DT08", "等级没有变化", Severity.ERROR, "row", "业内惯例", "events")
def dt08(e: Row) -> Iterator[Check]:
    """检查什么：等级调整的原等级和新等级是否相同；不是等级调整的，是否填了新等级。

    为什么：执行等级按最近一次等级调整的新等级确定，没有变化的调整会使人误解。
    怎么改：改正填错的等级；没有调整的删去这一行；确是调整的，事项选“等级调整”。
    """
    yield check(
        e.new_grade,
        (e.what == ADJUSTED) & (e.new_grade == e.old_grade),
        "原等级和新等级都是“{at}”。请改正填错的一个；没有调整的，请删去这一行。",
    )
    yield check(
        e.new_grade,
        (e.what != ADJUSTED) & given(e.new_grade),
        "事项是“{what}”，却填了新等级“{at}”，不会作数。确是调整的，请另填一行，事项选“等级调整”。",
        what=e.what,
        brief="不是等级调整却填了新等级",
    )


_PHONE = re.compile(r"(?<!\d)(?:1[3-9]\d{9}|0\d{2,3}-?\d{7,8})(?!\d)")


@book_rule("DT09", "疑似举报人信息", Severity.WARNING, "workbook", "业内惯例", events=("what", "content"))
def dt09(book: Book) -> Iterator[Found]:
    """检查什么：公众举报的内容里是否写了电话号码。

    为什么：这本表要在各级流转，举报人的姓名和电话不应写在里面。
    怎么改：删去举报人的姓名和电话，只写举报的事。
    """
    for event in book.tables["events"]:
        if event.what == "公众举报" and event.content and _PHONE.search(event.content):
            yield Found("举报内容里有电话号码。请删去举报人的姓名和电话，只写举报的事。", "events", event, "content")
