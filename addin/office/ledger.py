"""The office's record beside its city workbooks: decisions and versions in an SQLite file, only ever added to.

One file for a folder. Rows of each county's workbook are kept with the version that took them, so that two versions
can be compared when the files themselves are gone.
"""

import errno
import getpass
import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from addin.problems import REASONS, Stop
from addin.reading.inbox import LEDGER
from validators.decisions import Decision

SCHEMA_VERSION = 1
APPLICATION = 0x51444E31
"""Marks the file as ours: "QDN1"."""
WAIT = 60.0
"""Seconds to wait for another office that is writing."""
_TABLES = """
CREATE TABLE decision (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, year INTEGER NOT NULL, seen TEXT NOT NULL,
    kind TEXT NOT NULL, rule TEXT NOT NULL, county TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
    reason TEXT NOT NULL, approver TEXT NOT NULL, document TEXT NOT NULL, until TEXT NOT NULL,
    replaces INTEGER NOT NULL
);
CREATE TABLE version (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, year INTEGER NOT NULL, round TEXT NOT NULL,
    digest TEXT NOT NULL UNIQUE, workbook TEXT NOT NULL, said TEXT NOT NULL
);
CREATE TABLE content (id TEXT PRIMARY KEY, rows BLOB NOT NULL) WITHOUT ROWID;
"""
_ONLY_ADDED = "".join(
    f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table} BEGIN SELECT RAISE(ABORT, 'append only'); END;\n"
    for table in ("decision", "version", "content")
    for verb in ("UPDATE", "DELETE")
)
_FIELDS = (
    "kind", "rule", "county", "key", "value", "reason", "approver", "document", "until", "replaces", "at", "who", "seen",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Version:
    """One consolidation: the same inputs and decisions are the same version."""

    id: int
    at: str
    who: str
    year: int
    round: str
    digest: str
    """SHA-256 of all that it was made from."""
    workbook: str
    """Name of the city workbook."""
    said: dict[str, Any]
    """What it was made from, and what came of it: see `addin.office.consolidation`."""


def path_of(place: Path) -> Path:
    """The record of a folder, or of the folder in which a city workbook lies."""
    return (place if place.is_dir() else place.parent) / LEDGER


class Ledger:
    """An open record; use it through `opened`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def decisions(self, year: int) -> list[Decision]:
        """All decisions of a year, in the order of their numbers."""
        rows = self._connection.execute(
            f"SELECT id, {', '.join(_FIELDS)} FROM decision WHERE year = ? ORDER BY id",  # noqa: S608 - our own names
            (year,),
        )
        return [_decision(dict(zip(("id", *_FIELDS), row, strict=True))) for row in rows]

    def add(self, year: int, decision: Decision, *, who: str = "") -> Decision:
        """Record a decision, which has been checked; returns the record."""
        made = {**{name: getattr(decision, name) for name in _FIELDS}, "at": _now(), "who": who or user()}
        made["until"] = str(decision.until or "")
        names = ", ".join(made)
        marks = ", ".join("?" for _ in made)
        cursor = self._connection.execute(
            f"INSERT INTO decision (year, {names}) VALUES (?, {marks})",  # noqa: S608 - our own names
            (year, *made.values()),
        )
        return _decision({"id": cursor.lastrowid, **made})

    def versions(self) -> list[Version]:
        """All versions, the first one first."""
        names = tuple(Version.__dataclass_fields__)
        rows = self._connection.execute(f"SELECT {', '.join(names)} FROM version ORDER BY id")  # noqa: S608 - our own
        return [Version(**{**dict(zip(names, row, strict=True)), "said": json.loads(row[-1])}) for row in rows]

    def add_version(self, year: int, round_: str, digest: str, workbook: str, said: Mapping[str, Any]) -> Version:
        """Record a consolidation; one made from the same is the version that it was."""
        for version in self.versions():
            if version.digest == digest:
                return version
        values = (_now(), user(), year, round_, digest, workbook, json.dumps(said, ensure_ascii=False))
        self._connection.execute(
            "INSERT INTO version (at, who, year, round, digest, workbook, said) VALUES (?, ?, ?, ?, ?, ?, ?)", values
        )
        return self.versions()[-1]

    def keep(self, id_: str, rows: bytes) -> None:
        """Keep rows (JSON) under an id; what is kept already stays."""
        self._connection.execute("INSERT OR IGNORE INTO content VALUES (?, ?)", (id_, zlib.compress(rows, 1)))

    def has(self, id_: str) -> bool:
        """Whether rows are kept under an id."""
        return self._connection.execute("SELECT 1 FROM content WHERE id = ?", (id_,)).fetchone() is not None

    def kept(self, id_: str) -> dict[str, dict[str, Any]]:
        """What is kept under an id; empty where nothing is."""
        row = self._connection.execute("SELECT rows FROM content WHERE id = ?", (id_,)).fetchone()
        found: dict[str, dict[str, Any]] = json.loads(zlib.decompress(row[0])) if row else {}
        return found


def _decision(said: Mapping[str, Any]) -> Decision:
    return Decision(**{**said, "until": date.fromisoformat(said["until"]) if said["until"] else None})


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")


def user() -> str:
    """Who is at the computer, as far as it knows."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "未知"


def digest_of(content: bytes) -> str:
    """SHA-256 of bytes."""
    return hashlib.sha256(content).hexdigest()


def hash_of(path: Path) -> str:
    """SHA-256 of a file; '' where there is none."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def opened(place: Path, *, writing: bool = False) -> Iterator[Ledger | None]:
    """The record of a folder or city workbook; None where there is none yet, unless it is for `writing`.

    With `writing`, what the block adds is recorded when it ends well, and nobody else writes meanwhile; a record that
    did not exist and was not added to is taken away again. Raises `Stop`.
    """
    path = path_of(place)
    new = not path.exists()
    if new and not writing:
        yield None
        return
    try:
        connection = sqlite3.connect(path, timeout=WAIT, isolation_level=None)
    except sqlite3.Error as error:
        raise Stop(_refused(error, path)) from error
    try:
        yield Ledger(connection) if _prepare(connection, path, writing) else None
        if writing:
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise Stop(_refused(error, path)) from error
    finally:
        connection.close()  # what was not committed is undone
        if new and path.exists() and path.stat().st_size == 0:
            path.unlink()


def _prepare(connection: sqlite3.Connection, path: Path, writing: bool) -> bool:
    """Make a record that is wanted for writing and is not there, and say whether there is one now. Raises `Stop`."""
    connection.execute("PRAGMA synchronous = FULL")  # and the rollback journal, which network drives can bear
    if writing:
        connection.execute("BEGIN IMMEDIATE")
    [(application,)] = connection.execute("PRAGMA application_id")
    [(version,)] = connection.execute("PRAGMA user_version")
    [(tables,)] = connection.execute("SELECT count(*) FROM sqlite_master")
    if (application, version, tables) == (0, 0, 0):  # new, or left so by somebody who was killed
        if not writing:
            return False
        for statement in (*_TABLES.split(";\n"), *_ONLY_ADDED.split("END;\n")):
            if statement.strip():
                connection.execute(f"{statement}END" if "TRIGGER" in statement else statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        return True
    if application != APPLICATION:
        raise Stop(f"“{path}”不是本程序的台账。请把它移走，或换一个文件夹放全市汇总。")
    if version > SCHEMA_VERSION:
        raise Stop(f"台账“{path}”是较新版本的程序写的（格式 {version}，本程序认得到 {SCHEMA_VERSION}）。请升级本程序。")
    return True


def _refused(error: sqlite3.Error, path: Path) -> str:
    """The line for what SQLite refuses."""
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return f"台账“{path}”已损坏，没有改动它。请用备份的台账换回它；没有备份的，把它改名后重新汇总，并重新录入决定。"
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return f"台账“{path}”正由另一处使用，等了 {WAIT:g} 秒仍没有空出来。请等那边做完再试。"
    if name.startswith("SQLITE_FULL"):
        return f"台账“{path}”写不了：{REASONS[errno.ENOSPC]}。"
    return f"台账“{path}”打不开或写不了。请检查文件夹的权限和磁盘后再试。"


def latest(versions: Sequence[Version], year: int, before: int | None = None) -> Version | None:
    """The last version of a year, or the last one before a number."""
    own = [one for one in versions if one.year == year and (before is None or one.id < before)]
    return own[-1] if own else None
