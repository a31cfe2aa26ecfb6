"""The bench runs on the house as it is, and the nation's SQL finds what our rules find."""

import csv
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.nation import both
from bench.run import goals
from tests.inventory import make_book
from validators.settlement import Handed, sort_out

ROOT = Path(__file__).parents[1]


def test_every_module_of_the_bench_can_be_imported() -> None:
    """In a process of its own, for one of them changes the rule set; `fuzz` needs atheris, which the project has not."""
    names = sorted({path.stem for path in (ROOT / "bench").glob("*.py")} - {"fuzz", "__init__"})
    assert len(names) > 10
    subprocess.run(
        [sys.executable, "-c", f"import {', '.join(f'bench.{name}' for name in names)}"], cwd=ROOT, check=True
    )


def test_the_page_says_of_each_goal_whether_it_was_reached_and_if_not_why() -> None:
    with (ROOT / "bench" / "goals.csv").open(encoding="utf-8", newline="") as file:
        declared = list(csv.DictReader(file))
    reached = {one["key"]: float(one["goal"]) for one in declared}
    assert "✗" not in goals(reached)
    missed = [one for one in declared if one["reason"]]
    assert missed
    for one in missed:
        short = reached[one["key"]] * (1.01 if one["bound"] == "most" else 0.99)
        assert f"✗ {one['reason']}" in goals({**reached, one["key"]: short})


def test_duckdb_finds_across_counties_what_our_rules_find() -> None:
    def rows(code: str, name: str, **own: Any) -> dict[str, list[dict[str, Any]]]:
        first = {"list_id": f"{code}-G-0001"}
        return {
            "enterprises": [{"district": name, "guaranteed": "是"}, {"district": name, "site": f"{name}二厂", **own}],
            "lines": [first, {"list_id": f"{code}-G-0002"}],
            "transport": [first, {"list_id": f"{code}-G-0002"}],
            "dust": [{"district": name}],
            "mobile": [{"district": name}],
            "guarantee": [{**first, "line_ids": f"{code}-G-0001-L01"}],
        }

    books = [
        make_book(rows("371502", "东昌府区"), county="371502"),
        make_book(rows("371503", "茌平区", site="茌平厂"), county="371503"),
    ]
    for book, name in zip(books, ("东昌府区.xlsx", "茌平区.xlsx"), strict=True):
        book.file = name
    found = both(sort_out([Handed(book.file, book) for book in books]))
    assert all(ours for _, ours in found.values())
    for theirs, ours in found.values():
        assert theirs == ours
