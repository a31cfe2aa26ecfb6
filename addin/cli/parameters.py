"""Parameters of commands: what several take is declared here once; a text that is no day or number is refused in Chinese."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer


def a_day(option: str) -> Callable[[str], dt.date]:
    """The type of an option that is a day."""

    def parse(text: str) -> dt.date:
        from addin.cli.arguments import day

        return day(option, text)

    return parse


def a_number(option: str, low: int, high: int) -> Callable[[str], int]:
    """The type of an option or argument that is a whole number from `low` to `high`."""

    def parse(text: str | int) -> int:
        from addin.cli.arguments import whole

        return whole(option, text, low, high) if isinstance(text, str) else text  # a default is a number already

    return parse


def number(option: str, low: int, high: int, *, metavar: str, help: str) -> Any:  # noqa: A002, ANN401 - both as in typer
    """An option that is a whole number."""
    return typer.Option(option, metavar=metavar, help=help, parser=a_number(option, low, high))


MOST_ROOM = 20_000
"""Enterprises that a workbook is made for at most."""
AsJson = Annotated[bool, typer.Option("--json", help="结果写成一份 JSON，供程序读取。")]
Force = Annotated[bool, typer.Option("--force", help="输出文件已存在时覆盖它。")]
Out = Annotated[Path, typer.Option("--out", metavar="文件", help="写到哪个文件，后缀为 .xlsx。")]
Folder = Annotated[Path, typer.Option("--out", metavar="文件夹", help="写到哪个文件夹。")]
CountyCode = Annotated[str, typer.Option("--county", metavar="区划代码", help="填报区县的代码，例如 371502。")]
Year = Annotated[str, typer.Option("--year", metavar="年度", help="例如 2020。")]
OptionalYear = Annotated[
    str | None, typer.Option("--year", metavar="年度", help="不写：最近一个规则集完整可用的年度。")
]
MostFilesYear = Annotated[str | None, typer.Option("--year", metavar="年度", help="不写：多数文件的年度。")]
MostFilesRound = Annotated[str | None, typer.Option("--round", metavar="轮次", help="不写：多数文件的轮次。")]
RuleSetId = Annotated[
    str | None, typer.Option("--ruleset", metavar="版本", help="用哪一版规则集，例如 2020.1。不写：该年度最新的一版。")
]
On = Annotated[
    dt.date | None,
    typer.Option(
        "--on",
        metavar="日期",
        parser=a_day("--on"),
        help="以哪一天判断日期，例如 2020-08-20。不写：表中的填报日期，没填则今天。",
    ),
]
Inboxes = Annotated[list[str], typer.Argument(metavar="文件或文件夹…", help="各区县的填报表，或放着它们的文件夹。")]
Inventories = Annotated[
    list[str],
    typer.Argument(metavar="文件或文件夹…", help="一份全市汇总，或几个区县的填报表，或放着填报表的文件夹。"),
]
OwnTemplates = Annotated[
    Path | None,
    typer.Option("--templates", metavar="文件夹", help="改好的模板，替换随程序的；见 qingdan template documents。"),
]
HostName = Annotated[
    str | None,
    typer.Option(
        "--host",
        metavar="软件",
        help="excel（也用于 WPS）或 libreoffice。不写：Windows 上 excel，其他系统 libreoffice。",
    ),
]
References = Annotated[
    list[str] | None,
    typer.Option(
        "--reference",
        metavar="名称=文件",
        help="参考资料，可写几次；名称为排污许可、环境统计、污染源普查、市场监管、省核定结果、部复核结果或全社会排放。",
    ),
]
CityPlace = Annotated[Path, typer.Argument(metavar="文件或文件夹", help="全市汇总，或它所在的文件夹。")]
