"""`qingdan demo`: the whole journey on made-up counties, one of them with planted faults."""

import csv
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree
from zipfile import ZIP_DEFLATED, ZipFile

from addin.office.auditing import audit_one
from addin.office.consolidation import consolidate
from addin.office.county_parts import of_part
from addin.office.directory import directory
from addin.office.document_sets import papers, plans
from addin.office.exporting import export
from addin.office.guarantee_listing import guarantee
from addin.office.importing import import_tables
from addin.office.learning import ProposedLayout, learn_layout
from addin.office.merging import merge_files
from addin.office.new_workbooks import ROUND, grading_template
from addin.office.regrading import regrade_inventory
from addin.office.results import Part, Result, verdict
from addin.office.visit_lottery import draw_visits
from addin.problems import Stop, display_width, output
from addin.reading.inbox import LEDGER
from addin.reading.layout_files import layout_of
from addin.reading.ruleset_store import rules_of
from addin.reading.steps import Step, silent
from addin.reading.workbooks import Reading, read_all
from addin.trial.other_tables import BLANK as BLANK_HEADS
from addin.trial.other_tables import OLD_LIST as OLD_HEADS
from addin.trial.other_tables import TableHead, make_blank, make_old_list
from addin.trial.rehearsal import SIZE, make_inbox
from validators.columns import BookKind
from validators.findings import Finding, counts, stops
from validators.meanings import Value
from validators.references import PROVINCE_RESULT
from validators.ruleset import BY_CITY, NOT_KEY, PROVINCE, RuleSet
from workbook_templates.county.grading_workbook import make_grading, make_grading_officer, with_standings
from workbook_templates.county.template import write_county
from workbook_templates.samples.sample_inventory import Cells, make_officer, make_rows
from workbook_templates.submission.submission_workbook import DEFAULT, manifest_path

_MARK = "本文件夹由 qingdan demo 建立.txt"
"""A folder that holds this file may be written over."""
TEMPLATES, FILLED = "1-空白模板", "2-各区县填报"
CITY_FILE, SUBMISSION, ALTERED = "3-全市汇总.xlsx", "4-报省清单.xlsx", "5-被改动的报省清单.xlsx"
INBOX = "6-收件箱演练"
"""Files as they come in, for whoever wants to press the button himself."""
GRADING = "7-绩效分级"
"""One county's grading, from the applications to the public directory."""
INVENTORY_FILE, APPLIED, FIXED, YEAR_END, NEXT_FILE = (
    "1-清单.xlsx", "2-申报审核表-8月.xlsx", "5-申报审核表-核定后.xlsx", "6-申报审核表-12月.xlsx", "7-清单-12月调整.xlsx",
)  # fmt: skip
VISITS, RESULTS_FILE, GUARANTEED_FILE = "3-现场核查名单.xlsx", "4-省核定结果.csv", "保障类名单.xlsx"
ELSEWHERE, OLD_FILE, OLD_LAYOUT, TAKEN, PIECES, JOINED_FILE, BLANK_FILE, BLANK_LAYOUT, FILLED_BLANK = (
    "8-旧清单和省里的空白表", "1-去年的旧清单.xlsx", "2-旧清单的布局.csv", "3-由旧清单导入.xlsx", "4-乡镇来件", "5-来件合并.xlsx",
    "6-省空白表.xlsx", "7-省空白表的布局.csv", "8-报省.xlsx",
)  # fmt: skip
"""One county, from last year's list in another table to the province's own blank."""
CARRIED, FIRMS = "371503", 16
"""That county, and how many enterprises it has."""
GRADED, SITES = "371502", 85
"""The county of the grading, and how many enterprises of it make over 60 applications."""
FAULTY_COUNTY = "371525"
"""The county whose workbook gets the planted faults."""


_Rows = Mapping[str, Sequence[Mapping[str, Value]]]


@dataclass(frozen=True, slots=True)
class Planted:
    """A planted fault: the rule that must find it, the first row that it fits, and what is changed there."""

    rule: str
    sheet: str
    fits: Callable[[Cells], bool]
    change: Callable[[Cells], Cells]


