"""The workbook's own verdicts are Python's: on made-up rows, in the real template, judged by three engines."""

import datetime as dt
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml
from python_calamine import CalamineWorkbook

from tests.conftest import ENGINES, Engine
from tests.workbook_templates.formulas.oddities import COUNTY, ERROR, FEW_ROWS, ROWS, CaseMaker, GradingMaker, Maker
from validators.columns import KINDS, BookKind, letter, position_of
from validators.rule import WORKBOOK_SCOPES, all_rules, judge
from validators.ruleset import load
from workbook_templates.county.reader import read_county
from workbook_templates.county.template import write_county
from workbook_templates.formulas.plan import BROKEN_NUMBER, ECHOED, ONLY_IN_PYTHON, PARTLY, SIGNS, Formulas
from workbook_templates.xlsx.appearance import FIRST_ROW, LATER, MISSING, WRONG

pytestmark = pytest.mark.xdist_group("parity")  # the inventories are judged once
RULESET = load("2020")
DIFFERENCES: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("differences.yaml").read_text("utf-8"))
SEEDS = (7, 2026)
DAYS: dict[BookKind, dt.date] = {"inventory": dt.date(2020, 8, 20), "grading": dt.date(2020, 8, 21)}
"""填报日期; of the second when both deadlines of the procedure have passed."""
NUMBERS = count()
Verdict = tuple[str, int, str, str, str]
"""Key of the sheet, 1-based row, column letters, rule, severity."""
BROKEN_CODE = f"{WRONG}01{BROKEN_NUMBER}"
SEVERITIES = {sign: severity.name for severity, sign in SIGNS.items()} | {MISSING: "ERROR", LATER: "ERROR"}


def codes(path: Path, formulas: Formulas) -> set[Verdict]:
    """What the workbook says of its rows, as an engine worked it out."""
    found = set()
    book = CalamineWorkbook.from_path(path)
    for sheet in KINDS[formulas.kind].values():
        column = position_of(formulas.codes[sheet.key].partition("$")[2].rstrip("1"))
        rows = book.get_sheet_by_name(sheet.title).to_python(skip_empty_area=False)
        for number, row in enumerate(rows, 1):
            text = str(row[column]) if number >= FIRST_ROW and column < len(row) else ""
            assert len(text) % 6 == 0 and BROKEN_CODE not in text, (sheet.key, number, text)
            for code in re.findall("......", text):
                rule = formulas.said[int(code[3:]) - 1][0]
                found.add((sheet.key, number, letter(int(code[1:3]) - 1), rule, SEVERITIES[code[0]]))
    return found


def python(path: Path, kind: BookKind) -> dict[Verdict, str]:
    """What Python says of the same rows, with its messages."""
    titles = {sheet.title: sheet.key for sheet in KINDS[kind].values()}
    found = {}
    for finding in judge(read_county(path)):
        if finding.rule not in ONLY_IN_PYTHON and finding.row and finding.cell and finding.sheet in titles:
            column = finding.cell.rstrip("0123456789")
            place = titles[finding.sheet], finding.row, column, finding.rule, finding.severity.name
            found[place] = finding.message
    return found


def with_errors(path: Path) -> None:
    """Turn the cells that hold `ERROR` into error values."""
    with zipfile.ZipFile(path) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    strings = re.findall(rb"<si>.*?</si>", parts["xl/sharedStrings.xml"], re.DOTALL)
    number = next((place for place, text in enumerate(strings) if b">%s<" % ERROR.encode() in text), None)
    if number is None:
        return
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in parts.items():
            package.writestr(name, data.replace(b't="s"><v>%d</v>' % number, b't="e"><v>#N/A</v>'))


class Judged:
    """One workbook, judged by Python and by an engine."""

    def __init__(self, made: Maker | CaseMaker, kind: BookKind, folder: Path, engine: Engine) -> None:
        self.made, self.kind = made, kind
        path = folder / f"{kind}{next(NUMBERS)}.xlsx"
        with path.open("wb") as file:
            write_county(
                file, county=COUNTY, ruleset=RULESET, round_="首报", revision=1, kind=kind, enterprises=1,
                rows=self.made.rows, officer={"filled_on": DAYS[kind]},
            )  # fmt: skip
        with_errors(path)
        saved = engine(path, folder)
        room = {key: max(20, len(rows)) for key, rows in self.made.rows.items()}
        said = codes(saved, Formulas(RULESET, COUNTY, room))
        self.echoed = {verdict for verdict in said if verdict[0] == "guarantee" and verdict[3] in ECHOED}
        self.workbook = said - self.echoed
        self.python = python(path, kind)  # LibreOffice saves an error value as a formula

    def typed(self, sheet: str, row: int) -> set[str]:
        """What was changed in a row, and in others with its 清单编号."""
        number = row - FIRST_ROW
        own = str(self.made.rows[sheet][number].get("list_id")).upper()
        return self.made.named.get((sheet, number), set()) | self._by_id.get(own, set())

    def differences(self) -> Iterator[tuple[Verdict, set[str], str]]:
        """Verdicts that only one of them has: what was typed there, and Python's message."""
        self._by_id: dict[str, set[str]] = {}
        for (sheet, number), names in self.made.named.items():
            own = str(self.made.rows[sheet][number].get("list_id")).upper()
            self._by_id.setdefault(own, set()).update(names)
        for verdict in sorted(self.workbook ^ self.python.keys()):
            yield verdict, self.typed(verdict[0], verdict[1]), self.python.get(verdict, "")


