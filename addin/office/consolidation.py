"""`qingdan consolidate`: all counties of one year and round in one workbook, and a version in the record beside it."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path

from addin.office import ledger
from addin.office.record import keep_result, put_aside, put_on_record, remember_written, take_decisions
from addin.office.results import Card, FindingRow, by_file, count_words, how_to_rule, standing_errors, verdict
from addin.office.returning import told_to
from addin.problems import Stop, refusal, writing
from addin.reading import cities
from addin.reading.inbox import inbox, read_imports, read_inbox, references
from addin.reading.steps import Step, silent
from addin.reading.workbooks import summary
from validators.columns import LEVEL_NAMES, POLLUTANT_NAMES
from validators.decided import settle
from validators.decisions import HOLDS, Decision, standing
from validators.findings import Finding, Json, Severity, counts, stops
from validators.references import Imports
from validators.ruleset import RuleSet
from validators.settlement import COUNTY_LIST_DUE, City, Handed, reductions, sort_out
from workbook_templates.city.city_workbook import Desk, write_city
from workbook_templates.city.decision_sheets import Conflict, conflicts
from workbook_templates.xlsx.writer import replacing


@dataclass
class Consolidated:
    """What a consolidation found."""

    city: City
    findings: list[Finding]
    """Of the workbooks that hold, and of the city."""
    errors: list[tuple[str, str]]
    """Files that could not be read, and why."""
    desk: Desk = field(default_factory=Desk)
    """What the office's record said, and which version this is."""
    remarks: list[str] = field(default_factory=list)
    """What was typed into the last city workbook and could not be taken as it stands, and why."""
    put_aside: str = ""
    """Name of the copy of a workbook that was written over and that somebody had written in; '' where there is none."""
    out: Path = Path()
    """The city workbook."""

    @property
    def code(self) -> int:
        """2 where files could not be read, 1 where an error was found."""
        return 2 if self.errors else 1 if stops(self.findings) else 0

    def lines(self) -> Iterator[str | FindingRow]:
        """Who has filed what, what was found, and what was written."""
        for county in self.to_json()["counties"]:
            reason = f"：{county['reason']}" if county["reason"] else ""
            inside = f"，企业 {county['enterprises']} 家，生产线 {county['lines']} 条" if county["enterprises"] else ""
            yield f"{county['code']} {county['name']}  {county['status']}{reason}{inside}"
        yield from by_file(self.findings)
        lifted = sum(bool(finding.waiver) for finding in self.findings)
        waivers = f"（其中 {lifted} 项已豁免）" if lifted else ""
        yield f"{count_words(self.findings)}{waivers} → {verdict(not stops(self.findings))}"
        yield from how_to_rule(self.findings)
        yield f"已写出 {self.out}（规则集 {self.city.ruleset.id}），台账第 {self.desk.version} 版。"
        if self.put_aside:
            yield f"原来的 {self.out.name} 有人改过，另存为 {self.put_aside}；决定以外写在里面的，在那一份里。"

    def warnings(self) -> Iterator[str]:
        """Decisions that could not be taken, and files that could not be read."""
        yield from self.remarks
        yield from (message for _, message in self.errors)

    def card(self) -> Card:
        """Who has filed, and what stands against the export."""
        words = list(self.remarks)
        if self.put_aside:
            words.append(f"原来的全市汇总有人改过，另存为“{self.put_aside}”；决定以外写在里面的，在那一份里。")
        states = Counter(one.status for one in self.city.counties)
        words.append("，".join(f"{state} {number}" for state, number in states.items()))
        for county in self.city.counties:
            if county.status != "已报":
                words.append(f"{county.name}：{county.status}" + (f"，{county.reason}" if county.reason else ""))
        words += [f"{one.file}：未采用，{one.reason}" for one in self.city.files if one.status == "未采用"]
        enterprises, lines = (
            sum(len(book.tables[key]) for book in self.city.books()) for key in ("enterprises", "lines")
        )
        words.append(f"企业 {enterprises} 家，生产线 {lines} 条")
        errors, slips = standing_errors(self.findings), len(self.remarks)
        left = [f"{errors} 处错误"] * bool(errors) + [f"{slips} 条决定没写全"] * bool(slips)
        return Card(
            result=f"已汇总，还有 {'、'.join(left)}" if left else "已汇总，没有错误",
            tone="open" if left else "good",
            words=words,
            verdict=verdict(not stops(self.findings)),
            listed=[one.to_json() for one in self.findings],
        )

    def to_json(self) -> Json:
        """The contract's object."""
        city = self.city
        books = list(city.books())
        return {
            "files": [
                {**_file_json(handed), "status": handed.status, "reason": handed.reason or None}
                for handed in city.files
            ],
            "findings": [finding.to_json() for finding in self.findings],
            "counts": counts(self.findings),
            "errors": [{"file": file, "message": message} for file, message in self.errors],
            "verdict": verdict(not stops(self.findings)),
            "counties": [
                {
                    "code": county.code,
                    "name": county.name,
                    "file": county.handed.file if county.handed else None,
                    "status": county.status,
                    "reason": county.reason or None,
                    "enterprises": len(county.handed.book.tables["enterprises"])
                    if county.handed and county.handed.book
                    else 0,
                    "lines": len(county.handed.book.tables["lines"]) if county.handed and county.handed.book else 0,
                }
                for county in city.counties
            ],
            "totals": {
                "enterprises": sum(len(book.tables["enterprises"]) for book in books),
                "lines": sum(len(book.tables["lines"]) for book in books),
                "reductions": {
                    LEVEL_NAMES[level]: {POLLUTANT_NAMES[name]: round(value, 6) for name, value in own.items()}
                    for level, own in reductions(books).items()
                },
            },
            "ruleset": city.ruleset.id,
            "out": str(self.out),
            "version": self.desk.version,
            "changes": dict(Counter(change.kind for _, change in self.desk.changes)),
            "decisions": [one.to_json() for one in standing(self.desk.records)],
            "remarks": self.remarks,
            "put_aside": self.put_aside or None,
        }

    def to_keep(self) -> Json:
        """The same, and what the page shows besides, as the record keeps it."""
        city = self.city
        return {
            **self.to_json(),
            "title": f"{city.ruleset.thresholds['city_name']}{city.year}年{city.round}",
            "due": str(due) if (due := city.ruleset.deadline(city.round, COUNTY_LIST_DUE)) else None,
            "board": list(self._board()),
            "conflicts": [_conflict(one, self.desk.records) for one in conflicts(city)],
        }

    def _board(self) -> Iterator[Json]:
        """A row for each county: whether it filed, what it holds, and what stands open in it."""
        for county in self.city.counties:
            book = county.handed.book if county.handed else None
            own = [one for one in self.findings if book and one.file == book.file]
            open_ = [one for one in own if not one.waiver]
            yield {
                "code": county.code,
                "name": county.name,
                "status": county.status,
                "reason": county.reason or None,
                "file": county.handed.file if county.handed else None,
                "revision": book.revision if book else None,
                "enterprises": len(book.tables["enterprises"]) if book else None,
                "lines": len(book.tables["lines"]) if book else None,
                "errors": sum(one.severity >= Severity.ERROR for one in open_) if book else None,
                "warnings": sum(one.severity == Severity.WARNING for one in open_) if book else None,
                "waived": len(own) - len(open_) if book else None,
                "asked": _asked(told_to(book, self.findings)) if book else None,
            }