def _more(row: Cells, name: str, other: str) -> Cells:
    """A number that is larger than another of the row by 10."""
    return {name: float(row[other] or 0) + 10}  # type: ignore[arg-type] # columns of numbers


PLANTED = (
    Planted("GS02", "enterprises", lambda row: True, lambda row: {"contact": ""}),
    Planted("JB06", "enterprises", lambda row: True, lambda row: {"longitude": 117.5123}),
    Planted("PJ04", "enterprises", lambda row: row["grade"] == "A", lambda row: {"fixed_by": "县指挥部"}),
    Planted(
        "BZ01",
        "enterprises",
        lambda row: row["guaranteed"] == "是" and row["industry"] != NOT_KEY and row["grade"] in ("A", "B"),
        lambda row: {"grade": "C"},
    ),
    Planted(
        "CS01",
        "lines",
        lambda row: float(row["orange_ratio"]) >= 20,  # type: ignore[arg-type] # likewise
        lambda row: {"red_ratio": 10},
    ),
    Planted("JP01", "lines", lambda row: True, lambda row: _more(row, "red_nox_cut", "nox_daily")),
    Planted("YS01", "transport", lambda row: True, lambda row: _more(row, "trucks", "trucks")),
    Planted("YC02", "dust", lambda row: True, lambda row: _more(row, "red_dust_cut", "pm_daily")),
    Planted("YD01", "mobile", lambda row: True, lambda row: _more(row, "red_nox_cut", "nox_daily")),
)
"""One of every group of rules."""


class Stage(Part):
    """A step of the journey."""

    step: str
    result: str
    """What came of it."""
    expected: bool
    seconds: float


class DemoMade(Result):
    """The journey that was made."""

    out: str
    steps: list[Stage]
    verdict: str

    @property
    def code(self) -> int:
        """1 where something was not as expected."""
        return 0 if self.verdict == "通过" else 1

    def lines(self) -> Iterator[str]:
        """The final table: what was made, what was found, how long it took."""
        yield "演示结果"
        width = max(display_width(one.step) for one in self.steps) + 2
        for one in self.steps:
            pad = " " * (width - display_width(one.step))
            yield f"  {'✓' if one.expected else '✗'} {one.step}{pad}{one.seconds:5.1f} 秒  {one.result}"
        as_expected = "一切如预期。" if not self.code else "有的步骤与预期不符，见标 ✗ 的行。"
        yield f"文件都在 {self.out}。{as_expected}"


@dataclass
class Journey:
    """What was done so far."""

    step: Step
    of: int
    stages: list[Stage] = field(default_factory=list)
    done: int = 0

    def advance(self, what: str) -> None:
        """Say that one more piece of work is done."""
        self.done += 1
        self.step(self.done, self.of, what)

    @contextmanager
    def stage(self, title: str) -> Iterator[list[tuple[str, bool]]]:
        """A step; the block appends what came of it and whether that was expected."""
        began = time.perf_counter()
        outcome: list[tuple[str, bool]] = []
        yield outcome
        result, good = "；".join(text for text, _ in outcome), all(good for _, good in outcome)
        self.stages.append(Stage(step=title, result=result, expected=good, seconds=time.perf_counter() - began))


def demo(folder: Path, size: int, step: Step = silent) -> DemoMade:
    """Run the journey in a folder, with so many enterprises in each county. Raises `Stop`."""
    rules = rules_of(None)
    counties = list(rules.submitting)
    clear(folder, rules)
    journey = Journey(step, 3 * len(counties) + 12)
    _templates(journey, folder, rules, size)
    planted = _filled(journey, folder, rules, size)
    errors = _checked(journey, folder, rules, planted)
    if _city(journey, folder, rules, errors):
        _audits(journey, folder)
    _procedure(journey, folder / GRADING, rules)
    _elsewhere(journey, folder / ELSEWHERE, rules)
    good = all(stage.expected for stage in journey.stages)
    return DemoMade(out=str(folder), steps=journey.stages, verdict="通过" if good else "不通过")


