"""SC: 绩效分级审查核定."""

from collections.abc import Iterator

from validators.book import Book
from validators.expr import Check, Row, blank, check, count, given, lookup, ref
from validators.findings import Severity
from validators.grading_procedure import CITY, COUNTY, DRAWN, EACH, REFUSED, RETURNED
from validators.rule import Found, book_rule, row_rule
from validators.ruleset import BY_CITY, BY_COUNTY, FIRST_OPINION, OWN_OPINION, PROVINCE

_CLAUSE = "聊重指办〔2020〕6号 三(二)"
AGREED = "同意"


@row_rule("SC01", "意见种类不符", Severity.ERROR, "workbook", f"{_CLAUSE}1", "county")
def sc01(c: Row) -> Iterator[Check]:
    """检查什么：申报由省生态环境厅核定的等级的，县里是否出具初审意见（附件3），其余的是否出具审核意见（附件4）。

    为什么：县里对A级、B（含B-）级、引领性只作初审，对C级及以下作出评定（三(二)1）。
    怎么改：按申报等级改出应出的意见，并改正“意见种类”；申报等级填错的，改正《申报》。
    """
    grade = ref("applications", "applied_grade", list_id=c.list_id)
    due = lookup("opinion", grade)
    yield check(
        c.opinion,
        c.opinion != due,
        "申报等级为“{grade}”，应出具{due}，这里填的是“{at}”。请改出{due}，或核对申报等级。",
        grade=grade,
        due=due,
    )


@row_rule("SC02", "缺县级现场核查", Severity.ERROR, "workbook", f"{_CLAUSE}1", "county")
def sc02(c: Row) -> Iterator[Check]:
    """检查什么：申报最低等级以上的，县里作出审查结论之前有没有现场核查；退回补正的不查。

    为什么：申报最低等级以上的都要逐个现场核查，最低等级的不纳入现场核查范围（三(二)1）。
    怎么改：现场核查后在《现场核查》填一行，核查单位选“县指挥部”。
    """
    grade = ref("applications", "applied_grade", list_id=c.list_id)
    seen = count("visits", ("visitor", "==", COUNTY), list_id=c.list_id)
    yield check(
        c.result,
        (c.result != RETURNED) & (lookup("county_visit", grade) != "") & (seen == 0),
        f"申报等级为“{{grade}}”，县里应现场核查，《现场核查》中却没有{COUNTY}的一行。请核查后补填。",
        grade=grade,
    )


@row_rule("SC03", "未逐项审核", Severity.ERROR, "workbook", f"{_CLAUSE}2", "city")
def sc03(c: Row) -> Iterator[Check]:
    """检查什么：市里作出审核结论的，《对标》的每一行是否都填了市级审核是否符合；退回补正的不查。

    为什么：市里要从八个方面对照《技术指南》严格审核把关（三(二)2）。
    怎么改：在《对标》逐行填“市级审核是否符合”。
    """
    open_ = count("aspects", ("city_meets", "unknown", None), list_id=c.list_id)
    yield check(
        c.result,
        (c.result != RETURNED) & (open_ > 0),
        "已作出审核结论“{at}”，《对标》还有没审核的行：{others}。请逐行填“市级审核是否符合”。",
        others=(open_, "city_meets"),
    )


@row_rule("SC04", "市级现场核查不符", Severity.ERROR, "workbook", f"{_CLAUSE}2", "city")
def sc04(c: Row) -> Iterator[Check]:
    """检查什么：申报A级、引领性的是否标为“逐个核查”；逐个核查、抽中的，市里作出结论之前有没有现场核查；退回补正的不查。

    为什么：对申报A级、引领性的逐个组织现场核查，对申报B（含B-）级的按比例抽查（三(二)2）。
    怎么改：现场核查后在《现场核查》填一行，核查单位选“市指挥部”；是否抽中按抽查名单改正。
    """
    grade = ref("applications", "applied_grade", list_id=c.list_id)
    yield check(
        c.drawn,
        (lookup("city_visit", grade) == "每个") & (c.drawn != EACH),
        f"申报等级为“{{grade}}”，市里应逐个现场核查，这里填的是“{{at}}”。请改为“{EACH}”。",
        grade=grade,
    )
    seen = count("visits", ("visitor", "==", CITY), list_id=c.list_id)
    yield check(
        c.result,
        (c.result != RETURNED) & c.drawn.isin((EACH, DRAWN)) & (seen == 0),
        f"是否抽中为“{{drawn}}”，《现场核查》中却没有{CITY}的一行。请核查后补填，或按抽查名单改正。",
        drawn=c.drawn,
        brief="缺市级现场核查",
    )


