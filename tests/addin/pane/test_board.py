"""What a page is sent adds up to what there is: nothing lost, nothing made up, nothing sent twice."""

import json
import random
from dataclasses import replace

from addin.live.state import Picture
from addin.pane.board import NO_VIEW, Board, changes
from validators.findings import Finding


def picture(version: int, findings: list[Finding]) -> Picture:
    return Picture(version, "已连接", "LibreOffice", "东昌府区.xlsx", None, None, findings)


def messages(page: dict[int, dict[str, object]]) -> list[object]:
    return sorted((one["rule"], one.get("cell"), one["message"]) for one in page.values())  # type: ignore[type-var]


def test_changes_add_up_to_the_whole(findings: list[Finding]) -> None:
    board, chance = Board(), random.Random(1)  # noqa: S311 - test data, no secret
    page: dict[int, dict[str, object]] = {}
    seen = NO_VIEW
    for version in range(1, 60):
        now = chance.sample(findings, chance.randrange(len(findings) + 1))
        if chance.random() < 0.3:  # a session that makes everything anew
            now = [replace(one) for one in now]
        board.show(picture(version, now))
        if chance.random() < 0.4:  # a page that was busy
            continue
        change = json.loads(changes(seen, board.view))
        seen = board.view
        for number in change.get("gone", ()):
            del page[number]
        for one in change.get("come", ()):
            assert one["n"] not in page
            page[one["n"]] = one
        assert messages(page) == sorted((one.rule, one.cell, one.message) for one in now)


def test_an_equal_finding_keeps_its_number(findings: list[Finding]) -> None:
    board = Board()
    board.show(picture(1, findings))
    before = board.view
    board.show(picture(2, [replace(one) for one in findings]))
    assert board.view.findings is before.findings
    assert json.loads(changes(before, board.view)) == {}


def test_two_equal_findings_are_two(findings: list[Finding]) -> None:
    board = Board()
    board.show(picture(1, [findings[0], replace(findings[0])]))
    assert len(board.view.findings) == 2


def test_who_waits_hears_of_the_next_view_or_of_none() -> None:
    board = Board()
    assert board.newer(0, 0.01).version == 0
    board.show_jobs([])
    assert board.newer(0, 10).version == 1
    board.close()
    assert board.newer(1, 10).closed
