"""`qingdan desk`: the page over a folder, without a spreadsheet."""

from collections.abc import Iterator
from pathlib import Path

from addin.cli.terminal import say, show, warn
from addin.office.results import Result
from addin.pane.server import serve
from addin.problems import Stop
from validators.findings import Json


class Sitting(Result):
    """Where the page was, and what was done at it."""

    address: str
    jobs: list[Json]

    def lines(self) -> Iterator[str]:
        """Nothing: the page has shown it."""
        yield from ()


def desk(*, folder: str, out: str | None, as_json: bool) -> int:
    """Show the page until Ctrl+C or until it is closed; returns the exit code. Raises `Stop` for what is no folder."""
    inbox = Path(folder)
    if not inbox.is_dir():
        raise Stop(f"“{folder}”不是文件夹，或不存在。请用 --dir 指定放着填报表的文件夹。")
    tell = warn if as_json else say
    done = serve(None, inbox=inbox, show=True, say=tell, results=Path(out) if out else None)
    return show(Sitting.model_validate(done), as_json=as_json)