@row_rule("SC05", "不符合却同意", Severity.ERROR, "workbook", _CLAUSE, "county", "city")
def sc05(row: Row) -> Iterator[Check]:
    """检查什么：结论为“同意”的，材料是否不真实，本级现场核查是否不符合，市里逐项审核是否有不符合的方面。

    为什么：县里初审真实性、完整性、规范性，市里从八个方面严格审核把关（三(二)），有不符合的不能同意。
    怎么改：改为“不同意”或“退回补正”；审核、核查结果填错的，改正那一格。
    """
    agreed = row.result == AGREED
    visitor = COUNTY if row.key == "county" else CITY
    failed = count("visits", ("visitor", "==", visitor), ("result", "==", "不符合"), list_id=row.list_id)
    yield check(
        row.result,
        agreed & (failed > 0),
        "现场核查不符合，结论却是“{at}”：《现场核查》{others}。请改正结论，或核对核查结果。",
        others=(failed, "result"),
        brief="现场核查不符合却同意",
    )
    if row.key == "county":
        yield check(
            row.result,
            agreed & (row.true_papers == "否"),
            "材料不真实，结论却是“{at}”。请改正结论，并核对《申报》的“弄虚作假或行贿”。",
            brief="材料不真实却同意",
        )
    else:
        unmet = count("aspects", ("city_meets", "==", "否"), list_id=row.list_id)
        yield check(
            row.result,
            agreed & (unmet > 0),
            "《对标》有审核不符合的方面，结论却是“{at}”：{others}。八个方面都达到申报等级才可同意，请改正结论，或核对审核结果。",
            others=(unmet, "city_meets"),
        )


@row_rule("SC06", "结论与等级不符", Severity.ERROR, "workbook", _CLAUSE, "county", "city")
def sc06(row: Row) -> Iterator[Check]:
    """检查什么：结论为“同意”的，审查（审核）等级是否就是申报等级；“不同意”的，是否比申报等级差。

    为什么：结论和等级说法不一，就不知道审定的是哪一级。
    怎么改：改正结论或等级中填错的一个。
    """
    asked = ref("applications", "applied_grade", list_id=row.list_id)
    yield check(
        row.grade,
        (row.result == AGREED) & (row.grade != asked),
        "结论是同意，等级却填“{at}”，申报等级是“{asked}”。请改正结论或等级。",
        asked=asked,
    )
    as_good = count(
        "applications", ("applied_grade", "in", lookup("not_better_grades", row.grade)), list_id=row.list_id
    )
    yield check(
        row.grade,
        (row.result == REFUSED) & (as_good > 0),
        "结论是不同意，等级“{at}”却不比申报等级“{asked}”差。请改正结论或等级。",
        asked=asked,
    )


@row_rule("SC07", "越过程序", Severity.ERROR, "workbook", _CLAUSE, "city", "province")
def sc07(row: Row) -> Iterator[Check]:
    """检查什么：市级审核、省级核定的，是否属于由省生态环境厅核定的等级，上一级是否已经同意：市级审核之前县里初审同意，省级核定之前市里审核同意（部级复核的不查）。

    为什么：A级、B（含B-）级、引领性要经县级初审、市级审核、省厅核定，C级及以下由县里评定（三(二)）。
    怎么改：补填上一级的结论；不属于省里核定的，删去这一行。
    """
    grade = ref("applications", "applied_grade", list_id=row.list_id)
    yield check(
        row.list_id,
        lookup("opinion", grade) == OWN_OPINION,
        "申报等级为“{grade}”，由县里评定，不经市级审核和省级核定。请删去这一行，或核对申报等级。",
        grade=grade,
        brief="应由县里评定",
    )
    before, title = ("county", "县级审查") if row.key == "city" else ("city", "市级审核")
    agreed = count(before, ("result", "==", AGREED), list_id=row.list_id) == 0
    if row.key == "province":
        agreed = (row.fixed_by == PROVINCE) & agreed
    yield check(
        row.list_id,
        (lookup("opinion", grade) == FIRST_OPINION) & agreed,
        f"《{title}》还没有同意，就填了这一行。请先补填《{title}》的结论。",
        brief=f"《{title}》还没有同意",
    )


