"""`qingdan template` and `qingdan sample`: county workbooks, empty, carried over or filled with samples."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import Field

from addin.office.county_parts import of_part, own_numbers
from addin.office.results import Card, Result, made
from addin.problems import Stop, output
from addin.reading.inbox import read_imports
from addin.reading.ruleset_store import round_name, submitting
from addin.reading.workbooks import read_whole
from validators.book import Book
from validators.columns import KINDS, SHEET_TITLES, BookKind
from validators.meanings import Value, number_text
from validators.references import MINISTRY_RESULT, PROVINCE_RESULT, Listed
from validators.ruleset import NOT_KEY, RuleSet
from workbook_templates.county.grading_workbook import make_grading, make_grading_officer, with_results, with_standings
from workbook_templates.county.returned import rows_of
from workbook_templates.county.template import write_county
from workbook_templates.formulas.default_formulas import SheetRows, entered
from workbook_templates.samples.sample_inventory import make_officer, make_rows

NOT_CARRIED = ("changes", "removals")
"""Sheets that speak of one version only."""
CARRIED_FIELDS = ("list_id", "name", "site", "uscc", "address", "contact", "phone")
"""What a grading workbook takes from an inventory's row as it stands."""
CARRIED_FACTS = ("filled_by_office", "filled_by", "filled_phone")
ROUND = "首报"
"""The round of a sample."""


class Written(Result):
    """A workbook that was written."""

    out: str
    county: str
    year: int
    round: str
    revision: int
    ruleset: str
    rows: dict[str, int]
    notes: list[str] = Field(default=[], exclude=True)
    """What could not be filled in, which is to be looked at."""
    lost: list[str] = Field(default=[], exclude=True)
    """What could not be carried over."""

    @property
    def code(self) -> int:
        """1 where something could not be filled in."""
        return 1 if self.notes else 0

    def lines(self) -> Iterator[str]:
        """What was written."""
        inside = "，".join(f"{title} {count} 行" for title, count in self.rows.items() if count)
        yield f"已生成 {self.out}（规则集 {self.ruleset}）" + (f"：{inside}。" if inside else "。")

    def warnings(self) -> Iterable[str]:
        """What is missing in it."""
        return [*self.lost, *self.notes]

    def card(self) -> Card:
        """That it is there."""
        return made("已写出")


def county_template(
    county: str,
    rules: RuleSet,
    out: Path,
    *,
    revision: int,
    round_: str = ROUND,
    room: int = 1500,
    last: Path | None = None,
    part: str | None = None,
    force: bool = False,
) -> Written:
    """Write an empty workbook with room for so many enterprises, or one with the rows of the last version. Raises `Stop`.

    With `part`, a township, park or enterprise, it has numbers of its own, and of the last version only its rows.
    """
    code = submitting(rules, county)
    round_name(rules, round_)
    given: SheetRows = {}
    officer: dict[str, Value] = {}
    lost: list[str] = []
    if last is not None:
        _is_no_input(out, last)
        given, officer, lost = _last_version(last, code)
    ids = None
    if part is not None:
        ids = own_numbers(out, code, part, room, given)
        given = of_part(given, part)
        officer = {"filled_by_office": f"{part}（清单编号 {ids[0]:04d} 至 {ids[1]:04d}）"}
        if last is not None and not given["enterprises"]:
            lost.append(f"“{last.name}”里没有“{part}”的企业，写出的是空白的一份。")
    with output(out, force=force) as file:
        write_county(
            file,
            county=code,
            ruleset=rules,
            round_=round_,
            revision=revision,
            enterprises=room,
            rows=given,
            officer=officer,
            ids=ids,
        )
    return _written(out, code, rules, round_, revision, given, lost=lost)


def _is_no_input(out: Path, last: Path) -> None:
    if out.exists() and out.samefile(last):
        raise Stop("--from 和 --out 是同一个文件，不能写回输入文件。请给 --out 换一个文件名。")


def grading_template(
    county: str,
    rules: RuleSet,
    out: Path,
    *,
    revision: int,
    room: int = 300,
    last: Path | None = None,
    references: Sequence[tuple[str, Path]] = (),
    force: bool = False,
) -> Written:
    """Write a grading workbook: empty, begun from an inventory, or carried on from its last version. Raises `Stop`.

    `references` are results of province and ministry, each with its kind.
    """
    code = submitting(rules, county)
    given: SheetRows = {}
    officer: dict[str, Value] = {}
    notes: list[str] = []
    lost: list[str] = []
    if references and last is None:
        raise Stop("--reference 要和 --from 一起用：请用 --from 指定要填进核定结果的申报审核表。")
    if last is not None:
        _is_no_input(out, last)
        book, lost = _whole_book(last, code, None)
        begun = book.kind == "inventory"
        if not begun and book.ruleset.year != rules.year:
            raise Stop(
                f"“{last.name}”是 {book.ruleset.year} 年的申报审核表，不能接着用到 {rules.year} 年，一年一本。"
                "新的一年请用 --from 指定本区县的清单来开始。"
            )
        given = {"applications": key_enterprises(book)} if begun else rows_of(book)
        given, notes = with_results(given, _results(references), rules)
        given = with_standings(given, code, rules)
        officer = {name: book.facts[name] for name in CARRIED_FACTS if name in book.facts}
    round_ = rules.rounds[0]
    with output(out, force=force) as file:
        write_county(
            file,
            county=code,
            ruleset=rules,
            round_=round_,
            revision=revision,
            kind="grading",
            enterprises=room,
            rows=given,
            officer=officer,
        )
    return _written(out, code, rules, round_, revision, given, kind="grading", notes=notes, lost=lost)