def _asked(found: Iterable[Finding]) -> Json:
    """How much a county is asked to correct and to look at when its workbook is returned."""
    open_ = [one for one in found if not one.waiver]
    errors = sum(stops([one]) for one in open_)
    return {"errors": errors, "warnings": sum(one.severity == Severity.WARNING for one in open_)}


def _conflict(one: Conflict, records: Sequence[Decision]) -> Json:
    """A conflict as the page shows it: what differs side by side, and which decision holds, if any."""
    held = next((r for r in standing(records) if r.kind == HOLDS and (r.rule, r.key) == (one.rule, one.key)), None)
    return {
        "rule": one.rule,
        "key": one.key,
        "what": one.what,
        "sides": list(one.sides),
        "names": [" ".join(str(part) for part in values[:2]) for values in one.values],
        "fields": one.fields,
        "decided": held.id if held else None,
        "value": held.value if held else None,
    }


def _file_json(handed: Handed) -> Json:
    if handed.book:
        return {**summary(handed.book), "file": handed.file}
    return {"file": handed.file, "county": None, "year": None, "revision": None, "ruleset": None, "rows": {}}


def consolidate(
    sources: Sequence[Path],
    out: Path,
    *,
    year: int | None = None,
    round_: str | None = None,
    rules: RuleSet | None = None,
    on: dt.date | None = None,
    exclusions: Mapping[str, str] | None = None,
    imports: Sequence[tuple[str, Path]] = (),
    parquet: Path | None = None,
    overwrite: bool = False,
    progress: Step = silent,
) -> Consolidated:
    """All counties of one year and round in one workbook at `out`, and a version in the record beside it. Raises `Stop`.

    `rules` is the rule set to judge all by (default: the newest of the year, and each workbook by `ruleset.judging`).
    `imports` are files besides those in `REFERENCES`, each with its kind. What was decided in the workbook at `out`,
    or else in that of the last version, is recorded first. With `parquet`, the lists are written into that folder too.
    """
    if parquet is not None and not find_spec("pyarrow"):
        raise Stop("--parquet 需要 pyarrow，这台电脑上没有安装。请执行 pip install pyarrow，或不写 --parquet。")
    paths = inbox(sources)
    beside, unknown = references(sources)
    with writing(out, force=overwrite, inputs=[*paths, *(path for _, path in (*imports, *beside))]):
        files, wrong = read_imports([*imports, *beside])
        unread = [*unknown, *wrong]
        handed, errors = read_inbox(paths, on, progress, rules)
        first = sort_out(handed, year=year, round_=round_, on=on, exclusions=exclusions, ruleset=rules)
        with ledger.opened(out, writing=True) as record:
            assert record is not None  # noqa: S101 - for the type checker
            untaken, remarks = take_decisions(record, out, first, files)
            records = record.decisions(first.year)
            city, findings, changed = settle(
                handed,
                year=year,
                round_=round_,
                rules=rules,
                on=on,
                exclusions=exclusions,
                imports=Imports(files, unread=unread),
                decisions=standing(records),
            )
            desk = replace(put_on_record(record, out, city, findings, records, changed), untaken=untaken)
            with replacing(out, overwrite=overwrite) as file:
                write_city(file, city, findings, desk=desk)
                aside = put_aside(record, out)  # at the very end: what is cancelled leaves nothing
            remember_written(record, out, city, desk.untaken)
            done = Consolidated(city, findings, [*errors, *unread], desk, remarks, aside, out)
            keep_result(record, desk.version, done.to_keep())
    cities.remember(out, city, changed, on=on, rules=rules)
    if parquet is not None:
        _write_parquet(parquet, city, overwrite)
    return done


def _write_parquet(folder: Path, city: City, overwrite: bool) -> None:
    from workbook_templates.city.parquet import write_parquet

    try:
        write_parquet(folder, city, overwrite=overwrite)
    except OSError as error:
        raise Stop(f"写不了：{refusal(error, error.filename or folder)}") from error
