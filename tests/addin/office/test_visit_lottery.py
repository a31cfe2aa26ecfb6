"""The draw: nobody of the high grades is missing, the quota is exact, order does not matter, and it can be redone by hand."""

import json
import math
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from addin.office.auditing import audit_one
from tests.addin.conftest import COUNTY, RULES, Run
from tests.inventory import make_book, write_file
from validators.book import Book
from validators.expr import Record
from validators.lottery import Draw, draw
from workbook_templates.lists.visit_list import LEFT_OUT, LIST, LIST_HEADS, PROCESS, QUEUE_HEADS

COUNTIES = ("371502", "371503", "371521")
EACH, BY_RATIO = ("A", "引领性"), ("B", "B-")
TWENTY = Fraction(20)


@cache
def base() -> Book:
    return make_book({"applications": [{}], "county": []})


Given = tuple[str, str, str]
"""County, industry and grade applied for."""
SITES = st.lists(
    st.tuples(st.sampled_from(COUNTIES), st.sampled_from(["水泥", "制药", "玻璃"]), st.sampled_from([*EACH, *BY_RATIO, "C", "D"])),
    max_size=60,
)  # fmt: skip
RATIOS = st.fractions(min_value=Fraction(1, 2), max_value=100, max_denominator=100)


def books_of(sites: list[Given]) -> list[Book]:
    own: dict[str, list[Record]] = {}
    for number, (county, industry, grade) in enumerate(sites, 1):
        made = (
            base()
            .tables["applications"][0]
            ._replace(list_id=f"{county}-G-{number:04d}", industry=industry, applied_grade=grade, row=number)
        )
        own.setdefault(county, []).append(made)
    return [
        replace(
            base(), county=county, file=f"{county}.xlsx", tables={**base().tables, "applications": rows}, _indexes={}
        )
        for county, rows in own.items()
    ]


def ids(made: Draw) -> list[str]:
    return [site.application.list_id for site in made.visits]


@given(SITES, RATIOS, st.text(max_size=8))
@settings(max_examples=200, deadline=None)
def test_the_high_grades_are_all_visited_and_the_quota_of_the_others_is_exact(
    sites: list[Given], ratio: Fraction, seed: str
) -> None:
    made = draw(books_of(sites), ratio=ratio, seed=seed)
    by_id = {f"{site[0]}-G-{number:04d}": site for number, site in enumerate(sites, 1)}
    visited = {id_: by_id[id_] for id_ in ids(made)}
    assert len(visited) == len(made.visits), "nobody is visited twice"
    assert {id_ for id_, site in by_id.items() if site[2] in EACH} == {
        id_ for id_, site in visited.items() if site[2] in EACH
    }
    queue = [site for site in by_id.values() if site[2] in BY_RATIO]
    drawn = [site for site in visited.values() if site[2] in BY_RATIO]
    quota = math.ceil(len(queue) * ratio / 100)
    assert len(drawn) == made.quota == quota and len(visited) == len(drawn) + sum(
        site[2] in EACH for site in by_id.values()
    )
    for part in (slice(0, 1), slice(0, 2)):  # counties, and industries of a county
        whole, own = Counter(site[part] for site in queue), Counter(site[part] for site in drawn)
        for stratum, number in whole.items():
            assert abs(own[stratum] - Fraction(number * quota, len(queue))) < 1


