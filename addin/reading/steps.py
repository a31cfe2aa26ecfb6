"""Long work step by step, and the files that it had to leave."""

from collections.abc import Callable, Iterable

from pydantic import BaseModel, ConfigDict

STEP_MARK = "\x1e"
"""Before each step on standard error where another program follows them; no line for people holds it."""
Step = Callable[[int, int, str], None]
"""Called with how much is done, of how much, and the name of what is being done."""


def silent(done: int, of: int, what: str) -> None:
    """A `Step` that shows nothing."""


class Unread(BaseModel):
    """A file that could not be read, or not taken."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str | None
    message: str
    """One Chinese line."""


def worst(errors: Iterable[Unread], otherwise: bool) -> int:
    """The exit code where some files could not be read, else where something was found."""
    return 2 if any(True for _ in errors) else 1 if otherwise else 0
