"""Inventories as lists are made from them: one city workbook, or counties' workbooks sorted out; read apart."""

from collections.abc import Sequence
from pathlib import Path

from addin.problems import Stop
from addin.reading import (
    cities,
    ruleset_store,  # noqa: F401 - so that rule sets loaded on this computer are known
)
from addin.reading.inbox import labels
from addin.reading.isolation import LARGE_MEMORY, LARGE_SECONDS, each
from addin.reading.steps import Step, Unread
from addin.reading.workbooks import of_another_kind, undamaged
from validators.book import Book
from validators.ruleset import load
from validators.settlement import City, Handed, sort_out
from workbook_templates.city.city_workbook import COUNTIES
from workbook_templates.county.reader import read_county
from workbook_templates.xlsx.opened import UnreadableWorkbook, open_workbook


def read_inventories(paths: Sequence[Path], progress: Step) -> tuple[City, list[Unread]]:
    """What holds of the files, and which could not be read, or not whole, or do not hold. Raises `Stop`.

    The files are one city workbook, or counties' workbooks.
    """
    names = labels(paths)
    handed: list[Handed] = []
    found_cities: list[City] = []
    wrong: list[Unread] = []
    found = each(_read, [(path,) for path in paths], memory=LARGE_MEMORY, seconds=LARGE_SECONDS)
    for number, (name, one) in enumerate(zip(names, found, strict=True), 1):
        progress(number, len(paths), name)
        if isinstance(one, City):
            one.ruleset = load(one.ruleset.id)  # the object that tables are kept for
            found_cities.append(one)
        elif isinstance(one, Book):
            one.file = name
            handed.append(Handed(name, one))
        else:
            wrong.append(Unread(file=name, message=one.message))
    if len(found_cities) > 1 or (found_cities and handed):
        raise Stop("请只给一份全市汇总，或只给各区县的填报表，不要混在一起，否则同一家企业会算两次。")
    if found_cities:
        return found_cities[0], wrong
    if not handed:
        raise Stop(" ".join(error.message for error in wrong))
    city = sort_out(handed)
    unused = [one for one in city.files if one.status == "未采用"]
    return city, [*wrong, *(Unread(file=one.file, message=f"“{one.file}”没有采用：{one.reason}。") for one in unused)]


def _read(path: Path) -> City | Book:
    """In a child."""
    try:
        opened = open_workbook(path)
        if COUNTIES in opened.sheets:
            return cities.read(opened)[0]
        book = read_county(path)
    except UnreadableWorkbook as error:
        raise Stop(str(error)) from error
    if book.kind != "inventory":
        raise Stop(of_another_kind(book, "inventory"))
    return undamaged(book, path.name)
