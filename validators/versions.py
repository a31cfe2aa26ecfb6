"""Two versions of an inventory, row by row: what was added, removed and changed."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from validators.columns import INVENTORY, SHEETS

KeptTables = Mapping[str, Sequence[Sequence[Any]]]
"""Rows by key of the sheet, each with its values in the declared order; days may be texts."""
KEYS = {"lines": ("line_id",), "changes": ("list_id", "changed_on")}
"""Fields that say which row of one version is which of the other; 清单编号 where nothing else is said."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference; `field`, `before` and `after` are None where a whole row was added or removed."""

    kind: Literal["新增", "移出", "修改"]
    sheet: str
    key: str
    name: object
    field: str | None = None
    before: object = None
    after: object = None


def differences(before: KeptTables, after: KeptTables) -> Iterator[Change]:
    """What changed from one to the other, sheet by sheet: rows that went, rows that came, cells that changed."""
    for sheet in INVENTORY.values():
        old, new = _keyed(sheet.key, before.get(sheet.key, ())), _keyed(sheet.key, after.get(sheet.key, ()))
        for key, row in old.items():
            if key not in new:
                yield Change("移出", sheet.key, key[0], _name(sheet.key, row))
        compared = [column for column in sheet.columns if column.required != "auto"]
        for key, row in new.items():
            earlier = old.get(key)
            if earlier is None:
                yield Change("新增", sheet.key, key[0], _name(sheet.key, row))
                continue
            for column in compared:
                was, now = earlier[column.position], row[column.position]
                if was != now and _plain(was) != _plain(now):
                    yield Change(
                        "修改", sheet.key, key[0], _name(sheet.key, row), column.field, _plain(was), _plain(now)
                    )


def _keyed(sheet: str, rows: Sequence[Sequence[Any]]) -> dict[tuple[str, int], Sequence[Any]]:
    """Rows by what identifies them, and which of several with the same they are."""
    places = [SHEETS[sheet][name].position for name in KEYS.get(sheet, ("list_id",))]
    found: dict[tuple[str, int], Sequence[Any]] = {}
    seen: dict[str, int] = {}
    for row in rows:
        key = " ".join(str(_plain(row[place]) or "") for place in places)
        seen[key] = seen.get(key, 0) + 1
        found[key, seen[key]] = row
    return found


def _name(sheet: str, row: Sequence[Any]) -> object:
    """What a row is called."""
    field = next((name for name in ("name", "line_name", "dust_name", "category") if name in SHEETS[sheet]), None)
    return row[SHEETS[sheet][field].position] if field else None


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, dt.date) else value
