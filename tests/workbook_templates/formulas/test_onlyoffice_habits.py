"""What officers do in ONLYOFFICE: the workbook then says what `check` says, and what it saves is right elsewhere, too."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from tests.conftest import ONLYOFFICE, Engine, need_onlyoffice
from tests.workbook_templates.formulas.habits import BOARD, LOOKED_AT, Said, disagreements, seen
from validators import ruleset
from validators.columns import COVER_TITLE, INVENTORY, LETTERS, SHEETS
from validators.findings import Finding
from validators.rule import judge
from workbook_templates.county import template
from workbook_templates.county.reader import read_county
from workbook_templates.formulas import plan
from workbook_templates.samples.sample_inventory import make_officer, make_rows
from workbook_templates.xlsx.appearance import FIRST_ROW, HEADER_ROW

pytestmark = pytest.mark.xdist_group("onlyoffice")  # one engine for all of it
COUNTY, FILLED, SPARE = "371502", 4, 8
E, L = (SHEETS[key].title for key in ("enterprises", "lines"))
RULES = ruleset.load("2020")
ROWS = make_rows(COUNTY, FILLED, 1, RULES)
LAST = {E: [*LETTERS["enterprises"].values()][-1], L: [*LETTERS["lines"].values()][-1]}
END = {E: HEADER_ROW + FILLED, L: HEADER_ROW + len(ROWS["lines"])}
"""The last row that something stands in."""
FIRST, SECOND = FIRST_ROW, FIRST_ROW + 1


def cells(title: str, address: str) -> str:
    return f"Api.GetSheet({json.dumps(title)}).GetRange({json.dumps(address)})"


def whole(title: str, row: int, last: int = 0) -> str:
    return cells(title, f"{row}:{last or row}")


def put(title: str, address: str, text: str) -> str:
    return f"{cells(title, address)}.SetValue({json.dumps(text)})"


def copy(title: str, there: str, here: str) -> str:
    """Copy everything; pasting only values does nothing in this engine without its window."""
    return f"{cells(title, there)}.Copy({cells(title, here)})"


def at_a_row(title: str, row: int) -> dict[str, list[str]]:
    """Done where ranges begin and end, too."""
    other = SECOND if row == FIRST else FIRST
    insert = f"{whole(title, row)}.Insert('down')"
    moved = other + 1 if other > row else other
    return {
        "insert and type": [insert, put(title, f"G{row}", "某厂")],
        "insert and copy a row": [insert, copy(title, f"{moved}:{moved}", f"{row}:{row}")],
        "delete": [f"{whole(title, row)}.Delete('up')"],
        "copy a row": [copy(title, f"{other}:{other}", f"{row}:{row}")],
        "cut a row": [f"{whole(title, row)}.Cut({whole(title, END[title] + 3)})"],
        "type over 校验": [put(title, f"A{row}", "✓"), put(title, f"E{row}", "")],
    }


def at_a_sheet(title: str) -> dict[str, list[str]]:
    last, end = LAST[title], END[title]
    rows = f"A{FIRST}:{last}{end}"
    return {
        "cut half a row": [f"{cells(title, f'D{FIRST}:K{FIRST}')}.Cut({cells(title, f'D{SECOND}:K{SECOND}')})"],
        "delete cells": [f"{cells(title, f'B{FIRST}:D{FIRST}')}.Delete('up')"],
        "push a row aside": [f"{cells(title, f'B{FIRST}:{last}{FIRST}')}.Insert('right')"],
        "fill down": [f"{cells(title, f'A{FIRST}:{last}{end + 4}')}.FillDown()"],
        "sort": [
            f"{cells(title, rows)}.SetSort({cells(title, f'D{FIRST}:D{end}')}, 'xlDescending', null, null, null, null, 'xlNo')"
        ],
        "delete all rows": [f"{whole(title, FIRST, end)}.Delete('up')"],
        "delete a column": [f"{cells(title, 'D:D')}.Delete('left')"],
        "cut a head": [f"{cells(title, f'{last}4')}.Cut({cells(title, f'{last}3')})"],
        "write a formula": [put(title, f"{last}{FIRST}", '="无"&"事"')],
    }


TYPED = ((L, "Z6", "50%"), (E, "AF6", "=300+1"), (E, "X6", "20.8.1"), (E, "P6", "0810"))
BATTERY = [
    *(pytest.param(steps, id=f"{name}-first") for name, steps in at_a_row(E, FIRST).items()),
    pytest.param(at_a_row(E, END[E])["insert and type"], id="insert and type-last"),
    pytest.param(at_a_row(L, END[L] + SPARE + 3)["insert and copy a row"], id="insert and copy a row-beyond"),
    *(pytest.param(steps, id=name) for name, steps in at_a_sheet(E).items()),
    *(pytest.param([put(*one)], id="-".join(one)) for one in TYPED),
]


class Office:
    """ONLYOFFICE's engine with one workbook open, which each thing is tried on as it was."""

    def __init__(self, folder: Path) -> None:
        self._saved = folder / "存.xlsx"
        path = folder / "填报表.xlsx"
        with pytest.MonkeyPatch.context() as patch, path.open("wb") as file:
            patch.setattr(template, "LEAST_ROOM", SPARE)
            patch.setattr(plan, "BEYOND", 100)
            template.write_county(
                file, county=COUNTY, ruleset=RULES, round_="首报", revision=1, enterprises=FILLED, rows=ROWS,
                officer=make_officer(COUNTY, 1, RULES),
            )  # fmt: skip
        script = Path(__file__).parents[2] / "onlyoffice_desk.py"
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            [ONLYOFFICE, script, path], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
        )
        self._answer()

    def _answer(self) -> str:
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, "ONLYOFFICE ended"
        return line

    def after(self, steps: list[str]) -> Path:
        """The workbook as it is saved after these steps."""
        assert self._process.stdin
        self._saved.unlink(missing_ok=True)
        self._process.stdin.write(json.dumps([steps, str(self._saved)]) + "\n")
        self._process.stdin.flush()
        assert json.loads(self._answer()) == [[], 0]
        return self._saved

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    need_onlyoffice()
    one = Office(tmp_path_factory.mktemp("onlyoffice"))
    yield one
    one.close()


