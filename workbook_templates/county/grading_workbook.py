"""Grading workbooks as they are written: what the program fills in, and made-up ones beside a made-up inventory."""

import datetime as dt
import random
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import Any

from validators.book import Book
from validators.columns import KINDS
from validators.grading_procedure import (
    ADJUSTED,
    CITY,
    COUNTY,
    DRAWN,
    EACH,
    MINISTRY,
    NOT_DRAWN,
    RETURNED,
    UNFILED,
    standings,
)
from validators.meanings import Value, number_text
from validators.records import RowReader
from validators.references import MINISTRY_RESULT, Listed
from validators.ruleset import (
    ADJUSTMENTS,
    BY_CITY,
    BY_COUNTY,
    FIRST_OPINION,
    NOT_KEY,
    OWN_OPINION,
    PROVINCE,
    RuleSet,
)
from workbook_templates.samples.sample_inventory import Cells, make_officer, make_rows, person
from workbook_templates.xlsx.appearance import FIRST_ROW

_Rows = Mapping[str, Sequence[Mapping[str, Value]]]
SAME, UNLIKE = "与等级相符", "与等级不符"
SHARE_DRAWN = 0.4
LOWERED = ("省厅不同意", "部复核")
"""Outcomes after which the grade in force is worse than the inventory's."""
HELD_UP = ("县退回", "市退回", "市不同意", "县不同意", "待核定")
"""Outcomes after which the former grade goes on."""


def with_standings(rows: _Rows, county: str, ruleset: RuleSet) -> dict[str, list[dict[str, Value]]]:
    """Rows of a grading workbook with the columns that the program fills in: stage, fixed grade, grade in force."""
    book = Book("", ruleset, county, "", 1, dt.date.today(), kind="grading")
    for key, sheet in KINDS["grading"].items():
        reader = RowReader(key, ruleset)
        for number, row in enumerate(rows.get(key, ()), FIRST_ROW):
            record, _ = reader.read([row.get(column.field) for column in sheet.columns], number)
            book.tables[key].append(record)
    found = {sheet: [dict(row) for row in own] for sheet, own in rows.items()}
    for row, standing in zip(found.get("applications", ()), standings(book), strict=True):
        row |= {
            "stage": standing.stage,
            "fixed_grade": standing.fixed.grade if standing.fixed else None,
            "grade": standing.held.grade,
        }
    return found


def with_results(
    rows: dict[str, list[dict[str, Value]]], results: Iterable[Listed], ruleset: RuleSet
) -> tuple[dict[str, list[dict[str, Value]]], list[str]]:
    """Rows of a grading workbook with results of province and ministry in 省级核定, and a line for each that does not fit.

    A result belongs to the site of its 清单编号, or else to the one of its code and site; one that stands there
    already is passed over.
    """
    notes: list[str] = []
    there = [dict(row) for row in rows.get("province", ())]
    for one in results:
        sites = [row for row in rows.get("applications", ()) if _is_of(one, row)]
        if len(sites) != 1:
            notes.append(
                f"{one}：《申报》里{'没有这一家' if not sites else f'有 {len(sites)} 个厂区，分不清是哪一个'}。"
            )
        elif one.grade not in ruleset.values["grades"] or one.day is None:
            notes.append(f"{one}：没有写明{'核定日期' if one.day is None else '认得的等级'}。")
        else:
            by = MINISTRY if one.kind == MINISTRY_RESULT else PROVINCE
            row = {"list_id": sites[0]["list_id"], "fixed_by": by, "grade": one.grade, "fixed_on": one.day}
            if not any(row.items() <= other.items() for other in there):
                there.append(row)
    return {**rows, "province": there}, notes


def _is_of(one: Listed, row: Mapping[str, Value]) -> bool:
    if one.list_id:
        return row.get("list_id") == one.list_id
    return bool(one.uscc) and row.get("uscc") == one.uscc and one.site in ("", row.get("site"))


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads(
        files("workbook_templates.samples").joinpath("sample_data", "grading.toml").read_text(encoding="utf-8")
    )


def make_grading(county: str, enterprises: int, seed: int, ruleset: RuleSet) -> dict[str, list[dict[str, Value]]]:
    """Rows of a grading workbook, by key of the sheet, to the inventory that `make_rows` makes of the same arguments.

    Every enterprise of a key industry is there. Most end with the grade that the inventory has; some were returned,
    refused, fixed lower or changed later, as far as there are enterprises that it fits.
    """
    inventory = make_rows(county, enterprises, seed, ruleset)
    return with_standings(_Maker(county, seed, ruleset, inventory).make(), county, ruleset)


