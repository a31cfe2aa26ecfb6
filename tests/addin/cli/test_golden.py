"""Every command answers as it did: `tests/golden.json`, which `python -m tests.golden` writes anew."""

import json
from typing import Any

import pytest

from tests.addin.cli.test_app import commands
from tests.golden import COMMANDS, GOLDEN, answers

HELD = json.loads(GOLDEN.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def answered() -> dict[str, Any]:
    return dict(answers())


ELSEWHERE = {
    "live": "goes on until it is ended: tests/addin/live",
    "desk": "goes on until it is ended: tests/addin/pane",
    "addin": "changes the user's applications: tests/addin/apps and windows",
    "demo": "takes a minute, and runs the others: tests/addin/trial",
    "selftest": "takes a minute: tests/addin/trial",
}
"""Commands, and groups of them, that are not held here, and where they are tried."""


def test_every_command_is_held_here_or_tried_elsewhere() -> None:
    held = {arguments[:size] for arguments in COMMANDS.values() for size in (1, 2)}
    groups = {path[:-1] for path in commands()}
    left = [path for path in commands() if path not in groups and path not in held and path[-1:] not in held]
    assert {path[0] for path in left} == set(ELSEWHERE), left


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_answers_as_it_did(answered: dict[str, Any], command: str) -> None:
    assert answered[command] == HELD[command]
    assert json.dumps(answered[command]) == json.dumps(HELD[command]), "keys stand in another order"
