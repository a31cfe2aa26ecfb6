"""YS: 运输."""

from collections.abc import Iterator
from itertools import pairwise

from validators.columns import LEVELS
from validators.expr import Check, Row, check, lookup, ref
from validators.findings import Severity
from validators.rule import row_rule
from validators.rules.grades import is_high


@row_rule("YS01", "车辆分项不符", Severity.ERROR, "row", "算术", "transport")
def ys01(transport: Row) -> Iterator[Check]:
    """检查什么：国四及以下、国五、国六、新能源货车之和是否等于日均进出厂货车数；国二及以下机械是否多于非道路移动机械数。

    为什么：分项与总数对不上，运输管控的减排效果就算不出来。
    怎么改：核对门禁台账，改正总数或填错的分项。
    """
    parts = transport.trucks_cn4 + transport.trucks_cn5 + transport.trucks_cn6 + transport.trucks_new_energy
    yield check(
        transport.trucks,
        parts != transport.trucks,
        "“{at.header}”为 {at}，而国四及以下、国五、国六、新能源之和为 {parts}。请核对门禁台账，改正总数或分项。",
        parts=parts,
        brief="分项之和不等于总数",
    )
    yield check(
        transport.machines_cn2,
        transport.machines_cn2 > transport.machines,
        "“{at.header}”为 {at}，多于“{machines.header}”{machines}。请核对后改正。",
        machines=transport.machines,
        brief="多于非道路移动机械数",
    )


@row_rule("YS02", "缺少运输措施", Severity.WARNING, "row", "业内惯例", "transport")
def ys02(transport: Row) -> Iterator[Check]:
    """检查什么：日均进出厂货车超过规则集规定辆次（10辆次）的企业，橙色或红色预警的运输措施是否为“无”。

    为什么：用车较多的企业，运输排放不小，橙色以上预警应有运输管控。
    怎么改：从下拉列表选择该级预警的运输措施。
    """
    most = lookup("number", "trucks_needing_measure")
    for level in LEVELS[1:]:
        measure = transport[f"{level}_transport"]
        yield check(
            measure,
            (measure == "无") & (transport.trucks > most),
            "日均进出厂货车 {trucks} 辆次，超过 {most} 辆次，“{at.header}”却为“无”。请选择该级预警的运输措施。",
            trucks=transport.trucks,
            most=most,
        )


@row_rule("YS03", "门禁未联网", Severity.WARNING, "workbook", "业内惯例", "transport")
def ys03(transport: Row) -> Iterator[Check]:
    """检查什么：绩效等级为 A、B、B-、引领性的企业，门禁视频是否联网。

    为什么：这些等级的运输管控指标要靠门禁视频核查，不联网就看不到。
    怎么改：督促企业安装门禁视频并联网；已经联网的，改填“是”。
    """
    grade = ref("enterprises", "grade", list_id=transport.list_id)
    yield check(
        transport.gate_video,
        (transport.gate_video == "否") & is_high(grade),
        "该企业绩效等级为“{grade}”，门禁视频却没有联网。请督促企业联网；已经联网的，请改填“是”。",
        grade=grade,
    )


@row_rule("YS04", "运输措施倒挂", Severity.ERROR, "row", "业内惯例", "transport")
def ys04(transport: Row) -> Iterator[Check]:
    """检查什么：运输措施是否黄色严于橙色、或橙色严于红色；由宽到严依次为下拉列表的次序，从“无”到“停止公路运输”。

    为什么：预警级别越高，运输管控应当越严。
    怎么改：核对相邻两级的运输措施，改正填错的一级。
    """
    for low, high in pairwise(LEVELS):
        lower, higher = transport[f"{low}_transport"], transport[f"{high}_transport"]
        yield check(
            higher,
            lookup("transport_order", lower) > lookup("transport_order", higher),
            "“{at.header}”为“{at}”，宽于“{lower.header}”的“{lower}”：预警级别越高，管控不得越松。请核对两个级别，改正有误的一格。",
            lower=lower,
        )
