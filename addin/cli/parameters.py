"""Parameters that several commands share, each declared once; help texts are Chinese."""

from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="结果写成一份 JSON，供程序读取。")]
Force = Annotated[bool, typer.Option("--force", help="输出文件已存在时覆盖它。")]
Out = Annotated[str, typer.Option("--out", metavar="文件", help="写到哪个文件，后缀为 .xlsx。")]
County = Annotated[str, typer.Option("--county", metavar="区划代码", help="填报区县的代码，例如 371502。")]
Inventories = Annotated[
    list[str],
    typer.Argument(metavar="文件或文件夹…", help="一份全市汇总，或几个区县的填报表，或放着填报表的文件夹。"),
]
On = Annotated[
    str | None,
    typer.Option("--on", metavar="日期", help="以哪一天判断日期，例如 2020-08-20。不写：表中的填报日期，没填则今天。"),
]
RuleSetId = Annotated[
    str | None, typer.Option("--ruleset", metavar="版本", help="用哪一版规则集，例如 2020.1。不写：该年度最新的一版。")
]
Folder = Annotated[str, typer.Option("--out", metavar="文件夹", help="写到哪个文件夹。")]
Templates = Annotated[
    str | None,
    typer.Option("--templates", metavar="文件夹", help="改好的模板，替换随程序的；见 qingdan template documents。"),
]
OptionalYear = Annotated[
    str | None, typer.Option("--year", metavar="年度", help="不写：最近一个规则集完整可用的年度。")
]
