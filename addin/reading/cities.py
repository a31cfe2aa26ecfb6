"""City workbooks, of whose lists nothing is read that this program wrote there itself, from readings that are kept.

What is remembered of a city workbook is found again by all that is in it but the sheets in which the office writes;
those are read, always. It says which counties' readings stand in the lists as they are. Nothing that proves something
to others may come from here, as little as from `addin.reading.kept_readings`.
"""

import datetime as dt
from collections.abc import Container
from pathlib import Path

import pydantic_core
from pydantic import TypeAdapter

from addin.reading.kept_readings import find, key_for, seal, sealed
from validators.book import Book
from validators.findings import Finding
from validators.incremental import judge_again
from validators.rule import judge
from validators.ruleset import RuleSet
from validators.settlement import City
from workbook_templates.city.city_reader import lists_digest, read_city, reads_back
from workbook_templates.xlsx.opened import Opened, open_workbook

_NAME = "全市汇总"
"""What a city workbook is remembered under, whatever its file is called."""
_KEYS = TypeAdapter(dict[str, str])


def remember(workbook: Path, city: City, changed: Container[str], *, on: dt.date | None, rules: RuleSet | None) -> None:
    """Remember which readings stand in the lists of a city workbook that was just written.

    `changed` are the counties whose rows were changed by decisions; `on` and `rules` what the counties' workbooks were read with.
    """
    asked = on, True, rules.id if rules else None, False
    keys = {
        book.file: key_for(book.sha256, book.file, *asked)
        for book in city.books()
        if book.county not in changed and reads_back(book, city)
    }
    seal(key_for(lists_digest(open_workbook(workbook)), _NAME), pydantic_core.to_json(keys))


def _known(opened: Opened) -> dict[str, tuple[Book, list[Finding]]]:
    """Readings whose rows stand in the lists as they are, by the name of the county's file."""
    said = sealed(key_for(lists_digest(opened), _NAME))
    try:
        keys = _KEYS.validate_json(said) if said else {}
    except ValueError:
        return {}
    kept = {file: find(key, records=True) for file, key in keys.items()}
    return {file: (one[5], one[4]) for file, one in kept.items() if one and one[5] and one[5].file == file}


def read(opened: Opened) -> tuple[City, list[Finding]]:
    """As `read_city`."""
    return read_city(opened, {file: book for file, (book, _) in _known(opened).items()})


def read_and_judge(opened: Opened) -> tuple[City, list[Finding]]:
    """A city workbook, and what is found in its counties' rows now, besides what only their own files showed."""
    known = _known(opened)
    city, findings = read_city(opened, {file: book for file, (book, _) in known.items()})
    for book in city.books():
        findings += judge_again(book, *known[book.file]) if book.file in known else judge(book)
    return city, findings