def clear(folder: Path, rules: RuleSet) -> None:
    """Make the folders, and take away what an earlier run left; a folder of somebody else's is refused."""
    if folder.exists() and not (folder / _MARK).exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Stop(f"“{folder}”已存在，而且不是演示建立的。请用 --out 换一个文件夹。")
    for part in (TEMPLATES, FILLED):
        (folder / part).mkdir(parents=True, exist_ok=True)
        for name in rules.submitting.values():
            (folder / part / f"{name}.xlsx").unlink(missing_ok=True)
    for name in (CITY_FILE, SUBMISSION, manifest_path(Path(SUBMISSION)).name, ALTERED, LEDGER):
        (folder / name).unlink(missing_ok=True)
    (folder / INBOX).mkdir(exist_ok=True)
    for part in (GRADING, ELSEWHERE):
        rmtree(folder / part, ignore_errors=True)
        (folder / part).mkdir()
    (folder / _MARK).write_text("再次运行演示时，这里的演示文件会重新生成。\n", encoding="utf-8")


def _templates(journey: Journey, folder: Path, rules: RuleSet, size: int) -> None:
    with journey.stage("生成空白模板") as outcome:
        for code, name in rules.submitting.items():
            with output(folder / TEMPLATES / f"{name}.xlsx", force=False) as file:
                write_county(file, county=code, ruleset=rules, round_=ROUND, revision=1, enterprises=size)
            journey.advance(f"{name}模板")
        outcome.append((f"{len(rules.submitting)} 个区县，各备 {size} 家企业的空行", True))


def _filled(journey: Journey, folder: Path, rules: RuleSet, size: int) -> set[tuple[str, str]]:
    """Fill the workbooks; returns rule and key of each planted fault."""
    planted: set[tuple[str, str]] = set()
    with journey.stage("填报") as outcome:
        lines = 0
        for seed, (code, name) in enumerate(rules.submitting.items(), 1):
            rows = make_rows(code, size, seed, rules)
            if code == FAULTY_COUNTY:
                planted = plant(rows)
            lines += len(rows["lines"])
            with output(folder / FILLED / f"{name}.xlsx", force=False) as file:
                write_county(
                    file,
                    county=code,
                    ruleset=rules,
                    round_=ROUND,
                    revision=1,
                    enterprises=size,
                    rows=rows,
                    officer=make_officer(code, seed, rules),
                )
            journey.advance(f"{name}填报")
        outcome.append((f"企业 {size * len(rules.submitting)} 家，生产线 {lines} 条", True))
        rows = make_rows(FAULTY_COUNTY, SIZE, 1, rules)
        plant(rows)
        ready = {code: folder / FILLED / f"{name}.xlsx" for code, name in rules.submitting.items()}
        files = make_inbox(folder / INBOX, rules, rows, FAULTY_COUNTY, ready if size == SIZE else None)
        outcome.append((f"另备 {len(files)} 份来件供演练", len(files) == len(rules.submitting) + 3))
        groups = "、".join(sorted({rule[:2] for rule, _ in planted}))
        outcome.append(
            (f"{rules.submitting[FAULTY_COUNTY]}埋了 {len(planted)} 处错误（{groups}）", len(planted) == len(PLANTED))
        )
    return planted


def plant(rows: Mapping[str, list[Cells]]) -> set[tuple[str, str]]:
    """Change one row per fault, no row twice; returns rule and key of each."""
    planted: set[tuple[str, str]] = set()
    taken: set[str] = set()
    for fault in PLANTED:
        for row in rows[fault.sheet]:
            key = str(row.get("line_id") or row["list_id"])
            if key not in taken and fault.fits(row):
                row.update(fault.change(row))
                taken.add(key)
                planted.add((fault.rule, key))
                break
    return planted


