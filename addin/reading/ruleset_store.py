"""The versions of rule sets that were loaded on this computer: one JSON file each, never overwritten.

Whoever imports this module knows them: `validators.ruleset` learns of them at its end.
"""

import json
import os
import re
import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

from addin.problems import Stop
from validators.ruleset import RuleSet, UnknownRuleSet, completed, default, load, newest, of_tables, use, versions
from validators.ruleset_tables import LawRow

_FORMAT = "qingdan-ruleset/1"
_NAME = re.compile(r"([0-9]{4}\.[1-9][0-9]{0,5})\.json")


@dataclass(frozen=True, slots=True)
class LoadedFrom:
    """Where a loaded version comes from."""

    loaded_at: str
    """Local time, ISO 8601."""
    loaded_by: str
    """Who keyed it in, as the workbook says."""
    base: str
    """Id of the rule set that it was compared with."""
    file: str
    file_sha256: str


def folder() -> Path:
    """Where the versions lie: `QINGDAN_RULESETS`, else the user's own data folder."""
    if given := os.environ.get("QINGDAN_RULESETS"):
        return Path(given)
    if sys.platform == "win32":
        home = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    else:
        home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "qingdan" / "规则集"


class LoadedVersions:
    """The shelf that `validators.ruleset` takes loaded versions from."""

    def ids(self) -> Sequence[str]:
        """Ids of the versions in the folder."""
        try:
            names = [path.name for path in folder().iterdir()]
        except (FileNotFoundError, NotADirectoryError):
            return ()
        return [found[1] for name in names if (found := _NAME.fullmatch(name))]

    def read(self, id_: str) -> RuleSet:
        """The version of that id. Raises `UnknownRuleSet`."""
        return _read(_path(id_))[0]


def origin(id_: str) -> LoadedFrom:
    """Where a loaded version comes from. Raises `UnknownRuleSet`."""
    return _read(_path(id_))[1]


def rules_of(year: str | None, id_: str | None = None) -> RuleSet:
    """The rule set of that id, else the newest of that year, else `validators.ruleset.default`."""
    if year and id_ and id_.partition(".")[0] != year:
        raise Stop(f"规则集 {id_} 不是 {year} 年的。请只写 --year 和 --ruleset 中的一个，或让两者一致。")
    try:
        return load(id_) if id_ else newest(year) if year else default()
    except UnknownRuleSet as error:
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


def keep(year: str, tables: Mapping[str, Sequence[LawRow]], origin: LoadedFrom) -> RuleSet:
    """Keep these tables as the next version of the year. Raises OSError."""
    folder().mkdir(parents=True, exist_ok=True)
    stored = {
        "format": _FORMAT,
        **{name: getattr(origin, name) for name in LoadedFrom.__slots__},
        "sha256": _hash(tables),
        "tables": tables,
    }
    temporary = folder() / f".{secrets.token_hex(8)}.tmp"
    try:
        with temporary.open("xb") as file:
            file.write(json.dumps(stored, ensure_ascii=False, indent=1).encode())
            file.flush()
            os.fsync(file.fileno())
        newest = versions(year)[-1].partition(".")[2]
        for number in count(int(newest or 0) + 1):
            try:
                _take(temporary, _path(f"{year}.{number}"))
            except FileExistsError:  # another load was quicker
                continue
            return _read(_path(f"{year}.{number}"))[0]
        raise AssertionError("numbers do not end")
    finally:
        temporary.unlink(missing_ok=True)


def _path(id_: str) -> Path:
    return folder() / f"{id_}.json"


def _take(temporary: Path, target: Path) -> None:
    """Give a whole file its name unless that is taken; raises FileExistsError."""
    if sys.platform == "win32":
        temporary.rename(target)
    else:
        os.link(temporary, target)


def _hash(tables: object) -> str:
    return sha256(json.dumps(tables, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


@cache
def _read(path: Path) -> tuple[RuleSet, LoadedFrom]:
    """A version never changes, so it is read once."""
    try:
        found: Any = json.loads(path.read_text(encoding="utf-8"))
        if found["format"] != _FORMAT or found["sha256"] != _hash(found["tables"]):
            raise ValueError("sha256")
        rules = completed(of_tables(path.stem, found["tables"]))
        return rules, LoadedFrom(**{name: str(found[name]) for name in LoadedFrom.__slots__})
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise UnknownRuleSet(
            f"规则集 {path.stem} 的文件“{path}”已损坏或被改动，不能使用。请移走它，再用该版的工作簿重新载入。"
        ) from error


use(LoadedVersions())
