"""Grading workbooks as lists are made from them: of one year, one per county."""

from collections.abc import Sequence
from pathlib import Path

from addin.city import Progress, labels
from addin.problems import Stop
from addin.reading import Reading, read_all, undamaged
from validators.book import Book


def read_gradings(
    paths: Sequence[Path], progress: Progress, *, year: str | None = None
) -> tuple[list[Book], list[str]]:
    """The workbooks by county, and a line for each that could not be read. Raises `Stop`.

    All are of one year (the one given, where it is); of a county there is one, because its sites would count twice.
    """
    books: dict[str, Book] = {}
    wrong: list[str] = []
    read = read_all(paths, judged=False, records=True, kind="grading")
    for number, (name, found) in enumerate(zip(labels(paths), read, strict=True), 1):
        progress(number, len(paths), name)
        if not isinstance(found, Reading):
            wrong.append(found.message)
            continue
        book = found.book
        assert book is not None  # noqa: S101 - records were asked for
        book.file = name
        undamaged(book, name)
        own = str(found.summary["year"])
        if own != (year := year or own):
            raise Stop(f"“{name}”是 {own} 年的，要的是 {year} 年的。请只给同一年度的。")
        if twin := books.get(book.county):
            raise Stop(f"“{twin.file}”和“{name}”都是{book.county_name}的。请只给要用的一份，否则同一厂区会算两次。")
        books[book.county] = book
    if not books:
        raise Stop(" ".join(wrong))
    return [books[code] for code in sorted(books)], wrong
