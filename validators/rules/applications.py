"""SB: 绩效分级申报."""

from collections.abc import Iterator

from validators.columns import SHEETS
from validators.expr import Cell, Check, Expr, Row, check, count, lookup, text_of
from validators.findings import Severity
from validators.rule import row_rule
from validators.rules.grades import barred, is_high, outside_scheme

_CLAUSE = "聊重指办〔2020〕6号 三(一)"
LIMITS = "聊重指办〔2020〕6号 四(二)"
ASPECTS = SHEETS["aspects"]["aspect"].values.split("|")
"""装备水平 and the other seven (三(二)2)."""


@row_rule("SB01", "申报材料与等级不符", Severity.ERROR, "row", _CLAUSE, "applications")
def sb01(a: Row) -> Iterator[Check]:
    """检查什么：申报最低等级以上的是否编制了《申请报告》；申报最低等级却编制报告的只提醒。

    为什么：申报最低等级的直接填写《申请表》，其余的编制《申请报告》并附具证明材料（三(一)）。
    怎么改：请企业补交应交的材料后，改正申报方式；材料没有错的，核对申报等级。
    """
    form = lookup("filing_form", a.applied_grade)
    say = "申报等级为“{grade}”，应提交{form}，申报方式填的是“{at}”。请企业补交{form}，或核对申报等级。"
    for filed, severity in (("申请表", None), ("申请报告", Severity.WARNING)):
        wrong = (a.filing == filed) & (form != filed)
        yield check(a.filing, wrong, say, severity, grade=a.applied_grade, form=form)


@row_rule("SB02", "缺承诺书", Severity.ERROR, "row", _CLAUSE, "applications")
def sb02(a: Row) -> Iterator[Check]:
    """检查什么：申报了的企业是否附了严格落实重污染天气应急减排承诺书。

    为什么：《申请报告》《申请表》都要附具承诺书（三(一)）。
    怎么改：请企业补交承诺书后改为“是”。
    """
    filed = a.filing.isin(("申请报告", "申请表"))
    yield check(
        a.commitment, filed & (a.commitment == "否"), "已提交{filing}，但没有附承诺书。请企业补交。", filing=a.filing
    )


@row_rule("SB03", "申报等级不属于该行业", Severity.ERROR, "row", _CLAUSE, "applications", "processes")
def sb03(row: Row) -> Iterator[Check]:
    """检查什么：申报（自评）等级是否在该行业（及子类）的分级办法之内；分级办法尚未核实的行业只提醒。

    为什么：企业按《技术指南》中本行业的办法对标申报（三(一)），办法里没有的等级不能申报。
    怎么改：改选该行业的等级；行业或子类选错的，改正行业或子类。
    """
    yield from outside_scheme(row, row.applied_grade, "{at.header}")


@row_rule("SB04", "申报等级不是最差工序的等级", Severity.ERROR, "workbook", _CLAUSE, "applications")
def sb04(a: Row) -> Iterator[Check]:
    """检查什么：《分行业工序》有行的企业，申报等级是否就是其中最差的自评等级：优于它的是错误，比它还差的提醒。

    规则集的“等级可以按生产线分开”选“是”的，不检查。

    为什么：企业总体绩效等级以所含行业或工序中较差的级别进行申报（三(一)）。
    怎么改：把申报等级改为最差的自评等级；自评等级填错的，改正《分行业工序》。
    """
    worse = count("processes", ("applied_grade", "in", lookup("worse_grades", a.applied_grade)), list_id=a.list_id)
    as_bad = count(
        "processes", ("applied_grade", "in", lookup("not_better_grades", a.applied_grade)), list_id=a.list_id
    )
    rows = count("processes", list_id=a.list_id)
    unknown = count("processes", ("applied_grade", "unknown", None), list_id=a.list_id)
    yield check(
        a.applied_grade,
        ~lookup("switch", "lines_apart") & (worse > 0),
        "申报等级“{at}”优于《分行业工序》{others}。总体等级以较差的级别申报，请改为最差的自评等级，或核对自评等级。",
        others=(worse, "applied_grade"),
    )
    yield check(
        a.applied_grade,
        ~lookup("switch", "lines_apart")
        & (lookup("opinion", a.applied_grade) != "")
        & (rows > 0)
        & (unknown == 0)
        & (as_bad == 0),
        "申报等级“{at}”比《分行业工序》的各个自评等级都差：{others}。请核对申报等级和自评等级。",
        Severity.WARNING,
        others=(rows, "applied_grade"),
    )