@row_rule("SC08", "日期先后颠倒", Severity.ERROR, "workbook", _CLAUSE, "county", "visits", "city", "province")
def sc08(row: Row) -> Iterator[Check]:
    """检查什么：收到申报、县级审查、上报市里、市级审核、上报省厅、省厅核定的日期是否依次在后；县、市的现场核查是否在本级结论之前。

    为什么：程序一步接一步（三(二)），后一步的日期早于前一步，说明填错或补办。
    怎么改：核对两个日期，改正填错的一个。
    """
    say = "{at.header} {at} 早于{before} {day}。请核对两个日期，改正填错的一个。"
    if row.key == "county":
        received = ref("applications", "received_on", list_id=row.list_id)
        yield check(row.reviewed_on, row.reviewed_on < received, say, before="收到申报的日期", day=received)
        yield check(row.reported_on, row.reported_on < row.reviewed_on, say, before="县级审查日期", day=row.reviewed_on)
    elif row.key == "city":
        reported = ref("county", "reported_on", list_id=row.list_id)
        yield check(row.reviewed_on, row.reviewed_on < reported, say, before="县里上报的日期", day=reported)
        yield check(row.reported_on, row.reported_on < row.reviewed_on, say, before="市级审核日期", day=row.reviewed_on)
    elif row.key == "province":
        sent = ref("city", "reported_on", list_id=row.list_id)
        yield check(row.fixed_on, row.fixed_on < sent, say, before="上报省厅的日期", day=sent)
    else:
        for visitor, sheet in ((COUNTY, "county"), (CITY, "city")):
            reviewed = ref(sheet, "reviewed_on", list_id=row.list_id)
            yield check(
                row.visited_on,
                (row.visitor == visitor) & (row.visited_on > reviewed),
                f"{visitor}的核查日期 {{at}} 晚于{{sheet}}的日期 {{day}}。现场核查在前，请核对两个日期，改正填错的一个。",
                sheet="县级审查" if sheet == "county" else "市级审核",
                day=reviewed,
            )


@row_rule("SC09", "县级逾期", Severity.WARNING, "workbook", f"{_CLAUSE}1", "applications", "county")
def sc09(row: Row) -> Iterator[Check]:
    """检查什么：县里上报审查结果是否晚于规定的期限；过了期限，申报了的企业是否还没有审查。

    2020年的期限（8月18日）早于方案发布之日（8月19日），又是“原则上”，所以只提醒。

    为什么：县里原则上应在期限之前完成绩效分级并上报（三(二)1）。
    怎么改：日期填错的改正；还没有审查的尽快审查；确已逾期的向市指挥部办公室说明，不必改表。
    """
    deadline, issued = lookup("day", BY_COUNTY), lookup("day", "issued_on")
    note = "期限 {deadline}（原则上；方案发布之日是 {issued}）"
    if row.key == "county":
        yield check(
            row.reported_on,
            row.reported_on > deadline,
            f"上报市里的日期 {{at}} 晚于{note}，只作提醒。日期有误的请改正。",
            deadline=deadline,
            issued=issued,
        )
    else:
        today = lookup("own", "on")
        yield check(
            row.filing,
            row.filing.isin(("申请报告", "申请表"))
            & (row.fraud == "否")
            & (today > deadline)
            & (count("county", list_id=row.list_id) == 0),
            f"已过{note}，《县级审查》还没有这一家。请尽快审查，只作提醒。",
            deadline=deadline,
            issued=issued,
            brief="过了期限还没有审查",
        )


@row_rule("SC10", "市级逾期", Severity.WARNING, "workbook", f"{_CLAUSE}2", "county", "city")
def sc10(row: Row) -> Iterator[Check]:
    """检查什么：市里上报省厅是否晚于规定的期限；过了期限，县里初审同意的是否还没有审核。

    为什么：市里原则上于期限之前完成审核并上报省生态环境厅（三(二)2）。
    怎么改：日期填错的改正；还没有审核的尽快审核；确已逾期的不必改表。
    """
    deadline = lookup("day", BY_CITY)
    if row.key == "city":
        yield check(
            row.reported_on,
            row.reported_on > deadline,
            "上报省厅的日期 {at} 晚于期限 {deadline}（原则上）。日期有误的请改正。",
            deadline=deadline,
        )
    else:
        waits = (row.opinion == FIRST_OPINION) & (row.result == AGREED)
        yield check(
            row.result,
            waits & (lookup("own", "on") > deadline) & (count("city", list_id=row.list_id) == 0),
            "已过期限 {deadline}（原则上），《市级审核》还没有这一家。请尽快审核。",
            deadline=deadline,
            brief="过了期限还没有审核",
        )


