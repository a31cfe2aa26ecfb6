"""What a number format makes of a number: the value that an officer saw on the screen.

Only what changes the meaning is kept: moments, percentages, scaled numbers, a unit beside it, leading zeros, and
formats that show nothing. Numbers of such a format reach the records as `Shown`; all others are plain floats.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal


@dataclass(frozen=True, slots=True)
class Look:
    """How a number format shows numbers otherwise than as themselves."""

    kind: Literal["moment", "duration", "percent", "scaled", "unit", "digits", "hidden"]
    factor: float = 1.0
    """What the screen shows for each 1 that is stored."""
    unit: str = ""
    """Text behind the number."""
    pattern: str = ""
    """`digits`: a zero for each digit and the signs between them."""
    before: str = ""
    """Text before the number."""


def fifteen_digits(number: float) -> float:
    """A number with the 15 digits that a spreadsheet shows of it, without the noise of binary arithmetic behind them.

    The greatest of all stay as they are: rounded up, they would be none.
    """
    return float(f"{number:.15g}") if abs(number) < 1e300 else number


@dataclass(frozen=True, slots=True)
class Shown:
    """A number whose format gives it another look."""

    number: float
    look: Look

    @property
    def value(self) -> float:
        """The number that the screen shows, without the noise of binary arithmetic."""
        return fifteen_digits(self.number * self.look.factor)

    @property
    def text(self) -> str:
        """What the screen shows."""
        if self.look.kind == "digits":
            return _in_places(self.number, self.look.pattern)
        return f"{self.look.before}{self.value:.15g}{self.look.unit}"


BUILT_IN = {str(number): "y" for number in (*range(14, 23), *range(27, 37), 45, 47, *range(50, 59))} | {
    "46": "[h]", "9": "0%", "10": "0.00%",
}  # fmt: skip
"""Built-in formats that change the meaning, those of Chinese programs among them, by number."""
_LITERAL = re.compile(r'"([^"]*)"|[\\!](.)|([\u4e00-\u9fff％‰]+)')
_GENERAL = re.compile("G/通用格式|General|Standard", re.IGNORECASE)
_STEERING = re.compile(r"_.|\*.|General", re.IGNORECASE)
"""Parts of a format that leave room or fill up."""
_CHOOSING = re.compile(r"\[(?!h+\]|m+\]|s+\])[^\]]*\]", re.IGNORECASE)
"""Parts that colour or choose."""
_POINT = re.compile(r'[0#?](?:"\."|[\\!]\.)([0#?]+)')
"""A point among the digits that is only shown: `0!.0,"万"` shows tens of thousands."""
_SCALED = re.compile(r"[0#?](,+)(?![0#?,])")
_PLACE = re.compile("[0#?@]|General")
_WORD = re.compile(r"[A-Za-z\u4e00-\u9fff%％‰]")


@lru_cache(1024)
def look_of(code: str) -> Look | None:
    """What a number format makes of a positive number, None where it shows it as it is."""
    first = _CHOOSING.sub("", _first_section(_GENERAL.sub("General", code)))
    literals = "".join(part for found in _LITERAL.finditer(first) for part in found.groups() if part)
    places = _LITERAL.sub(lambda match: " " if match[1] != "" else "", first)
    bare = _STEERING.sub("", places)
    lower = bare.lower()
    if any(letter in lower for letter in "ymdhs"):
        return Look("duration" if "[" in lower else "moment")
    general = not code.strip() or "General" in places
    if not general and not re.search(r"[0#?@]", bare):
        return Look("hidden")
    percent, scaled = bare.count("%"), _SCALED.search(bare)
    if percent:
        return Look("percent", 100.0**percent, "%")
    before, unit = _beside(first) if _WORD.search(literals) else ("", "")
    point = _POINT.search(first)
    if scaled or point:
        factor = 1000.0 ** -len(scaled[1] if scaled else "") * 10.0 ** -len(point[1] if point else "")
        return Look("scaled", factor, unit, before=before)
    if before or unit:
        return Look("unit", unit=unit, before=before)
    digits = _LITERAL.sub(lambda match: match[1] or match[2] or match[3] or "", _STEERING.sub("", first))
    if re.fullmatch(r"[0\- ]{2,40}", digits) and digits.count("0") > 1:
        return Look("digits", pattern=digits.strip())
    return None


def _beside(section: str) -> tuple[str, str]:
    """The texts that a section of a format shows before and behind the number."""
    number = _PLACE.search(_LITERAL.sub(lambda match: " " * len(match[0]), section))
    start = number.start() if number else 0
    before, behind = "", ""
    for found in _LITERAL.finditer(section):
        text = (found[1] or found[2] or found[3] or "").strip(".")
        before, behind = (before + text, behind) if found.start() < start else (before, behind + text)
    return before.strip(), behind.strip()


def _first_section(code: str) -> str:
    """What a format says of positive numbers: all up to the first semicolon that is not quoted."""
    return re.match(r'(?:"[^"]*"|[\\!].|[^";\\!])*', code)[0]  # type: ignore[index] # it matches the empty text


def _in_places(number: float, pattern: str) -> str:
    """A number with its digits put into the places of a pattern, from the right."""
    digits = f"{abs(round(number)):0{pattern.count('0')}d}"
    found: list[str] = []
    for sign in reversed(pattern):
        if sign == "0":
            digits, last = digits[:-1], digits[-1]
            found.append(last)
        else:
            found.append(sign)
    return ("-" if number < 0 else "") + digits + "".join(reversed(found))
