"""`qingdan grading draw`: the list of sites that the city visits, drawn so that anybody can draw it again."""

import datetime as dt
import re
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from addin.cli.arguments import files
from addin.cli.terminal import document, progress, say, unread
from addin.office.consolidation import inbox
from addin.problems import Stop, output
from addin.reading.gradings import read_gradings
from validators.grading_procedure import DRAWN, EACH
from validators.lottery import Draw, draw
from workbook_templates.lists.visit_list import write_visits

RATIO = "visit_ratio"
"""Threshold of the rule set, in percent."""


def draw_files(
    given: Sequence[str], *, out: str, ratio: str | None, seed: str | None, force: bool, as_json: bool
) -> int:
    """Draw, write the list and say what was drawn; returns the exit code."""
    paths = inbox(files(given))
    with progress("抽取") as step:
        books, wrong = read_gradings(paths, step)
        rules = books[0].ruleset
        if not any(by_city for _, by_city in rules.visits.values()):
            raise Stop(
                f"规则集 {rules.id} 没有录入各等级怎样现场核查，不能抽取。请先用 qingdan ruleset edit 录入《绩效等级》的“现场核查”。"
            )
        text = rules.thresholds.get(RATIO, "") if ratio is None else ratio
        source = "命令指定" if ratio is not None else f"规则集 {rules.id}，{_verified(rules.tables['thresholds'])}"
        try:
            made = draw(books, ratio=_percent(text), seed=seed or str(rules.year))
        except ValueError as error:
            raise Stop(str(error)) from error
        with output(Path(out), force=force, inputs=paths) as file:
            write_visits(file, made, rules, source, dt.date(rules.year, 1, 1))
    open_ = [one for one in made.left_out if not one[1].list_id or not one[1].applied_grade]
    if as_json:
        document({**_json(made), "out": out, "errors": wrong})
    else:
        for book, one, why in made.left_out:
            say(
                f"{'✗' if (book, one, why) in open_ else 'ⓘ'} {book.county_name}《申报》第 {one.row} 行{f' {one.list_id}' if one.list_id else ''}：{why}，没有列入。"
            )
        each = len(made.visits) - made.quota
        say(f"逐个核查 {each} 个；按 {float(made.ratio):g}%（{source}）从 {made.population} 个里抽中 {made.quota} 个。")
        say(f"种子“{made.seed}”，名单的 SHA-256 {made.list_sha256}。已写出 {out}。")
    return unread(wrong, 1 if open_ else 0)


def _verified(thresholds: Sequence[dict[str, str]]) -> str:
    known = any(row["name"] == RATIO and row["verified"] == "yes" for row in thresholds)
    return "已核实" if known else "待核实：文件没有写比例"


def _percent(text: str) -> Fraction:
    """A percentage over 0 up to 100, exactly as it is written. Raises `Stop`."""
    if re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,6})?", text, re.ASCII) and 0 < (found := Fraction(text)) <= 100:
        return found
    raise Stop(
        f"抽查比例“{text}”不对（不写 --ratio 的，取自规则集），应为大于 0、不超过 100 的数，不写百分号，例如 20。"
    )


def _json(made: Draw) -> dict[str, object]:
    return {
        "seed": made.seed,
        "ratio": float(made.ratio),
        "list_sha256": made.list_sha256,
        "population": made.population,
        "quota": made.quota,
        "start": made.start,
        "each": [site.application.list_id for site in made.visits if site.how == EACH],
        "drawn": [site.application.list_id for site in made.visits if site.how == DRAWN],
        "left_out": [
            {"county": book.county, "row": one.row, "key": one.list_id, "why": why} for book, one, why in made.left_out
        ],
    }