def explains(entry: dict[str, Any], verdict: Verdict, typed: set[str], message: str) -> bool:
    if verdict[3] not in entry["rules"]:
        return False
    return bool(typed & set(entry.get("typed", ()))) or ("says" in entry and entry["says"] in message)


@pytest.fixture(scope="module")
def judged(engines: Callable[[str], Engine], tmp_path_factory: pytest.TempPathFactory) -> list[Judged]:
    folder = tmp_path_factory.mktemp("parity")
    made: list[tuple[Maker, BookKind]] = [(Maker(seed, RULESET), "inventory") for seed in SEEDS]
    made.append((GradingMaker(SEEDS[0], RULESET), "grading"))
    return [Judged(*one, folder, engines("LibreOffice")) for one in made]


def unexplained(judged: list[Judged], used: Counter[str]) -> list[tuple[object, ...]]:
    """Differences that are not listed; counts those that are."""
    found: list[tuple[object, ...]] = []
    for one in judged:
        for verdict, typed, message in one.differences():
            entries = [entry["reason"] for entry in DIFFERENCES if explains(entry, verdict, typed, message)]
            used.update(entries)
            if not entries:
                side = "Python" if verdict in one.python else "工作簿"
                found.append((side, *verdict, sorted(typed), message))
    return found


def test_the_workbook_finds_what_python_finds_in_every_row(judged: list[Judged]) -> None:
    used = Counter[str]()
    assert unexplained(judged, used) == []
    assert [entry["reason"] for entry in DIFFERENCES if not used[entry["reason"]]] == []


@pytest.mark.parametrize("name", [name for name in ENGINES if name != "LibreOffice"])
def test_other_engines_find_the_same(name: str, engines: Callable[[str], Engine], tmp_path: Path) -> None:
    makers: list[tuple[Maker, BookKind]] = [
        (Maker(SEEDS[1], RULESET, FEW_ROWS), "inventory"),
        (GradingMaker(SEEDS[0], RULESET, FEW_ROWS), "grading"),
    ]
    judged = [Judged(*one, tmp_path, engines(name)) for one in makers]
    assert unexplained(judged, Counter()) == []
    assert min(len(one.workbook) for one in judged) > FEW_ROWS


@pytest.mark.parametrize("name", ENGINES)
def test_every_rules_cases_are_judged_alike(name: str, engines: Callable[[str], Engine], tmp_path: Path) -> None:
    judged = [
        Judged(CaseMaker(kind, found), kind, tmp_path, engines(name))
        for found in ((True, False) if name == "LibreOffice" else (True,))
        for kind in DAYS
    ]
    left = {"JB02"} if name == "Gnumeric" else set()  # it takes （ for ( where it compares texts
    assert [one for one in unexplained(judged, Counter()) if not {one[4]} & left] == []
    assert all(one.workbook for one in judged)


def test_every_rule_of_both_is_found_by_both(judged: list[Judged]) -> None:
    """Each was asked of 600 made-up rows at least, and found something in some of them."""
    translated = {rule.id for rule in all_rules().values() if rule.scope in WORKBOOK_SCOPES} - ONLY_IN_PYTHON.keys()
    assert all(len(rows) >= ROWS for one in judged if one.kind == "inventory" for rows in one.made.rows.values())
    found = Counter(verdict[3] for one in judged for verdict in one.workbook & one.python.keys())
    assert translated - found.keys() == set()


def test_a_guaranteed_enterprise_below_its_grade_is_flagged_in_both_sheets(judged: list[Judged]) -> None:
    for one in judged[: len(SEEDS)]:
        enterprises, guarantees = one.made.rows["enterprises"], one.made.rows["guarantee"]
        below: dict[object, set[str]] = {}
        for sheet, row, _, rule, _ in one.workbook:
            if sheet == "enterprises" and rule in ECHOED:
                below.setdefault(enterprises[row - FIRST_ROW]["list_id"], set()).add(rule)
        wanted = {
            ("guarantee", FIRST_ROW + number, "B", rule, "ERROR")
            for number, row in enumerate(guarantees)
            for rule in below.get(row["list_id"], ())
        }
        assert wanted
        assert wanted <= one.echoed  # a number in full-width digits finds its enterprise too


def test_rules_are_in_the_workbook_or_it_is_said_why_not() -> None:
    wanted = {rule.id for rule in all_rules().values() if rule.scope in ("cell", "row")}
    named = {"GS08", "GS09", "JB02", "PJ03", "BZ01", "BZ02", "BZ03", "BZ04", "CS11", "JP03"}
    assert not (wanted | named) & ONLY_IN_PYTHON.keys()
    assert all(reason for reason in {**ONLY_IN_PYTHON, **PARTLY}.values())
    assert {*ONLY_IN_PYTHON, *PARTLY} <= {rule.id for rule in all_rules().values() if rule.scope in WORKBOOK_SCOPES}
    assert not ONLY_IN_PYTHON.keys() & PARTLY.keys()