def shown(path: Path) -> Said:
    """What the saved file shows, as the engine worked it out."""
    book = CalamineWorkbook.from_path(path)

    def rows(title: str) -> list[list[object]]:
        return [list(row) for row in book.get_sheet_by_name(title).to_python(skip_empty_area=False)]

    cover = [row[1:3] for row in rows(COVER_TITLE)[: BOARD + len(INVENTORY)]]
    return seen(cover, lambda title: [row[0] for row in rows(title)[:LOOKED_AT]])


def checked(path: Path) -> list[Finding]:
    return judge(read_county(path))


def test_nothing_is_wrong_before(office: Office) -> None:
    path = office.after([])
    said = shown(path)
    assert said.go.startswith("✓")
    assert [*disagreements(said, checked(path))] == []


@pytest.mark.parametrize("steps", BATTERY)
def test_the_workbook_says_what_check_says(office: Office, steps: list[str]) -> None:
    path = office.after(steps)
    assert [*disagreements(shown(path), checked(path))] == []


def test_what_it_saves_is_the_same_in_libreoffice(
    office: Office, engines: Callable[[str], Engine], tmp_path: Path
) -> None:
    row = END[E] + 1
    path = office.after(
        [put(E, "X6", "2020-08-01"), put(E, f"E{row}", "某镇"), *at_a_row(E, FIRST)["insert and copy a row"]]
    )
    again = engines("LibreOffice")(path, tmp_path)
    assert shown(again) == shown(path)
    assert _told(again) == _told(path) != set()


def _told(path: Path) -> set[tuple[str, str | None, str | None, str]]:
    return {(one.rule, one.sheet, one.cell, one.message) for one in checked(path)}
