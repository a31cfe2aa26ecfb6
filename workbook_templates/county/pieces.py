"""The pieces of a county, which townships, parks or enterprises filled in, put together row by row.

A row is known by its number; one without a number by what it is called. The same row twice counts once; where two
differ, one stands for the time being and a person decides. Two different firms under one number get one each.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from validators.book import Book
from validators.columns import INVENTORY, SHEETS
from validators.meanings import Value
from validators.rule import value_text
from validators.versions import KEYS
from workbook_templates.county.identities import give_ids, give_line_ids, identities
from workbook_templates.county.returned import rows_of
from workbook_templates.formulas.default_formulas import SheetRows

REFERRING = ("lines", "transport", "guarantee", "changes")
"""Sheets whose 清单编号 names a row of another one."""
NAMED = {"enterprises": ("name",), "dust": ("dust_name",), "mobile": ("category", "keeper")}
"""What a row of a sheet is called, where it has no number."""


@dataclass(slots=True)
class Piece:
    """One file, and what became of it."""

    file: str
    book: Book
    status: str = "采用"
    reason: str = ""

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return sum(map(len, self.book.tables.values()))


@dataclass(frozen=True, slots=True)
class Side:
    """One of several rows that clash: file, 1-based row there, and its values."""

    file: str
    row: int
    values: Mapping[str, Value]

    @property
    def digest(self) -> str:
        """What a decision for this row says."""
        return hashlib.sha256(repr(sorted(self.values.items(), key=lambda pair: pair[0])).encode()).hexdigest()[:16]


@dataclass(slots=True)
class Clash:
    """Rows of one number that differ; the one at `chosen` stands, decided or for the time being."""

    sheet: str
    key: str
    sides: list[Side]
    chosen: int = 0
    why: str = ""
    """The reason of the decision, '' while it is open."""
    index: int = 0
    """0-based place of the row that stands."""

    @property
    def fields(self) -> list[str]:
        """Fields in which they differ."""
        names = [column.field for column in SHEETS[self.sheet].columns]
        return [name for name in names if len({str(side.values.get(name)) for side in self.sides}) > 1]

    def said(self, name: str) -> str:
        """What each of them says in a field."""
        return "；".join(f"{side.file} 第{side.row}行“{value_text(side.values.get(name))}”" for side in self.sides)


@dataclass
class Merged:
    """The pieces put together."""

    rows: SheetRows = field(default_factory=lambda: {key: [] for key in INVENTORY})
    origins: dict[str, list[Side]] = field(default_factory=lambda: {key: [] for key in INVENTORY})
    """Where each row is from."""
    read: int = 0
    identical: int = 0
    clashes: list[Clash] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def kept(self) -> int:
        """Rows of the county workbook."""
        return sum(map(len, self.rows.values()))


def supersede(pieces: Sequence[Piece]) -> None:
    """Of several versions of one piece only the highest 版次 holds.

    Files are versions of one piece where the same office filled them in, other than the county itself, or where they
    share most of their enterprises.
    """
    for one in pieces:
        for other in pieces:
            if one.status == "采用" and other.book.revision > one.book.revision and _same_piece(one.book, other.book):
                one.status, one.reason = "未采用", f"已被版次更高的“{other.file}”取代"
                gone = {record.list_id for record in one.book.tables["enterprises"]} - {
                    record.list_id for record in other.book.tables["enterprises"]
                }
                if gone := gone - {None}:
                    one.reason += f"；其中 {len(gone)} 家新版里没有：{'、'.join(sorted(map(str, gone))[:5])}"


def _same_piece(one: Book, other: Book) -> bool:
    offices = [str(book.facts.get("filled_by_office") or "") for book in (one, other)]
    if offices[0] and offices[0] == offices[1] and not offices[0].startswith(one.county_name):
        return True
    ids = [{record.list_id for record in book.tables["enterprises"]} - {None} for book in (one, other)]
    return bool(ids[0] and ids[1]) and len(ids[0] & ids[1]) * 2 > min(map(len, ids))


def merge(pieces: Sequence[Piece], county: str, decided: Mapping[tuple[str, str], tuple[str, str]]) -> Merged:
    """The rows of the pieces that hold. `decided` says by sheet and key which row holds (`Side.digest`), and why."""
    found = Merged()
    own = [(piece, _renumbered(piece, found, seen)) for seen in [_Seen()] for piece in pieces if piece.status == "采用"]
    for key in INVENTORY:
        groups: dict[str, list[Side]] = {}
        for piece, rows in own:
            records = piece.book.tables[key]
            times: dict[str, int] = {}
            for record, row in zip(records, rows[key], strict=True):
                found.read += 1
                name = _key(key, row) or f"{piece.file}#{record.row}"
                times[name] = times.get(name, 0) + 1
                groups.setdefault(f"{name}#{times[name]}" if times[name] > 1 else name, []).append(
                    Side(piece.file, record.row, row)
                )
        for name, sides in sorted(groups.items()):  # whatever the files are called
            _settle(found, key, name, sides, decided)
    enterprises = found.rows["enterprises"]
    give_ids(enterprises, "G", county, [identities(row) for row in enterprises], {})
    for key, mark in (("dust", "Y"), ("mobile", "D")):
        give_ids(found.rows[key], mark, county, [[_key(key, row)] for row in found.rows[key]], {})
    give_line_ids(found.rows["lines"])
    return found


class _Seen:
    """Which firm has a number, and what firms are called that have one."""

    def __init__(self) -> None:
        self.firms: dict[tuple[str, str], Mapping[str, Value]] = {}
        self.numbers: dict[str, str] = {}


def _renumbered(piece: Piece, found: Merged, seen: _Seen) -> SheetRows:
    """The rows of a piece; where another firm has a number already, this one's is taken away, or that of its own put."""
    rows = rows_of(piece.book)
    moved: dict[str, str | None] = {}
    for key, called in NAMED.items():
        for row in rows[key]:
            number = str(row.get("list_id") or "")
            names = identities(row) if key == "enterprises" else []
            if not number:
                known = next((seen.numbers[name] for name in names if name in seen.numbers), None)
                if known:
                    row["list_id"] = known
                continue
            first = seen.firms.setdefault((key, number), row)
            if first is not row and _another(key, first, row):
                moved[number] = None
                row["list_id"] = None
                named = "、".join(str(row.get(name)) for name in called if row.get(name))
                found.notes.append(f"“{piece.file}”的 {number}（{named}）与别的来件编号相同而不是同一家，另给了编号。")
            else:
                for name in names:
                    seen.numbers.setdefault(name, number)
    if moved:
        _follow(rows, moved)
    return rows


