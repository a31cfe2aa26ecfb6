"""What was read and judged of a workbook is kept, so that the same file is not read again.

A reading is found again only by all that it depends on: the bytes of the file and its name, this program and the
rule sets on this computer, and what was asked for. The folder is the user's own, nobody else may look into it, and
what is kept there is JSON of the declared kind: whatever is damaged, of another program or of somebody else is as good
as not there, and the file is read. Nothing is kept of a file that could not be read. Nothing that proves something
to others (`audit --against`) may come from here.
"""

import datetime as dt
import math
import os
import stat
import sys
import time
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pydantic_core
import rapidfuzz
from pydantic import BaseModel, ConfigDict

from addin.reading import ruleset_store
from validators.book import Book, Fault
from validators.columns import KINDS, SHEETS, BookKind
from validators.findings import Finding, Json, Place, Severity
from validators.looks import Look, Shown
from validators.records import NO_BAD, record_type
from validators.ruleset import load
from workbook_templates.xlsx.opened import LARGEST_FILE
from workbook_templates.xlsx.writer import replacing

ROOM = 512 << 20
"""Bytes that all readings may take; those that were not used for the longest time go first."""
LARGEST = 32 << 20
"""Bytes of one reading as it is kept."""
UNPACKED = 512 << 20
"""Bytes of one reading as it is read."""
_FORMAT = b"qingdan-reading/1\n"
SUFFIX = ".reading"
_LEVEL = 1  # of zlib

KeptReading = tuple[Json, str, str, BookKind, list[Finding], Book | None, str]
"""What a child says of a workbook; see `addin.reading.workbooks.Reading`."""


def folder() -> Path | None:
    """Where readings are kept: `QINGDAN_READINGS` (nowhere, if that is empty), else the user's own cache folder."""
    given = os.environ.get("QINGDAN_READINGS")
    if given is not None:
        return Path(given) if given else None
    try:
        if sys.platform == "win32":
            home = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
        else:
            home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:  # a user without a home
        return None
    return home / "qingdan" / "读过的表"


def key_of(path: Path, *asked: object) -> str | None:
    """What a reading of the file, and what was asked of it, is kept under; None where it is none to keep."""
    if folder() is None:
        return None
    with suppress(OSError):
        about = path.stat()
        if stat.S_ISREG(about.st_mode) and about.st_size <= LARGEST_FILE:
            return key_for(sha256(path.read_bytes()).hexdigest(), path.name, *asked)
    return None


def key_for(digest: str, name: str, *asked: object) -> str:
    """What is kept under: of bytes with that SHA-256 and a name, for what was asked, by this program and its rules."""
    return sha256(repr((digest, name, [*map(str, asked)], _program(), _loaded_rules())).encode()).hexdigest()


@cache
def _program() -> str:
    """Hash of this program and of what it judges by; another one reads for itself."""
    digest = sha256(repr((version("qingdan"), sys.version, pydantic_core.__version__, rapidfuzz.__version__)).encode())
    root = Path(__file__).parents[2]
    for package in ("addin/reading", "validators", "workbook_templates"):
        for path in sorted((root / package).rglob("*")):
            if path.suffix in (".py", ".pyc", ".csv", ".txt") and not (
                path.parent.name == "__pycache__" and path.suffix == ".pyc"
            ):
                digest.update(repr((path.as_posix(), sha256(path.read_bytes()).digest())).encode())
    return digest.hexdigest()


def _loaded_rules() -> str:
    """Hash of the rule sets that were loaded on this computer."""
    digest = sha256()
    with suppress(OSError):
        for path in sorted(ruleset_store.folder().iterdir()):
            digest.update(repr((path.name, sha256(path.read_bytes()).digest())).encode())
    return digest.hexdigest()


def is_kept(key: str | None) -> bool:
    """Whether there is a reading under that key; `find` may still not want it."""
    place = _place(key)
    return place is not None and place.exists()


def find(key: str, *, records: bool) -> KeptReading | None:
    """The reading that is kept under that key, with its book where `records` are wanted; None where there is none.

    Whatever is not exactly as `packed` writes it counts as none.
    """
    data = sealed(key)
    try:
        return unpacked(data, records=records) if data else None
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, OverflowError, RecursionError, zlib.error):
        return None


