"""The submission to the province: which heads, in which order (a profile, data), and the manifest beside it."""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import file_digest
from importlib.metadata import version
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO, Literal

from validators.audit.manifest import FORMAT, ExcludedCounty, InputFile, Manifest
from validators.book import Book
from validators.columns import INVENTORY, SHEETS, Column
from validators.decisions import WAIVER, Decision
from validators.expr import Record
from validators.meanings import Value
from validators.settlement import City
from validators.text import folded
from workbook_templates.city.city_workbook import head
from workbook_templates.layouts.declared import COUNT, YEAR, Entry, Layout, Table, shipped, shipped_layout
from workbook_templates.layouts.spellings import label
from workbook_templates.layouts.units import UnknownUnit, convert
from workbook_templates.printed_grade import printed_grade
from workbook_templates.xlsx.writer import Head, ListSheet, replacing, restoring, write_sheets

DEFAULT = "default"


class UnknownProfile(ValueError):
    """There is no such profile; the message is Chinese."""


CellMaker = Callable[[Record, Sequence[Record], Book], Value]
"""What stands in a cell: made from a record, the lines of that enterprise where it has any, and the workbook."""
UNNAMED = "清单"
"""Title of a sheet whose layout names none."""


@dataclass(frozen=True)
class ProfileSheet:
    """One sheet of a submission: its heads, and what stands under each.

    `rows` is the key of the sheet whose rows are counted: with `lines`, each is joined with its enterprise; with
    `enterprises`, what the lines of an enterprise say is put together in one row.
    """

    title: str
    rows: str
    heads: tuple[Head, ...]
    sources: tuple[Column | CellMaker, ...]
    keys: tuple[int, ...]
    """Places of the heads that say which row it is."""


def profiles() -> tuple[str, ...]:
    """Names of the shipped profiles."""
    return shipped()


@cache
def profile(name: str) -> tuple[ProfileSheet, ...]:
    """A profile by name. Raises `UnknownProfile`."""
    if name not in profiles():
        raise UnknownProfile(f"没有名为“{name}”的报送格式；现有：{'、'.join(profiles())}。")
    return compiled(shipped_layout(name))


def compiled(layout: Layout) -> tuple[ProfileSheet, ...]:
    """The sheets of a submission in this layout."""
    return tuple(_compiled(table) for table in layout.tables)


def _compiled(table: Table) -> ProfileSheet:
    pairs = [_source(entry, table.rows) for entry in table.entries]
    fields = [entry.means.rpartition(".")[2] for entry in table.entries]
    keys: list[int] = []
    for wanted in ({"list_id", "line_id"}, {"uscc", "name"}):
        keys = keys or [place for place, name in enumerate(fields) if name in wanted]
    return ProfileSheet(
        table.title or UNNAMED,
        table.rows,
        tuple(own for own, _ in pairs),
        tuple(source for _, source in pairs),
        tuple(keys),
    )


def _source(entry: Entry, rows: str) -> tuple[Head, Column | CellMaker]:
    """How a head's column is written, and what stands in it."""
    own, source = _meant(entry, rows)
    if entry.converts or entry.values:
        source = _said(entry, _cell(source, rows))
    return replace(own, head=entry.head), source


SERIAL = "序号"
"""A head below which the rows are numbered from 1."""


def _serial(record: Record, lines: Sequence[Record], book: Book) -> Value:
    """Stands for the number of a row, which `rows_of` knows."""
    return None


def _meant(entry: Entry, rows: str) -> tuple[Head, Column | CellMaker]:
    column = entry.column
    if not entry.means and folded(entry.head) == SERIAL:
        return Head("", "number", 6), _serial
    if not entry.means:  # a head that the format wants and the inventory has no value for
        return Head("", "text", 12), lambda record, lines, book: None
    if entry.means == COUNT:
        return Head("", "number", 9), lambda record, lines, book: len(lines)
    if entry.means == YEAR:
        return Head("", "number", 9), lambda record, lines, book: book.ruleset.year
    if column is None:
        name = entry.means.partition(".")[2]
        return Head("", "text", 14), lambda record, lines, book: label(
            name, record._replace(grade=printed_grade(record, lines, book.ruleset))
        )
    own = head(column)
    if column.sheet == rows or (rows == "lines" and column.sheet == "enterprises"):
        return own, column
    if column.sheet != "lines":
        return own, _beside(column)
    return own if own.kind == "number" else replace(own, kind="prose", width=40), _together(column)


