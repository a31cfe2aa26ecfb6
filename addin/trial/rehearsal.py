"""Fourteen files as they come in, for practice: eleven counties, one of them twice, one unreadable, one of another year.

What is in them: one county has planted faults, 阳谷县 reports a plant of 东昌府区 too, 临清市 filed late, and the
whole-society emissions that lie beside make one target fail.
"""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from shutil import copyfile

from addin.office.new_workbooks import ROUND
from addin.problems import output
from addin.reading.inbox import REFERENCES
from validators.columns import POLLUTANT_NAMES
from validators.ruleset import RuleSet
from validators.settlement import COUNTY_LIST_DUE
from workbook_templates.county.template import write_county
from workbook_templates.samples.sample_inventory import Cells, make_officer, make_rows

TWICE, CROSSING, LATE = "371502", "371521", "371581"
SIZE = 60
"""Enterprises of each county."""
_EMISSIONS = {"so2": 65.0, "nox": 210.0, "pm": 200.0, "vocs": 22.0}
"""Whole-society emissions in t/d that fit so many made-up enterprises, but for 颗粒物, whose target they fail."""


def make_inbox(
    folder: Path,
    rules: RuleSet,
    faulty: Mapping[str, list[Cells]],
    county: str,
    ready: Mapping[str, Path] | None = None,
    *,
    size: int = SIZE,
) -> list[Path]:
    """Write the files into a folder that is there; `faulty` are the rows of the county with the planted faults.

    The other counties have `size` enterprises each. `ready` are workbooks of counties that are at hand, of `SIZE` enterprises; they are copied where nothing has to differ.
    Returns the fourteen; what is compared with lies in a folder beside them.
    """
    made: list[Path] = []

    def write(name: str, code: str, rows: Mapping[str, list[Cells]], law: RuleSet = rules, revision: int = 1) -> None:
        officer = make_officer(code, 1, rules)
        if code == LATE:
            due = rules.deadline(ROUND, COUNTY_LIST_DUE)
            officer["filled_on"] = (due or dt.date(rules.year, 8, 21)) + dt.timedelta(4)
        with output(folder / name, force=True) as file:
            write_county(
                file,
                county=code,
                ruleset=law,
                round_=ROUND,
                revision=revision,
                rows=rows,
                enterprises=len(rows["enterprises"]),
                officer=officer,
            )
        made.append(folder / name)

    first = make_rows(TWICE, size, 1, rules)
    for seed, (code, name) in enumerate(rules.submitting.items(), 1):
        if ready and code not in (CROSSING, LATE):
            made.append(Path(copyfile(ready[code], folder / f"{name}.xlsx")))
            continue
        rows = make_rows(code, size, seed, rules)
        if code == CROSSING:
            for field in ("uscc", "name", "site", "permit_no"):
                rows["enterprises"][0][field] = first["enterprises"][0].get(field) or ""
        write(f"{name}.xlsx", code, faulty if code == county else rows)
    first["enterprises"][0]["remark"] = "第二版更正"
    write(f"{rules.submitting[TWICE]}（更正）.xlsx", TWICE, first, revision=2)
    before = RuleSet(str(rules.year - 1), rules.tables)
    write("去年的表.xlsx", CROSSING, make_rows(CROSSING, size, 1, rules), before)
    broken = folder / "打不开的表.xlsx"
    broken.write_bytes((folder / f"{rules.submitting[TWICE]}.xlsx").read_bytes()[:40_000])
    (folder / REFERENCES).mkdir(exist_ok=True)
    lines = [f"{POLLUTANT_NAMES[key]},{amount:g}" for key, amount in _EMISSIONS.items()]
    (folder / REFERENCES / "全社会排放.csv").write_text(
        "\n".join(["污染物,全社会排放量", *lines, ""]), encoding="utf-8"
    )
    return [*made, broken]
