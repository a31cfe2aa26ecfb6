"""Meanings: what the officer meant by a cell, or what is wrong with it in words."""

import datetime as dt
import re
from contextlib import suppress
from functools import cache, lru_cache

from rapidfuzz import process

from validators import text as texts
from validators.columns import Column
from validators.looks import Shown, fifteen_digits
from validators.ooxml.grid import EPOCH
from validators.ruleset import RuleSet

Raw = str | float | bool | dt.date | dt.datetime | dt.time | dt.timedelta | Shown | None
"""A cell as a reader sees it; `''` and None are the same blank."""
Value = str | float | dt.date | None
FIRST_DAY = dt.date(1900, 3, 1)
"""Excel takes 1900 for a leap year, so programs disagree about earlier days."""
ID_PATTERNS = {letter: rf"^[0-9A-Z-]{{5,6}}-{letter}-[0-9]{{4}}$" for letter in "GYD"} | {
    "L": r"^[0-9A-Z-]{5,6}-G-[0-9]{4}-L[0-9]{2}$"
}
ID_SHAPES = {
    "G": "区划代码-G-四位序号",
    "Y": "区划代码-Y-四位序号",
    "D": "区划代码-D-四位序号",
    "L": "清单编号-L两位序号",
}
JUDGED_ELSEWHERE = {
    ("enterprises", "longitude"),
    ("enterprises", "latitude"),
    ("dust", "longitude"),
    ("dust", "latitude"),
}
"""Columns whose bounds another rule names (JB06); reductions of lines and dust are left to JP01 and YC02 likewise."""
LARGEST_NUMBER = 999_999_999_999_999
"""A spreadsheet keeps 15 digits; of greater numbers the sums overflow and no digit can be relied on."""


def bounds_judged_here(column: Column) -> bool:
    """Whether GS03 judges the column's bounds, or a rule of its own does."""
    if column.field.endswith("_cut") and column.sheet in ("lines", "dust"):
        return False
    return (column.sheet, column.field) not in JUDGED_ELSEWHERE


HAN_GAP = r"(?<=[\u4e00-\u9fff])[ \t\u3000\u00a0]+(?=[\u4e00-\u9fff])"
LETTER = re.compile(r"[^\W\d_]")
LONG = texts.LONGEST // 2
"""Characters beyond which a text may be longer than a cell holds."""


class Unreadable(ValueError):
    """A cell cannot be read as what is due; `rule` is the finding's id, `hint` what is allowed, in Chinese."""

    def __init__(self, rule: str, hint: str = "") -> None:
        super().__init__(hint)
        self.rule = rule
        self.hint = hint


def is_blank(cell: Raw) -> bool:
    """Whether nothing is seen of a cell."""
    return cell is None or (isinstance(cell, str) and (cell == "" or not _BLANKS.sub("", cell)))


@cache
def _words_as_written(ruleset: RuleSet, name: str) -> frozenset[str]:
    """The same with their signs, for words that are nothing but signs."""
    return frozenset(map(_squeezed, ruleset.words.get(name, ())))


@cache
def word_list(ruleset: RuleSet, name: str) -> frozenset[str]:
    """A word list of the rule set as texts are compared with it: without signs, and signs alone are nothing."""
    return frozenset({texts.spoken(word) for word in ruleset.words.get(name, ())} | {""})


def number_text(value: float) -> str:
    """A number as a person writes it: `3.0` is `3`."""
    return str(int(value)) if abs(value) < 1e15 and value == int(value) else repr(value)


def text_of(value: Raw) -> str:
    """A cell as text: as the screen shows it, whole numbers without decimals, blank as ''."""
    if value is None:
        return ""
    if isinstance(value, Shown):
        return value.text
    return number_text(value) if isinstance(value, int | float) else texts.plain(str(value)).strip()


