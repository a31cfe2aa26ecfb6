"""What can be looked up: rules and deadlines."""

import datetime as dt
from typing import Annotated

import typer

from addin.cli.help_page import REFERENCE
from addin.cli.parameters import AsJson, OptionalYear, a_day
from addin.cli.registry import Commands

commands = Commands(heading=REFERENCE)


@commands("rules")
def rules(
    *,
    id_: Annotated[str | None, typer.Argument(metavar="规则编号", help="例如 BZ01。不写：列出全部规则。")] = None,
    as_json: AsJson = False,
) -> int:
    """列出全部校验规则，或一条规则的依据、说明和例子。

    例：qingdan rules BZ01
    """

    from addin.cli.terminal import show
    from addin.office.rule_catalogue import rules

    return show(rules(id_), as_json=as_json)


@commands("calendar")
def calendar(
    *,
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="[文件或文件夹…]", help="绩效分级申报审核表；给了就写明还差几个厂区没有办。"),
    ] = None,
    year: OptionalYear = None,
    on: Annotated[
        dt.date | None,
        typer.Option("--on", metavar="日期", parser=a_day("--on"), help="以哪一天计，例如 2020-08-18。不写：今天。"),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """日程：哪一天以前要办什么、由谁办、还有几天。

    例：qingdan calendar --on 2020-08-18
    退出码：0 没有逾期未办的，1 有逾期还没有办完的，2 有文件读不了。
    """

    from addin.cli.arguments import files as paths
    from addin.cli.terminal import progress, show
    from addin.office.calendar import calendar
    from addin.reading.ruleset_store import rules_of

    with progress("日程") as step:
        found = calendar(paths(files or ()), rules=rules_of(year) if year else None, on=on, step=step)
    return show(found, as_json=as_json)
