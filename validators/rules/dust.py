"""YC: 扬尘源."""

from collections.abc import Iterator

from validators.expr import Check, Row, blank, check, lookup
from validators.findings import Severity
from validators.rule import row_rule
from validators.rules.levels import above_emission, below_zero, falling


@row_rule("YC01", "扬尘源日期不符", Severity.WARNING, "row", "业内惯例", "dust")
def yc01(dust: Row) -> Iterator[Check]:
    """检查什么：预计完工日期是否早于开工日期，或早于本版清单的填报日期。

    为什么：已经完工的工地没有扬尘可减，留在清单里会虚增减排量；早于开工的一定填错了。
    怎么改：核对开工和完工日期；延期的填新的完工日期，确已完工的删去这一行。
    """
    day = lookup("own", "on")
    yield check(
        dust.done_on,
        dust.done_on < dust.begun_on,
        "“预计完工日期”{at} 早于开工日期 {begun}。请核对两个日期，改正有误的一个。",
        begun=dust.begun_on,
        brief="完工早于开工",
    )
    over = "“预计完工日期”{at} 早于核对所依据的日期 {day}（填报日期，没有填的按当天），工程应已完工。延期的请填新的日期；确已完工的请删去这一行。"
    yield check(
        dust.done_on, (dust.done_on < day) & (dust.begun_on <= dust.done_on), over, brief="预计完工日期已过", day=day
    )
    yield check(dust.done_on, (dust.done_on < day) & blank(dust.begun_on), over, brief="预计完工日期已过", day=day)


@row_rule("YC02", "扬尘减排量错误", Severity.ERROR, "row", "算术", "dust")
def yc02(dust: Row) -> Iterator[Check]:
    """检查什么：扬尘减排量是否大于颗粒物日排放量、小于 0，或在高一级预警反而减少。

    为什么：减下来的不可能比排放的还多；预警级别越高，减排量不得越少。
    怎么改：核对颗粒物日排放量和三级减排量，改正有误的一格。
    """
    yield from above_emission(dust)
    yield from below_zero(dust)
    yield from falling(dust, "dust_cut")
