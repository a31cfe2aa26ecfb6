"""`qingdan template` and `qingdan sample`: county workbooks, empty, carried over or filled with samples."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from addin.cli.arguments import reference, round_name, rules_of, submitting, whole
from addin.cli.terminal import document, progress, say, warn
from addin.problems import Stop, output
from addin.reading.workbooks import read_whole
from validators.book import Book
from validators.columns import KINDS, SHEET_TITLES, BookKind
from validators.records import Value, number_text
from validators.references import MINISTRY, PROVINCE, Listed
from validators.ruleset import NOT_KEY, RuleSet
from workbook_templates.county.default_formulas import Rows, entered
from workbook_templates.county.grading_workbook import make_grading, make_grading_officer, with_results, with_standings
from workbook_templates.county.returned import rows_of
from workbook_templates.county.template import write_county
from workbook_templates.samples.sample_inventory import make_officer, make_rows

LARGEST = 20_000
"""Enterprises that a workbook is made for at most."""
NOT_CARRIED = ("changes", "removals")
"""Sheets that speak of one version only."""
CARRIED_FIELDS = ("list_id", "name", "site", "uscc", "address", "contact", "phone")
"""What a grading workbook takes from an inventory's row as it stands."""
CARRIED_FACTS = ("filled_by_office", "filled_by", "filled_phone")
ROUND = "首报"
"""The round of a sample."""


def county_template(
    *,
    county: str,
    year: str,
    round_: str,
    revision: str,
    rows: str,
    last: str | None,
    rules_id: str | None,
    out: str,
    force: bool,
    as_json: bool,
) -> int:
    """Write an empty workbook, or one with the rows of the last version; returns the exit code."""
    rules = rules_of(year, rules_id)
    code = submitting(rules, county)
    round_name(rules, round_)
    number = whole("--revision", revision, 1, 999)
    room = whole("--rows", rows, 1, LARGEST)
    target = Path(out)
    given: Rows = {}
    officer: dict[str, Value] = {}
    if last is not None:
        if target.exists() and target.samefile(last):
            raise Stop("--from 和 --out 是同一个文件，不能写回输入文件。请给 --out 换一个文件名。")
        given, officer = _last_version(Path(last), code)
    with progress("生成模板"), output(target, force=force) as file:
        write_county(
            file, county=code, ruleset=rules, round_=round_, revision=number, enterprises=room, rows=given, officer=officer
        )  # fmt: skip
    _made(out, county=code, rules=rules, round_=round_, revision=number, rows=given, as_json=as_json)
    return 0


def grading_template(
    *,
    county: str,
    year: str,
    revision: str,
    rows: str,
    last: str | None,
    references: list[str],
    rules_id: str | None,
    out: str,
    force: bool,
    as_json: bool,
) -> int:
    """Write a grading workbook: empty, begun from an inventory, or carried on from its last version; returns the code."""
    rules = rules_of(year, rules_id)
    code = submitting(rules, county)
    number = whole("--revision", revision, 1, 999)
    room = whole("--rows", rows, 1, LARGEST)
    target = Path(out)
    given: Rows = {}
    officer: dict[str, Value] = {}
    notes: list[str] = []
    if references and last is None:
        raise Stop("--reference 要和 --from 一起用：请用 --from 指定要填进核定结果的申报审核表。")
    if last is not None:
        if target.exists() and target.samefile(last):
            raise Stop("--from 和 --out 是同一个文件，不能写回输入文件。请给 --out 换一个文件名。")
        book = _whole_book(Path(last), code, None)
        begun = book.kind == "inventory"
        if not begun and book.ruleset.year != rules.year:
            raise Stop(
                f"“{Path(last).name}”是 {book.ruleset.year} 年的申报审核表，不能接着用到 {rules.year} 年，一年一本。"
                "新的一年请用 --from 指定本区县的清单来开始。"
            )
        given = {"applications": key_enterprises(book)} if begun else rows_of(book)
        given, notes = with_results(given, _results(references), rules)
        given = with_standings(given, code, rules)
        officer = {name: book.facts[name] for name in CARRIED_FACTS if name in book.facts}
    round_ = rules.rounds[0]
    with progress("生成模板"), output(target, force=force) as file:
        write_county(
            file, county=code, ruleset=rules, round_=round_, revision=number, kind="grading", enterprises=room,
            rows=given, officer=officer,
        )  # fmt: skip
    _made(out, county=code, rules=rules, round_=round_, revision=number, rows=given, as_json=as_json, kind="grading")
    for note in notes:
        warn(note)
    return 1 if notes else 0