def make_grading_officer(county: str, seed: int, ruleset: RuleSet) -> Cells:
    """The officer's `BOOK_FIELDS`; 填报日期 is a few days before the year's changes of grades are due."""
    due = ruleset.deadline("动态调整", ADJUSTMENTS) or dt.date(ruleset.year, 12, 10)
    return make_officer(county, seed, ruleset) | {"filled_on": due - dt.timedelta(5)}


def _taken(row: Cells, names: Iterable[str]) -> Cells:
    """Those fields of a row that are filled."""
    return {name: row[name] for name in names if name in row}


class _Maker:
    """Makes one county's rows beside its inventory."""

    def __init__(self, county: str, seed: int, ruleset: RuleSet, inventory: Mapping[str, Sequence[Cells]]) -> None:
        self.rng = random.Random(f"{county}/{seed}/grading")  # noqa: S311 - made-up data, not a secret
        self.ruleset = ruleset
        self.lines: dict[object, list[Cells]] = {}
        for line in inventory["lines"]:
            self.lines.setdefault(line["list_id"], []).append(line)
        self.enterprises = [row for row in inventory["enterprises"] if row["industry"] != NOT_KEY]
        self.rows: dict[str, list[Cells]] = {sheet: [] for sheet in KINDS["grading"]}
        self.county_due = ruleset.deadline("首报", BY_COUNTY) or dt.date(ruleset.year, 8, 18)
        self.city_due = ruleset.deadline("首报", BY_CITY) or self.county_due + dt.timedelta(2)

    def make(self) -> dict[str, list[Cells]]:
        """All sheets."""
        outcomes = self._outcomes()
        for row in self.enterprises:
            self._site(row, outcomes.get(row["list_id"], ""))
        self._events(outcomes)
        return self.rows

    def _outcomes(self) -> dict[object, str]:
        """What does not go smoothly, by 清单编号."""
        filed = [row for row in self.enterprises if row["filing"] == "申请报告"]
        self.rng.shuffle(filed)
        high = [row for row in filed if self.ruleset.fixed_by_province(str(row["grade"]))]
        movable = [row for row in high if self._movable(row) and self._next(row, 1)]
        found: dict[object, str] = {row["list_id"]: name for row, name in zip(movable, LOWERED, strict=False)}
        left = (row for row in high if row["list_id"] not in found)
        found |= {row["list_id"]: name for row, name in zip(left, HELD_UP, strict=False)}
        plain = [row for row in filed if row not in high and self._movable(row) and self._next(row, 1)]
        return found | {row["list_id"]: name for row, name in zip(plain, ("县退回", "县不同意"), strict=False)}

    def _movable(self, row: Cells) -> bool:
        """Whether the grade may change and leave the inventory without errors: no guarantee, no measures of law."""
        bound = {one["industry"] for one in self.ruleset.tables["measures"]}
        industries = {line["industry"] for line in self.lines[row["list_id"]]}
        return row["guaranteed"] == "否" and row["fraud"] == "否" and industries == {row["industry"]} - bound

    def _next(self, row: Cells, step: int) -> str:
        """The grade that many places worse in the scheme of the industry, '' where there is none."""
        scheme = self.ruleset.schemes[str(row["industry"]), str(row.get("subtype") or "")]
        own = [
            one["grade"]
            for one in self.ruleset.tables["grades"]
            if one["grade"] in scheme["grades"].split("|") and one["scheme"] == self._scheme(row["grade"])
        ]
        order = self.ruleset.grade_order
        own.sort(key=lambda grade: order[grade])
        at = own.index(str(row["grade"])) + step
        return own[at] if 0 <= at < len(own) else ""

    def _scheme(self, grade: Value) -> str:
        return next(one["scheme"] for one in self.ruleset.tables["grades"] if one["grade"] == grade)

    def _people(self) -> str:
        return f"{person(self.rng)}、{person(self.rng)}"

    def _say(self, text: str) -> str:
        rng = self.rng
        return text.format(
            year=self.ruleset.year - rng.randint(4, 12), rate=rng.randint(960, 999) / 10, people=rng.randint(1, 3)
        )

    def _site(self, row: Cells, outcome: str) -> None:
        """One site's application, and what became of it."""
        rng, filed = self.rng, row["filing"] != UNFILED
        received = self.county_due - dt.timedelta(rng.randint(6, 12))
        application = _taken(row, ("list_id", "name", "site", "uscc", "address", "industry", "subtype", "offence_on"))
        lines = self.lines[row["list_id"]]
        products = {
            f"{line['product']} {number_text(float(str(line['eia_capacity'])))}{line['capacity_unit']}": None
            for line in lines
        }
        application |= {
            "product": "；".join(islice(products, 2)),
            "contact": row["contact"],
            "phone": row["phone"],
            "former_grade": row["grade"],
            "filing": row["filing"],
            "bar": row["bar"],
            "fraud": "隐瞒或提供虚假材料" if row["fraud"] == "是" else "否",
        }
        if filed:
            application |= {"applied_grade": row["grade"], "received_on": received, "commitment": "是"}
        if row["filing"] == "申请报告":
            application["evidence"] = _words()["evidence"]
            self._aspects(row, outcome)
        self.rows["applications"].append(application)
        if filed:
            self._processes(row, outcome)
            self._reviews(row, outcome, received)

    def _processes(self, row: Cells, outcome: str) -> None:
        """The industries of a site that has several."""
        worst: dict[tuple[object, object], Cells] = {}
        order = self.ruleset.grade_order
        for line in self.lines[row["list_id"]]:
            if line["industry"] == NOT_KEY:
                continue
            own = worst.setdefault((line["industry"], line.get("subtype")), line)
            if order[str(line["grade"])] > order[str(own["grade"])]:
                worst[line["industry"], line.get("subtype")] = line
        for line in worst.values() if len(worst) > 1 else ():
            cells = _taken(line, ("list_id", "process", "industry", "subtype"))
            fixed = {} if outcome else {"fixed_grade": line["grade"]}
            self.rows["processes"].append({**cells, "applied_grade": line["grade"], **fixed})

    def _aspects(self, row: Cells, outcome: str) -> None:
        high = self.ruleset.fixed_by_province(str(row["grade"]))
        judged = high and outcome not in ("县退回", "县不同意", "市退回")
        for number, (aspect, state) in enumerate(_words()["aspects"].items()):
            cells: Cells = {"list_id": row["list_id"], "aspect": aspect, "state": self._say(state), "meets": "是"}
            cells["page"] = f"第{3 * number + 5}页"
            if judged:
                cells["city_meets"] = "是"
            if judged and outcome == "市不同意" and not number:
                cells |= {"city_meets": "否", "city_note": "主体设备规模达不到申报等级的要求"}
            self.rows["aspects"].append(cells)

    def _visit(self, row: Cells, visitor: str, day: dt.date, problems: str = "") -> None:
        cells: Cells = {"list_id": row["list_id"], "visitor": visitor, "visited_on": day, "visitors": self._people()}
        cells["result"] = "不符合" if problems else "符合"
        self.rows["visits"].append(cells | ({"problems": problems} if problems else {}))

    def _reviews(self, row: Cells, outcome: str, received: dt.date) -> None:
        """What the county says, and then city and province of the grades that are theirs."""
        rng, grade = self.rng, str(row["grade"])
        high = self.ruleset.fixed_by_province(grade)
        by_county, by_city = self.ruleset.visits[grade]
        reviewed = self.county_due - dt.timedelta(rng.randint(1, 3))
        refused = outcome == "县不同意"
        if by_county:
            day = received + dt.timedelta(rng.randint(1, (reviewed - received).days))
            self._visit(row, COUNTY, day, "现场设备与申报材料不符" if refused else "")
        opinion: Cells = {
            "list_id": row["list_id"],
            "opinion": FIRST_OPINION if high else OWN_OPINION,
            "true_papers": "是",
            "complete_papers": "否" if outcome == "县退回" else "是",
            "proper_papers": "是",
            "reviewed_on": reviewed,
            "reviewers": self._people(),
            "result": "同意",
        }
        if outcome == "县退回":
            self.rows["county"].append(opinion | {"result": RETURNED, "reason": "缺监测报告，请补充"})
            return
        opinion |= {"grade": grade, "reported_on": reviewed + dt.timedelta(rng.randint(0, 1))}
        if refused:
            worse = self._next(row, 1) or self._next(row, 0)
            opinion |= {"result": "不同意", "grade": worse, "reason": "现场设备与申报材料不符"}
        self.rows["county"].append(opinion)
        if high and not refused:
            self._city(row, outcome, by_city == "每个")

    def _city(self, row: Cells, outcome: str, each: bool) -> None:
        rng, grade = self.rng, str(row["grade"])
        drawn = EACH if each else DRAWN if rng.random() < SHARE_DRAWN else NOT_DRAWN
        reviewed = self.city_due - dt.timedelta(1)
        if drawn != NOT_DRAWN:
            self._visit(row, CITY, reviewed - dt.timedelta(rng.randint(0, 1)))
        ruling: Cells = {
            "list_id": row["list_id"],
            "drawn": drawn,
            "reviewed_on": reviewed,
            "reviewers": self._people(),
            "result": "同意",
        }
        if outcome == "市退回":
            self.rows["city"].append(ruling | {"result": RETURNED, "reason": "自动监测数据不全，请补充"})
            return
        if outcome == "市不同意":
            reason = "装备水平达不到申报等级的要求"
            self.rows["city"].append(ruling | {"result": "不同意", "grade": self._next(row, 1), "reason": reason})
            return
        self.rows["city"].append(ruling | {"grade": grade, "reported_on": self.city_due})
        if outcome == "待核定":
            return
        day = self.city_due + dt.timedelta(rng.randint(5, 9))
        self._fixed(row, PROVINCE, self._next(row, 1) if outcome == "省厅不同意" else grade, day)
        if outcome == "部复核":
            self._fixed(row, MINISTRY, self._next(row, 1), day + dt.timedelta(30))

    def _fixed(self, row: Cells, by: str, grade: str, day: dt.date) -> None:
        cells: Cells = {"list_id": row["list_id"], "fixed_by": by, "grade": grade, "fixed_on": day}
        cells["document"] = f"样例〔{self.ruleset.year}〕{1 if by == PROVINCE else 2}号"
        if grade != row["grade"]:
            cells["reason"] = "无组织管控达不到申报等级的要求"
        self.rows["province"].append(cells)

    def _events(self, outcomes: Mapping[object, str]) -> None:
        """What happened after the grades were fixed, one of every sort."""
        settled = [row for row in self.enterprises if row["filing"] != UNFILED and row["list_id"] not in outcomes]
        self.rng.shuffle(settled)
        movable = iter([row for row in settled if self._movable(row)])
        down = next((row for row in movable if self._next(row, 1)), None)
        up = [row for row in movable if self._next(row, -1)]
        high = next((row for row in up if self.ruleset.fixed_by_province(self._next(row, -1))), None)
        low = next((row for row in up if not self.ruleset.fixed_by_province(self._next(row, -1))), None)
        others = (row for row in settled if row not in (down, high, low))
        for row, (what, finding) in zip(others, self._plain_events(), strict=False):
            self._event(row, what, finding)
        if down:
            self._event(down, "监督检查", UNLIKE)
        for changed, step in ((down, 1), (high, -1), (low, -1)):
            if changed:
                self._change(changed, self._next(changed, step))
        self.rows["events"].sort(key=lambda event: str(event["happened_on"]))

    @staticmethod
    def _plain_events() -> Iterator[tuple[str, str]]:
        yield from (
            ("设备变更报备", SAME),
            ("治污设施变更报备", SAME),
            ("监督检查", SAME),
            ("公众举报", "不属实"),
            ("公众举报", "属实"),
            ("应急措施未落实", "处罚"),
            ("应急措施未落实", ""),
        )

    def _event(self, row: Cells, what: str, finding: str) -> None:
        day = self.city_due + dt.timedelta(self.rng.randint(20, 60))
        cells: Cells = {"list_id": row["list_id"], "what": what, "happened_on": day}
        cells["content"] = self._say(_words()["events"][what])
        if what == "应急措施未落实":
            cells["correct_by"] = day + dt.timedelta(7)
            cells["penalty"] = f"样例罚〔{self.ruleset.year}〕8号" if finding else "不予处罚：首次违法且当日改正"
            if finding:
                cells["published_on"] = day + dt.timedelta(20)
        else:
            cells |= {"checked_on": day + dt.timedelta(3), "checkers": self._people(), "finding": finding}
        self.rows["events"].append(cells)

    def _change(self, row: Cells, grade: str) -> None:
        approver = PROVINCE if self.ruleset.fixed_by_province(grade) else CITY
        day = self.city_due + dt.timedelta(self.rng.randint(70, 95))
        self.rows["events"].append(
            {
                "list_id": row["list_id"],
                "what": ADJUSTED,
                "happened_on": day,
                "content": _words()["events"][ADJUSTED],
                "old_grade": row["grade"],
                "new_grade": grade,
                "approved_by": approver,
                "changed_on": day,
                "reported_on": day + dt.timedelta(3),
            }
        )
