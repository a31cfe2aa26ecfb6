"""The laws of the reader, on workbooks with any oddity in any place (`tests.odd_workbooks`).

`ODD_WORKBOOKS` in the environment says how many are tried, for a long run.
"""

import io
import os
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from addin.live.mirror import Mirror
from addin.reading import kept_readings
from addin.reading.workbooks import summary
from tests.addin.live.memory import MemoryTab
from tests.odd_workbooks import BOOKS, CELLS, HEAD, INVENTORY_BY_TITLE, SHEETS, Odd, filled, head_row, text
from validators.book import Book
from validators.columns import COVER_TITLE, INVENTORY, letter, position_of
from validators.columns import SHEETS as DECLARED
from validators.findings import Finding, Severity
from validators.rule import judge
from workbook_templates.county.reader import read_book
from workbook_templates.county.sheet_layout import OWN_SHEETS
from workbook_templates.xlsx import opened, writer
from workbook_templates.xlsx.fast_reader import GridRows, Seen
from workbook_templates.xlsx.opened import Opened

TRIED = int(os.environ.get("ODD_WORKBOOKS", "150"))
TITLES = [sheet.title for sheet in INVENTORY.values()]
NAME = "东昌府区.xlsx"
KEY_OF = {sheet.title: key for key, sheet in INVENTORY.items()}
Plant = tuple[str, str, int, str]
"""Name of an oddity, sheet, row (counted from 0 among the filled ones) and column letters."""

cells = st.sampled_from(sorted(CELLS))
sheets = st.sampled_from(sorted(SHEETS))
books = st.sampled_from(sorted(BOOKS))
titles = st.sampled_from(TITLES)


@st.composite
def plants(draw: st.DrawFn) -> list[Plant]:
    found: list[Plant] = []
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.one_of(cells, cells, sheets, books))
        title = draw(titles)
        column = draw(st.sampled_from([c for c in INVENTORY_BY_TITLE[title] if c.required != "auto"]))
        found.append((kind, title, draw(st.integers(0, 30)), letter(column.position)))
    return sorted(found, key=lambda one: ([*CELLS, *SHEETS, *BOOKS].index(one[0]), one[1:]))


def grown(planted: list[Plant]) -> Odd:
    odd = Odd()
    for kind, title, at, column in dict.fromkeys(planted):
        rows = odd.rows(title) or [HEAD + 1]
        row = rows[at % len(rows)]
        if kind in CELLS:
            odd.put(title, f"{column}{row}", CELLS[kind](odd))
        elif kind in SHEETS:
            SHEETS[kind](odd, title, row)
        elif kind not in [one for one, *_ in planted[: planted.index((kind, title, at, column))]]:
            BOOKS[kind](odd)
    return odd


def read(odd: Odd) -> Book:
    return read_book(Opened(NAME, odd.data()))


def tables(book: Book) -> dict[str, list[tuple[Any, ...]]]:
    return {key: [tuple(record) for record in records] for key, records in book.tables.items()}


settled = settings(
    phases=[Phase.generate],  # what is planted is small as it is
    max_examples=TRIED,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=TRIED <= 150,
)


@given(plants())
@settled
def test_every_law(planted: list[Plant]) -> None:
    odd = grown(planted)
    book = read(odd)
    findings = judge(book)
    assert not list(unaccounted(odd, book, findings))
    arrives(book, findings)
    is_kept_as_it_is(book, findings)