def _another(key: str, one: Mapping[str, Value], other: Mapping[str, Value]) -> bool:
    """Whether two rows of one number are of two firms, sites or kinds."""
    if key == "enterprises" and one.get("uscc") and other.get("uscc"):
        return one["uscc"] != other["uscc"]
    name = NAMED[key][0]
    return bool(one.get(name) and other.get(name) and one[name] != other[name])


def _follow(rows: SheetRows, moved: Mapping[str, str | None]) -> None:
    """Give new numbers at once to the rows of a piece that lost theirs, and to what refers to them."""
    taken = {str(row["list_id"]) for key in NAMED for row in rows[key] if row.get("list_id")}
    for old in moved:
        mark = old.rpartition("-")[0]
        for key in NAMED:
            for row in rows[key]:
                if row.get("list_id") is None and mark.endswith(("-G", "-Y", "-D")[list(NAMED).index(key)]):
                    names = identities(row) if key == "enterprises" else [_key(key, row)]
                    give_ids([row], mark[-1], mark[:-2], [names], {}, taken)
                    new = str(row["list_id"])
                    taken.add(new)
                    for other in REFERRING:
                        for referring in rows[other]:
                            if referring.get("list_id") == old:
                                referring["list_id"] = new
                                line = str(referring.get("line_id") or "")
                                if line.startswith(f"{old}-L"):
                                    referring["line_id"] = new + line.removeprefix(old)
                                if referring.get("line_ids"):
                                    referring["line_ids"] = str(referring["line_ids"]).replace(old, new)
                    break


def _key(key: str, row: Mapping[str, Value]) -> str:
    """What a row is known by; '' where it says nothing of itself."""
    said = [str(row.get(name) or "") for name in KEYS.get(key, ("list_id",))]
    if said[0]:
        return " ".join(said)
    if key == "enterprises":
        return next(iter(identities(row)), "")
    return "|".join(str(row.get(name) or "") for name in NAMED.get(key, ()))


def _settle(
    found: Merged, key: str, name: str, sides: Sequence[Side], decided: Mapping[tuple[str, str], tuple[str, str]]
) -> None:
    different: list[Side] = []
    for side in sides:
        if any(_same(side.values, other.values) for other in different):
            found.identical += 1
        else:
            different.append(side)
    holds = different[0]
    if len(different) > 1:
        clash = Clash(key, name, different, index=len(found.rows[key]))
        digest, why = decided.get((key, name), ("", ""))
        at = next((at for at, side in enumerate(different) if side.digest == digest), None)
        if at is not None:
            clash.chosen, clash.why = at, why
        holds = different[clash.chosen]
        found.clashes.append(clash)
    found.rows[key].append(dict(holds.values))
    found.origins[key].append(holds)


def _same(one: Mapping[str, Value], other: Mapping[str, Value]) -> bool:
    return all((one.get(name) or None) == (other.get(name) or None) for name in one.keys() | other.keys())


def open_clashes(found: Merged) -> Iterator[Clash]:
    """Clashes that nobody has decided."""
    return (clash for clash in found.clashes if not clash.why)
