"""YD: 移动源."""

from collections.abc import Iterator

from validators.expr import Check, Row
from validators.findings import Severity
from validators.rule import row_rule
from validators.rules.levels import above_emission, falling, stems


@row_rule("YD01", "移动源减排量错误", Severity.ERROR, "row", "算术", "mobile")
def yd01(mobile: Row) -> Iterator[Check]:
    """检查什么：移动源的各项减排量是否大于日排放量，或在高一级预警反而减少。

    为什么：减下来的不可能比排放的还多；预警级别越高，减排量不得越少。
    怎么改：核对日排放量和三级减排量，改正有误的一格。
    """
    yield from above_emission(mobile)
    for cut, _ in stems(mobile):
        yield from falling(mobile, cut)
