"""How facts are spelt in tables that are not ours: choices, texts that hold several facts, and measures in prose."""

import csv
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from validators.columns import SHEETS, Column
from validators.expr import Record
from validators.meanings import number_text
from validators.ruleset import RuleSet


def _table(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(files(__package__).joinpath(f"{name}.csv").read_text(encoding="utf-8").splitlines()))


_ROWS = _table("labels")
LABELS = tuple(dict.fromkeys(row["name"] for row in _ROWS))
"""Texts that hold several facts of an enterprise, by name."""
_PLACES = re.compile(r"\{(\w+)\}")


def label(name: str, record: Record) -> str | None:
    """The text that says these facts of an enterprise: the first one whose condition it meets."""
    for row in _ROWS:
        field, _, value = row["when"].partition("=")
        if row["name"] == name and field and (field == "*" or getattr(record, field) == value):
            said = {place: getattr(record, place) for place in _PLACES.findall(row["label"])}
            shown = {at: number_text(one) if isinstance(one, float | int) else one or "" for at, one in said.items()}
            return row["label"].format(**shown).strip(",-") or None
    return None


@cache
def _patterns(name: str) -> list[tuple[re.Pattern[str], dict[str, str]]]:
    """What a text looks like for each label, the longest first, and what it says besides."""
    found = []
    for row in sorted((row for row in _ROWS if row["name"] == name), key=lambda row: -len(row["label"])):
        own = _PLACES.sub(r"\0\1\0", row["label"]).split("\0")
        text = "".join(f"(?P<{piece}>[^,，;；、]+?)" if n % 2 else _flexible(piece) for n, piece in enumerate(own))
        found.append((re.compile(text), dict(pair.split("=") for pair in filter(None, row["sets"].split("；")))))
    return found


def _flexible(text: str) -> str:
    return re.escape(text).replace(r"\-", "[-－—_ ]?").replace(",", "[,，;；、/ ]+")


def facts(name: str, text: str, rules: RuleSet) -> tuple[dict[str, str], dict[str, str]] | None:
    """What a label says by field: what it says in so many words, and what it leaves to be guessed. None if unknown."""
    for pattern, besides in _patterns(name):
        match = pattern.fullmatch(text.strip())
        if match is None:
            continue
        own = {field: spelt(SHEETS["enterprises"][field], value, rules) for field, value in match.groupdict().items()}
        if any(value is None for value in own.values()):
            continue
        said = {field: str(value) for field, value in own.items()} | besides
        guessed = {}
        if name == "管控类型":
            guessed = {field: "否" for field in ("guaranteed", "long_idle") if field not in said}
        return said, guessed
    return None


def spelt(column: Column, text: str, rules: RuleSet) -> str | None:
    """The allowed value that a text means in a column of choices, or None; the text itself in any other column."""
    if column.kind != "enum":
        return text
    plain = re.sub(r"\s", "", text).translate(_NARROW)
    allowed = rules.allowed(column.values)
    if plain in allowed:
        return plain
    by_name = {row["spelt"].upper(): row["value"] for row in _spellings() if row["values"] == column.values}
    found = by_name.get(plain.upper())
    if found is None and column.values == "@grades":
        found = plain.removesuffix("企业").removesuffix("级").upper()
        found = next((one for one in allowed if one.upper() == found), None)
    if found is None and column.values == "@divisions":
        found = next((one for one in allowed if len(plain) > 1 and one.startswith(plain)), None)
        found = found or rules.division_aliases.get(plain)
    return found if found in allowed else None


@cache
def _spellings() -> list[dict[str, str]]:
    return _table("spellings")


_NARROW = {code: code - 0xFEE0 for first, last in ("０９", "ＡＺ", "ａｚ") for code in range(ord(first), ord(last) + 1)}
_NARROW |= {ord(wide): ord(narrow) for wide, narrow in zip("－()", "-（）", strict=True)}

