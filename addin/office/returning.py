"""`qingdan return`: each county's workbook back, with what was found listed, beside the rows and coloured."""

import datetime as dt
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from addin.office import ledger
from addin.office.results import Card, count_words, standing_errors, unread_files
from addin.problems import Stop, output, refusal
from addin.reading.inbox import inbox, read_imports, read_inbox, references
from addin.reading.steps import Step, Unread, silent
from validators.book import Book
from validators.columns import OFFICERS
from validators.decided import settle
from validators.decisions import EXCLUSION, Decision, standing
from validators.expr import Record
from validators.findings import Finding, Json, Place, Severity, counts, stops
from validators.references import Imports
from validators.rule import all_rules, value_text
from validators.settlement import City, Handed, conflict_key, sort_out
from workbook_templates.county.returned import cleared, rows_of
from workbook_templates.county.template import write_county
from workbook_templates.xlsx.appearance import RETURNED_TITLE

_SHOWN = 10
"""Cells that the cover lists."""


OLD = "以前退回的"
"""Folder in that of the returned workbooks to which those of earlier returns are moved."""
OURS = "*_第*版.xlsx"
"""How the names of returned workbooks look."""
_BESIDE = ("*_退回函.docx", "*_退回.zip")
"""Those of the letters and archives beside them."""


@dataclass
class Returned:
    """One county's workbook that was given back."""

    book: Book
    """With its rows where the returned workbook has them."""
    findings: list[Finding]
    """What stands in its list; waived ones are among them."""
    out: Path

    def to_json(self) -> Json:
        """What was returned to whom, as which revision, and how much was found."""
        return {
            "code": self.book.county,
            "name": self.book.county_name,
            "file": self.book.file,
            "out": str(self.out),
            "revision": self.book.revision + 1,
            "counts": counts(_open(self.findings)),
            "waived": len(self.findings) - len(_open(self.findings)),
        }


@dataclass
class Return:
    """What a return came to."""

    made: list[Returned]
    clean: list[Book]
    """Workbooks with nothing to correct, which were not given back."""
    city: City
    errors: list[tuple[str, str]]
    """Files that could not be read, with why."""
    version: int
    """Number of the last version on record, whose decisions were obeyed; 0 where there is no record."""
    moved: list[str]
    """Names of earlier returns' files that were moved to `OLD`."""

    @property
    def code(self) -> int:
        """2 where files could not be read, 1 where a county has an error to correct."""
        return 2 if self.errors else 1 if any(stops(one.findings) for one in self.made) else 0

    @property
    def left(self) -> list[Handed]:
        """Files that do not hold."""
        return [handed for handed in self.city.files if handed.status == "未采用"]

    def to_json(self) -> Json:
        """What was given back to whom, and what was not."""
        return {
            "returned": [one.to_json() for one in self.made],
            "clean": [{"code": book.county, "name": book.county_name} for book in self.clean],
            "left": [{"file": one.file, "reason": one.reason} for one in self.left],
            "version": self.version or None,
            "moved": self.moved,
            "errors": [{"file": file, "message": message} for file, message in self.errors],
        }

    def lines(self) -> Iterator[str]:
        """The same for people."""
        for one in self.made:
            lifted = len(one.findings) - len(_open(one.findings))
            waivers = f"，已豁免 {lifted}" if lifted else ""
            yield f"{one.book.county_name}：{count_words(_open(one.findings))}{waivers} → {one.out}"
        for book in self.clean:
            yield f"{book.county_name}：没有要改的，不退回。"
        for handed in self.left:
            yield f"“{handed.file}”没有退回：{handed.reason}。"
        if self.moved:
            yield f"以前退回的 {len(self.moved)} 份移到了“{OLD}”。"
        yield f"照台账第 {self.version} 版的决定办理。" if self.version else "旁边没有台账，没有可照办的决定。"

    def warnings(self) -> Iterator[str]:
        """Files that could not be read."""
        return (message for _, message in self.errors)

    def card(self) -> Card:
        """How many were given back, and to whom."""
        words = []
        for one in self.made:
            open_ = _open(one.findings)
            lifted = f"，已豁免 {len(one.findings) - len(open_)}" if len(one.findings) > len(open_) else ""
            looked = sum(found.severity == Severity.WARNING for found in open_)
            what = f"错误 {standing_errors(open_)}，提醒 {looked}{lifted}"
            words.append(f"{one.book.county_name}：第 {one.book.revision + 1} 版，{what}")
        words += [f"{book.county_name}：没有要改的，不退回" for book in self.clean]
        words += [f"{one.file}：没有退回，{one.reason}" for one in self.left]
        if self.moved:
            words.append(f"以前退回的 {len(self.moved)} 份移到了“{OLD}”")
        made = f"已退回 {len(self.made)} 个区县" if self.made else "没有要退回的"
        return Card(
            result=f"{made}，{len(self.errors)} 个文件读不了" if self.errors else made,
            tone="open" if self.errors else "good",
            words=words,
            listed=unread_files(Unread(file=file, message=message) for file, message in self.errors),
        )


