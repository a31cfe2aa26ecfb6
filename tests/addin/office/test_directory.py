"""The public directory shows every graded site and no person, is inert whatever an officer typed, and can be used by all."""

import json
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from html import unescape
from importlib.resources import files
from io import BytesIO
from itertools import cycle
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page, expect

from addin.cli.app import main
from addin.office.auditing import audit_one
from tests.addin.conftest import COUNTY, RULES, Run, fill
from tests.addin.pane.test_looks import contrast
from tests.inventory import make_book, write_file
from validators.book import Book
from validators.columns import SHEETS
from validators.settlement import City, Handed, sort_out
from workbook_templates.city.city_workbook import write_city
from workbook_templates.lists.public_directory import PEOPLE, PUBLIC, PUBLIC_HEADS, WITHHELD, page, public_rows
from workbook_templates.samples.sample_inventory import make_rows
from workbook_templates.xlsx.writer import ListSheet, replacing, write_sheets

HEADS = [one.head for one in PUBLIC_HEADS]
HOSTILE = (
    "<script>alert(1)</script>", "</td></table><img src=http://127.0.0.1:9/x onerror=alert(1)>", "$title$rows",
    "=1+1", "+1", "-1", "@SUM(1)", "=HYPERLINK(\"http://127.0.0.1:9/\")", "&lt;b&gt; & \"'", "甲\u202e乙",
)  # fmt: skip


@cache
def inventory() -> Book:
    """Two graded sites of one firm, and one outside the key industries whose line is inside."""
    rows: dict[str, list[dict[str, Any]]] = {
        "enterprises": [{"site": "东厂"}, {"site": "西厂"}, {"industry": "非重点行业", "grade": "未评级"}],
        "lines": [{"list_id": f"{COUNTY}-G-000{number}"} for number in (1, 2, 3)],
        "dust": [{}],
        "mobile": [{}],
    }
    return make_book(rows)


@pytest.fixture
def book() -> Book:
    return inventory()


def city_of(book: Book) -> City:
    return sort_out([Handed(book.file, book)])


def texts(city: City, *registered: str) -> tuple[str, str]:
    """Everything that stands in the workbook (all parts, unpacked) and in the page."""
    rows, _ = public_rows(city, registered)
    made = BytesIO()
    write_sheets(made, [ListSheet(PUBLIC, PUBLIC_HEADS, rows)], city.filled_on)
    with zipfile.ZipFile(made) as package:
        parts = "".join(name + package.read(name).decode() for name in package.namelist())
    return unescape(parts), unescape(page(city, rows))


PERSON = st.text("龘靐齉爩鱻麤", min_size=2, max_size=4)
DIGITS = st.text("0123456789", min_size=7, max_size=8)
PHONE = st.one_of(
    st.builds(lambda head, rest: f"1{head}{rest}", st.sampled_from("3456789"), st.text("0123456789", min_size=9, max_size=9)),
    st.builds(lambda area, own: f"{area}-{own}", st.sampled_from(["0635", "010", "+86 635"]), DIGITS),
)  # fmt: skip
WRITTEN: tuple[Callable[[str], str], ...] = (
    str,
    lambda phone: phone.translate({ord(str(digit)): ord("０") + digit for digit in range(10)}),
    " ".join,
    "\u200b".join,
    lambda phone: f"{phone[:3]}-{phone[3:7]}－{phone[7:]}",
)
"""Ways in which a phone number is typed."""


SEVERAL = {"min_size": 3, "max_size": 5, "unique": True}


@given(
    st.lists(PERSON, **SEVERAL),
    st.lists(PHONE, **SEVERAL),
    st.sampled_from(WRITTEN),
    st.lists(
        st.tuples(st.sampled_from(["name", "site"]), st.sampled_from(["", "聊城"]), st.integers(0, 3)), min_size=3
    ),
)
@settings(max_examples=100, deadline=None)
def test_no_phone_and_no_person_reaches_either_file(
    persons: list[str],
    phones: list[str],
    write: Callable[[str], str],
    names: list[tuple[str, str, int]],
) -> None:
    """Planted in every cell that takes a text, and in the name or the site: there a phone, or one of the row's people."""
    book = inventory()  # no fixture: hypothesis would print all of it
    person, phone = cycle(persons), map(write, cycle(phones))
    people = {*PEOPLE, "keeper"}
    planted = replace(
        book, facts={**book.facts, "filled_by": next(person), "filled_phone": next(phone)}, tables={}, _indexes={}
    )
    for key, records in book.tables.items():
        free = [
            column
            for column in SHEETS[key].columns
            if column.kind in ("text", "phone") and column.required != "auto" and column.field not in ("name", "site")
        ]
        planted.tables[key] = [
            record._replace(
                **{
                    column.field: next(phone) if column.kind == "phone" else next(person) if column.field in people
                    else f"{next(person)}{next(phone)}"
                    for column in free
                }
            )
            for record in records
        ]  # fmt: skip
    for place, (record, (field, before, which)) in enumerate(zip(planted.tables["enterprises"], names, strict=False)):
        own = (record.contact, record.legal_person, record.supervisor, next(phone))[which]
        planted.tables["enterprises"][place] = record._replace(**{field: before + own})
    for text in texts(city_of(planted)):
        assert [one for one in persons if one in text] == []
        digits = re.sub(r"\D", "", "".join(re.findall(r"<t[d>][^<]*", text)))
        assert [one for one in phones if one in text or re.sub(r"\D", "", one) in digits] == []
        assert WITHHELD in text


