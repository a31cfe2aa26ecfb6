"""Names of files as county offices give them: wide blanks, wide brackets, the blank of a web page."""

import json
from pathlib import Path

import pytest

from addin.reading.file_names import is_hidden, unfit
from tests.addin.conftest import Run
from tests.inventory import write_file
from validators.text import is_shown

NAME = "东昌府区　（二稿）［定］\u00a0终.xlsx"


def test_a_file_of_any_name_goes_all_the_way(tmp_path: Path, run: Run) -> None:
    folder = tmp_path / "收件箱　［2020］"
    folder.mkdir()
    write_file(folder / NAME, {"enterprises": [{"grade": "Z"}]})
    for ran in (run("check", folder / NAME), run("consolidate", folder, "--out", tmp_path / "全　市.xlsx")):
        assert ran.code == 1 and "�" not in ran.out
    assert NAME in ran.out and "全　市.xlsx" in ran.out
    found = json.loads(run("return", folder, "--out", tmp_path / "退　回", "--json").out)
    assert [one["file"] for one in found["returned"]] == [NAME]


@pytest.mark.parametrize("name", [NAME, "～终稿.xlsx", "~莘县.xlsx", "全　市.xlsx"])
def test_names_that_are_read_may_be_given_too(name: str) -> None:
    assert not is_hidden(name) and unfit(name) == "" and is_shown(name)


@pytest.mark.parametrize(
    "name", [".藏.xlsx", "~$锁.xlsx", "~lock.a#", "a\u202eb.xlsx", "a\nb", "CON.xlsx", "a?.xlsx", "　", "长" * 80]
)
def test_names_that_are_not_given(name: str) -> None:
    assert unfit(name)