_BLANKS = re.compile(rf"[\s{texts.UNSEEN}{texts.BREAKS}]+")
_CONTROL = re.compile(f"[{texts.UNSEEN}]")
_BREAK = re.compile(rf"\r\n|[\r{texts.BREAKS}]")
_INNER_BREAK = re.compile(rf"\S\s*[\t\n\r{texts.BREAKS}]\s*\S")
_LOST = re.compile(f"[{texts.LOST}]")
_BETWEEN_HAN = re.compile(HAN_GAP)
_WIDE = {code: code - 0xFEE0 for first, last in ("０９", "ＡＺ", "ａｚ") for code in range(ord(first), ord(last) + 1)}
_WIDE_SIGNS = {ord(wide): narrow for wide, narrow in zip("＋－．／", "+-./", strict=True)}
_PROSE: dict[int, int | str] = {**_WIDE, **texts.RADICALS}
_STRICT: dict[int, int | str] = {**_PROSE, **_WIDE_SIGNS, **texts.LATIN_LOOKALIKES}
_BRACKETS = {ord("("): "（", ord(")"): "）"}
_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?(?:[eE][+-]?\d+)?|[+-]?\.\d+", re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:\s\d{3})+(?![\d\s]).*", re.ASCII)
_NOT_BETWEEN_DIGITS = re.compile(r"(?<![\d.])\s+|\s+(?![\d.])", re.ASCII)
_DAY = re.compile(
    r"(?:(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{4})(\d{2})(\d{2}))"
    r"(?:[T\s]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?Z?)?",
    re.ASCII,
)
_AROUND_SIGN = re.compile(r"\s*([-/.年月日])\s*")
_PASTED_FORMULA = "是当作文字存下的公式，没有算出来。请填写实际的内容"
TWO_VALUES = "一格里像是有两个值。请只留一个；确是两项的，分成两行填"
UNITS = {"t": ("吨",), "kg": ("千克", "公斤"), "d": ("天", "日"), "%": ("％",), "°": ("度",), "m²": ("平方米", "㎡")}
"""Other spellings of a unit that a number format may show beside the number."""


@lru_cache(1000)
def _squeezed(text: str) -> str:
    """Half-width digits, letters and signs, ordinary characters, without any blank."""
    return _BLANKS.sub("", text.translate(_STRICT))


def _one_value(text: str) -> str:
    """A text on one line, half-width, without blanks around it. Raises `Unreadable` where it has several lines."""
    if _INNER_BREAK.search(text):
        raise Unreadable("GS03", TWO_VALUES)
    return _CONTROL.sub("", text.translate(_STRICT).translate(texts.SPACES)).strip()


def meaning(column: Column, cell: Raw, ruleset: RuleSet) -> Value:
    """What the officer meant by a cell that is not blank; None where that is nothing. Raises `Unreadable`."""
    if isinstance(cell, Shown):
        cell = _seen(column, cell, ruleset)
    if isinstance(cell, str):
        _check_whole(cell)
        if column.kind == "text" and says_nothing(column, cell, ruleset):
            return None
        if column.kind in ("phone", "code4", "code22") and cell.lstrip().startswith("="):
            raise Unreadable("GS03", _PASTED_FORMULA)
    if isinstance(cell, bool):
        raise Unreadable("GS03", expected(column, ruleset, cell))
    if column.is_number:
        return _number(column, cell, ruleset)
    if column.kind == "date":
        return _day(column, cell, ruleset)
    if isinstance(cell, int | float):
        if column.kind in ("code18", "code22") or (column.kind == "text" and abs(cell) >= 1e15):
            raise Unreadable("GS05")
        if column.kind in ("id", "ref", "refs", "enum"):
            raise Unreadable("GS03", expected(column, ruleset, cell))
        if column.is_name:
            _check_name(column, number_text(cell), ruleset)
        return number_text(cell)
    if not isinstance(cell, str):
        if column.kind == "text" and isinstance(cell, dt.date):
            day = cell.isoformat(" ", "minutes") if isinstance(cell, dt.datetime) else cell.isoformat()
            if column.is_name:
                _check_name(column, day, ruleset)
            return day
        raise Unreadable("GS03", expected(column, ruleset, cell))
    if column.kind == "text":
        lines = _CONTROL.sub("", _BREAK.sub("\n", cell))
        return _BETWEEN_HAN.sub("", lines.translate(_PROSE)).strip() or None
    if column.kind == "enum":
        return _enumerated(column, cell, ruleset)
    if column.kind == "refs":
        cell = re.sub(r"\s*\n\s*", "、", _BREAK.sub("\n", cell).replace("\t", "\n").strip())
    text = _squeezed(_one_value(cell))
    if column.kind in ("code18", "code22") and re.fullmatch(r"\d(?:\.\d+)?[eE]\+?\d+", text, re.ASCII):
        raise Unreadable("GS05")
    return text or None


def _check_whole(text: str) -> None:
    """Raise `Unreadable` for a text that a cell cannot hold, or that lost characters on its way."""
    if len(text) > LONG and texts.length(text) > texts.LONGEST:
        raise Unreadable("GS03", f"有 {texts.length(text)} 个字，一格最多放 {texts.LONGEST} 个。请缩短")
    if _LOST.search(text):
        raise Unreadable("GS03", "里面有乱码，原来的字已经丢失。请对照原件重新录入")