def sealed(key: str) -> bytes | None:
    """What `seal` keeps under that key; None where nothing is, or nothing whole."""
    place = _place(key)
    if place is None:
        return None
    with suppress(OSError):
        data, start = _private_bytes(place), _FORMAT + key.encode() + b"\n"
        digest, content = data[len(start) : len(start) + 65], data[len(start) + 65 :]
        if data.startswith(start) and sha256(content).hexdigest().encode() + b"\n" == digest:
            return content
    return None


def keep(key: str, digest: str, path: Path, asked: Sequence[object], data: bytes) -> None:
    """Keep what a child packed under the key of the bytes that it read, if those are the ones that were asked for."""
    if key_for(digest, path.name, *asked) == key:
        seal(key, data)


def seal(key: str, data: bytes) -> None:
    """Keep bytes under a key.

    Where there is no place for them (a home that cannot be written to, a full disk), nothing is kept.
    """
    place = _place(key, make=True)
    if place is None or len(data) > LARGEST:
        return
    with suppress(OSError):
        with replacing(place, overwrite=True) as file:
            file.write(_FORMAT + key.encode() + b"\n" + sha256(data).hexdigest().encode() + b"\n" + data)
        _tidy(place.parent)


def _place(key: str | None, *, make: bool = False) -> Path | None:
    """Where a reading is kept, if that folder is the user's own and closed to others."""
    own = folder()
    if key is None or own is None:
        return None
    with suppress(OSError):
        if make and not own.exists():
            own.parent.mkdir(parents=True, exist_ok=True)
            own.mkdir(mode=0o700)
        about = own.lstat()
        if stat.S_ISDIR(about.st_mode) and _is_ours(about) and (sys.platform == "win32" or not about.st_mode & 0o077):
            return own / f"{key}{SUFFIX}"
    return None


def _is_ours(about: os.stat_result) -> bool:
    return sys.platform == "win32" or about.st_uid == os.getuid()


def _private_bytes(place: Path) -> bytes:
    """The content of a file that is ours, and no link; it is noted as used. Raises OSError."""

    def opened(path: str, flags: int) -> int:
        return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))

    with open(place, "rb", opener=opened) as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode) or not _is_ours(about) or about.st_size > LARGEST + 1024:
            raise OSError("not ours")
        with suppress(OSError):
            os.utime(place)
        return file.read()


def _tidy(own: Path) -> None:
    """Let go of the readings that were not used for the longest time, and of what a killed program left."""
    found = []
    for path in own.iterdir():
        with suppress(OSError):
            about = path.stat()
            found.append((about.st_mtime, about.st_size, path))
    room = ROOM
    for used, size, path in sorted(found, reverse=True):
        room -= size
        if room < 0 or (path.suffix != SUFFIX and used < time.time() - 86_400):
            path.unlink(missing_ok=True)


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


class _Head(_Strict):
    summary: dict[str, Any]
    county_name: str
    round: str
    kind: BookKind
    warning: str
    findings: list[
        tuple[
            str,
            int,
            str | None,
            str | None,
            str | None,
            int | None,
            str | None,
            str | None,
            Any,
            str,
            str,
            int,
            list[tuple[str, str, str | None, str | None]],
            int,
            bool,
        ]
    ]
    """As `Finding` declares them."""


class _Sheet(_Strict):
    columns: list[list[Any]]
    """Cells of the records, by column."""
    days: list[int]
    """Columns that hold days, as the number of each."""
    texts: list[int]
    """Columns that hold texts, as the place of each in those of the book."""
    rows: list[int]
    bad: list[tuple[int, list[str]]]
    """Fields that could not be read, by number of the record."""


class _Book(_Strict):
    file: str
    ruleset: str
    county: str
    round: str
    revision: int
    on: dt.date
    facts: list[tuple[str, Any]]
    kind: BookKind
    texts: list[str]
    """Each text in the cells once: read back it is one object, however often it stands there."""
    sheets: dict[str, _Sheet]
    faults: list[tuple[str, str, str | None, str | None, int | None, str | None, str | None, Any, Any]]
    """As `Fault` declares them."""
    damaged: list[str]
    letters: dict[str, dict[str, str]]
    undated: bool
    sha256: str
    fact_cells: dict[str, str]


