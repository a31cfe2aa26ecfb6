"""Every command answers as it did: `tests/golden.json`, which `python -m tests.golden` writes anew."""

import json
from typing import Any

import pytest

from tests.golden import COMMANDS, GOLDEN, answers

HELD = json.loads(GOLDEN.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def answered() -> dict[str, Any]:
    return dict(answers())


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_answers_as_it_did(answered: dict[str, Any], command: str) -> None:
    assert answered[command] == HELD[command]
    assert json.dumps(answered[command]) == json.dumps(HELD[command]), "keys stand in another order"