def says_nothing(column: Column, text: str, ruleset: RuleSet) -> bool:
    """Whether a text says that there is nothing (待定, N/A, ……). Raises `Unreadable` where there has to be something,
    and for a text that is no answer anywhere."""
    squeezed, word = _squeezed(text), texts.spoken(text)
    if not squeezed:
        return False
    if texts.is_error_word(squeezed):
        raise Unreadable("GS03", "是公式出错时显示的文字，没有内容。请填写实际的内容")
    if squeezed in _words_as_written(ruleset, "ditto") or (word and word in word_list(ruleset, "ditto")):
        raise Unreadable("GS03", "程序不知道是指哪一格。请写出完整的内容")
    required = column.required == "always"
    if word in word_list(ruleset, "placeholder") or (required and word in word_list(ruleset, "no_answer")):
        if required:
            raise Unreadable("GS02")
        return True
    if squeezed.startswith("="):
        raise Unreadable("GS03", _PASTED_FORMULA)
    if texts.garbled(text):
        raise Unreadable("GS03", "是乱码，文字的编码转错了。请对照原件重新录入")
    if column.is_name:
        _check_name(column, text, ruleset)
    return False


def _check_name(column: Column, text: str, ruleset: RuleSet) -> None:
    """Raise `Unreadable` for what names nobody and nothing."""
    if column.required == "always" and texts.spoken(text) in word_list(ruleset, "no_name"):
        raise Unreadable("GS02")
    if not LETTER.search(text):
        raise Unreadable("GS03", "里面没有文字，不是名称。请填写名称")
    if "?" in text or "？" in text:
        raise Unreadable("GS03", "问号处像是没能转换过来的字。请对照原件补上，打不出的字用同音字并在备注说明")


def _seen(column: Column, cell: Shown, ruleset: RuleSet) -> Raw:
    """What the screen shows of a number with a format of its own. Raises `Unreadable` where that cannot be meant."""
    look = cell.look
    if look.kind == "digits" and (column.is_number or column.kind == "date"):
        return cell.number
    if column.is_number:
        unit = f"{look.before}{look.unit}".strip("()（）[] ")
        own = column.unit.partition("/")[0]
        if look.kind == "percent" and column.unit == "%":
            return cell.value
        if look.kind == "unit" and unit in ("", column.unit, own, *UNITS.get(own, ())):
            return cell.number
        raise Unreadable("GS03", _misleading(column, cell))
    if column.kind in ("text", "code4", "phone") and look.kind != "hidden":
        return cell.text
    if column.kind in ("code18", "code22"):
        return cell.number
    raise Unreadable("GS03", _misleading(column, cell))


def _misleading(column: Column, cell: Shown) -> str:
    stored = number_text(cell.number)
    if cell.look.kind == "hidden":
        return f"单元格格式使它不显示，实际存着 {stored}。请把格式改为“常规”后核对"
    unit = f"，本列单位是 {column.unit}" if column.unit else ""
    return f"是单元格格式显示成这样的，实际存着 {stored}{unit}。请把格式改为“常规”，再填应有的值"


def _number(column: Column, cell: Raw, ruleset: RuleSet) -> float | None:
    if isinstance(cell, int | float):
        return _counted(column, cell, ruleset)
    if not isinstance(cell, str):
        raise Unreadable("GS03", f"显示的是日期或时间，{expected(column, ruleset, cell)}。请把单元格格式改为“常规”")
    text = _one_value(cell)
    if not text:
        return None
    text = text.translate(texts.NUMBER_SIGNS)
    text = re.sub(r"\s", "", text) if _GROUPED.fullmatch(text) else _NOT_BETWEEN_DIGITS.sub("", text)
    if re.search(r"\s", text):
        raise Unreadable("GS03", TWO_VALUES)
    if column.unit == "%":
        text = text.removesuffix("%").removesuffix("％")
    if not _NUMBER.fullmatch(text) or len(text) > 40:
        doubtful = (
            "逗号只能作千分位，每三位一个；小数点要用“.”。" if re.fullmatch(r"[+-]?[\d.,]+", text, re.ASCII) else ""
        )
        raise Unreadable("GS03", doubtful + expected(column, ruleset, cell))
    return _counted(column, float(text.replace(",", "")), ruleset)


