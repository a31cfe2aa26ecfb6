"""The submission to the province: which heads, in which order (a profile, data), and the manifest beside it."""

import csv
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import file_digest
from importlib.metadata import version
from importlib.resources import files
from operator import itemgetter
from pathlib import Path
from typing import Any, Literal

from validators.book import Book
from validators.columns import INVENTORY, SHEETS, Column
from validators.decisions import WAIVER, Decision
from validators.expr import Record
from validators.records import Value
from validators.settlement import City
from workbook_templates.city.city_workbook import created, head
from workbook_templates.xlsx.writer import Column as Head
from workbook_templates.xlsx.writer import Sheet, replacing, restoring, write_sheets

DEFAULT = "default"
MANIFEST_FORMAT = "qingdan-manifest/1"


class UnknownProfile(ValueError):
    """There is no such profile; the message is Chinese."""


Cell = Callable[[Record, Sequence[Record]], Value]
"""What stands in a cell: made from a record, and from the lines of that enterprise where it has any."""


@dataclass(frozen=True)
class ProfileSheet:
    """One sheet of a submission: its heads, and what stands under each.

    `rows` is the key of the sheet whose rows are counted: with `lines`, each is joined with its enterprise; with
    `enterprises`, what the lines of an enterprise say is put together in one row.
    """

    title: str
    rows: str
    heads: tuple[Head, ...]
    sources: tuple[Column | Cell, ...]

    @property
    def keys(self) -> list[int]:
        """Places of the heads that say which row it is."""
        fields = [source.field if isinstance(source, Column) else "" for source in self.sources]
        for wanted in ({"list_id", "line_id"}, {"uscc", "name"}):
            if found := [place for place, name in enumerate(fields) if name in wanted]:
                return found
        return []


def profiles() -> tuple[str, ...]:
    """Names of the shipped profiles."""
    folder = files(__package__).joinpath("profiles")
    return tuple(sorted(entry.name.removesuffix(".csv") for entry in folder.iterdir() if entry.name.endswith(".csv")))


@cache
def profile(name: str) -> tuple[ProfileSheet, ...]:
    """A profile by name. Raises `UnknownProfile`."""
    if name not in profiles():
        raise UnknownProfile(f"没有名为“{name}”的报送格式；现有：{'、'.join(profiles())}。")
    text = files(__package__).joinpath("profiles", f"{name}.csv").read_text(encoding="utf-8")
    found: dict[tuple[str, str], list[tuple[Head, Column | Cell]]] = {}
    for row in csv.DictReader(text.splitlines()):
        own, source = _source(row["source"], row["rows"])
        found.setdefault((row["sheet"], row["rows"]), []).append((replace(own, head=row["head"]), source))
    return tuple(
        ProfileSheet(title, rows, tuple(own for own, _ in pairs), tuple(source for _, source in pairs))
        for (title, rows), pairs in found.items()
    )


def _source(text: str, rows: str) -> tuple[Head, Column | Cell]:
    """How a head's column is written, and what stands in it: `sheet.field`, `labels.name`, or nothing at all."""
    sheet, _, field = text.partition(".")
    if not text:  # a head that the format wants and the inventory has no value for
        return Head("", "text", 12), lambda record, lines: None
    if sheet == "labels":
        return Head("", "text", 14), _label(field)
    if text == "lines.count":
        return Head("", "number", 9), lambda record, lines: len(lines)
    column = SHEETS[sheet][field]
    own = head(column)
    if rows in (sheet, "lines"):
        return own, column
    return own if own.kind == "number" else replace(own, kind="prose", width=40), _together(column)


def _label(name: str) -> Cell:
    """The first label of profile_labels.csv whose condition an enterprise meets."""
    text = files(__package__).joinpath("profile_labels.csv").read_text(encoding="utf-8")
    labels = [row for row in csv.DictReader(text.splitlines()) if row["name"] == name]

    def cell(record: Record, lines: Sequence[Record]) -> Value:
        for row in labels:
            if not row["field"] or getattr(record, row["field"]) == row["value"]:
                return row["label"].format(grade=record.grade or "") or None
        return None

    return cell