@given(SITES, st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_the_order_of_files_and_rows_does_not_matter(sites: list[Given], random: Any) -> None:
    books = books_of(sites)
    first = draw(books, ratio=TWENTY, seed="2020")
    for book in books:
        random.shuffle(book.tables["applications"])
    random.shuffle(books)
    again = draw(books, ratio=TWENTY, seed="2020")
    assert ids(again) == ids(first) and again.list_sha256 == first.list_sha256
    assert [(site.number, site.rest, site.how) for site in again.sites] == [
        (site.number, site.rest, site.how) for site in first.sites
    ]


def test_every_site_has_the_same_chance_whatever_stratum_it_is_alone_in() -> None:
    sites = [("371502", "水泥", "B")] * 9 + [("371503", "制药", "B-")]
    seen = Counter(id_ for seed in range(2000) for id_ in ids(draw(books_of(sites), ratio=TWENTY, seed=str(seed))))
    assert len(seen) == 10 and sum(seen.values()) == 4000
    assert all(320 < number < 480 for number in seen.values()), seen  # 400 each, give or take 4.5 standard deviations


def test_another_seed_or_another_list_is_another_draw() -> None:
    sites = [(COUNTY, "水泥", "B")] * 40
    made = draw(books_of(sites), ratio=TWENTY, seed="甲")
    assert ids(draw(books_of(sites), ratio=TWENTY, seed="乙")) != ids(made)
    longer = draw(books_of([*sites, (COUNTY, "水泥", "A")]), ratio=TWENTY, seed="甲")
    assert longer.list_sha256 != made.list_sha256


def write(path: Path, code: str, **rows: Any) -> Path:
    return write_file(path, rows, county=code)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two counties; among them an application that was not filed, one refused, one with fraud and one without a grade."""
    made = tmp_path / "绩效分级"
    made.mkdir()
    industries = ("水泥", "制药", "玻璃")
    for county in ("371502", "371503"):
        rows = [{"applied_grade": grade, "name": f"+企业{number}", "industry": industries[number % 3],
                 "subtype": "熟料" if number % 3 == 0 else None}
                for number, grade in enumerate([*["B"] * 12, "A", "A", "B-", "C", "D"])]  # fmt: skip
        rows += [{"filing": "未申报", "applied_grade": None}, {"applied_grade": "A"}, {"fraud": "主动行贿"}]
        if county == "371503":
            rows.append({"applied_grade": None})
        review = {"list_id": f"{county}-G-0019", "result": "不同意", "grade": "C"}
        write(made / f"{county}.xlsx", county, applications=rows, county=[review])
    return made


def test_it_can_be_redone_by_hand_from_what_is_printed(run: Run, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "名单.xlsx"
    code, said, _ = run("draw", folder, "--out", out, "--ratio", "25", "--seed", "开奖号码 07 12", "--json")
    found = json.loads(said)
    assert code == 1 and [one["row"] for one in found["left_out"] if "没有清单编号或申报等级" in one["why"]] != []
    assert sorted(one["why"][:4] for one in found["left_out"]) == [
        "主动行贿",
        "主动行贿",
        "县级初审",
        "县级初审",
        "没有清单",
    ]
    book = openpyxl.load_workbook(out)
    assert book.sheetnames == [LIST, PROCESS, LEFT_OUT]
    lines = list(book[PROCESS].values)
    at = next(number for number, line in enumerate(lines) if line[0] == QUEUE_HEADS[0][0])
    facts = dict(str(line[0]).split("：", 1) for line in lines[:at] if "：" in str(line[0]))
    queue = [dict(zip([head for head, _ in QUEUE_HEADS], line, strict=True)) for line in lines[at + 1 :]]
    heads = [head for head, _ in LIST_HEADS]
    listed = [dict(zip(heads, line, strict=True)) for line in book[LIST].iter_rows(min_row=4, values_only=True)]

    every = {(row["清单编号"], row["申报等级"], row["重点行业"]) for row in [*queue, *listed]}
    digest = sha256("\n".join(",".join(one) for one in sorted(every)).encode()).hexdigest()
    assert digest == facts["名单的 SHA-256"] == found["list_sha256"]
    seed, population = facts["种子"], len(queue)
    quota = math.ceil(population * 25 / 100)
    start = int(sha256(f"{seed}|{digest}".encode()).hexdigest(), 16) % population
    assert f"N＝{population}，K＝{quota}，T＝{start}" in [line[0] for line in lines[:at]]
    order = sorted(
        queue,
        key=lambda row: (row["区划代码"], row["重点行业"], sha256(f"{seed}|{row['清单编号']}".encode()).hexdigest()),
    )
    assert order == queue
    for number, row in enumerate(order):
        rest = (number * quota + start) % population
        assert (row["队列号"], row["余数"], row["结果"]) == (number, rest, "抽中" if rest < quota else "未抽中")
    assert {row["清单编号"] for row in listed if row["核查方式"] == "抽中"} == {
        row["清单编号"] for row in queue if row["结果"] == "抽中"
    }
    assert sum(row["核查方式"] == "逐个核查" for row in listed) == 4
    assert population == 26 and [row["序号"] for row in listed] == list(range(1, len(listed) + 1))


def test_the_list_is_printed_on_a4_with_room_to_write_and_holds_values_only(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "名单.xlsx"
    assert run("draw", folder, "--out", out).code == 1
    sheet = openpyxl.load_workbook(out)[LIST]
    assert (sheet.page_setup.orientation, str(sheet.page_setup.paperSize)) == ("landscape", "9")
    assert sheet.page_setup.fitToHeight == 0 and sheet.print_title_rows == "$3:$3"
    names = [row[3] for row in sheet.iter_rows(min_row=4)]
    assert all(cell.data_type == "s" and cell.value.startswith("+企业") for cell in names)
    assert all(row[place].value is None for row in sheet.iter_rows(min_row=4) for place in (9, 10, 11))
    results = {check["id"]: check["result"] for check in audit_one(out)["checks"]}
    assert results["AU01"] == results["AU03"] == "通过"


def test_the_ratio_is_data_and_said_to_be_unverified(run: Run, folder: Path, tmp_path: Path) -> None:
    code, out, _ = run("draw", folder, "--out", tmp_path / "名单.xlsx")
    number = RULES.number("visit_ratio")
    assert code == 1 and f"按 {number:g}%（规则集 2020，待核实：文件没有写比例）" in out
    first = (tmp_path / "名单.xlsx").read_bytes()
    assert run("draw", *sorted(folder.iterdir(), reverse=True), "--out", tmp_path / "名单.xlsx", "--force").code == 1
    assert (tmp_path / "名单.xlsx").read_bytes() == first, "the same seed and list, the same file"


@pytest.mark.parametrize("ratio", ["0", "101", "20%", "二十", "-1", "1e1", ""])
def test_a_ratio_that_is_none_is_refused(run: Run, folder: Path, tmp_path: Path, ratio: str) -> None:
    code, _, err = run("draw", folder, "--out", tmp_path / "名单.xlsx", "--ratio", ratio)
    assert code == 2 and "抽查比例" in err and not (tmp_path / "名单.xlsx").exists()


def test_what_cannot_be_drawn_from(run: Run, county: Path, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "名单.xlsx"
    code, _, err = run("draw", county, "--out", out)
    assert code == 2 and "不是重点行业绩效分级申报审核表" in err
    twice = [{"list_id": f"{COUNTY}-G-0001"}, {"list_id": f"{COUNTY}-G-0001"}]
    double = write(tmp_path / "重复.xlsx", COUNTY, applications=twice)
    code, _, err = run("draw", double, "--out", out)
    assert code == 2 and "有两行" in err
    out.write_text("原来的")
    code, _, err = run("draw", folder, "--out", out)
    assert code == 2 and "--force" in err and out.read_text() == "原来的"
    own = next(folder.iterdir())
    before = own.read_bytes()
    assert run("draw", folder, "--out", own, "--force").code == 2 and own.read_bytes() == before
    none = write(tmp_path / "没有.xlsx", COUNTY, applications=[{"applied_grade": "C"}])
    code, said, _ = run("draw", none, "--out", tmp_path / "空.xlsx", "--json")
    assert code == 0 and json.loads(said)["population"] == 0
