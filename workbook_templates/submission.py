"""The submission to the province: which heads, in which order (a profile, data), and the manifest beside it."""

import csv
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import file_digest
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from validators.book import Book
from validators.city import City
from validators.columns import SHEETS, Column
from validators.expr import Record
from validators.records import Value
from workbook_templates.city import created, head
from workbook_templates.streaming import Column as Head
from workbook_templates.streaming import Sheet, replacing, write_workbook

DEFAULT = "default"
MANIFEST_FORMAT = "qingdan-manifest/1"


class UnknownProfile(ValueError):
    """There is no such profile; the message is Chinese."""


@dataclass(frozen=True)
class ProfileSheet:
    """One sheet of a submission: its heads, and the declared column behind each."""

    title: str
    heads: tuple[Head, ...]
    sources: tuple[Column, ...]

    @property
    def main(self) -> str:
        """Key of the sheet whose rows are counted: lines where there are any, each joined with its enterprise."""
        keys = [column.sheet for column in self.sources]
        return "lines" if "lines" in keys else keys[0]


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
    rows: dict[str, list[tuple[Head, Column]]] = {}
    for row in csv.DictReader(text.splitlines()):
        sheet, _, field = row["source"].partition(".")
        column = SHEETS[sheet][field]
        own = head(column)
        rows.setdefault(row["sheet"], []).append((Head(row["head"], own.kind, own.width), column))
    return tuple(
        ProfileSheet(title, tuple(h for h, _ in pairs), tuple(c for _, c in pairs)) for title, pairs in rows.items()
    )


def heads() -> dict[str, Literal["number", "code", "date", "text"]]:
    """Kind of every head that may stand in a list of ours, for the auditor."""
    declared = [head(column) for sheet in SHEETS.values() for column in sheet.columns]
    named = [one for name in profiles() for sheet in profile(name) for one in sheet.heads]
    return {one.head: "text" if one.kind == "prose" else one.kind for one in [*declared, *named]}


Origin = tuple[Book, str, Record]
"""Where a row of the submission comes from: workbook, key of the sheet, record."""


def rows_of(sheet: ProfileSheet, city: City) -> Iterator[tuple[list[Value], Origin]]:
    """Rows of a sheet of the submission, counties in the order of divisions.csv, each with its origin."""
    for book in city.books():
        if sheet.main != "lines":
            positions = [column.position for column in sheet.sources]
            for record in book.tables[sheet.main]:
                yield [record[position] for position in positions], (book, sheet.main, record)
            continue
        upper = [column.position if column.sheet == "enterprises" else None for column in sheet.sources]
        lower = [column.position if column.sheet == "lines" else None for column in sheet.sources]
        lines = book.index("lines", "list_id")
        for enterprise in book.tables["enterprises"]:
            own = [enterprise[position] if position is not None else None for position in upper]
            for line in lines.get(enterprise.list_id, ()):
                yield (
                    [line[place] if place is not None else value for place, value in zip(lower, own, strict=True)],
                    (book, "lines", line),
                )
            if enterprise.list_id not in lines:
                yield own, (book, "enterprises", enterprise)


class _Sums:
    """Counts the rows of a sheet and adds up its number columns while they pass."""

    def __init__(self, sheet: ProfileSheet) -> None:
        self.rows = 0
        self.sheet = sheet
        self._numbers = [number for number, one in enumerate(sheet.heads) if one.kind == "number"]
        self._values: list[list[float]] = [[] for _ in self._numbers]

    def passing(self, rows: Iterator[tuple[list[Value], Origin]]) -> Iterator[list[Value]]:
        """The rows themselves."""
        for values, _ in rows:
            self.rows += 1
            for place, kept in zip(self._numbers, self._values, strict=True):
                value = values[place]
                if value is not None:
                    kept.append(value)  # type: ignore[arg-type] # a number column
            yield values

    def to_json(self) -> dict[str, Any]:
        """The sheet's part of the manifest; sums are exact before the last rounding (`math.fsum`)."""
        sums = {
            self.sheet.heads[place].head: math.fsum(kept)
            for place, kept in zip(self._numbers, self._values, strict=True)
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


def write_submission(target: Path, city: City, profile_name: str, *, overwrite: bool) -> dict[str, Any]:
    """Write the submission and its manifest; returns the manifest.

    Raises ValueError for what a workbook cannot hold, `UnknownProfile`, FileExistsError and OSError.
    """
    sums = [_Sums(sheet) for sheet in profile(profile_name)]
    sheets = [Sheet(one.sheet.title, one.sheet.heads, one.passing(rows_of(one.sheet, city))) for one in sums]
    write_workbook(target, sheets, created(city), overwrite=overwrite)
    with target.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
    manifest = {
        "format": MANIFEST_FORMAT,
        "file": target.name,
        "sha256": digest,
        "size": target.stat().st_size,
        "profile": profile_name,
        "year": city.year,
        "round": city.round,
        "ruleset": city.ruleset.id,
        "tool": f"qingdan {version('qingdan')}",
        "sheets": [one.to_json() for one in sums],
        "inputs": [
            {"file": book.file, "sha256": book.sha256, "county": book.county, "revision": book.revision}
            for book in city.books()
        ],
        "exclusions": [{"county": code, "reason": reason} for code, reason in city.exclusions.items()],
        "waivers": [],
    }
    with replacing(manifest_path(target), overwrite=True) as file:
        file.write(json.dumps(manifest, ensure_ascii=False, indent=1).encode() + b"\n")
    return manifest