def _together(column: Column) -> Cell:
    """What the lines of an enterprise say in a column, in one cell: numbers summed, different texts with their lines."""
    position, name = column.position, SHEETS["lines"]["line_name"].position

    def total(record: Record, lines: Sequence[Record]) -> Value:
        values: list[Any] = [line[position] for line in lines if line[position] is not None]
        return math.fsum(values) if values else None

    def texts(record: Record, lines: Sequence[Record]) -> Value:
        said = [(str(line[name] or ""), str(line[position])) for line in lines if line[position]]
        different = dict.fromkeys(text for _, text in said)
        if position == name or len(different) == 1:
            return "；".join(different) or None
        return "；".join(text if text.startswith(line) else f"{line}：{text}" for line, text in said) or None

    return total if column.is_number else texts


def heads() -> dict[str, Literal["number", "code", "date", "text"]]:
    """Kind of every head that may stand in a list of ours, for the auditor."""
    declared = [head(column) for sheet in INVENTORY.values() for column in sheet.columns]
    named = [one for name in profiles() for sheet in profile(name) for one in sheet.heads]
    kinds: dict[str, Literal["number", "code", "date"]] = {"number": "number", "code": "code", "date": "date"}
    return {one.head: kinds.get(one.kind, "text") for one in [*declared, *named]}


Origin = tuple[Book, str, Record]
"""Where a row of the submission comes from: workbook, key of the sheet, record."""


def picker(positions: Sequence[int]) -> Callable[[Sequence[Value]], tuple[Value, ...]]:
    """A function that gives the values at these positions."""
    if len(positions) > 1:
        return itemgetter(*positions)
    return lambda values: tuple(values[position] for position in positions)


def rows_of(sheet: ProfileSheet, city: City) -> Iterator[tuple[tuple[Value, ...], Origin]]:
    """Rows of a sheet of the submission, counties in the order of divisions.csv, each with its origin."""
    no_line = (None,) * len(SHEETS["lines"].columns)
    joined = sheet.rows == "lines"
    before = len(SHEETS["enterprises"].columns) + len(("row", "bad")) if joined else 0
    pick = _pick(sheet, before)
    for book in city.books():
        if not joined:
            lines = book.index("lines", "list_id") if sheet.rows == "enterprises" else {}
            for record in book.tables[sheet.rows]:
                yield pick(record, lines.get(record.list_id, ())), (book, sheet.rows, record)
            continue
        lines = book.index("lines", "list_id")
        for enterprise in book.tables["enterprises"]:
            for line in lines.get(enterprise.list_id, ()):
                yield pick(enterprise + line, ()), (book, "lines", line)
            if enterprise.list_id not in lines:
                yield pick(enterprise + no_line, ()), (book, "enterprises", enterprise)


def _pick(sheet: ProfileSheet, before: int) -> Callable[[Any, Sequence[Record]], tuple[Value, ...]]:
    """A function that gives the values of a row; all at once where they only have to be picked."""
    columns = [source for source in sheet.sources if isinstance(source, Column)]
    pick = picker([column.position + before * (column.sheet == "lines") for column in columns])
    if len(columns) == len(sheet.sources):
        return lambda record, lines: pick(record)

    def made(record: Any, lines: Sequence[Record]) -> tuple[Value, ...]:  # noqa: ANN401 - a record, or two joined
        picked = iter(pick(record))
        return tuple(next(picked) if isinstance(source, Column) else source(record, lines) for source in sheet.sources)

    return made