def packed(answer: KeptReading) -> bytes | None:
    """A reading as it is kept; None for one that holds something that JSON cannot hold."""
    summary, county_name, round_, kind, findings, book, warning = answer
    assert book is not None  # noqa: S101 - for the type checker
    texts: dict[str, int] = {}
    try:
        head = _Head(
            summary=summary,
            county_name=county_name,
            round=round_,
            kind=kind,
            warning=warning,
            findings=[_finding(one) for one in findings],
        )
        body = _Book(
            file=book.file,
            ruleset=book.ruleset.id,
            county=book.county,
            round=book.round,
            revision=book.revision,
            on=book.on,
            facts=[(name, _spelled(value)) for name, value in book.facts.items()],
            kind=book.kind,
            sheets={key: _sheet(records, texts) for key, records in book.tables.items()},
            texts=list(texts),
            faults=[_fault(one) for one in book.faults],
            damaged=sorted(book.damaged),
            letters={key: dict(own) for key, own in book.letters.items()},
            undated=book.undated,
            sha256=book.sha256,
            fact_cells=dict(book.fact_cells),
        )
        parts = [zlib.compress(pydantic_core.to_json(one), _LEVEL) for one in (head, body)]
    except (ValueError, TypeError):
        return None
    return str(len(parts[0])).encode() + b"\n" + b"".join(parts)


def unpacked(data: bytes, *, records: bool) -> KeptReading:
    """What `packed` wrote. Raises ValueError and the like."""
    length, _, parts = data.partition(b"\n")
    head = _Head.model_validate_json(_inflated(parts[: int(length)]))
    findings = [
        Finding(
            rule,
            Severity(severity),
            file,
            sheet,
            cell,
            row,
            head_,
            own,
            _meant(value),
            message,
            basis,
            column,
            tuple(Place(*one) for one in related),
            waiver,
            for_city,
        )
        for rule, severity, file, sheet, cell, row, head_, own, value, message, basis, column, related, waiver, for_city in head.findings
    ]
    book = _book(_Book.model_validate_json(_inflated(parts[int(length) :]))) if records else None
    return head.summary, head.county_name, head.round, head.kind, findings, book, head.warning


def _inflated(data: bytes) -> bytes:
    inflater = zlib.decompressobj()
    found = inflater.decompress(data, UNPACKED)
    if not inflater.eof:
        raise ValueError("damaged")
    return found


def _finding(one: Finding) -> tuple[Any, ...]:
    related = [(place.file, place.sheet, place.cell, place.key) for place in one.related]
    return (
        one.rule,
        int(one.severity),
        one.file,
        one.sheet,
        one.cell,
        one.row,
        one.header,
        one.key,
        _spelled(one.value),
        one.message,
        one.basis,
        one.column,
        related,
        one.waiver,
        one.for_city,
    )


def _fault(one: Fault) -> tuple[Any, ...]:
    return (
        one.rule,
        one.what,
        one.sheet,
        one.cell,
        one.row,
        one.header,
        one.key,
        _spelled(one.value),
        _spelled(one.meant),
    )


_CELLS = {str, float, int, bool, type(None)}
"""What JSON tells apart by itself."""


def _sheet(records: Iterable[Any], known: dict[str, int]) -> _Sheet:
    """The records of a sheet; their texts join those that are `known`, each with its place."""
    columns = [list(column) for column in zip(*records, strict=True)]
    if not columns:
        return _Sheet(columns=[], days=[], texts=[], rows=[], bad=[])
    *cells, rows, bad = columns
    days, texts = [], []
    for place, column in enumerate(cells):
        kinds = set(map(type, column))
        if dt.date in kinds:
            if not kinds <= {dt.date, type(None)}:
                raise ValueError("mixed")
            cells[place] = [day and day.toordinal() for day in column]
            days.append(place)
        elif kinds <= {str, type(None)}:
            if str in kinds:
                for text in dict.fromkeys(column):
                    if text is not None:
                        known.setdefault(text, len(known))
                cells[place] = [*map(known.get, column)]  # which knows no None
                texts.append(place)
        elif not kinds <= _CELLS or (float in kinds and not _are_finite(column)):
            raise ValueError("unknown kind")
    unread = [(number, sorted(fields)) for number, fields in enumerate(bad) if fields]
    return _Sheet(columns=cells, days=days, texts=texts, rows=rows, bad=unread)