def _checked(journey: Journey, folder: Path, rules: RuleSet, planted: set[tuple[str, str]]) -> int:
    """Check all workbooks; returns the number of errors of the faulty one."""
    with journey.stage("校验") as outcome:
        passed, faulty = 0, list[Finding]()
        paths = [folder / FILLED / f"{name}.xlsx" for name in rules.submitting.values()]
        for code, found in zip(rules.submitting, read_all(paths), strict=True):
            if code == FAULTY_COUNTY and isinstance(found, Reading):
                faulty = found.findings
            elif isinstance(found, Reading) and not stops(found.findings):
                passed += 1
            journey.advance(f"{rules.submitting[code]}校验")
        outcome.append((f"{passed} 个区县通过", passed == len(rules.submitting) - 1))
        seen = planted & {(finding.rule, finding.key or "") for finding in faulty}
        total = counts(faulty)
        outcome.append(
            (
                f"{rules.submitting[FAULTY_COUNTY]}错误 {total['ERROR']}、提醒 {total['WARNING']}，"
                f"{len(planted)} 处埋下的找到 {len(seen)} 处",
                seen == planted,
            )
        )
    return total["ERROR"] + total["BLOCKER"]


def _city(journey: Journey, folder: Path, rules: RuleSet, errors: int) -> bool:
    """Consolidate without the faulty county, and export; returns whether there is a submission."""
    name = rules.submitting[FAULTY_COUNTY]
    with journey.stage("汇总") as outcome:
        reason = f"校验有 {errors} 个错误，退回改正"
        done = consolidate([folder / FILLED], folder / CITY_FILE, exclusions={FAULTY_COUNTY: reason})
        totals = done.to_json()["totals"]
        outcome.append((f"企业 {totals['enterprises']} 家，生产线 {totals['lines']} 条", not stops(done.findings)))
        status = {county.code: county.status for county in done.city.counties}
        outcome.append((f"剔除{name}（{reason}）", status[FAULTY_COUNTY] == "已剔除"))
        journey.advance("汇总")
    with journey.stage("导出") as outcome:
        exported = export(folder / CITY_FILE, folder / SUBMISSION, profile_name=DEFAULT)
        outcome.append(("报省清单和核对清单" if exported.manifest else "未能导出", exported.manifest is not None))
        journey.advance("导出")
    return exported.manifest is not None


def _audits(journey: Journey, folder: Path) -> None:
    """Audit the submission, and a copy of it that somebody altered."""
    with journey.stage("审计报省清单") as outcome:
        report = audit_one(folder / SUBMISSION, sources=[folder / FILLED])
        bad = [check["id"] for check in report["checks"] if check["result"] == "不通过"]
        outcome.append((" ".join([report["verdict"], *bad]), report["verdict"] == "通过"))
        journey.advance("审计")
    with journey.stage("把一格改成公式再审计") as outcome:
        place = alter(folder / SUBMISSION, folder / ALTERED)
        report = audit_one(folder / ALTERED, manifest=manifest_path(folder / SUBMISSION))
        bad = [check["id"] for check in report["checks"] if check["result"] == "不通过"]
        expected = report["verdict"] == "不通过" and {"AU01", "AU08"} <= set(bad)
        outcome.append((f"{report['verdict']}（{place}）：{'、'.join(bad)}", expected))
        journey.advance("审计")


