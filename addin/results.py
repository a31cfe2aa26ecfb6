"""What a command came to. It is shown in one place, `addin.cli.terminal.show`: as JSON, or as lines for people.

A command of `addin.office` returns a `Result`: its fields are the JSON of the contract, letter for letter and in their
order; what only people are told is a field that is excluded. Long work calls a `Step`.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from pydantic import BaseModel, ConfigDict

Document: TypeAlias = Any
"""Whatever JSON can hold."""
Step = Callable[[int, int, str], None]
"""Called with how much is done, of how much, and the name of what is being done."""


def silent(done: int, of: int, what: str) -> None:
    """A `Step` that tells nobody."""


class Part(BaseModel):
    """A part of a result."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Result(Part):
    """What a command came to."""

    @property
    def code(self) -> int:
        """The exit code: 0 done, 1 done and something was found, 2 something could not be read."""
        return 0

    def lines(self) -> Iterator[str]:
        """What people are told of it."""
        raise NotImplementedError

    def warnings(self) -> Iterable[str]:
        """What is said besides, also beside the JSON."""
        return ()

    def to_json(self) -> Document:
        """The contract's document."""
        return self.model_dump(mode="json")


class Unread(Part):
    """A file that could not be read, or not taken."""

    file: str | None
    message: str
    """One Chinese line."""


def worst(errors: Iterable[Unread], otherwise: bool) -> int:
    """The exit code where some files could not be read, else where something was found."""
    return 2 if any(True for _ in errors) else 1 if otherwise else 0