@row_rule("SC11", "结论未上报", Severity.WARNING, "row", _CLAUSE, "county", "city")
def sc11(row: Row) -> Iterator[Check]:
    """检查什么：县里作出结论的（退回补正的除外）、市里审核同意的，是否填了上报日期。

    为什么：县里的初审意见、审核意见上报市里，市里审核通过的上报省厅（三(二)）。
    怎么改：上报后填上日期。
    """
    due = row.result != RETURNED if row.key == "county" else row.result == AGREED
    where = "市指挥部" if row.key == "county" else PROVINCE
    yield check(
        row.reported_on,
        due & blank(row.reported_on),
        f"结论是“{{result}}”，还没有上报{where}。请上报后填日期。",
        result=row.result,
    )


@row_rule("SC12", "等待下一步", Severity.INFO, "workbook", _CLAUSE, "county", "city")
def sc12(row: Row) -> Iterator[Check]:
    """检查什么：退回补正的，等企业补正；已报省厅的，等省厅核定。

    为什么：申报走到哪一步，一看便知。
    怎么改：不必改；有了结果再填。
    """
    yield check(
        row.result,
        row.result == RETURNED,
        "已退回补正。企业补正后请重新审查，改填结论。",
        brief="等企业补正",
    )
    if row.key == "city":
        yield check(
            row.reported_on,
            (row.result == AGREED) & given(row.reported_on) & (count("province", list_id=row.list_id) == 0),
            "{at} 已报省厅，尚未核定。有了结果请填《省级核定》。",
            brief="等省厅核定",
        )


@row_rule("SC13", "等级优于最差工序", Severity.ERROR, "workbook", "聊重指办〔2020〕6号 三(一)", "county", "province")
def sc13(row: Row) -> Iterator[Check]:
    """检查什么：县里审查、省里核定的等级，是否优于《分行业工序》中最差的核定等级。

    规则集的“等级可以按生产线分开”选“是”的，不检查。

    为什么：企业总体绩效等级以所含行业或工序中较差的级别为准（三(一)）。
    怎么改：把总体等级改为最差的核定等级；工序的核定等级填错的，改正《分行业工序》。
    """
    worse = count("processes", ("fixed_grade", "in", lookup("worse_grades", row.grade)), list_id=row.list_id)
    yield check(
        row.grade,
        ~lookup("switch", "lines_apart") & (worse > 0),
        "{at.header}“{at}”优于《分行业工序》的核定等级：{others}。总体等级以较差的为准，请改正。",
        others=(worse, "fixed_grade"),
    )


@book_rule(
    "SC14",
    "等级不属于该行业",
    Severity.ERROR,
    "workbook",
    "环办大气函〔2020〕340号（未见全文）",
    applications=("industry", "subtype"),
    county=("grade",),
    city=("grade",),
    province=("grade",),
    events=("new_grade",),
)
def sc14(book: Book) -> Iterator[Found]:
    """检查什么：审查、审核、核定、调整后的等级是否在该行业（及子类）的分级办法之内；分级办法尚未核实的行业只提醒。

    为什么：有的行业分A、B、C、D级，有的只分引领性和非引领性，用错办法的等级不能执行。
    怎么改：改选该行业的等级；行业或子类选错的，改正《申报》的行业或子类。
    """
    grades, verified = book.table("scheme_grades"), book.table("scheme_of")
    for sheet, name in (("county", "grade"), ("city", "grade"), ("province", "grade"), ("events", "new_grade")):
        for record in book.tables[sheet]:
            application = next(iter(book.index("applications", "list_id").get(record.list_id, ())), None)
            grade = getattr(record, name)
            if application is None or grade is None or application.industry is None:
                continue
            scheme = (application.industry, application.subtype or "")
            if scheme in grades and grade not in grades[scheme].split("、"):
                doubt = "" if verified[scheme] == "yes" else "（分级办法尚未核实）"
                yield Found(
                    f"等级“{grade}”不属于“{''.join(scheme)}”的分级办法{doubt}，该行业的等级有：{grades[scheme]}。"
                    "请改选等级，或核对《申报》的行业和子类。",
                    sheet,
                    record,
                    name,
                    Severity.WARNING if doubt else None,
                )