def test_every_column_that_names_a_person_is_known() -> None:
    for key, known in (("enterprises", {*PEOPLE}), ("lines", {"keeper"})):
        named = {one.field for one in SHEETS[key].columns if re.search("人$", one.header) and one.kind == "text"}
        assert named == known


def test_what_is_published_is_the_graded_sites(book: Book) -> None:
    rows, remarks = public_rows(city_of(book))
    shown = [dict(zip(HEADS, row, strict=True)) for row in rows]
    names = [one.name for one in book.tables["enterprises"]]
    assert [(one["序号"], one["企业名称"], one["绩效等级"]) for one in shown] == [
        (1, f"{names[0]}（东厂）", "B"),
        (2, f"{names[1]}（西厂）", "B"),
        (3, names[2], "未评级"),
    ]
    assert shown[2]["重点行业"] == book.tables["lines"][2].industry
    assert remarks == []


def test_a_registered_name_is_published_but_never_a_phone(book: Book) -> None:
    first, second, third = book.tables["enterprises"]
    named = replace(book, tables={**book.tables}, _indexes={})
    named.tables["enterprises"] = [
        first._replace(contact="王志强", name="聊城市王志强家具厂"),
        second._replace(contact="王志强", name="王志强家具厂 0635-8212345"),
        third._replace(grade=None),
    ]
    city = city_of(named)
    rows, remarks = public_rows(city)
    assert [row[2] for row in rows[:2]] == [WITHHELD, WITHHELD]
    assert [(one.list_id[-1], "姓名" in one.why) for one in remarks] == [("1", True), ("2", True), ("3", False)]
    rows, remarks = public_rows(city, [first.list_id, second.list_id])
    assert [row[2] for row in rows[:2]] == ["聊城市王志强家具厂（东厂）", WITHHELD]
    assert [one.list_id for one in remarks] == [second.list_id, third.list_id]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a county whose enterprises have hostile names; read it, never write to it."""
    folder = tmp_path_factory.mktemp("hostile")
    rows = make_rows(COUNTY, 60, 1, RULES)
    key = [row for row in rows["enterprises"] if row["industry"] != "非重点行业"]
    for row, name in zip(key, HOSTILE, strict=False):
        row |= {"name": name, "site": ""}
    source = fill(folder / "东昌府区.xlsx", enterprises=60, rows=rows)
    assert main(["directory", str(source), "--out", str(folder / "公开")]) == 1  # what looks like a formula is found
    return folder / "公开"


REFUSED = {"=1+1", "+1", "-1", '=HYPERLINK("http://127.0.0.1:9/")', "&lt;b&gt; & \"'"}
"""Formulas, numbers and garbled texts are no names to the reader, and are found (GS03)."""
EXPECTED = ["" if name in REFUSED else name.replace("\u202e", "") for name in HOSTILE]


def test_hostile_names_are_texts_in_the_workbook(
    hostile: Path, tmp_path: Path, soffice: Callable[[Path, Path, str], Path]
) -> None:
    file = hostile / f"{PUBLIC}.xlsx"
    sheet = openpyxl.load_workbook(file)[PUBLIC]
    cells = [row[HEADS.index("企业名称")] for row in sheet.iter_rows(min_row=2)]
    assert [cell.value or "" for cell in cells][: len(EXPECTED)] == EXPECTED
    assert {cell.data_type for cell in cells if cell.value is not None} == {"s"}
    checks = {check["id"]: check["result"] for check in audit_one(file)["checks"]}
    assert {id_ for id_, result in checks.items() if result == "不通过"} == set()
    again = openpyxl.load_workbook(soffice(file, tmp_path, "xlsx"))[PUBLIC]
    cells = [row[HEADS.index("企业名称")] for row in again.iter_rows(min_row=2)]
    assert [cell.value or "" for cell in cells][: len(EXPECTED)] == EXPECTED
    assert {cell.data_type for cell in cells if cell.value is not None} == {"s"}


Open = Callable[..., Page]


@pytest.fixture
def opened(browser: Browser) -> Iterator[Open]:
    """`opened(file)`: the page from the disk; it may ask nobody, say nothing and go wrong nowhere."""
    contexts = []
    wrong: list[str] = []

    def opened(file: Path, **options: Any) -> Page:
        context = browser.new_context(locale="zh-CN", **options)
        contexts.append(context)
        shown = context.new_page()
        shown.on("pageerror", lambda error: wrong.append(str(error)))
        shown.on("console", lambda message: wrong.append(message.text))
        shown.on("dialog", lambda dialog: wrong.append(dialog.message))
        shown.on("request", lambda one: one.url in (file.as_uri(), "data:,") or wrong.append(one.url))
        shown.goto(file.as_uri())
        return shown

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


def names(shown: Page) -> list[str]:
    return shown.locator(f"tbody tr:not([hidden]) td:nth-child({HEADS.index('企业名称') + 1})").all_text_contents()


def test_hostile_names_are_texts_on_the_page(hostile: Path, opened: Open) -> None:
    shown = opened(hostile / f"{PUBLIC}.html")
    assert names(shown)[: len(EXPECTED)] == EXPECTED
    assert shown.locator("img, a, iframe, body script").count() == 1  # our own
    assert "unsafe" not in (hostile / f"{PUBLIC}.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of two made-up counties."""
    folder = tmp_path_factory.mktemp("directory")
    fill(folder / "东昌府区.xlsx", enterprises=60, rows=make_rows(COUNTY, 60, 1, RULES))
    fill(folder / "茌平区.xlsx", "371503", 60)
    assert main(["directory", str(folder), "--out", str(folder / "公开")]) == 0
    return folder / "公开" / f"{PUBLIC}.html"


