"""A newcomer fills ten enterprises by the manual, with keys: `python -m tests.newcomer`; takes some minutes.

The rows are a sample's. What is ASCII is typed key by key; Chinese is entered as an input method would, at once. What
the workbook offers is left as it is, what stands in the cell above is copied with Ctrl+D. Keystrokes are counted: one for
each character, Chinese ones too, and one to leave the cell.
It ends well when every row shows ✓ (or only a reminder) and the cover says that the workbook can be handed in.
"""

import datetime as dt
from collections.abc import Container, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

from tests.addin.live.screen import keys, write
from tests.typist import Typist, typist, wait_for
from validators import ruleset
from validators.columns import BOOK_FIELDS, COVER_TITLE, LETTERS, OFFICERS, SHEETS
from validators.meanings import Value
from workbook_templates.county.template import write_county
from workbook_templates.formulas.default_formulas import OFFERED
from workbook_templates.samples.sample_inventory import make_officer, make_rows
from workbook_templates.xlsx.appearance import FIRST_ROW

COUNTY, RULES, ENTERPRISES, SEED = "371502", ruleset.load("2020"), 10, 3


def text(value: Value) -> str:
    """A value as an officer writes it."""
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def enter(desk: Typist, title: str, address: str, value: Value, above: Value = None) -> int:
    """Into one cell; what stands there afterwards must not be blank. Returns how many keys that takes."""
    desk.go(title, address)
    own = text(value)
    if value == above:
        keys("ctrl+d")
    elif own.isascii():
        write(own)
        keys("Return")
    else:
        desk.do("EnterString", StringName=own)
    wait_for(lambda: desk.text(title, address), (title, address, own))
    return 2 if value == above else len(own) + 1


BEFORE = [key for key in OFFERED if key[1] in ("serial", "baseline_daily") or key[1].endswith("_cut")]
"""What the workbook offered before issue 13."""


def pressed(sheet: str, offered: Container[tuple[str, str]]) -> float:
    """Keys for a row of a sheet, on average, where the workbook offers what these columns hold."""
    rows = make_rows(COUNTY, ENTERPRISES, SEED, RULES)
    roots = {
        one["list_id"]: SimpleNamespace(**dict.fromkeys(LETTERS["enterprises"]) | one) for one in rows["enterprises"]
    }
    found = 0
    above: Mapping[str, Value] = {}
    for number, row in enumerate(rows[sheet], FIRST_ROW):
        for field, value in row.items():
            own = OFFERED.get((sheet, field)) if (sheet, field) in offered else None
            shown = own and own.value({**row, "row": number}, RULES.submitting[COUNTY], roots.get(row["list_id"]))
            if value not in (None, "") and shown != value:
                found += 2 if value == above.get(field) else len(text(value)) + 1
        above = row
    return found / len(rows[sheet])


def main() -> None:
    """Fill, and say what the workbook says."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "newcomer.xlsx")
        with path.open("wb") as file:
            write_county(file, county=COUNTY, ruleset=RULES, round_="首报", revision=1, enterprises=20)
        with typist(path) as desk:
            fill(desk)


def fill(desk: Typist) -> None:
    """Everything, in the order of the cover."""
    officer = make_officer(COUNTY, SEED, RULES)
    names = desk.book.NamedRanges
    for field in OFFICERS:
        place = names.getByName(BOOK_FIELDS[field]).Content.rpartition(".")[2].replace("$", "")
        enter(desk, COVER_TITLE, place, officer[field])
    rows = make_rows(COUNTY, ENTERPRISES, SEED, RULES)
    county = RULES.submitting[COUNTY]
    roots = {
        one["list_id"]: SimpleNamespace(**dict.fromkeys(LETTERS["enterprises"]) | one) for one in rows["enterprises"]
    }
    keys_pressed = all_typed = 0
    for key, own in rows.items():
        title = SHEETS[key].title
        above: Mapping[str, Value] = {}
        for number, row in enumerate(own, FIRST_ROW):
            for field, value in row.items():
                if value in (None, ""):
                    continue
                all_typed += len(text(value)) + 1
                offered = OFFERED.get((key, field))
                if not offered or offered.value({**row, "row": number}, county, roots.get(row["list_id"])) != value:
                    keys_pressed += enter(desk, title, f"{LETTERS[key][field]}{number}", value, above.get(field))
            above = row
        print(title, len(own), [desk.text(title, f"A{FIRST_ROW + number}") for number in range(len(own))], flush=True)
    for key, own in rows.items():
        title = SHEETS[key].title
        said = [desk.text(title, f"A{FIRST_ROW + number}") for number in range(len(own))]
        print(title, len(own), {one: said.count(one) for one in said}, flush=True)
        assert not [one for one in said if one[:1] not in "✓！ⓘ"]
    print(f"{keys_pressed / ENTERPRISES:.0f} keys an enterprise, {all_typed / ENTERPRISES:.0f} if every cell is typed")
    for sheet in ("enterprises", "transport", "lines"):
        print(
            f"{SHEETS[sheet].title}: {pressed(sheet, OFFERED):.0f} keys a row, {pressed(sheet, BEFORE):.0f} before issue 13"
        )
    print(desk.shows(COVER_TITLE, "B13", "✓ 可以报送"))


if __name__ == "__main__":
    main()