@given(plants())
@settings(settled, max_examples=max(1, TRIED // 3))
def test_all_readers_see_the_same(planted: list[Plant]) -> None:
    odd = grown(planted)
    data = odd.data()
    fast = read_book(Opened(NAME, data))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opened, "read_quickly", lambda *_: None)
        patch.setattr(opened, "read_strings", lambda _: None)
        slow = read_book(Opened(NAME, data))
    assert tables(slow) == tables(fast)
    assert Counter(map(repr, slow.faults)) == Counter(map(repr, fast.faults))
    assert tables(Mirror(Shown(Opened(NAME, data))).book) == tables(fast)  # type: ignore[arg-type] # as much of it as is asked for


class Shown:
    """A file as an application shows it."""

    def __init__(self, opened: Opened) -> None:
        self.opened, self.name, self.path, self.names = opened, opened.name, opened.name, opened.names
        self.sheets = {title: MemoryTab(sheet.kind, sheet.state) for title, sheet in opened.sheets.items()}

    def rows(self, title: str, first: int, last: int) -> tuple[GridRows, Seen]:
        grid = self.opened.grid(title)
        assert grid
        seen = Seen(errors=grid.seen.errors, marks=grid.seen.marks, since_1904=grid.seen.since_1904)
        for row, column in grid.seen.places():
            source = grid.seen.shared.get((row, column), (row, column))
            text = grid.seen.formulas.get(source[1], {}).get(source[0], "") if source == (row, column) else ""
            seen.formulas.setdefault(column, {})[row] = text
        return [row for row in grid.rows if first <= row[0] <= last], seen

    def shape(self, title: str) -> Seen:
        grid = self.opened.grid(title)
        assert grid
        return Seen(since_1904=grid.seen.since_1904)


def unaccounted(odd: Odd, book: Book, findings: list[Finding]) -> Iterator[tuple[str, str]]:
    """Cells in which something stands that are in no record, are not found, and are not counted as passed over."""
    at = {(one.sheet, one.cell) for one in findings}
    whole_rows = {(one.sheet, one.row) for one in book.faults if one.what == "stray"}
    counted = {(one.sheet, (one.cell or "").rstrip("0123456789")) for one in book.faults if one.what in COLUMNS_COUNTED}
    unread = {one.sheet: one for one in book.faults if one.what in SHEETS_COUNTED}
    above = {one.sheet: int(str(one.meant)) for one in book.faults if one.what == "above"}
    heads = {title: head_row(odd, title) for title in KEY_OF}
    merged = {one.sheet for one in book.faults if one.what == "merged"}
    beyond = {one.sheet for one in book.faults if one.what == "beyond"}
    for title in odd.part_of:
        places = set(filled(odd, title))
        if title in unread:
            fault = unread[title]
            assert fault.what != "extra_sheet" or fault.meant == len(places), (fault, places)
            continue
        if title not in KEY_OF:
            assert title in (COVER_TITLE, *OWN_SHEETS), title
            continue
        key = KEY_OF[title]
        fields = {own: name for name, own in book.letters.get(key, {}).items()}
        records = {record.row: record for record in book.tables[key]}
        if key in book.damaged and not fields:
            continue
        for column, row in places:
            field = fields.get(column)
            record = records.get(row)
            held = (
                record is not None
                and field is not None
                and (getattr(record, field) is not None or DECLARED[key][field].required == "auto")
            )
            if held or (title, f"{column}{row}") in at or (title, row) in whole_rows or (title, column) in counted:
                continue
            if row <= max(above.get(title, HEAD), heads[title]) or (
                record is None and field and DECLARED[key][field].required == "auto"
            ):
                continue
            if (position_of(column) >= 1000 and title in beyond) or (title in merged and column == "E"):
                continue
            yield title, f"{column}{row}"


COLUMNS_COUNTED = ("extra", "renamed", "headless_column", "headless_list")
SHEETS_COUNTED = ("extra_sheet", "list_elsewhere", "unread_sheet")


def arrives(book: Book, findings: list[Finding]) -> None:
    """What the reader read can be written, and is read back the same; so is what is said of it."""
    lists = []
    for key, sheet in INVENTORY.items():
        own = [column for column in sheet.columns if column.required != "auto"]
        heads = [writer.Head(column.header, "text", 10) for column in own]
        lists.append(
            writer.ListSheet(
                sheet.title, heads, [[record[column.position] for column in own] for record in book.tables[key]]
            )
        )
    said = [writer.Head(head, "text", 10) for head in ("说", "值", "文件")]
    told = [[one.message, written(one.value), one.file] for one in findings]
    stream = io.BytesIO()
    writer.write_sheets(stream, [*lists, writer.ListSheet("问题", said, told)], book.on)
    back = Opened(NAME, stream.getvalue())
    for key, sheet in INVENTORY.items():
        grid = back.grid(sheet.title)
        assert grid
        own = [column for column in sheet.columns if column.required != "auto"]
        rows = [[cell if cell != "" else None for cell in values] for _, values in grid.rows[1:]]
        wanted = [[record[column.position] for column in own] for record in book.tables[key]]
        for got, want in zip(rows, [row for row in wanted if any(cell is not None for cell in row)], strict=True):
            assert [*got, *[None] * (len(want) - len(got))] == want


def is_kept_as_it_is(book: Book, findings: list[Finding]) -> None:
    """A reading that is kept is the same when it is found again, to the type of each value; half characters are not kept."""
    answer = (summary(book), book.county_name, book.round, book.kind, findings, book, "")
    packed = kept_readings.packed(answer)
    if re.search(r"\\ud[89a-f]", repr(answer)):
        assert packed is None
        return
    assert packed is not None
    again = kept_readings.unpacked(packed, records=True)
    assert in_order(repr(again)) == in_order(repr(answer))
    assert again[:5] == answer[:5] and again[5] is not None and again[5].ruleset is book.ruleset


def in_order(text: str) -> str:
    """Text in which sets stand in order."""
    return re.sub(r"(?:frozenset\(|damaged=)\{([^}]*)\}", lambda match: str(sorted(match[1].split(", "))), text)


def written(value: object) -> Any:
    return value if value is None or type(value) in (str, float, int) else str(value)


@pytest.mark.parametrize("kind", sorted(CELLS))
@pytest.mark.parametrize("place", ["企业基本信息!G4", "企业基本信息!AF4", "企业基本信息!X5", "扬尘源!C4"])
def test_one_cell_spoils_one_cell(kind: str, place: str) -> None:
    title, _, cell = place.partition("!")
    odd = Odd()
    odd.put(title, cell, CELLS[kind](odd))
    before, after = read(Odd()), read(odd)
    assert {fault.sheet for fault in after.faults if fault.rule != "GS01"} <= {title}
    for key, records in before.tables.items():
        assert [record.row for record in after.tables[key]] == [record.row for record in records]
        for old, new in zip(records, after.tables[key], strict=True):
            differing = {
                column.field
                for column in DECLARED[key].columns
                if old[column.position] != new[column.position] and column.required != "auto"
            }
            own = {
                name for name, own in after.letters[key].items() if f"{own}{old.row}" == cell and key == KEY_OF[title]
            }
            assert differing <= own


@pytest.mark.parametrize("kind", sorted(CELLS))
def test_every_note_says_what_changed_and_no_advice_is_doubled(kind: str) -> None:
    odd = Odd()
    for cell in ("F4", "AF4", "AE4", "X5", "AO5", "V6"):
        odd.put("企业基本信息", cell, CELLS[kind](odd))
    for one in judge(read(odd)):
        assert not re.search("请[^，。；]*。请重新", one.message), one.message
        if one.rule == "GS04" and (note := NOTE.search(one.message)):
            assert note[1] != note[4] or note[2] != note[5] or note[3], one.message


NOTE = re.compile("(文字|数字|日期|)“([^”]*)”(（[^）]*）)?，已读作(文字|数字|日期|)“(.*)”。$")


def test_numbers_arrive_as_the_screen_shows_them() -> None:
    odd = Odd()
    odd.put("企业基本信息", "AF4", CELLS["tail"](odd))
    odd.put("企业基本信息", "AE4", CELLS["whole but for noise"](odd))
    odd.put("企业基本信息", "AG4", text("0.30000000000000004"))
    odd.put("企业基本信息", "AH4", text("1\u202f234.5"))
    record = read(odd).tables["enterprises"][0]
    assert (record.so2_annual, record.run_days, record.nox_annual, record.pm_annual) == (0.838, 306, 0.3, 1234.5)


@pytest.mark.parametrize(
    ("kind", "severity", "said"),
    [
        ("struck part", Severity.ERROR, "“新名〔划掉：旧名〕”"),
        ("struck number", Severity.ERROR, "“〔划掉：12〕34”"),
        ("struck in place", Severity.ERROR, "“〔划掉：旧〕新”"),
        ("white part", Severity.ERROR, "“甲〔看不见：乙〕”"),
        ("struck cell", Severity.WARNING, "取消删除线"),
        ("struck by runs", Severity.WARNING, "取消删除线"),
        ("struck text", Severity.WARNING, "取消删除线"),
        ("white cell", Severity.WARNING, "颜色与底色相同"),
        ("red on red", Severity.WARNING, "颜色与底色相同"),
        ("white on blue", None, ""),
        ("only bold", None, ""),
    ],
)
def test_what_is_struck_out_or_not_to_be_seen_is_found(kind: str, severity: Severity | None, said: str) -> None:
    odd = Odd()
    odd.put("企业基本信息", "AR4", CELLS[kind](odd))
    found = [one for one in judge(read(odd)) if one.cell == "AR4" and one.rule in ("GS03", "GS10")]
    assert [one.severity for one in found] == [severity] * (severity is not None)
    assert all(said in one.message for one in found)


def test_a_row_struck_out_is_found_once() -> None:
    odd = Odd()
    SHEETS["struck_row"](odd, "企业基本信息", 5)
    [one] = [one for one in judge(read(odd)) if "删除线" in one.message]
    assert (one.cell, one.row, one.severity) == ("C5", 5, Severity.WARNING)
    assert "（371502-G-0002）" in one.message


def test_a_head_spelled_otherwise_is_one_finding() -> None:
    odd = Odd()
    odd.put("企业基本信息", f"AG{HEAD}", text("NOx 年排放量(kg/a)"))
    odd.put("企业基本信息", f"F{HEAD}", text("园区"))  # it stands where the missing one belongs
    found = [one for one in judge(read(odd)) if one.rule == "GS01"]
    assert [(one.cell, one.severity) for one in found] == [
        (f"F{HEAD}", Severity.BLOCKER),
        (f"AG{HEAD}", Severity.BLOCKER),
    ]
    assert "写的是“NOx 年排放量(kg/a)”，应为“NOx年排放量（t/a）”" in found[1].message
    assert "写的是“园区”，应为“所属工业园区”" in found[0].message


def test_the_good_workbook_is_good() -> None:
    book = read(Odd())
    assert max(one.severity for one in judge(book)) < Severity.ERROR
    assert not book.faults