def _cell(source: Column | CellMaker, rows: str) -> CellMaker:
    """What picks a column of the record, or of the line, as any other cell is made."""
    if not isinstance(source, Column):
        return source
    position = source.position
    if source.sheet == rows == "lines":
        return lambda record, lines, book: lines[0][position] if lines else None
    return lambda record, lines, book: record[position]


def _said(entry: Entry, cell: CellMaker) -> CellMaker:
    """What stands in a cell, in the unit and the spelling of a layout."""
    spelt = {value: text for text, value in reversed(entry.values)}
    column = entry.column

    def said(record: Record, lines: Sequence[Record], book: Book) -> Value:
        value = cell(record, lines, book)
        if column is not None and entry.converts and isinstance(value, int | float):
            days = (
                (lines[0] if column.sheet == "lines" and lines else record).run_days
                if column.sheet in WITH_DAYS
                else None
            )
            try:
                return convert(value, column.unit, entry.unit, days)[0]
            except UnknownUnit:
                return None
        return spelt.get(str(value), value) if value is not None else None

    return said


WITH_DAYS = ("enterprises", "lines")
"""Sheets whose rows say how many days a year they run."""


def _beside(column: Column) -> CellMaker:
    """What another sheet says in a column of the same enterprise, in its first row there."""

    def cell(record: Record, lines: Sequence[Record], book: Book) -> Value:
        found: Sequence[Record] = book.index(column.sheet, "list_id").get(record.list_id, ())
        return found[0][column.position] if found else None

    return cell


def _together(column: Column) -> CellMaker:
    """What the lines of an enterprise say in a column, in one cell: numbers summed, different texts with their lines."""
    position, name = column.position, SHEETS["lines"]["line_name"].position

    def total(record: Record, lines: Sequence[Record], book: Book) -> Value:
        values: list[Any] = [line[position] for line in lines if line[position] is not None]
        return math.fsum(values) if values else None

    def texts(record: Record, lines: Sequence[Record], book: Book) -> Value:
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


RowOrigin = tuple[Book, str, Record]
"""Where a row of the submission comes from: workbook, key of the sheet, record."""


def picker(positions: Sequence[int]) -> Callable[[Sequence[Value]], tuple[Value, ...]]:
    """A function that gives the values at these positions."""
    if len(positions) > 1:
        return itemgetter(*positions)
    return lambda values: tuple(values[position] for position in positions)


def rows_of(sheet: ProfileSheet, city: City) -> Iterator[tuple[tuple[Value, ...], RowOrigin]]:
    """Rows of a sheet of the submission, counties in the order of divisions.csv, each with its origin."""
    rows = _rows_of(sheet, city)
    numbered = [place for place, source in enumerate(sheet.sources) if source is _serial]
    if not numbered:
        return rows
    return (
        (tuple(number if place in numbered else value for place, value in enumerate(values)), origin)
        for number, (values, origin) in enumerate(rows, 1)
    )


def _rows_of(sheet: ProfileSheet, city: City) -> Iterator[tuple[tuple[Value, ...], RowOrigin]]:
    plain = all(isinstance(source, Column) for source in sheet.sources)
    for book in city.books():
        if sheet.rows == "lines":
            yield from _joined(sheet, book) if plain else _made(sheet, book, book.tables["enterprises"])
        elif plain:
            pick = picker([source.position for source in sheet.sources if isinstance(source, Column)])
            for record in book.tables[sheet.rows]:
                yield pick(record), (book, sheet.rows, record)
        else:
            yield from _made(sheet, book, book.tables[sheet.rows])


def _joined(sheet: ProfileSheet, book: Book) -> Iterator[tuple[tuple[Value, ...], RowOrigin]]:
    """Each line with its enterprise, where all values only have to be picked: all at once."""
    before = len(SHEETS["enterprises"].columns) + len(("row", "bad"))
    columns = [source for source in sheet.sources if isinstance(source, Column)]
    pick = picker([column.position + before * (column.sheet == "lines") for column in columns])
    no_line = (None,) * len(SHEETS["lines"].columns)
    lines = book.index("lines", "list_id")
    for enterprise in book.tables["enterprises"]:
        for line in lines.get(enterprise.list_id, ()):
            yield pick(enterprise + line), (book, "lines", line)
        if enterprise.list_id not in lines:
            yield pick(enterprise + no_line), (book, "enterprises", enterprise)


