"""By what an enterprise is known, and the numbers that are given to rows that have none."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from validators.meanings import Value
from validators.text import folded

OWN_IDS, ALL_IDS = range(1, 5000), range(1, 10_000)
"""Serial numbers given to rows that have none; those above are for the pieces of a county (`template --part`)."""


def identities(row: Mapping[str, Value]) -> list[str]:
    """What an enterprise is known by, the surest first: code and site, name and site."""
    site = folded(str(row.get("site") or ""))
    found = [f"{row['uscc']}|{site}"] if row.get("uscc") else []
    return found + ([f"{folded(str(row['name']))}|{site}"] if row.get("name") else [])


def serial(name: str, span: range) -> int:
    """A number of a span that always is the same for a name."""
    return span[int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "big") % len(span)]


def give_ids(
    rows: Sequence[dict[str, Value]],
    mark: str,
    county: str,
    names: Sequence[Sequence[str]],
    before: Mapping[str, str],
    taken: Iterable[str] = (),
) -> None:
    """Give a 清单编号 to each row that has none: the one it had `before`, else one made of its name, so that it stays.

    `mark` is its letter, `names` say what each row is known by, `taken` are numbers that others have.
    """
    used = {str(row["list_id"]) for row in rows if row.get("list_id")}
    waiting = []
    for row, own in zip(rows, names, strict=True):
        if row.get("list_id"):
            continue
        kept = next((before[name] for name in own if before.get(name) and before[name] not in used), None)
        if kept:
            row["list_id"] = kept
            used.add(kept)
        else:
            waiting.append((own[0] if own else "", row))
    used |= {*before.values(), *taken}
    numbers = OWN_IDS if len(waiting) <= len(OWN_IDS) // 2 else ALL_IDS
    for name, row in sorted(waiting, key=lambda one: (serial(one[0], numbers), one[0])):
        at = numbers.index(serial(name, numbers))
        for step in range(len(numbers)):
            made = f"{county}-{mark}-{numbers[(at + step) % len(numbers)]:04d}"
            if made not in used:
                row["list_id"] = made
                used.add(made)
                break


def give_line_ids(lines: Sequence[dict[str, Value]]) -> None:
    """Give a 生产线编码 to each line that has none but whose enterprise has a number."""
    used = {str(row["line_id"]) for row in lines if row.get("line_id")}
    for row in lines:
        if not row.get("line_id") and row.get("list_id"):
            made = (f"{row['list_id']}-L{number:02d}" for number in range(1, 100))
            found = next((one for one in made if one not in used), None)
            if found:
                row["line_id"] = found
                used.add(found)