def _procedure(journey: Journey, folder: Path, rules: RuleSet) -> None:
    """One county's grading of a year: applications and reviews, the province's result, what follows for the inventory."""
    inventory, applied, fixed, year_end, made = (
        folder / name for name in (INVENTORY_FILE, APPLIED, FIXED, YEAR_END, NEXT_FILE)
    )
    rows = make_grading(GRADED, SITES, 1, rules)
    officer = make_grading_officer(GRADED, 1, rules)
    summer = rows | {"province": [], "events": []}
    written: tuple[tuple[Path, BookKind, _Rows, Mapping[str, Value]], ...] = (
        (inventory, "inventory", make_rows(GRADED, SITES, 1, rules), make_officer(GRADED, 1, rules)),
        (
            applied,
            "grading",
            with_standings(summer, GRADED, rules),
            officer | {"filled_on": rules.deadline("首报", BY_CITY)},
        ),
        (year_end, "grading", rows, officer),
    )
    with journey.stage("绩效分级：申报、审查和核查") as outcome:
        for path, kind, own, said in written:
            with output(path, force=False) as file:
                write_county(
                    file,
                    county=GRADED,
                    ruleset=rules,
                    round_=ROUND,
                    revision=1,
                    kind=kind,
                    enterprises=SITES,
                    rows=own,
                    officer=said,
                )
        for found in read_all([path for path, *_ in written]):
            good = isinstance(found, Reading) and not stops(found.findings)
            outcome.append(
                (
                    f"{found.path.name} {'通过' if good else '不通过'}"
                    if isinstance(found, Reading)
                    else found.message,
                    good,
                )
            )
        number = len(rows["applications"])
        outcome.append((f"{number} 份申报", number >= 60))
        journey.advance("绩效分级")
    with journey.stage("绩效分级：抽取现场核查名单") as outcome:
        visits = draw_visits([applied], folder / VISITS)
        drawn = f"逐个核查 {len(visits.each)} 个，抽中 {len(visits.drawn)} 个"
        outcome.append((drawn, not visits.code and bool(visits.drawn)))
        journey.advance("现场核查名单")
    with journey.stage("绩效分级：省里核定") as outcome:
        results = [row for row in rows["province"] if row["fixed_by"] == PROVINCE]
        _results(folder / RESULTS_FILE, results)
        carried = grading_template(
            GRADED,
            rules,
            fixed,
            revision=2,
            room=SITES,
            last=applied,
            references=[(PROVINCE_RESULT, folder / RESULTS_FILE)],
        )
        outcome.append((f"{carried.rows['省级核定']} 家的核定结果填进申报审核表", not carried.code))
        attached = papers([fixed], folder / "附件1至5", inventories=[inventory])
        outcome.append((f"附件 1 至 5 共 {len(attached.made)} 份", attached.code < 2 and len(attached.made) > number))
        journey.advance("省里核定")
    with journey.stage("绩效分级：按结果更新清单") as outcome:
        listed = regrade_inventory([year_end], inventory, round_=rules.rounds[-1])
        outcome.append((f"列出 {len(listed.changes)} 家等级变更", listed.code == 1))
        updated = regrade_inventory([year_end], inventory, out=made, round_=rules.rounds[-1])
        [found] = read_all([made])
        good = isinstance(found, Reading) and not stops(found.findings)
        outcome.append((f"{made.name} {'通过' if good else '不通过'}", not updated.code and good))
        journey.advance("更新清单")
    with journey.stage("绩效分级：一厂一策和公开目录") as outcome:
        planned = plans([made], folder / "一厂一策")
        outcome.append((f"一厂一策 {len(planned.made)} 份", planned.code < 2))
        listing = directory([made], folder / "公开目录")
        outcome.append((f"公开目录 {listing.sites} 个厂区", listing.code < 2))
        guaranteed = guarantee([made], folder / GUARANTEED_FILE)
        outcome.append((f"保障类名单 {guaranteed.rows} 行", not guaranteed.code))
        journey.advance("公开目录")


