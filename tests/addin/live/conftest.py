"""A filled workbook."""

import io
from pathlib import Path

import pytest

from tests.inventory import COUNTY
from validators import ruleset
from workbook_templates.sample import make_officer, make_rows
from workbook_templates.template import write_county


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A county workbook of 25 enterprises, as the template makes it."""
    rules = ruleset.load("2020")
    buffer = io.BytesIO()
    write_county(
        buffer, county=COUNTY, ruleset=rules, round_="首报", revision=1, enterprises=25,
        rows=make_rows(COUNTY, 25, 3, rules), officer=make_officer(COUNTY, 3, rules),
    )  # fmt: skip
    path = tmp_path_factory.mktemp("live") / "东昌府区.xlsx"
    path.write_bytes(buffer.getvalue())
    return path