def _results(references: Sequence[tuple[str, Path]]) -> list[Listed]:
    """Results of province and ministry. Raises `Stop` where a file cannot be read or is something else."""
    if wrong := [kind for kind, _ in references if kind not in (PROVINCE_RESULT, MINISTRY_RESULT)]:
        raise Stop(f"选项 --reference 的“{wrong[0]}”用不上，这里只能用{PROVINCE_RESULT}、{MINISTRY_RESULT}。")
    found, unread = read_imports(references)
    if unread:
        raise Stop(unread[0][1])
    return [row for one in found for row in one.rows]


def key_enterprises(book: Book) -> list[dict[str, Value]]:
    """The enterprises of an inventory that are graded, as a grading workbook begins with them: nothing is filed yet."""
    found = []
    for one in book.tables["enterprises"]:
        lines = book.index("lines", "list_id").get(one.list_id, ())
        own = [line for line in lines if line.industry not in (None, NOT_KEY)]
        if one.industry == NOT_KEY and not own:
            continue
        if book.ruleset.ungraded(one.industry, one.subtype):
            continue
        named = own[0] if one.industry == NOT_KEY else one
        capacities = [line for line in own if line.product and line.eia_capacity and line.capacity_unit]
        products = dict.fromkeys(
            f"{line.product} {number_text(line.eia_capacity)}{line.capacity_unit}" for line in capacities
        )
        found.append(
            {
                **{name: getattr(one, name) for name in CARRIED_FIELDS},
                "industry": named.industry,
                "subtype": named.subtype,
                "former_grade": one.grade,
                "product": "；".join(products) or None,
            }
        )
    return found


def sample(
    kind: BookKind, county: str, rules: RuleSet, out: Path, *, enterprises: int, seed: int = 1, force: bool = False
) -> Written:
    """Write a workbook filled with made-up enterprises. Raises `Stop`."""
    code = submitting(rules, county)
    with output(out, force=force) as file:
        make, officer = (make_rows, make_officer) if kind == "inventory" else (make_grading, make_grading_officer)
        rows = make(code, enterprises, seed, rules)
        write_county(
            file,
            county=code,
            ruleset=rules,
            round_=ROUND,
            revision=1,
            kind=kind,
            enterprises=enterprises,
            rows=rows,
            officer=officer(code, seed, rules),
        )
    return _written(out, code, rules, ROUND, 1, rows, kind=kind)


def _written(
    out: Path,
    county: str,
    rules: RuleSet,
    round_: str,
    revision: int,
    rows: Mapping[str, Sequence[object]],
    *,
    kind: BookKind = "inventory",
    notes: Sequence[str] = (),
    lost: Sequence[str] = (),
) -> Written:
    filled = {SHEET_TITLES[key]: len(rows.get(key, ())) for key in KINDS[kind]}
    return Written(
        out=str(out),
        county=county,
        year=rules.year,
        round=round_,
        revision=revision,
        ruleset=rules.id,
        rows=filled,
        notes=list(notes),
        lost=list(lost),
    )


def _last_version(path: Path, county: str) -> tuple[SheetRows, dict[str, Value], list[str]]:
    """Rows and officer of the last version, and what is lost. Raises `Stop` as `_whole_book`."""
    book, lost = _whole_book(path, county, "inventory")
    return carried_over(book), {name: book.facts[name] for name in CARRIED_FACTS if name in book.facts}, lost


def _whole_book(path: Path, county: str, kind: BookKind | None) -> tuple[Book, list[str]]:
    """The county's workbook at `path`, and what of it is lost.

    Raises `Stop` where it cannot be read whole, is another county's or kind.
    """
    book = read_whole(path, kind)
    if book.county != county:
        raise Stop(f"“{path.name}”是{book.county_name}的，不是 {county} 的。请用 --from 指定本区县的上一版。")
    lost = sum(len(record.bad) for records in book.tables.values() for record in records)
    return book, [f"“{path.name}”有 {lost} 格读不出来，没有带过来。可用 qingdan check 逐格查看。"] if lost else []


def carried_over(book: Book) -> SheetRows:
    """The rows of a workbook as the next version begins with them: not 等级变更 and 移出说明, which speak of one version."""
    return {
        key: [entered(key, record, book.county_name) for record in records]
        for key, records in book.tables.items()
        if key not in NOT_CARRIED
    }