class _Sums:
    """Counts the rows of a sheet and adds up its number columns while they pass."""

    def __init__(self, sheet: ProfileSheet) -> None:
        self.rows = 0
        self.sheet = sheet
        self._numbers = [number for number, one in enumerate(sheet.heads) if one.kind == "number"]
        self._values: list[tuple[Value, ...]] = []

    def passing(self, rows: Iterator[tuple[tuple[Value, ...], Origin]]) -> Iterator[tuple[Value, ...]]:
        """The rows themselves."""
        pick = picker(self._numbers)
        for values, _ in rows:
            self.rows += 1
            self._values.append(pick(values))
            yield values

    def to_json(self) -> dict[str, Any]:
        """The sheet's part of the manifest; sums are exact before the last rounding (`math.fsum`)."""
        heads = [self.sheet.heads[number].head for number in self._numbers]
        columns: Iterable[tuple[Any, ...]] = zip(*self._values, strict=True) if self._values else ((),) * len(heads)
        sums = {
            head: math.fsum(value for value in column if value is not None)
            for head, column in zip(heads, columns, strict=True)
        }
        return {
            "name": self.sheet.title,
            "rows": self.rows,
            "heads": [one.head for one in self.sheet.heads],
            "sums": sums,
        }


def manifest_path(target: Path) -> Path:
    """Where the manifest of a submission lies: beside it."""
    return target.with_name(target.name + ".manifest.json")


def signature_paths(manifest: Path) -> tuple[Path, Path]:
    """Where the signature of a manifest and the public key for it lie: beside it."""
    return manifest.with_name(manifest.name + ".sig"), manifest.with_name(manifest.name + ".pub")


def write_submission(
    target: Path,
    city: City,
    profile_name: str,
    *,
    signer: str | None = None,
    overwrite: bool,
    decisions: Sequence[Decision] = (),
    lifted: Mapping[int, int] | None = None,
) -> dict[str, Any]:
    """Write the submission and its manifest; returns the manifest. `signer` is the fingerprint of who will sign it.

    `decisions` are those that the city was made with: `waivers` has the waivers that lift findings (`lifted` says how
    many, by their numbers), `decisions` all others, each as `Decision.to_json` has it.

    Both are whole or neither is there. Whoever is killed in between leaves the new manifest beside the old submission,
    or beside none, which AU08 notices; the other way round a submission would stand there that nothing vouches for.

    Raises ValueError for what a workbook cannot hold, `UnknownProfile`, FileExistsError and OSError.
    """
    sums = [_Sums(sheet) for sheet in profile(profile_name)]
    sheets = [Sheet(one.sheet.title, one.sheet.heads, one.passing(rows_of(one.sheet, city))) for one in sums]
    own = manifest_path(target)
    with restoring(own), replacing(target, overwrite=overwrite) as file:
        write_sheets(file, sheets, created(city))
        size = file.seek(0, 2)
        file.seek(0)
        digest = file_digest(file, "sha256").hexdigest()
        manifest = {
            "format": MANIFEST_FORMAT,
            "file": target.name,
            "sha256": digest,
            "size": size,
            "profile": profile_name,
            "year": city.year,
            "round": city.round,
            "ruleset": city.ruleset.id,
            "ruleset_sha256": city.ruleset.sha256,
            "tool": f"qingdan {version('qingdan')}",
            "sheets": [one.to_json() for one in sums],
            "inputs": [
                {"file": book.file, "sha256": book.sha256, "county": book.county, "revision": book.revision}
                for book in city.books()
            ],
            "exclusions": [{"county": code, "reason": reason} for code, reason in city.exclusions.items()],
            "waivers": [
                {**one.to_json(), "findings": (lifted or {})[one.id]} for one in decisions if one.id in (lifted or {})
            ],
            "decisions": [one.to_json() for one in decisions if one.kind != WAIVER],
        }
        if signer is not None:
            manifest["signer"] = signer
        with replacing(own, overwrite=True) as beside:  # in its place before the submission, which it then does not fit
            beside.write(json.dumps(manifest, ensure_ascii=False, indent=1).encode() + b"\n")
    return manifest
