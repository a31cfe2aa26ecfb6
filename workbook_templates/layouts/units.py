"""Units as tables write them, and turning a number of one into a number of another, with the arithmetic shown."""

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from validators.meanings import number_text

Dimension = Literal["质量", "面积", "个数", "比例", "角度"]
_BASES: tuple[tuple[Dimension, dict[str, float]], ...] = (
    ("质量", {"mg": 1e-6, "毫克": 1e-6, "g": 1e-3, "克": 1e-3, "kg": 1.0, "千克": 1.0, "公斤": 1.0, "t": 1e3, "吨": 1e3}),
    ("面积", {"m²": 1.0, "m2": 1.0, "平方米": 1.0, "平米": 1.0, "亩": 2000 / 3, "hm²": 1e4, "hm2": 1e4, "公顷": 1e4,
            "km²": 1e6, "km2": 1e6, "平方公里": 1e6, "平方千米": 1e6}),
    ("个数", dict.fromkeys(("个", "辆", "台", "台套", "辆台", "辆次", "车次", "次", "条", "家", "人"), 1.0)),
    ("比例", {"%": 1.0, "百分比": 1.0, "‰": 0.1, "小数": 100.0, "比值": 100.0}),
    ("角度", {"°": 1.0, "度": 1.0}),
)  # fmt: skip
"""Factors to kg, m², one, % and degrees."""
_SPANS = {"d": "d", "天": "d", "日": "d", "a": "a", "年": "a", "h": "h", "小时": "h", "时": "h"}


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: what it measures, how many of the base it is, and per what time (`d`, `a`, `h`, or '')."""

    dimension: Dimension
    factor: float
    per: str
    text: str


class UnknownUnit(ValueError):
    """A unit that is not known, or cannot be turned into another; the message is Chinese."""


@cache
def unit(text: str) -> Unit | None:
    """What a text such as 万吨/年 means, or None."""
    plain = re.sub(r"[\s（）()]", "", text).replace("㎡", "m²").replace("每", "/").replace("／", "/").replace("％", "%")
    if plain in _SPANS:
        return Unit("个数", 1.0, "", text) if _SPANS[plain] == "d" else None
    amount, _, span = plain.partition("/")
    if span and span not in _SPANS:
        return None
    many = 1.0
    if amount.startswith("万"):
        amount, many = amount[1:], 1e4
    for dimension, names in _BASES:
        own = {name.lower(): factor for name, factor in names.items()}
        if amount.lower() in own:
            return Unit(dimension, many * own[amount.lower()], _SPANS.get(span, ""), text)
    return None


def same(one: str, other: str) -> bool:
    """Whether two texts name one unit: 吨/年 and t/a."""
    known, wanted = unit(one), unit(other)
    if one == other or known is None or wanted is None:
        return one == other
    return replace(known, text="") == replace(wanted, text="")


def convertible(given: str, wanted: str) -> bool:
    """Whether a number of one unit can be made one of another, given the days of running a year."""
    one, other = unit(given), unit(wanted)
    return one is not None and other is not None and one.dimension == other.dimension and _times(one, other) is not None


def _times(one: Unit, other: Unit) -> int | None:
    """1 where the days of running multiply, -1 where they divide, 0 where they do not matter, None where no way leads."""
    if one.per == other.per or not one.per or not other.per:
        return 0 if one.per == other.per else None
    return {("d", "a"): 1, ("a", "d"): -1}.get((one.per, other.per))


def convert(value: float, given: str, wanted: str, run_days: float | None) -> tuple[float, str]:
    """A number in another unit, and the arithmetic in words. Raises `UnknownUnit`.

    `run_days` are the days of running a year, needed between a day and a year.
    """
    one, other = unit(given), unit(wanted)
    if one is None or other is None or not convertible(given, wanted):
        raise UnknownUnit(f"单位“{given}”换算不成“{wanted}”")
    times = _times(one, other)
    factor = one.factor / other.factor
    said = f"{number_text(value)} {given}"
    if factor >= 1:
        found, words = value * factor, f" × {number_text(round(factor, 9))}" if factor != 1 else ""
    else:
        found, words = value / (1 / factor), f" ÷ {number_text(round(1 / factor, 9))}"
    if times:
        if not run_days:
            raise UnknownUnit(f"“{given}”换算成“{wanted}”要用年运行天数，这一行没有")
        found = found * run_days if times > 0 else found / run_days
        words += f" {'×' if times > 0 else '÷'} {number_text(run_days)} d/a"
    result = float(f"{found:.{12 if times else 15}g}")
    return result, f"{said}{words} = {number_text(result)} {wanted}"
