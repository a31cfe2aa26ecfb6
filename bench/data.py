"""Workbooks to measure with: a city's and a province's, filled with made-up plants, kept in `bench/data/`.

They are what `qingdan sample` writes: our template with its offered formulas and their cached values, so that a
reader that trusts cached values finds them. The same call gives the same files; they are made when missing.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

import openpyxl
from stdnum.cn import uscc

from addin.trial.other_tables import OLD_LIST
from validators import ruleset
from validators.columns import SHEETS
from validators.meanings import Value
from validators.ruleset import RuleSet
from validators.ruleset_tables import LawRow
from workbook_templates.county.template import write_county
from workbook_templates.samples.sample_inventory import make_officer, make_rows

DATA = Path(__file__).parent / "data"
YEAR = "2020"
CITY_ENTERPRISES = 9_900
COUNTY, COUNTY_ENTERPRISES = "371502", 900
PROVINCE_ENTERPRISES = 80_000
PROVINCE_COUNTIES = 140
Rows = Mapping[str, Sequence[Mapping[str, Value]]]


def city(enterprises: int = CITY_ENTERPRISES) -> Path:
    """Folder of the 11 counties' workbooks with that many enterprises in all, about four lines each."""
    codes = list(ruleset.load(YEAR).submitting)
    counts = [share(enterprises, len(codes), number) for number in range(len(codes))]
    return _made(f"city-{enterprises}", _city_county, codes, counts)


def province(enterprises: int = PROVINCE_ENTERPRISES) -> Path:
    """Folder of 140 made-up counties' workbooks; `bench.province` makes their divisions those of the rule set."""
    codes = list(_province_rules().submitting)
    counts = [share(enterprises, PROVINCE_COUNTIES, number) for number in range(len(codes))]
    return _made(f"province-{enterprises}", _province_county, codes, counts)


def _made(name: str, make: Callable[[Path, str, int, int], None], codes: Sequence[str], counts: Sequence[int]) -> Path:
    """The folder of that name in `DATA`, with the workbooks that it lacks made in as many processes as there are cores."""
    folder = DATA / name
    folder.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor() as processes:
        made = [
            processes.submit(make, folder, code, count, number)
            for number, (code, count) in enumerate(zip(codes, counts, strict=True))
        ]
        for one in made:
            one.result()
    return folder


def old_list(target: Path) -> int:
    """Write a flat list of another style with a row for each line of 900 enterprises; returns how many rows it has."""
    rows = make_rows(COUNTY, COUNTY_ENTERPRISES, 1, ruleset.load(YEAR))
    firms = {row["list_id"]: row for row in rows["enterprises"]}
    book = openpyxl.Workbook(write_only=True)
    page = book.create_sheet("减排清单")
    page.append([f"{head.above}_{head.text}" if head.above else head.text for head in OLD_LIST])
    for number, line in enumerate(rows["lines"], 1):
        own = {"lines": line, "enterprises": firms[line["list_id"]]}
        said = [(head, *head.means.split(".")) for head in OLD_LIST if head.means]
        page.append([number, *(head.written(own[sheet].get(field)) for head, sheet, field in said)])
    book.save(target)
    return len(rows["lines"])


def _city_county(folder: Path, code: str, count: int, number: int) -> None:
    rules = ruleset.load(YEAR)
    target = folder / f"{rules.submitting[code]}.xlsx"
    if not target.exists():
        _write(target, code, make_rows(code, count, number, rules), number, rules, code)


def _province_county(folder: Path, code: str, count: int, number: int) -> None:
    shipped, rules = ruleset.load(YEAR), _province_rules()
    target = folder / f"{rules.submitting[code]}.xlsx"
    if not target.exists():
        models = list(shipped.submitting)
        model = models[number % len(models)]
        rows = _moved(make_rows(model, count, 1000 + number, shipped), shipped, model, code, rules.submitting[code])
        _write(target, code, rows, number, rules, model)


@cache
def _province_rules() -> RuleSet:
    return RuleSet(YEAR, {**ruleset.load(YEAR).tables, "divisions": province_divisions()})


def share(whole: int, parts: int, number: int) -> int:
    """The share of part `number` when a whole is dealt out as evenly as can be."""
    return whole * (number + 1) // parts - whole * number // parts


def _write(target: Path, code: str, rows: Rows, seed: int, rules: RuleSet, model: str) -> None:
    officer = make_officer(model, seed, ruleset.load(YEAR))
    part = target.with_suffix(".part")
    with part.open("wb") as file:
        write_county(
            file, county=code, ruleset=rules, round_="首报", revision=1, enterprises=len(rows["enterprises"]),
            rows=rows, officer=officer,
        )  # fmt: skip
    part.replace(target)
    print(f"made {target.name}: {len(rows['enterprises'])} enterprises, {len(rows['lines'])} lines", flush=True)


def _moved(rows: Rows, shipped: RuleSet, model: str, code: str, name: str) -> dict[str, list[dict[str, Value]]]:
    """A county's rows as another county's: its code in every number, its name as 区县."""
    heads = {
        column.field for sheet in SHEETS.values() for column in sheet.columns if column.kind in ("id", "ref", "refs")
    }
    own = shipped.submitting[model]

    def moved(field: str, value: Value) -> Value:
        if not isinstance(value, str):
            return value
        if field in ("uscc", "permit_no"):
            number = value[:2] + code + value[8:17]
            return number + uscc.calc_check_digit(number) + value[18:]
        if field in heads:
            return value.replace(f"{model}-", f"{code}-")
        return name if value == own else value

    return {key: [{f: moved(f, v) for f, v in row.items()} for row in sheet] for key, sheet in rows.items()}


def province_divisions() -> list[LawRow]:
    """Rows of divisions.csv for the made-up counties."""
    return [
        {
            "code": f"38{n:04d}",
            "name": f"试算县{n:03d}",
            "submits": "yes",
            "alias_of": "",
            "verified": "no",
            "source": "虚构",
        }
        for n in range(1, PROVINCE_COUNTIES + 1)
    ]
