"""Grading workbooks as lists are made from them: of one year, one per county."""

from collections.abc import Sequence
from pathlib import Path

from addin.problems import Stop
from addin.reading.inbox import labels
from addin.reading.steps import Step, Unread
from addin.reading.workbooks import read_all, summary, whole
from validators.book import Book


def read_gradings(paths: Sequence[Path], progress: Step, *, year: int | None = None) -> tuple[list[Book], list[Unread]]:
    """The workbooks by county, and which could not be read, or not whole. Raises `Stop` where none is left.

    All are of one year (the one given, where it is); of a county there is one, because its sites would count twice.
    """
    books: dict[str, Book] = {}
    wrong: list[Unread] = []
    read = read_all(paths, judged=False, records=True, kind="grading")
    for number, (name, found) in enumerate(zip(labels(paths), read, strict=True), 1):
        progress(number, len(paths), name)
        try:
            book = whole(found, name)
        except Stop as why:
            wrong.append(Unread(file=name, message=str(why)))
            continue
        book.file = name
        own = summary(book)["year"]
        if own != (year := year or own):
            raise Stop(f"“{name}”是 {own} 年的，要的是 {year} 年的。请只给同一年度的。")
        if twin := books.get(book.county):
            raise Stop(f"“{twin.file}”和“{name}”都是{book.county_name}的。请只给要用的一份，否则同一厂区会算两次。")
        books[book.county] = book
    if not books:
        raise Stop(" ".join(error.message for error in wrong))
    return [books[code] for code in sorted(books)], wrong