def return_all(
    sources: Sequence[Path],
    out: Path,
    *,
    city_at: Path | None = None,
    counties: Collection[str] | None = None,
    errors_only: bool = False,
    everyone: bool = False,
    year: int | None = None,
    round_: str | None = None,
    on: dt.date | None = None,
    letter: bool = False,
    overwrite: bool = False,
    progress: Step = silent,
) -> Return:
    """Give back the workbooks that hold of one year and round, as files in the folder `out`. Raises `Stop`.

    The decisions are obeyed that are on record beside the city workbook at `city_at` (or in that folder; default: the
    folder in which `out` lies): what is waived or decided need not be corrected. A county gets its workbook where an
    error or a warning stands, with `errors_only` only for errors, with `everyone` in any case; `counties` are the codes
    of those that may get one (default: all). With `letter` a covering letter and an archive of both lie beside each.
    With `overwrite`, what earlier returns left in `out` is moved to `OLD`.
    """
    paths = inbox(sources)
    if out.exists() and not out.is_dir():
        raise Stop(f"“{out}”是文件，不是文件夹。请用 --out 指定一个文件夹。")
    stale = sorted(path for pattern in (OURS, *_BESIDE) for path in out.glob(pattern))
    if stale and not overwrite:
        raise Stop(
            f"“{out}”里还有以前退回的 {len(stale)} 份（如“{stale[0].name}”），没有动它们。"
            f"请换一个文件夹，或加上 --force 把它们移到其中的“{OLD}”。"
        )
    if any(path.samefile(one) for path in paths for one in stale):
        raise Stop(f"“{out}”里的文件也是要读取的，输入的文件从不改写。请换一个文件夹放退回的填报表。")
    imports, unread = read_imports(references(sources)[0])
    handed, errors = read_inbox(paths, on, progress, returned=True)
    with ledger.opened(out.parent if city_at is None else city_at) as record:
        wanted = sort_out(handed, year=year, round_=round_, on=on).year
        last = ledger.latest(record.versions(), wanted) if record else None
        decisions = standing(record.decisions(wanted)) if record else []
    whole = {id(one.book): dict(one.book.tables) for one in handed if one.book}
    obeyed = [one for one in decisions if one.kind != EXCLUSION]  # an excluded county is to correct its workbook, too
    city, findings, changed = settle(
        handed, year=year, round_=round_, on=on, imports=Imports(imports, unread=unread), decisions=obeyed
    )
    there = {one.book.county: one.book.county_name for one in city.adopted if one.book}
    if absent := [code for code in counties or () if code not in there]:
        names = "、".join(city.ruleset.submitting.get(code, code) for code in absent)
        raise Stop(f"没有收到{names}的填报表，没有可退回的。收到的：{'、'.join(there.values()) or '没有'}。")
    made, clean = [], []
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Stop(f"建不了文件夹：{refusal(error, out)}") from error
    moved = [_move(path, out / OLD) for path in stale]
    for number, one in enumerate(city.adopted, 1):
        if one.book is None or (counties is not None and one.book.county not in counties):
            continue
        progress(number, len(city.adopted), one.book.county_name)
        own = [found for found in told_to(one.book, findings) if not errors_only or found.severity >= Severity.ERROR]
        book, notices = _as_returned(one.book, whole[id(one.book)], city, changed.get(one.book.county, ()))
        if not everyone and not any(found.severity > Severity.INFO for found in _open(own)):
            clean.append(book)
            continue
        made.append(
            Returned(book, own, out / f"{book.county_name}_{city.year}年{city.round}_第{book.revision + 1}版.xlsx")
        )
        _write(made[-1], city, notices, paths)
        if letter:
            _write_letter(made[-1], city, notices)
    return Return(made, clean, city, [*errors, *unread], last.id if last else 0, moved)


def _open(findings: Iterable[Finding]) -> list[Finding]:
    """Those that no waiver lifts."""
    return [finding for finding in findings if not finding.waiver]