@row_rule("SB05", "限制申报", Severity.ERROR, "row", LIMITS, "applications")
def sb05(a: Row) -> Iterator[Check]:
    """检查什么：方案发布前一年内有环境违法或构成犯罪的企业，是否申报了A级、B级、B-级或引领性。

    为什么：有上述情形的企业当年不得申报A级、B（含B-）级、引领性（四(二)）。
    怎么改：退回企业改报其余等级；违法情形或日期填错的，改正那两格。
    """
    yield from barred(a, "请退回改报，或核对违法情形和日期。")


def _above_lowest(a: Row, at: Cell, condition: Expr, why: str) -> Iterator[Check]:
    """Sites that are to have the lowest grade, and were given another."""
    least = lookup("lowest", a.industry, text_of(a.subtype))
    for sheet, title in (("county", "县级审查"), ("province", "省级核定")):
        above = count(sheet, ("grade", "!=", least), list_id=a.list_id)
        yield check(
            at,
            condition & (above > 0),
            f"{why}，应为最低等级“{{least}}”，《{title}》却不是：{{others}}。请改正《{title}》的等级，或核对本格。",
            others=(above, "grade"),
            least=least,
        )


@row_rule("SB06", "弄虚作假应为最低等级", Severity.ERROR, "workbook", LIMITS, "applications")
def sb06(a: Row) -> Iterator[Check]:
    """检查什么：评级中隐瞒、提供虚假材料或主动行贿的企业，县级审查、省级核定的等级是否高于该行业的最低等级；规则集没有该行业最低等级的不查。

    为什么：有这些情形的直接评定为最低等级（四(二)）。
    怎么改：把审查、核定的等级改为最低等级；情形填错的，改正“弄虚作假或行贿”。
    """
    yield from _above_lowest(a, a.fraud, a.fraud != "否", "有弄虚作假或行贿情形")


@row_rule("SB07", "未申报应为最低等级", Severity.ERROR, "workbook", _CLAUSE, "applications")
def sb07(a: Row) -> Iterator[Check]:
    """检查什么：申报方式为“未申报”的企业，是否填了申报等级，县级审查、省级核定的等级是否高于该行业的最低等级；规则集没有该行业最低等级的不查。

    为什么：规定时限内未主动申报的重点行业企业，按最低绩效等级进行管理（三(一)）。
    怎么改：清空申报等级，审查、核定的等级改为最低等级；实际已申报的，改正申报方式。
    """
    unfiled = a.filing == "未申报"
    yield check(
        a.applied_grade,
        unfiled & (a.applied_grade != ""),
        "申报方式是“未申报”，却填了申报等级“{at}”。请清空这一格；实际已申报的，请改正申报方式。",
    )
    yield from _above_lowest(a, a.filing, unfiled, "规定时限内未申报")


@row_rule("SB08", "对标不全", Severity.ERROR, "workbook", "聊重指办〔2020〕6号 三(二)2", "applications")
def sb08(a: Row) -> Iterator[Check]:
    """检查什么：申报A级、B级、B-级、引领性的，《对标》里八个方面是否各至少有一行。

    为什么：市里从八个方面对照《技术指南》严格审核把关，缺一个方面就无从审核（三(二)2）。
    怎么改：在《对标》用该清单编号补填所缺的方面；不涉及的也要有一行，“是否符合”选“不涉及”。
    """
    for aspect in ASPECTS:
        absent = count("aspects", ("aspect", "==", aspect), list_id=a.list_id) == 0
        yield check(
            a.applied_grade,
            (a.filing == "申请报告") & is_high(a.applied_grade) & absent,
            f"申报“{{at}}”要从八个方面对标，《对标》里没有“{aspect}”。请用该清单编号补填；不涉及的也填一行。",
            brief="《对标》缺方面",
        )


@row_rule("SB09", "自评不符合", Severity.WARNING, "row", _CLAUSE, "aspects")
def sb09(row: Row) -> Iterator[Check]:
    """检查什么：企业自评是否有不符合申报等级要求的方面。

    为什么：企业应当如实自评和对标（三(一)），有一个方面达不到，就不应申报这一级。
    怎么改：请企业改报能达到的等级，或整改后再报；自评填错的，改正“是否符合”。
    """
    yield check(
        row.meets,
        row.meets == "否",
        "“{aspect}”自评不符合申报等级的要求。请企业改报能达到的等级，或核对自评。",
        aspect=row.aspect,
    )