def _made(sheet: ProfileSheet, book: Book, records: Sequence[Record]) -> Iterator[tuple[tuple[Value, ...], RowOrigin]]:
    """Rows whose values are made one by one."""
    cells = [_cell(source, sheet.rows) for source in sheet.sources]
    by_line = sheet.rows == "lines"
    lines = book.index("lines", "list_id") if by_line or sheet.rows == "enterprises" else {}
    key = "enterprises" if by_line else sheet.rows
    for record in records:
        own: Sequence[Record] = lines.get(record.list_id, ())
        for some in [[line] for line in own] if by_line and own else [own]:
            origin: RowOrigin = (book, "lines", some[0]) if by_line and some else (book, key, record)
            yield tuple(cell(record, some, book) for cell in cells), origin


_BATCH = 1024  # rows


class _Sums:
    """Counts the rows of a sheet and adds up its number columns while they pass."""

    def __init__(self, sheet: ProfileSheet) -> None:
        self.rows = 0
        self.sheet = sheet
        self._numbers = [number for number, one in enumerate(sheet.heads) if one.kind == "number"]
        self._sums: list[list[float]] = [[] for _ in self._numbers]
        """For each number column, numbers whose sum is exactly that of the rows that have passed."""

    def passing(self, rows: Iterator[tuple[tuple[Value, ...], RowOrigin]]) -> Iterator[tuple[Value, ...]]:
        """The rows themselves."""
        pick = picker(self._numbers)
        while batch := [values for values, _ in islice(rows, _BATCH)]:
            self.rows += len(batch)
            columns: Iterable[tuple[Any, ...]] = zip(*map(pick, batch), strict=True)
            for sums, column in zip(self._sums, columns, strict=True):
                sums[:] = exactly([*sums, *(value for value in column if value is not None)])
            yield from batch

    def to_json(self) -> dict[str, Any]:
        """The sheet's part of the manifest; sums are exact before the last rounding (`math.fsum`)."""
        heads = [self.sheet.heads[number].head for number in self._numbers]
        sums = {head: math.fsum(own) for head, own in zip(heads, self._sums, strict=True)}
        return {
            "name": self.sheet.title,
            "rows": self.rows,
            "heads": [one.head for one in self.sheet.heads],
            "sums": sums,
        }


def exactly(numbers: Sequence[float]) -> list[float]:
    """A few numbers whose exact sum is that of these: the rounded sum, and what the rounding left out.

    What a workbook cannot hold, infinity and NaN, ends it; the writer refuses them.
    """
    found: list[float] = []
    while (left := math.fsum([*numbers, *(-one for one in found)])) and math.isfinite(left):
        found.append(left)
    return found


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
    sheets = [ListSheet(one.sheet.title, one.sheet.heads, one.passing(rows_of(one.sheet, city))) for one in sums]

    def write(file: BinaryIO) -> dict[str, Any]:
        write_sheets(file, sheets, city.filled_on)
        return {"profile": profile_name, "sheets": [one.to_json() for one in sums]}

    return with_manifest(target, city, write, signer=signer, overwrite=overwrite, decisions=decisions, lifted=lifted)


def with_manifest(
    target: Path,
    city: City,
    write: Callable[[BinaryIO], dict[str, Any]],
    *,
    signer: str | None,
    overwrite: bool,
    decisions: Sequence[Decision],
    lifted: Mapping[int, int] | None,
) -> dict[str, Any]:
    """Write a submission and its manifest, both or neither; `write` gives what the manifest says of the file itself."""
    own = manifest_path(target)
    with restoring(own), replacing(target, overwrite=overwrite) as file:
        said = write(file)
        size = file.seek(0, 2)
        file.seek(0)
        digest = file_digest(file, "sha256").hexdigest()
        signed: dict[str, Any] = {} if signer is None else {"signer": signer}
        manifest = Manifest(
            format=FORMAT,
            file=target.name,
            sha256=digest,
            size=size,
            **said,
            year=city.year,
            round=city.round,
            ruleset=city.ruleset.id,
            ruleset_sha256=city.ruleset.sha256,
            tool=f"qingdan {version('qingdan')}",
            inputs=[
                InputFile(file=book.file, sha256=book.sha256, county=book.county, revision=book.revision)
                for book in city.books()
            ],
            exclusions=[ExcludedCounty(county=code, reason=reason) for code, reason in city.exclusions.items()],
            waivers=[
                {**one.to_json(), "findings": (lifted or {})[one.id]} for one in decisions if one.id in (lifted or {})
            ],
            decisions=[one.to_json() for one in decisions if one.kind != WAIVER],
            **signed,
        ).to_json()
        with replacing(own, overwrite=True) as beside:  # in its place before the submission, which it then does not fit
            beside.write(json.dumps(manifest, ensure_ascii=False, indent=1).encode() + b"\n")
    return manifest
