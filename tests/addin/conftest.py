"""What the tests of the command line share: a filled workbook, and running a command in this process."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from addin.cli import main
from validators import ruleset
from workbook_templates.sample import make_officer, make_rows
from workbook_templates.template import write_county

COUNTY = "371502"
RULES = ruleset.load("2020")


class Ran(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: object) -> Ran:
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return Ran(code, captured.out, captured.err)

    return run


def fill(path: Path, county: str = COUNTY, enterprises: int = 4, **changes: object) -> Path:
    """A made-up workbook; `changes` are keywords of `write_county`."""
    given: dict[str, Any] = {
        "round_": "首报",
        "revision": 1,
        "enterprises": enterprises,
        "rows": make_rows(county, enterprises, 1, RULES),
        "officer": make_officer(county, 1, RULES),
    }
    with path.open("wb") as file:
        write_county(file, county=county, ruleset=RULES, **{**given, **changes})
    return path


@pytest.fixture(scope="session")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook without errors; read it, never write to it."""
    return fill(tmp_path_factory.mktemp("county") / "东昌府区.xlsx")
