"""`qingdan return`: each county's workbook back, with what was found listed, beside the rows and coloured."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from addin.cli.arguments import day, files, round_name, rules_of, whole
from addin.cli.terminal import document, progress, say, warn
from addin.office.checking import count_words
from addin.office.consolidation import Progress, inbox, read_inbox
from addin.problems import Stop, output, writing
from validators.book import Book
from validators.findings import Finding, Json, Place, counts, in_order, stops
from validators.rule import judge_city
from validators.settlement import City, sort_out
from workbook_templates.county.cover import OFFICER_FIELDS
from workbook_templates.county.returned import rows_of
from workbook_templates.county.template import write_county


@dataclass
class Returned:
    """One county's workbook that was given back."""

    book: Book
    """With its rows where the returned workbook has them."""
    findings: list[Finding]
    out: Path

    def to_json(self) -> Json:
        """What was returned to whom, as which revision, and how much was found."""
        return {
            "code": self.book.county, "name": self.book.county_name, "file": self.book.file, "out": str(self.out),
            "revision": self.book.revision + 1, "counts": counts(self.findings),
        }  # fmt: skip


def return_all(
    sources: Sequence[Path],
    out: Path,
    *,
    year: int | None = None,
    round_: str | None = None,
    on: dt.date | None = None,
    overwrite: bool = False,
    progress: Progress = lambda done, of, what: None,
) -> tuple[list[Returned], City, list[tuple[str, str]]]:
    """Give back the workbooks that hold of one year and round, as files in the folder `out`. Raises `Stop`.

    Returns what was given back, how the files were sorted out, and the files that could not be read, with why.
    """
    paths = inbox(sources)
    handed, errors = read_inbox(paths, on, progress, returned=True)
    city = sort_out(handed, year=year, round_=round_, on=on)
    of_city = judge_city(city)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise Stop(f"“{out}”是文件，不是文件夹。请用 --out 指定一个文件夹。") from error
    made = []
    for number, one in enumerate(city.adopted, 1):
        if one.book is None:
            continue
        progress(number, len(city.adopted), one.book.county_name)
        findings = in_order([*one.findings, *_of(one.book, of_city)])
        target = out / f"{one.book.county_name}_{city.year}年{city.round}_第{one.book.revision + 1}版.xlsx"
        with writing(target, force=overwrite, inputs=paths), output(target, force=overwrite) as file:
            write_county(
                file, county=one.book.county, ruleset=city.ruleset, round_=city.round, revision=one.book.revision + 1,
                enterprises=len(one.book.tables["enterprises"]), rows=rows_of(one.book), found=findings,
                officer={name: one.book.facts.get(name) for name in OFFICER_FIELDS},
            )  # fmt: skip
        made.append(Returned(one.book, findings, target))
    return made, city, errors


def _of(book: Book, findings: Iterable[Finding]) -> Iterator[Finding]:
    """The city's findings about a workbook, those told of another's row that speak of one of its rows among them."""
    for finding in findings:
        if finding.file == book.file:
            yield finding
            continue
        for place in finding.related:
            if place.file == book.file and place.cell:
                where = Place(finding.file or "", finding.sheet or "", finding.cell, finding.key)
                row = int("".join(filter(str.isdecimal, place.cell)))
                yield replace(
                    finding,
                    file=place.file,
                    sheet=place.sheet,
                    cell=place.cell,
                    row=row,
                    key=place.key,
                    related=(where,),
                )


def return_files(
    given: list[str], *, out: str, year: str | None, round_: str | None, on: str | None, force: bool, as_json: bool
) -> int:
    """Give the workbooks back and say to whom with what; returns the exit code."""
    rules = rules_of(year)
    with progress("退回") as step:
        made, city, errors = return_all(
            files(given),
            Path(out),
            year=whole("--year", year, 2000, 2100) if year else None,
            round_=round_name(rules, round_) if round_ else None,
            on=day("--on", on),
            overwrite=force,
            progress=step,
        )
    left = [handed for handed in city.files if handed.status == "未采用"]
    if as_json:
        document(
            {
                "returned": [one.to_json() for one in made],
                "left": [{"file": one.file, "reason": one.reason} for one in left],
                "errors": [{"file": file, "message": message} for file, message in errors],
            }
        )
    else:
        for one in made:
            say(f"{one.book.county_name}：{count_words(one.findings)} → {one.out}")
        for handed in left:
            say(f"“{handed.file}”没有退回：{handed.reason}。")
    for _, message in errors:
        warn(message)
    return 2 if errors else 1 if any(stops(one.findings) for one in made) else 0