def test_the_page_is_searched_with_keys_alone(made: Path, opened: Open) -> None:
    shown = opened(made)
    every = names(shown)
    assert len(every) > 60 and shown.locator("#shown").text_content() == f"共 {len(every)} 个厂区。"
    shown.keyboard.press("/")
    shown.keyboard.type("茌平 Ａ")  # a wide letter is a letter
    found = names(shown)
    rows = shown.locator("tbody tr:not([hidden])").all_inner_texts()
    assert 0 < len(found) < len(every) and all("茌平" in row and "A" in row.upper() for row in rows)
    assert f"符合的有 {len(found)} 个" in (shown.locator("#shown").text_content() or "")
    shown.keyboard.press("ControlOrMeta+a")
    shown.keyboard.type("没有这一家")
    assert names(shown) == [] and "没有符合的" in (shown.locator("#shown").text_content() or "")
    for _ in range(3):
        shown.keyboard.press("Tab")
    shown.keyboard.press("Enter")  # 清除
    expect(shown.locator("#words")).to_be_focused()
    assert names(shown) == every
    shown.keyboard.press("Tab")
    shown.keyboard.press("ArrowDown")
    assert shown.locator("#county").input_value() == "东昌府区"
    assert {row.split("\t")[1] for row in shown.locator("tbody tr:not([hidden])").all_inner_texts()} == {"东昌府区"}


def test_the_page_shows_without_scripts_and_is_printed_whole(made: Path, opened: Open) -> None:
    shown = opened(made, java_script_enabled=False)
    assert len(names(shown)) > 60 and not shown.locator("#tools").is_visible()
    shown.emulate_media(media="print", color_scheme="dark")
    assert shown.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    pages = shown.pdf(prefer_css_page_size=True).count(b"/Type /Page\n")
    assert pages > 1


def test_the_page_names_its_parts_for_those_who_cannot_see_it(made: Path, opened: Open) -> None:
    shown = opened(made, viewport={"width": 320, "height": 600})
    assert (
        shown.locator("html").get_attribute("lang") == "zh-CN" and shown.title() == shown.locator("h1").text_content()
    )
    for role, name in (("searchbox", "搜索"), ("combobox", "区县"), ("combobox", "绩效等级"), ("button", "清除")):
        assert shown.get_by_role(role, name=name, exact=True).is_visible()  # type: ignore[arg-type] # each is a role
    assert shown.get_by_role("columnheader").all_text_contents() == HEADS
    assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth"), "only the table scrolls sideways"