def _elsewhere(journey: Journey, folder: Path, rules: RuleSet) -> None:
    """One county whose old list is a table of another style, whose townships each fill a part, and whose province has a blank."""
    old, taken, pieces, joined = (folder / name for name in (OLD_FILE, TAKEN, PIECES, JOINED_FILE))
    name = rules.submitting[CARRIED]
    rows: dict[str, list[dict[str, Value]]] = {
        key: [{**row} for row in own] for key, own in make_rows(CARRIED, FIRMS, 1, rules).items()
    }
    first, second = (f"{name}城关镇", f"{name}城北镇")
    for place, row in enumerate(rows["enterprises"]):
        row["township"] = first if place < FIRMS // 2 else second
    with journey.stage("旧清单：学布局、导入") as outcome:
        make_old_list(old, rows, f"{name}{rules.year - 1}年重污染天气应急减排清单")
        learnt = learn_layout(old, rules, folder / OLD_LAYOUT)
        outcome.append(_recognised(learnt, OLD_HEADS))
        made = import_tables([old], str(learnt.out), CARRIED, rules, taken, round_=ROUND, revision=1)
        count = {key: len(own) for key, own in made.taken.rows.items()}
        same = all(count[key] == len(rows[key]) for key in ("enterprises", "lines"))
        outcome.append(
            (
                f"导入企业 {count['enterprises']} 家、生产线 {count['lines']} 条，待补 {len(made.findings)} 处",
                same and made.code == 1,
            )
        )
        journey.advance("旧清单")
    with journey.stage("来件：两个乡镇各填一部分，合并") as outcome:
        pieces.mkdir()
        for township in (first, second):
            own = of_part(rows, township)
            if township == first:
                own |= {key: rows[key] for key in ("dust", "mobile", "removals")}
                dust = {row["list_id"] for row in rows["dust"]}
                own["guarantee"] = [*own["guarantee"], *(row for row in rows["guarantee"] if row["list_id"] in dust)]
            else:
                own["enterprises"] = [*own["enterprises"], rows["enterprises"][0]]  # both list it, and say the same
            with output(pieces / f"{township}.xlsx", force=False) as file:
                write_county(
                    file,
                    county=CARRIED,
                    ruleset=rules,
                    round_=ROUND,
                    revision=1,
                    enterprises=FIRMS,
                    rows=own,
                    officer=make_officer(CARRIED, 1, rules) | {"filled_by_office": township},
                )
        merged = merge_files([pieces], joined)
        said = merged.to_json()["rows"]
        whole = said["kept"] == sum(map(len, rows.values())) and said["identical"] == 1
        outcome.append(
            (f"读到 {said['read']} 行，合并为 {said['kept']} 行，{verdict(not merged.code)}", whole and not merged.code)
        )
        journey.advance("合并来件")
    with journey.stage("填进省里的空白表，审计") as outcome:
        make_blank(folder / BLANK_FILE, "重污染天气应急减排清单（工业源）")
        learnt = learn_layout(folder / BLANK_FILE, rules, folder / BLANK_LAYOUT)
        outcome.append(_recognised(learnt, BLANK_HEADS))
        exported = export(joined, folder / FILLED_BLANK, blank=folder / BLANK_FILE, layout=layout_of(str(learnt.out)))
        report = audit_one(folder / FILLED_BLANK, sources=[joined])
        bad = [check["id"] for check in report["checks"] if check["result"] != "通过"]
        outcome.append((" ".join([report["verdict"], *bad]), bool(exported.manifest) and not bad))
        journey.advance("省空白表")


def _recognised(learnt: ProposedLayout, heads: Sequence[TableHead]) -> tuple[str, bool]:
    """How many heads of a made-up table were recognised, and whether rightly."""
    [sheet] = learnt.learnt
    right = [column.means or "" for column in sheet.columns] == [head.means for head in heads]
    return f"{len(sheet.columns)} 列认出了 {sum(bool(column.means) for column in sheet.columns)} 列", right


def _results(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """The province's result as the office gets it: a list."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(("清单编号", "核定等级", "核定日期"))
        lines.writerows((row["list_id"], row["grade"], row["fixed_on"]) for row in rows)


_NUMBER_CELL = re.compile(rb'<c r="([A-Z]+[0-9]+)"( s="[0-9]+")?><v>')


def alter(source: Path, target: Path) -> str:
    """Copy a workbook with the first number of its first sheet turned into a formula; returns the cell."""
    place = ""
    with ZipFile(source) as old, output(target, force=False) as file, ZipFile(file, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            found = _NUMBER_CELL.search(content) if name == "xl/worksheets/sheet1.xml" else None
            if found:
                place = found[1].decode()
                content = content[: found.end() - 3] + b"<f>1+1</f>" + content[found.end() - 3 :]
            new.writestr(name, content)
    return place
