"""The session: what an application does, and what is shown of it; with an application in memory."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from addin.live.host import Busy
from addin.live.session import TOGETHER, Session
from tests.addin.live.conftest import PATIENCE, shown, wait_for
from tests.addin.live.edits import Officer
from tests.addin.live.memory import Books, Changed, Dirty, Formula, MemoryHost, Moved, opened
from validators.columns import BOOK_FIELDS, position_of
from validators.rule import judge
from workbook_templates.county.reader import read_book

Watching = Callable[[Callable[[], Any]], Session]
TITLE = "企业基本信息"
NAME = 3
"""0-based column of 企业名称."""


def blank_name(host: MemoryHost, row: int = 5, *, tell: bool = True) -> None:
    host.open[0].tabs[TITLE].cells[row].pop(NAME, None)
    if tell:
        host.tell(Changed(TITLE, row, row))


def reported(host: MemoryHost, change: Changed) -> Changed:
    """A change that says what stands there now, as an application does that is still at it."""
    return replace(change, reported=host.open[0].rows(change.sheet, change.first, change.last))


def has(rule: str, cell: str) -> Callable[[Any], bool]:
    return lambda picture: any((finding.rule, finding.cell) == (rule, cell) for finding in picture.findings)


def test_an_edit_is_shown_and_taken_back(sample: Path, watching: Watching) -> None:
    host = MemoryHost(opened(sample))
    session = watching(lambda: host)
    first = shown(session, lambda picture: picture.status == "已连接")
    assert (first.file, first.application) == (sample.name, "内存")
    name = host.open[0].tabs[TITLE].cells[5][NAME]
    blank_name(host)
    found = shown(session, has("GS02", "D5"))
    assert found.version > first.version
    host.open[0].tabs[TITLE].cells[5][NAME] = name
    host.tell(Changed(TITLE, 1, 1 << 20))  # a whole column
    again = shown(session, lambda picture: not has("GS02", "D5")(picture))
    assert again.findings == first.findings
    host.tell(Changed(TITLE, 5, 5), Changed(TITLE, 5, 6))  # nothing differs
    assert session.newer(again.version, 0.3) == again


def test_a_burst_of_random_edits_ends_at_what_a_reading_from_scratch_finds(sample: Path, watching: Watching) -> None:
    host = MemoryHost(opened(sample))
    officer = Officer(host.open[0], 77)
    session = watching(lambda: host)
    shown(session, lambda picture: picture.status == "已连接")
    pause = random.Random(1)  # noqa: S311 - test data
    for _ in range(60):
        event = officer.edit()
        host.tell(reported(host, event) if isinstance(event, Changed) and event.last - event.first < 20 else event)
        if pause.random() < 0.2:
            session.newer(session.picture().version, 0.05)
    wait_for(lambda: [*session.picture().findings] == judge(read_book(host.open[0])))


def test_what_is_told_with_a_change_is_shown_while_the_application_is_busy(sample: Path, watching: Watching) -> None:
    host = MemoryHost(opened(sample))
    session = watching(lambda: host)
    shown(session, lambda picture: picture.status == "已连接")
    blank_name(host, tell=False)
    change = reported(host, Changed(TITLE, 5, 5))
    host.open[0].busy = True
    host.tell(change, Moved())
    assert shown(session, has("GS02", "D5")).status in ("已连接", "忙")
    shown(session, lambda picture: picture.status == "忙")
    host.open[0].tabs[TITLE].cells[5][NAME] = "说得太早"  # what was reported was not the end of it
    host.open[0].busy = False
    shown(session, lambda picture: not has("GS02", "D5")(picture))
    assert (TITLE, 5, 5) in host.open[0].reads


def test_what_is_heard_before_a_dialog_is_not_lost_in_it(sample: Path, watching: Watching) -> None:
    host = MemoryHost(opened(sample))
    hear = host.wait

    def wait(timeout: float) -> Sequence[Any]:
        """As where each thing is heard while a dialog opens or closes."""
        if timeout == TOGETHER:
            raise Busy
        return hear(timeout)

    host.wait = wait  # type: ignore[method-assign] # of this host alone
    session = watching(lambda: host)
    shown(session, lambda picture: picture.status == "已连接")
    blank_name(host)
    assert has("GS02", "D5")(shown(session, has("GS02", "D5")))


def test_what_is_told_is_shown_while_what_is_read_in_the_quiet_does_not_come(sample: Path, watching: Watching) -> None:
    host = MemoryHost(opened(sample))
    begun, answers = Event(), Event()

    def read_late(read: Callable[[], None]) -> None:
        """As LibreOffice reads that is busy with its own formulas."""
        begun.set()
        Thread(target=lambda: answers.wait(PATIENCE) and read(), daemon=True).start()

    host.aside = read_late  # type: ignore[method-assign] # of this host alone
    session = watching(lambda: host)
    shown(session, lambda picture: picture.status == "已连接")
    host.tell(Moved(reported=(TITLE, 9)))
    assert begun.wait(PATIENCE)
    blank_name(host, tell=False)
    host.tell(reported(host, Changed(TITLE, 5, 5)), Moved(reported=(TITLE, 6)))
    found = shown(session, has("GS02", "D5"))
    assert (found.sheet, found.row) == (TITLE, 6)
    host.open[0].tabs[TITLE].cells[7].pop(NAME)  # nothing was reported
    wanted = session.check()
    answers.set()
    assert has("GS02", "D7")(shown(session, lambda picture: picture.checked == wanted))


def test_what_is_told_of_the_cover_is_looked_at_without_waiting_for_quiet(
    sample: Path, watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("addin.live.session.QUIET", 1000.0)
    host = MemoryHost(opened(sample))
    session = watching(lambda: host)
    first = shown(session, lambda picture: picture.status == "已连接")
    title, cell = host.open[0].names[BOOK_FIELDS["round"]].split("!")
    column, row = cell.removeprefix("$").split("$")
    host.open[0].tabs[title].cells[int(row)][position_of(column)] = "没有这一轮"
    host.tell(reported(host, Changed(title, int(row), int(row))))
    shown(session, lambda picture: picture.findings != first.findings)


def test_what_was_not_reported_exactly_is_found_when_it_is_quiet(sample: Path, watching: Watching) -> None:
    host = MemoryHost(opened(sample))
    session = watching(lambda: host)
    shown(session, lambda picture: picture.status == "已连接")
    blank_name(host, 7, tell=False)  # the source of a cut, say
    host.tell(Changed(TITLE, 9, 9), Dirty(TITLE))
    shown(session, has("GS02", "D7"))


def test_an_edit_reads_the_rows_that_it_touches(sample: Path, watching: Watching) -> None:
    host = MemoryHost(opened(sample))
    session = watching(lambda: host)
    shown(session, lambda picture: picture.status == "已连接")
    host.open[0].reads.clear()
    blank_name(host, 6)
    shown(session, has("GS02", "D6"))
    assert host.open[0].reads == [(TITLE, 6, 6)]


def test_where_the_officer_stands_is_shown(sample: Path, watching: Watching) -> None:
    host = MemoryHost(opened(sample))
    session = watching(lambda: host)
    shown(session, lambda picture: picture.status == "已连接")
    host.open[0].at = ("生产线减排措施", 12)
    host.tell(Moved())
    shown(session, lambda picture: (picture.sheet, picture.row) == ("生产线减排措施", 12))
    session.select(TITLE, "D5")
    wait_for(lambda: host.open[0].selected == [(TITLE, "D5")])


def test_the_row_that_was_edited_is_shown_beside_that_where_the_officer_stands(
    sample: Path, watching: Watching
) -> None:
    host = MemoryHost(opened(sample))
    session = watching(lambda: host)
    assert shown(session, lambda picture: picture.status == "已连接").edited is None
    blank_name(host, 6)
    host.open[0].at = (TITLE, 7)
    host.tell(Moved())
    found = shown(session, lambda picture: picture.row == 7 and picture.edited is not None)
    assert found.edited == (TITLE, 6)


def test_everything_is_read_anew_when_somebody_asks_for_it(sample: Path, watching: Watching) -> None:
    host = MemoryHost(opened(sample))
    session = watching(lambda: host)
    shown(session, lambda picture: picture.status == "已连接")
    blank_name(host, 8, tell=False)  # nothing was reported
    host.open[0].unsaved = host.open[0].busy = True
    wanted = session.check()
    assert shown(session, lambda picture: picture.status == "忙").checked < wanted
    host.open[0].busy = False
    found = shown(session, lambda picture: picture.checked == wanted)
    assert has("GS02", "D8")(found)
    assert found.unsaved


def test_an_application_that_shows_a_dialog_is_busy_until_it_is_closed(sample: Path, watching: Watching) -> None:
    host = MemoryHost(opened(sample))
    session = watching(lambda: host)
    shown(session, lambda picture: picture.status == "已连接")
    host.busy = True
    shown(session, lambda picture: picture.status == "忙")
    host.busy = False
    shown(session, lambda picture: picture.status == "已连接")


def test_a_busy_application_is_asked_again_and_nothing_is_lost(sample: Path, watching: Watching) -> None:
    host = MemoryHost(opened(sample))
    session = watching(lambda: host)
    first = shown(session, lambda picture: picture.status == "已连接")
    host.open[0].busy = True
    blank_name(host)
    busy = shown(session, lambda picture: picture.status == "忙")
    assert busy.findings == first.findings
    blank_name(host, 6)
    host.open[0].busy = False
    found = shown(session, lambda picture: picture.status == "已连接" and has("GS02", "D6")(picture))
    assert has("GS02", "D5")(found)


def test_a_workbook_that_is_closed_and_opened_again(sample: Path, watching: Watching) -> None:
    host = MemoryHost(opened(sample))
    session = watching(lambda: host)
    first = shown(session, lambda picture: picture.status == "已连接")
    book = host.open.pop()
    book.gone = True
    host.tell(Books())
    closed = shown(session, lambda picture: picture.status == "已关闭")
    assert (closed.file, closed.findings) == (sample.name, first.findings)
    session.select(TITLE, "D5")  # does nothing
    host.open.append(opened(sample))
    blank_name(host, tell=False)
    host.tell(Books())
    shown(session, lambda picture: picture.status == "已连接" and has("GS02", "D5")(picture))


def test_an_application_that_ends_and_comes_again(sample: Path, watching: Watching) -> None:
    hosts = [MemoryHost(opened(sample))]
    session = watching(lambda: hosts[0] if hosts and not hosts[0].gone else None)
    shown(session, lambda picture: picture.status == "已连接")
    crashed = hosts.pop()
    crashed.gone = crashed.open[0].gone = True
    crashed.tell(Changed(TITLE, 5, 5))
    shown(session, lambda picture: picture.status == "已关闭")
    hosts.append(MemoryHost(opened(sample)))
    shown(session, lambda picture: picture.status == "已连接")


def test_no_workbook_of_ours_is_waited_for(sample: Path, watching: Watching) -> None:
    other = opened(sample)
    other.names.clear()
    host = MemoryHost(other)
    session = watching(lambda: host)
    wait_for(lambda: host.watched is None and session.picture().status == "等待")
    host.open.append(opened(sample))
    host.tell(Books())
    shown(session, lambda picture: picture.status == "已连接")
    assert host.watched is host.open[1]


def test_a_second_workbook_of_ours_is_followed_when_it_comes_to_the_front(sample: Path, watching: Watching) -> None:
    one, two = opened(sample), opened(sample)
    two.name = "莘县.xlsx"
    host = MemoryHost(one)
    session = watching(lambda: host)
    shown(session, lambda picture: picture.file == sample.name)
    host.open = [two, one]
    host.tell(Books())
    found = shown(session, lambda picture: picture.file == "莘县.xlsx")
    assert {finding.file for finding in found.findings} == {"莘县.xlsx"}
    foreign = opened(sample)
    foreign.names.clear()
    host.open = [foreign, one, two]
    host.tell(Books(), Changed(TITLE, 5, 5))
    two.tabs[TITLE].cells[5].pop(NAME)
    host.tell(Changed(TITLE, 5, 5))
    assert shown(session, has("GS02", "D5")).file == "莘县.xlsx"


def test_a_workbook_that_is_saved_under_another_name(sample: Path, watching: Watching) -> None:
    host = MemoryHost(opened(sample))
    session = watching(lambda: host)
    shown(session, lambda picture: picture.status == "已连接")
    host.open[0].name = "改名.xlsx"
    host.tell(Books())
    found = shown(session, lambda picture: picture.file == "改名.xlsx")
    assert {finding.file for finding in found.findings} == {"改名.xlsx"}


def test_a_formula_of_ones_own_is_found(sample: Path, watching: Watching) -> None:
    host = MemoryHost(opened(sample))
    session = watching(lambda: host)
    shown(session, lambda picture: picture.status == "已连接")
    host.open[0].tabs[TITLE].cells[5][NAME] = Formula('"甲"&"厂"', "甲厂")
    host.tell(Changed(TITLE, 5, 5))
    found = shown(session, has("GS03", "D5"))
    assert any(finding.value == '="甲"&"厂"' for finding in found.findings)


def test_a_stopped_session_leaves_the_application_alone(sample: Path, watching: Watching) -> None:
    host = MemoryHost(opened(sample))
    session = watching(lambda: host)
    shown(session, lambda picture: picture.status == "已连接")
    session.stop()
    wait_for(lambda: host.left)
    assert not host.open[0].gone


def test_an_application_that_does_not_come_again_ends_the_session(
    sample: Path, watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("addin.live.session._PATIENCE", 0.5)
    host = MemoryHost(opened(sample))
    session = watching(lambda: None if host.gone else host)
    first = shown(session, lambda picture: picture.status == "已连接")
    host.gone = host.open[0].gone = True
    ended = shown(session, lambda picture: picture.status == "已结束")
    assert ended.findings == first.findings