def _as_returned(
    book: Book, whole: Mapping[str, list[Record]], city: City, decisions: Sequence[Decision]
) -> tuple[Book, list[str]]:
    """The workbook with all its rows, grades as decided, and what is said of what was decided about them.

    Rows that do not count stay: what a county typed is not taken from it.
    """
    tables, notices = {}, []
    for key, records in whole.items():
        now = {record.row: record for record in book.tables[key]}
        tables[key] = [now.get(record.row, record) for record in records]
    numbers = {one.key: one.id for one in decisions}
    grades: list[Any] = list(zip(whole["enterprises"], tables["enterprises"], strict=True))
    for before, after in grades:
        if before.grade != after.grade:
            notices.append(
                f"《企业基本信息》第 {after.row} 行 {after.list_id}：绩效等级按市里第 {numbers.get(str(after.list_id))} 号决定"
                f"由 {value_text(before.grade)} 改为 {value_text(after.grade)}。"
            )
    for one, record in city.dropped:
        if one is book:
            number = numbers.get(conflict_key(record))
            notices.append(
                f"《企业基本信息》第 {record.row} 行 {record.list_id}：已裁定由另一个区县填报（第 {number} 号决定），"
                "这一家在本表中不计入，请删去它的各行。"
            )
    return replace(book, tables=tables, _indexes={}), notices


def _write(one: Returned, city: City, notices: Sequence[str], inputs: Sequence[Path]) -> None:
    book = one.book
    with output(one.out, force=True, inputs=inputs) as file:
        write_county(
            file,
            county=book.county,
            ruleset=city.ruleset,
            round_=city.round,
            revision=book.revision + 1,
            enterprises=len(book.tables["enterprises"]),
            rows=rows_of(book),
            found=one.findings,
            notices=[*_words(one), *notices],
            officer={name: book.facts.get(name) for name in OFFICERS},
        )


def _write_letter(one: Returned, city: City, notices: Sequence[str]) -> None:
    """The covering letter beside a returned workbook, and an archive of both to send."""
    from workbook_templates.documents.return_letter import write_letter

    path = one.out.with_name(f"{one.book.county_name}_退回函.docx")
    with output(path, force=True, suffix=".docx") as file:
        write_letter(file, city.ruleset, one.book, one.findings, notices)
    archive = one.out.with_name(f"{one.book.county_name}_退回.zip")
    with output(archive, force=True, suffix=".zip") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as made:
        for own in (one.out, path):
            made.write(own, own.name)


def _words(one: Returned) -> Iterator[str]:
    """What the cover says: which version is given back, what is asked for, and what is no longer as it was."""
    book, found = one.book, counts(_open(one.findings))
    errors, warnings = found["BLOCKER"] + found["ERROR"], found["WARNING"]
    asked = [f"错误 {errors} 处，必须改正"] * bool(errors) + [f"提醒 {warnings} 处，请逐处核对"] * bool(warnings)
    yield f"退回第 {book.revision} 版。{'；'.join(asked) or '没有要改的'}。逐处见《{RETURNED_TITLE}》。"
    if lifted := len(one.findings) - len(_open(one.findings)):
        yield f"另有 {lifted} 处市里已准予豁免，不必改。"
    yield (
        f"改好后更新填报日期，把本文件按第 {book.revision + 1} 版报送（版次已写好）。"
        "内容照报来的原样，只把各行依次排好，各行的问题写在最右一列。"
    )
    if blank := cleared(book):
        shown = "、".join(blank[:_SHOWN])
        yield f"{shown}{f' 等 {len(blank)} 格' if len(blank) > _SHOWN else ''}原是公式或错误值，已留空，请改填文字或数字。"


def _move(path: Path, folder: Path) -> str:
    """Move a file of an earlier return out of the way; one of the same name there gets a number. Raises `Stop`."""
    target, number = folder / path.name, 1
    try:
        folder.mkdir(exist_ok=True)
        while target.exists():
            number += 1
            target = folder / f"{path.stem}（{number}）{path.suffix}"
        path.rename(target)
    except OSError as error:
        raise Stop(f"以前退回的“{path.name}”移不开：{refusal(error, path)}") from error
    return path.name


def told_to(book: Book, findings: Iterable[Finding]) -> Iterator[Finding]:
    """What a county is told: what was found in its workbook, and what was found in another's and speaks of its rows.

    What the city office has to see to is not: law that is not loaded, and what is about no more than a file in its inbox.
    """
    of_city = {rule.id for rule in all_rules().values() if rule.scope == "city"}
    for finding in findings:
        if finding.file == book.file:
            if not finding.for_city and (finding.cell or finding.rule not in of_city):
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
