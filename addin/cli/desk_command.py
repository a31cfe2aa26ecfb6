"""`qingdan desk`: the page over a folder, without a spreadsheet."""

from pathlib import Path

from addin.cli.terminal import document, say, warn
from addin.pane.server import serve
from addin.problems import Stop


def desk(*, folder: str, out: str | None, as_json: bool) -> int:
    """Show the page until Ctrl+C or until it is closed; returns the exit code. Raises `Stop` for what is no folder."""
    inbox = Path(folder)
    if not inbox.is_dir():
        raise Stop(f"“{folder}”不是文件夹，或不存在。请用 --dir 指定放着填报表的文件夹。")
    tell = warn if as_json else say
    done = serve(None, inbox=inbox, show=True, say=tell, results=Path(out) if out else None)
    if as_json:
        document(done)
    return 0
