"""The declaration of columns."""

import pytest

from validators.columns import letter, position_of


@pytest.mark.parametrize(("position", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (16_383, "XFD")])
def test_letters_and_positions(position: int, letters: str) -> None:
    assert letter(position) == letters
    assert position_of(letters) == position_of(letters.encode()) == position
