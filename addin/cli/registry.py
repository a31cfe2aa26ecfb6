"""Where commands register themselves: one `Commands` for each module of commands.

    commands = Commands("ledger", "台账：…", heading=SPECIAL)

    @commands("history", formerly="history")
    def history(*, …) -> int:
        \"\"\"The help page, in Chinese, with an example.\"\"\"

`addin.cli.app` imports the modules in the order of the help page.
"""

from collections.abc import Callable
from typing import TypeVar

import typer

from addin.cli.help_page import Command, Group

app = typer.Typer(
    cls=Group,
    add_completion=False,
    rich_markup_mode=None,
    help="重污染天气应急减排清单：生成填报表、校验、汇总、退回、导出、审计。\n\n例：qingdan check 东昌府区.xlsx",
)
"""`qingdan`."""
Function = TypeVar("Function", bound=Callable[..., int])


class Commands:
    """The commands of one module: `qingdan NAME …` below a group, or directly below `qingdan` where `group` is None."""

    def __init__(self, group: str | None = None, about: str = "", *, heading: str) -> None:
        self._heading = heading if group is None else None
        self._app = app
        if group is not None:
            self._app = typer.Typer(cls=Group, rich_markup_mode=None, help=about)
            app.add_typer(self._app, name=group, rich_help_panel=heading)

    def __call__(self, name: str, *, formerly: str = "") -> Callable[[Function], Function]:
        """Register a function; `formerly` is what it was called below `qingdan`, which goes on working, hidden."""

        def register(function: Function) -> Function:
            self._app.command(name, cls=Command, rich_help_panel=self._heading)(function)
            if formerly:
                app.command(formerly, cls=Command, hidden=True)(function)
            return function

        return register
