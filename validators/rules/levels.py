"""Checks that repeat over warning levels and pollutants; rules of several groups are made of them."""

from collections.abc import Iterator
from itertools import pairwise

from validators.columns import LEVELS, POLLUTANTS
from validators.expr import Cell, Check, Row, check

NOISE = 1e-6
"""kg/d or percentage points: smaller differences come from floating-point arithmetic, not from a person."""


def stems(row: Row) -> tuple[tuple[str, str], ...]:
    """Pairs of the sheet's fields: a reduction without its level, and the daily emission it lowers."""
    if row.key == "dust":
        return (("dust_cut", "pm_daily"),)
    return tuple((f"{pollutant}_cut", f"{pollutant}_daily") for pollutant in POLLUTANTS)


def cuts(row: Row) -> Iterator[tuple[str, Cell, Cell]]:
    """Level, reduction and daily emission of every reduction of the sheet (kg/d)."""
    for cut, daily in stems(row):
        for level in LEVELS:
            yield level, row[f"{level}_{cut}"], row[daily]


def above_emission(row: Row) -> Iterator[Check]:
    """Reductions above the daily emission."""
    for _, cut, daily in cuts(row):
        yield check(
            cut,
            cut - daily > NOISE,
            "“{at.header}”为 {at}，大于“{daily.header}”{daily}：减下来的不可能比排放的还多。"
            "请核对减排量和日排放量，改正有误的一格。",
            daily=daily,
            brief="减排量超过日排放量",
        )


def below_zero(row: Row) -> Iterator[Check]:
    """Reductions below zero."""
    for _, cut, _ in cuts(row):
        yield check(
            cut,
            cut < 0,
            "“{at.header}”为 {at}，减排量不能是负数。请改为不小于 0 的数；没有减排的填 0。",
            brief="减排量是负数",
        )


def falling(row: Row, stem: str) -> Iterator[Check]:
    """Numbers that are smaller at a level than at the one below it; negative ones have their own findings."""
    for low, high in pairwise(LEVELS):
        lower, higher = row[f"{low}_{stem}"], row[f"{high}_{stem}"]
        yield check(
            higher,
            (lower - higher > NOISE) & (higher >= 0),
            "“{at.header}”为 {at}，小于“{lower.header}”{lower}：预警级别越高，措施和减排量不得越少。"
            "请核对两个级别，改正有误的一格。",
            lower=lower,
            brief="小于低一级预警的数",
        )