def _counted(column: Column, number: float, ruleset: RuleSet) -> float:
    """The number. Raises `Unreadable` for one that a spreadsheet cannot keep digit by digit, or that is not whole."""
    if abs(number) > LARGEST_NUMBER:
        raise Unreadable("GS03", "太大了，最多写 15 位。请核对位数和单位")
    number = fifteen_digits(number)
    if column.kind == "int" and number % 1:
        raise Unreadable("GS03", expected(column, ruleset, number))
    return number


def _day(column: Column, cell: Raw, ruleset: RuleSet) -> dt.date | None:
    found = None
    if isinstance(cell, dt.datetime):
        found = _nearest_day(cell)
    elif isinstance(cell, dt.date):
        found = cell
    elif isinstance(cell, int | float) and 30000 <= cell < 80001:  # 1982 to 2119: a day in a cell without a date format
        found = EPOCH + dt.timedelta(days=int(cell + 1 / 1440))
    else:
        solid = isinstance(cell, int | float) and cell == int(cell)
        text = _one_value(cell) if isinstance(cell, str) else str(int(cell)) if solid else ""  # type: ignore[arg-type] # a number
        if not text and isinstance(cell, str):
            return None
        spelled = _DAY.fullmatch(_AROUND_SIGN.sub(r"\1", text))
        if spelled:
            year, month, day, *solid_day, hour, minute, second = (int(part or 0) for part in spelled.groups())
            if not year:
                year, month, day = solid_day
            with suppress(ValueError):
                found = _nearest_day(dt.datetime(year, month, day, hour, minute, second))
    if found is None or found < FIRST_DAY:
        raise Unreadable("GS03", expected(column, ruleset, cell))
    return found


def _nearest_day(moment: dt.datetime) -> dt.date:
    """The day of a moment; less than a minute before midnight is the next, as some programs store a day."""
    return moment.date() if moment.time() < dt.time(23, 59) else moment.date() + dt.timedelta(days=1)


def _enumerated(column: Column, text: str, ruleset: RuleSet) -> str | None:
    folded = _squeezed(text).translate(_BRACKETS)
    if not folded:
        return None
    same, same_letters = _spellings(ruleset, column.values)
    found = same.get(folded) or same_letters.get(folded.casefold())
    if found:
        return found
    if column.values == "@divisions" and folded in ruleset.division_aliases:
        return ruleset.division_aliases[folded]
    raise Unreadable("GS03", expected(column, ruleset, text))


@cache
def _spellings(ruleset: RuleSet, values: str) -> tuple[dict[str, str], dict[str, str]]:
    """Allowed values by what is left of them without blanks; then by that in small letters. The first of each counts."""
    allowed = ruleset.allowed(values)[::-1]
    same = {_squeezed(one): one for one in allowed}
    return same, {_squeezed(one).casefold(): one for one in allowed}


def _comparable(text: str) -> str:
    """A text as people compare it: neither width nor case matters."""
    return _squeezed(text).casefold()


def expected(column: Column, ruleset: RuleSet, cell: object) -> str:
    """What may stand in a cell, in Chinese, the nearest allowed values first."""
    if column.kind == "enum":
        allowed = ruleset.allowed(column.values)
        if len(allowed) > 6:
            near = [found for found, *_ in process.extract(str(cell), allowed, limit=3, processor=_comparable)]
            return f"最接近的可选值是{'、'.join(f'“{value}”' for value in near)}，全部可选值见下拉列表"
        return f"只能填{'、'.join(f'“{value}”' for value in allowed)}"
    if column.kind == "id":
        return f"应为“{ID_SHAPES[column.values]}”，例如 {column.prompt.partition('例如 ')[2].partition('；')[0].partition('，')[0].rstrip('。') or '371502-G-0001'}"
    if column.kind in ("ref", "refs"):
        return "应填写清单编号或生产线编码"
    if column.kind == "date":
        return "应为日期，例如 2020-08-18"
    if column.is_number:
        low, high, open_ = column.bounds
        what = "整数" if column.kind == "int" else "数字"
        if low is not None and high is not None and bounds_judged_here(column):
            return f"应为 {number_text(low)} 至 {number_text(high)} 的{what}"
        if low is not None and bounds_judged_here(column):
            return f"应为{'大于' if open_ else '不小于'} {number_text(low)} 的{what}"
        return f"应为{what}，不带单位和文字"
    if column.values.startswith("<="):
        return f"不得超过 {column.values[2:]} 个字"
    return "应为文字"
