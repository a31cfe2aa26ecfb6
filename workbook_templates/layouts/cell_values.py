"""Values of single cells of foreign tables."""

import re
from collections.abc import Sequence

from rapidfuzz import fuzz, process

from validators.columns import Column
from validators.meanings import Raw, Unreadable, Value, meaning
from validators.ruleset import RuleSet
from validators.text import folded
from workbook_templates.layouts.declared import Entry


def meant(column: Column, raw: Raw, rules: RuleSet) -> Value:
    """What is meant by a cell; None where it cannot be read."""
    try:
        return meaning(column, raw, rules)
    except Unreadable:
        return None


def bare(text: str, column: Column, entry: Entry) -> str:
    """A number without the unit that stands behind it, where that is the one that is due."""
    match = re.fullmatch(r"\s*([+-]?[\d,]+(?:\.\d+)?)\s*([^\d\s]+)\s*", text)
    due = (entry.unit or column.unit).lower()
    same = {
        "d": ("天", "日", "d"),
        "t/a": ("吨/年", "t/a", "吨"),
        "kg/d": ("千克/天", "公斤/天", "kg/d", "kg", "千克", "公斤"),
    }
    return match[1] if match and match[2].lower() in (due, *same.get(due, ())) else text


def nearest(column: Column, text: str, rules: RuleSet) -> str | None:
    """The one choice that a text comes close to, if there is one."""
    allowed = rules.allowed(column.values)
    plain = folded(text)
    inside = [
        one for one in allowed if len(plain) > 1 and len(one) > 1 and (plain in folded(one) or folded(one) in plain)
    ]
    if len(inside) == 1:
        return inside[0]
    ranked = process.extract(text, allowed, scorer=fuzz.ratio, limit=2)
    sure = ranked and ranked[0][1] >= 80 and (len(ranked) == 1 or ranked[0][1] - ranked[1][1] >= 10)
    return str(ranked[0][0]) if sure else None


def by_name(texts: Sequence[str], names: Sequence[str]) -> list[Value] | None:
    """What is said of each line, where each text begins with the name of one or goes on with the one before; else None."""
    found: dict[str, str] = {}
    last = ""
    for text in texts:
        name = next((name for name in sorted(names, key=len, reverse=True) if text.startswith(name)), "")
        if not (name or last):
            return None
        if name:
            own = text.removeprefix(f"{name}：")
            found[name] = f"{found[name]}；{own}" if name in found else own
        else:
            found[last] += f"；{text}"
        last = name or last
    return [found.get(name) for name in names] if found else None