@pytest.mark.parametrize("scheme", [0, 1, 2], ids=["light", "dark", "print"])
def test_every_text_can_be_read(scheme: int) -> None:
    css = files("workbook_templates.lists.public_directory").joinpath("page.css").read_text(encoding="utf-8")
    lists = [dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", part)) for part in re.findall(r":root \{(.*?)\}", css, re.S)]
    assert len(lists) == 3
    own = {**lists[0], **lists[scheme]}
    grounds = ("ground", "card", "chosen")
    assert all(contrast(own[text], own[ground]) >= 4.5 for text in ("text", "quiet") for ground in grounds)
    assert scheme == 2 or all(contrast(own[mark], own[ground]) >= 3 for mark in ("focus", "edge") for ground in grounds)
    assert set(re.findall(r"(?<![-\w])color: ([^;]+)", css)) <= {"var(--text)", "var(--quiet)"}


def test_a_city_workbook_and_its_counties_give_the_same_directory(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "收件箱"
    folder.mkdir()
    fill(folder / "东昌府区.xlsx", enterprises=6)
    fill(folder / "茌平区.xlsx", "371503", 6)
    assert run("consolidate", folder, "--out", tmp_path / "全市.xlsx").code == 1
    code, out, _ = run("directory", tmp_path / "全市.xlsx", "--out", tmp_path / "甲", "--json")
    said = json.loads(out)
    assert code == 0 and said["counties"] == [COUNTY, "371503"] and said["sites"] > 0
    assert run("directory", folder, "--out", tmp_path / "乙").code == 0
    for name in (f"{PUBLIC}.xlsx", f"{PUBLIC}.html"):
        assert (tmp_path / "甲" / name).read_bytes() == (tmp_path / "乙" / name).read_bytes()
    sheet = openpyxl.load_workbook(tmp_path / "全市.xlsx")[PUBLIC]
    alone = openpyxl.load_workbook(tmp_path / "甲" / f"{PUBLIC}.xlsx")[PUBLIC]
    assert list(sheet.values) == list(alone.values)


def test_the_city_workbook_withholds_too(book: Book, tmp_path: Path) -> None:
    first, *rest = book.tables["enterprises"]
    told = replace(book, tables={**book.tables}, _indexes={})
    told.tables["enterprises"] = [first._replace(name="甲厂 13812345678"), *rest]
    with replacing(tmp_path / "全市.xlsx", overwrite=False) as file:
        write_city(file, city_of(told), [])
    sheet = openpyxl.load_workbook(tmp_path / "全市.xlsx")[PUBLIC]
    assert sheet["C2"].value == WITHHELD


def test_what_is_refused_and_what_is_said(run: Run, county: Path, tmp_path: Path) -> None:
    out = tmp_path / "公开"
    assert run("directory", county, "--out", out).code == 0
    before = (out / f"{PUBLIC}.html").read_bytes()
    code, _, err = run("directory", county, "--out", out)
    assert code == 2 and "--force" in err and (out / f"{PUBLIC}.html").read_bytes() == before
    assert run("directory", county, "--out", out, "--force").code == 0
    assert sorted(path.name for path in out.iterdir()) == [f"{PUBLIC}.html", f"{PUBLIC}.xlsx"]
    bad = tmp_path / "坏.xlsx"
    bad.write_bytes(b"PK\x03\x04nothing")
    code, out_, err = run("directory", county, bad, "--out", tmp_path / "二", "--json")
    assert code == 2 and json.loads(out_)["sites"] > 0 and "坏.xlsx" in err
    code, _, err = run("directory", bad, "--out", tmp_path / "三")
    assert code == 2 and "坏.xlsx" in err and not (tmp_path / "三").exists()
    assert run("consolidate", county, "--out", tmp_path / "全市.xlsx").code == 1
    code, _, err = run("directory", county, tmp_path / "全市.xlsx", "--out", tmp_path / "四")
    assert code == 2 and "不要混在一起" in err
    code, _, err = run("directory", county, "--out", tmp_path / "五", "--registered", "371502-G-9999")
    assert code == 2 and "371502-G-9999" in err
    own = fill(tmp_path / f"{PUBLIC}.xlsx")
    before = own.read_bytes()
    code, _, err = run("directory", own, "--out", tmp_path, "--force")
    assert code == 2 and "从不改写" in err and own.read_bytes() == before
    told = write_file(tmp_path / "东昌府区.xlsx", {"enterprises": [{"name": "聊城市甲厂13812345678"}]})
    code, said, _ = run("directory", told, "--out", tmp_path / "六")
    assert code == 1 and "没有公开" in said and "13812345678" not in said


def test_the_leading_ones_are_found_without_the_others_and_the_grade_is_seen_on_a_phone(
    made: Path, opened: Open
) -> None:
    shown = opened(made, viewport={"width": 380, "height": 700})
    shown.get_by_label("搜索").fill("引领")
    grades = shown.locator("tbody tr:not([hidden]) td:nth-child(6)").all_text_contents()
    named = shown.locator("tbody tr:not([hidden]) td:nth-child(3)").all_text_contents()
    assert grades and all(grade == "引领性" or "引领" in name for grade, name in zip(grades, named, strict=True))
    cell = shown.locator("tbody tr:not([hidden]) td:nth-child(6)").first
    assert cell.evaluate(
        "one => one.getBoundingClientRect().right <= innerWidth && one.getBoundingClientRect().left > 0"
    )
    assert "发布单位：" in (shown.locator("header").text_content() or "")