def _results(references: list[str]) -> list[Listed]:
    """Results of province and ministry. Raises `Stop` where a file cannot be read or is something else."""
    from addin.office.consolidation import read_imports

    named = [reference(text) for text in references]
    if wrong := [kind for kind, _ in named if kind not in (PROVINCE, MINISTRY)]:
        raise Stop(f"选项 --reference 的“{wrong[0]}”用不上，这里只能用{PROVINCE}、{MINISTRY}。")
    found, unread = read_imports(named)
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
        found.append({
            **{name: getattr(one, name) for name in CARRIED_FIELDS},
            "industry": named.industry, "subtype": named.subtype, "former_grade": one.grade,
            "product": "；".join(products) or None,
        })  # fmt: skip
    return found


def sample(
    *,
    kind: BookKind,
    county: str,
    enterprises: str,
    seed: str,
    year: str | None,
    rules_id: str | None,
    out: str,
    force: bool,
    as_json: bool,
) -> int:
    """Write a workbook filled with made-up enterprises; returns the exit code."""
    rules = rules_of(year, rules_id)
    code = submitting(rules, county)
    number = whole("--enterprises", enterprises, 1, 1500)
    start = whole("--seed", seed, 0, 10**9)
    with progress("生成样例"), output(Path(out), force=force) as file:
        make, officer = (make_rows, make_officer) if kind == "inventory" else (make_grading, make_grading_officer)
        rows = make(code, number, start, rules)
        write_county(
            file, county=code, ruleset=rules, round_=ROUND, revision=1, kind=kind, enterprises=number, rows=rows,
            officer=officer(code, start, rules),
        )  # fmt: skip
    _made(out, county=code, rules=rules, round_=ROUND, revision=1, rows=rows, as_json=as_json, kind=kind)
    return 0


def _made(
    out: str,
    *,
    county: str,
    rules: RuleSet,
    round_: str,
    revision: int,
    rows: Mapping[str, Sequence[object]],
    as_json: bool,
    kind: BookKind = "inventory",
) -> None:
    filled = {SHEET_TITLES[key]: len(rows.get(key, ())) for key in KINDS[kind]}
    if as_json:
        document(
            {
                "out": out, "county": county, "year": rules.year, "round": round_, "revision": revision,
                "ruleset": rules.id, "rows": filled,
            }
        )  # fmt: skip
    else:
        inside = "，".join(f"{title} {count} 行" for title, count in filled.items() if count)
        say(f"已生成 {out}（规则集 {rules.id}）" + (f"：{inside}。" if inside else "。"))


def _last_version(path: Path, county: str) -> tuple[Rows, dict[str, Value]]:
    """Rows and officer of the last version. Raises `Stop` where it cannot be read whole or is another county's."""
    book = _whole_book(path, county, "inventory")
    return carried_over(book), {name: book.facts[name] for name in CARRIED_FACTS if name in book.facts}


def _whole_book(path: Path, county: str, kind: BookKind | None) -> Book:
    """The county's workbook at `path`. Raises `Stop` where it cannot be read whole, is another county's or kind."""
    book = read_whole(path, kind)
    if book.county != county:
        raise Stop(f"“{path.name}”是{book.county_name}的，不是 {county} 的。请用 --from 指定本区县的上一版。")
    lost = sum(len(record.bad) for records in book.tables.values() for record in records)
    if lost:
        warn(f"“{path.name}”有 {lost} 格读不出来，没有带过来。可用 qingdan check 逐格查看。")
    return book


def carried_over(book: Book) -> Rows:
    """The rows of a workbook as the next version begins with them: not 等级变更 and 移出说明, which speak of one version."""
    return {
        key: [entered(key, record, book.county_name) for record in records]
        for key, records in book.tables.items()
        if key not in NOT_CARRIED
    }
