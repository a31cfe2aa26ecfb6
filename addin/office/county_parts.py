"""A county's workbook for one of its parts, a township, a park or an enterprise: its own numbers, and its own rows."""

import re
from pathlib import Path

from addin.problems import Stop
from addin.reading.isolation import each
from validators.meanings import Value, text_of
from workbook_templates.county.cover_facts import read_facts
from workbook_templates.county.identities import ALL_IDS, OWN_IDS, serial
from workbook_templates.formulas.default_formulas import SheetRows
from workbook_templates.xlsx.opened import UnreadableWorkbook, open_workbook

_BLOCK = 100
"""Numbers that are given out together."""
_SAID = re.compile(r"(.*)（清单编号 (\d{4}) 至 (\d{4})）")
"""How a piece says, as who filled it in, whose it is and which numbers it has."""
_MOST_BESIDE = 300
"""Workbooks in a folder that are asked for their numbers."""


def own_numbers(target: Path, county: str, part: str, room: int, carried: SheetRows) -> tuple[int, int]:
    """First and last serial number for a part, which no other piece in the folder and no row carried over has.

    They depend on the name of the part, so that pieces made in different folders hardly ever share them. Raises `Stop`.
    """
    if not part.strip() or "（" in part or len(part) > 40:
        raise Stop(f"选项 --part 的“{part}”不对，应为乡镇、园区或企业的名称，40 个字以内，不带括号。")
    used: set[int] = set()
    beside = [path for path in sorted(target.parent.glob("*.xlsx"))[:_MOST_BESIDE] if not path.name.startswith("~$")]
    for found in each(_numbers, [(path,) for path in beside]):
        if isinstance(found, tuple) and found[0] == county:
            if found[1] == part and found[3] - found[2] + 1 >= room:
                return found[2], found[3]
            used |= set(range(found[2], found[3] + 1)) if found[1] != part else set()
    for rows in carried.values():
        used |= {int(text[-4:]) for row in rows if (text := str(row.get("list_id") or ""))[-4:].isdecimal()}
    blocks = range(OWN_IDS.stop, ALL_IDS.stop - 1, _BLOCK)
    wanted = -(-room // _BLOCK)
    start = blocks.index(serial(f"{county}|{part}", blocks))
    for step in range(len(blocks)):
        first = blocks[(start + step) % len(blocks)]
        last = first + wanted * _BLOCK - 1
        if last < ALL_IDS.stop and used.isdisjoint(range(first, last + 1)):
            return first, last
    raise Stop(f"没有 {room} 个连着的编号可给“{part}”。请用 --rows 写小一些的家数。")


def _numbers(path: Path) -> tuple[str, str, int, int] | None:
    """In a child: county, part, first and last number of a piece; None for any other file."""
    try:
        facts = read_facts(open_workbook(path))
    except UnreadableWorkbook:
        return None
    said = _SAID.fullmatch(text_of(facts.get("filled_by_office")))
    return (text_of(facts.get("division")), said[1], int(said[2]), int(said[3])) if said else None


def of_part(rows: SheetRows, part: str) -> SheetRows:
    """The rows of enterprises of that township, park or name, dust by its address, and what belongs to either."""
    own = [
        row for row in rows.get("enterprises", ()) if part in (row.get("township"), row.get("park"), row.get("name"))
    ]
    dust = [row for row in rows.get("dust", ()) if _stands_in(row.get("address"), part)]
    ids = {row.get("list_id") for row in (*own, *dust)}
    found: SheetRows = {"enterprises": own, "dust": dust}
    for key, others in rows.items():
        if key not in ("enterprises", "dust", "mobile"):
            found[key] = [row for row in others if row.get("list_id") in ids]
    return found


def _stands_in(address: Value, part: str) -> bool:
    return isinstance(address, str) and part in address
