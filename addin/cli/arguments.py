"""What the command line takes in: texts turned into days, numbers and files, or a `Stop`."""

import datetime as dt
from collections.abc import Sequence
from glob import glob
from pathlib import Path

from addin.problems import Stop
from validators.references import REFERENCE_KINDS


def day(option: str, text: str) -> dt.date:
    """The day of an option."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise Stop(f"选项 {option} 的“{text}”不是日期。请写成 2020-08-20 的样子。") from error


def whole(option: str, text: str, low: int, high: int) -> int:
    """The whole number of an option, from `low` to `high`."""
    if text.isascii() and text.isdecimal() and len(text) <= 18 and low <= int(text) <= high:
        return int(text)
    raise Stop(f"选项 {option} 的“{text}”不对，应为 {low} 至 {high} 的整数。")


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
    if not equals or kind not in REFERENCE_KINDS:
        raise Stop(f"选项 --reference 的“{text}”不对，应写成 名称=文件，名称为{'、'.join(REFERENCE_KINDS)}之一。")
    if not Path(file).is_file():
        raise Stop(f"“{file}”不存在。请核对路径。")
    return kind, Path(file)