_WHOLE = r"(?:全厂|整厂|全部|全线|企业|该企业|生产线|该生产线|本线|全部生产线|所有生产线)?"
_PERCENT = r"(\d+(?:\.\d+)?)[%％]"
_CLAUSES: tuple[tuple[re.Pattern[str], str, float | None], ...] = tuple(
    (re.compile(pattern), kind, ratio)
    for pattern, kind, ratio in (
        (rf"{_WHOLE}(?:停产|停止生产|全面停产|停产停运)(?:100[%％])?", "停产", 100.0),
        (rf"{_WHOLE}(?:停产|停止)(?:产能)?{_PERCENT}(?:（?以?按?生产线计）?|的?生产线|的?产能)?", "停产部分生产线", None),
        (rf"{_WHOLE}(?:限产|减产|压产|限制产能|产能压减|压减产能|生产负荷降低|降低生产负荷|降低负荷){_PERCENT}(?:以上|（?以?按?生产线计）?)?", "限产", None),
        (r"(?:企业)?(?:自主|自行)(?:采取)?减排(?:措施)?", "自主减排", 0.0),
        (r"不停产|不限产|不停限产|正常生产|不采取停限产措施", "不停产", 0.0),
        (r"(?:仅|只)(?:进行|实施|采取|执行)?(?:管控)?运输(?:车辆)?(?:管控)?(?:措施)?", "仅运输管控", 0.0),
        (r".*以热定产", "以热定产", None),
        (r".*以处置定产", "以处置定产", None),
        (r".*以量定产", "以量定产", None),
        (r"(?:将)?延长出焦时间.*", "延长出焦时间", None),
        (r"(?:生产负荷|产量|日产量|产能|日产)?由(\d+(?:\.\d+)?)(?:吨|t|万吨|件|万件|m³)?(?:/[天日d])?(?:降低|降|减少|压减|下降)(?:到|至|为)(\d+(?:\.\d+)?).*", "限产", None),
    )
)  # fmt: skip
"""A clause of a measure that says plainly what stops, the type it is, and its ratio where that is not in it."""
_TRANSPORT = re.compile(r".*(?:停止|禁止|禁用|停用).*(?:国[一二三四五]|车辆|货车|公路运输|运输).*")


def measure(text: str, line: str = "") -> tuple[str, float | None, str] | None:
    """措施类型 and ratio (%) of a measure in prose where it says so plainly, with the arithmetic; else None.

    `line` is the name of the line whose measure it is, with which a clause may begin.
    """
    found: dict[tuple[str, float | None], str] = {}
    transport = other = False
    for given in re.split(r"[；;，,。、\n]+", re.sub(r"\s", "", text)):
        clause = given.removeprefix(re.sub(r"\s", "", line))
        if not clause:
            continue
        said = next(_said(clause), None)
        if said:
            found[said[:2]] = said[2]
        elif _TRANSPORT.fullmatch(clause):
            transport = True
        else:
            other = True
    if len(found) == 1:
        (kind, ratio), words = next(iter(found.items()))
        return kind, ratio, words
    return ("仅运输管控", 0.0, "只说了运输") if transport and not found and not other else None


def _said(clause: str) -> Iterator[tuple[str, float | None, str]]:
    for pattern, kind, ratio in _CLAUSES:
        match = pattern.fullmatch(clause)
        if match is None:
            continue
        numbers = [float(one) for one in match.groups() if one]
        if len(numbers) == 2 and numbers[0] > numbers[1]:
            before, after = map(number_text, numbers)
            share = float(f"{(numbers[0] - numbers[1]) / numbers[0] * 100:.6g}")
            yield kind, share, f"（{before} − {after}）÷ {before} × 100% = {number_text(share)}%"
        elif len(numbers) == 1 and numbers[0] <= 100:
            whole = kind == "停产部分生产线" and numbers[0] == 100
            yield "停产" if whole else kind, numbers[0], clause
        elif not numbers:
            yield kind, ratio, clause