def _are_finite(values: Iterable[object]) -> bool:
    """Whether JSON can hold all numbers among the values."""
    return all(map(math.isfinite, [value for value in values if type(value) is float]))


def _book(kept: _Book) -> Book:
    """Raises ValueError and the like where it is none that the program could have made."""
    if kept.sheets.keys() != KINDS[kept.kind].keys():
        raise ValueError("sheets")
    texts: dict[int | None, str | None] = {None: None, **dict(enumerate(kept.texts))}
    return Book(
        kept.file,
        load(kept.ruleset),
        kept.county,
        kept.round,
        kept.revision,
        kept.on,
        {name: _meant(value) for name, value in kept.facts},
        kept.kind,
        {key: _records(key, kept.sheets[key], texts) for key in KINDS[kept.kind]},
        [Fault(*one[:7], _meant(one[7]), _meant(one[8])) for one in kept.faults],
        set(kept.damaged),
        {**kept.letters},
        kept.undated,
        kept.sha256,
        kept.fact_cells,
    )


def _records(sheet: str, kept: _Sheet, texts: Mapping[int | None, str | None]) -> list[Any]:
    if not kept.rows:
        return []
    columns = kept.columns
    if len(columns) != len(SHEETS[sheet].columns):
        raise ValueError("columns")
    numbered = {*kept.days, *kept.texts}
    for place, column in enumerate(columns):
        if not set(map(type, column)) <= ({int, type(None)} if place in numbered else _CELLS):
            raise ValueError("cells")
    for place in kept.days:
        columns[place] = [day and dt.date.fromordinal(day) for day in columns[place]]
    for place in kept.texts:
        columns[place] = [*map(texts.__getitem__, columns[place])]
    fields = frozenset(column.field for column in SHEETS[sheet].columns)
    bad = [NO_BAD] * len(kept.rows)
    for number, names in kept.bad:
        if number < 0 or not fields.issuperset(names):
            raise ValueError("bad")
        bad[number] = frozenset(names)
    make: Callable[[Sequence[Any]], Any] = record_type(sheet)._make  # type: ignore[attr-defined] # a named tuple
    return [*map(make, zip(*columns, kept.rows, bad, strict=True))]


_SPELLINGS: dict[type, tuple[str, Callable[[Any], Any], Callable[[Any], Any]]] = {
    dt.datetime: ("moment", dt.datetime.isoformat, dt.datetime.fromisoformat),
    dt.date: ("day", dt.date.isoformat, dt.date.fromisoformat),
    dt.time: ("time", dt.time.isoformat, dt.time.fromisoformat),
    dt.timedelta: ("span", lambda span: [span.days, span.seconds, span.microseconds], lambda parts: dt.timedelta(*parts)),
    tuple: ("tuple", lambda own: [*map(_spelled, own)], lambda own: tuple(map(_meant, own))),
    list: ("list", lambda own: [*map(_spelled, own)], lambda own: [*map(_meant, own)]),
    Shown: (
        "shown",
        lambda own: [*map(_spelled, (own.number, *(getattr(own.look, one) for one in Look.__slots__)))],
        lambda own: Shown(float(own[0]), Look(*own[1:])),
    ),
}  # fmt: skip
"""What JSON cannot tell from something else: its mark, how it is written, how it is read."""
_BY_MARK = {mark: read for mark, _, read in _SPELLINGS.values()}


def _spelled(value: object) -> Any:  # noqa: ANN401 - of JSON
    """A single value, with a mark where it is of a kind that JSON has not. Raises ValueError for an unknown kind."""
    if type(value) in _CELLS:
        if not _are_finite([value]):
            raise ValueError("not finite")
        return value
    if type(value) not in _SPELLINGS:
        raise ValueError("unknown kind")
    mark, write, _ = _SPELLINGS[type(value)]
    return {mark: write(value)}


def _meant(value: Any) -> Any:  # noqa: ANN401 - of JSON
    if type(value) in _CELLS:
        return value
    [(mark, own)] = value.items()
    return _BY_MARK[mark](own)
