"""What the command line takes in: texts turned into days, numbers, divisions and files, or a `Stop`."""

import datetime as dt
from collections.abc import Sequence
from glob import glob
from pathlib import Path

from addin.problems import Stop
from addin.reading import ruleset_store  # noqa: F401 - so that rule sets loaded on this computer are known
from validators import ruleset
from validators.references import KINDS
from validators.ruleset import RuleSet


def day(option: str, text: str | None) -> dt.date | None:
    """The day of an option, None where it was not given."""
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise Stop(f"选项 {option} 的“{text}”不是日期。请写成 2020-08-20 的样子。") from error


def whole(option: str, text: str, low: int, high: int) -> int:
    """The whole number of an option, from `low` to `high`."""
    if text.isascii() and text.isdecimal() and len(text) <= 18 and low <= int(text) <= high:
        return int(text)
    raise Stop(f"选项 {option} 的“{text}”不对，应为 {low} 至 {high} 的整数。")


def rules_of(year: str | None, id_: str | None = None) -> RuleSet:
    """The rule set of that id, else the newest of that year, else `ruleset.default`."""
    if year and id_ and id_.partition(".")[0] != year:
        raise Stop(f"规则集 {id_} 不是 {year} 年的。请只写 --year 和 --ruleset 中的一个，或让两者一致。")
    try:
        return ruleset.load(id_) if id_ else ruleset.newest(year) if year else ruleset.default()
    except ruleset.UnknownRuleSet as error:
        raise Stop(str(error)) from error


def submitting(rules: RuleSet, code: str) -> str:
    """The code of a division that submits a workbook; a withdrawn code leads to the one that replaced it."""
    found = rules.divisions[code]["code"] if code in rules.divisions else code
    if found in rules.submitting:
        return found
    known = "、".join(f"{code}（{name}）" for code, name in rules.submitting.items())
    raise Stop(f"没有代码为“{code}”的填报区县。可用的有：{known}。")


def round_name(rules: RuleSet, name: str) -> str:
    """A round that the rule set knows."""
    if name in rules.rounds:
        return name
    raise Stop(f"没有轮次“{name}”。可用的有：{'、'.join(rules.rounds)}。")


def files(given: Sequence[str]) -> list[Path]:
    """Paths as given; a pattern that the shell left alone (as on Windows) becomes the files that it fits."""
    found: list[Path] = []
    for text in given:
        matching = sorted(glob(text)) if not Path(text).exists() else []  # noqa: PTH207 - patterns may be absolute
        found += map(Path, matching or [text])
    return found


def reference(text: str) -> tuple[str, Path]:
    """Kind and file of `--reference 排污许可=名单.xlsx`."""
    kind, equals, file = text.partition("=")
    if not equals or kind not in KINDS:
        raise Stop(f"选项 --reference 的“{text}”不对，应写成 名称=文件，名称为{'、'.join(KINDS)}之一。")
    if not Path(file).is_file():
        raise Stop(f"“{file}”不存在。请核对路径。")
    return kind, Path(file)
