"""`qingdan ruleset`: the law as data."""

from pathlib import Path
from typing import Annotated

import typer

from addin.cli.help_page import SPECIAL
from addin.cli.parameters import AsJson, Force, OptionalYear, Out, RuleSetId
from addin.cli.registry import Commands

commands = Commands(
    "ruleset", "规则集：把法规录进程序。\n\n例：qingdan ruleset edit --year 2020 --out 规则集.xlsx", heading=SPECIAL
)


@commands("edit")
def edit(
    *,
    out: Out,
    year: OptionalYear = None,
    ruleset: RuleSetId = None,
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """把一个年度的规则集生成工作簿，供市里补录和修改。

    例：qingdan ruleset edit --year 2020 --out 规则集.xlsx
    """

    from addin.cli.terminal import progress, show
    from addin.office.ruleset_editing import edit
    from addin.reading.ruleset_store import rules_of

    with progress("生成规则集工作簿"):
        made = edit(rules_of(year, ruleset), out, force=force)
    return show(made, as_json=as_json)


@commands("load")
def load(
    *,
    file: Annotated[Path, typer.Argument(metavar="文件", help="改好的规则集工作簿。")],
    against: Annotated[
        list[str] | None,
        typer.Option("--against", metavar="文件或文件夹", help="看对这些填报表的问题有什么影响，可写几次。"),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """逐行核对规则集工作簿，列出改了什么，另存为新的一版；原来的各版不动。

    例：qingdan ruleset load 规则集.xlsx --against 东昌府区.xlsx
    退出码：0 已载入或没有变化，1 有要改的地方、没有载入，2 文件读不了。
    """

    from addin.cli.arguments import files
    from addin.cli.terminal import progress, show
    from addin.office.ruleset_editing import load_file

    with progress("载入规则集"):
        loaded = load_file(file, files(against or ()))
    return show(loaded, as_json=as_json)


@commands("list")
def known(*, as_json: AsJson = False) -> int:
    """列出本机的规则集：随程序发布的和载入的各版。

    例：qingdan ruleset list
    """

    from addin.cli.terminal import show
    from addin.office.ruleset_editing import versions_known

    return show(versions_known(), as_json=as_json)
