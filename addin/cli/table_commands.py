"""Tables that are not ours: `qingdan import`, and `qingdan layout` for what they look like."""

from pathlib import Path
from typing import Annotated

import typer

from addin.cli.help_page import SPECIAL
from addin.cli.parameters import AsJson, CountyCode, Force, OptionalYear, Out, RuleSetId, number
from addin.cli.registry import Commands

LayoutName = Annotated[
    str,
    typer.Option("--layout", metavar="布局", help="布局文件（.csv），或随程序的布局的名称，见 qingdan layout show。"),
]
special = Commands(heading=SPECIAL)
layout = Commands(
    "layout",
    "布局：别的样式的表长什么样，怎样读、怎样填。\n\n例：qingdan layout learn 旧清单.xlsx --out 布局.csv",
    heading=SPECIAL,
)


@special("import")
def import_(
    *,
    tables: Annotated[
        list[str],
        typer.Argument(metavar="表…", help="去年的清单，或别的系统的表：.xlsx、.xls、.xlsb、.ods、.csv，可给几个。"),
    ],
    layout: LayoutName,
    county: CountyCode,
    year: Annotated[str, typer.Option("--year", metavar="年度", help="填报表的年度，例如 2020。")],
    out: Out,
    revision: Annotated[int, number("--revision", 1, 999, metavar="版次", help="本年度本轮次的第几版。不写：1。")] = 1,
    round_: Annotated[
        str, typer.Option("--round", metavar="轮次", help="首报、9月调整、动态调整或12月调整。不写：首报。")
    ] = "首报",
    ruleset: RuleSetId = None,
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """把别的样式的表导入成填报表：编号、换算单位、拆开合写的内容；推测的格标出来请人确认。

    旁边的“导入报告”交代每一列、每一行、每一格的去处。再次导入，同一家企业的编号不变。

    例：qingdan import 旧清单.xlsx --layout 布局.csv --county 371502 --year 2020 --out 东昌府区.xlsx
    退出码：0 没有错误，1 有错误，2 没能导入。
    """

    from addin.cli.arguments import files
    from addin.cli.terminal import progress
    from addin.cli.terminal import show as shown
    from addin.office.importing import import_tables
    from addin.reading.ruleset_store import rules_of

    rules = rules_of(year, ruleset)
    with progress("导入") as step:
        made = import_tables(
            files(tables), layout, county, rules, out, round_=round_, revision=revision, force=force, step=step
        )
    return shown(made, as_json=as_json)


@layout("learn")
def learn(
    *,
    table: Annotated[Path, typer.Argument(metavar="表", help="一份没有见过的表，或省里的空白表。")],
    out: Annotated[Path, typer.Option("--out", metavar="文件", help="写到哪个布局文件，后缀为 .csv。")],
    year: OptionalYear = None,
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """看一份没有见过的表，提出一份布局：每一列是清单的哪一列，有几分把握；拿不准的留空，请人填。

    例：qingdan layout learn 旧清单.xlsx --out 布局.csv
    退出码：0 都有把握，1 有的列留空或请人核对，2 没能认出。
    """

    from addin.cli.terminal import progress
    from addin.cli.terminal import show as shown
    from addin.office.learning import learn_layout
    from addin.reading.ruleset_store import rules_of

    with progress("认表"):
        proposed = learn_layout(table, rules_of(year), out, force=force)
    return shown(proposed, as_json=as_json)


@layout("show")
def show(
    *,
    name: Annotated[str, typer.Argument(metavar="[布局]", help="随程序的布局的名称。不写：列出名称。")] = "",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="文件", help="另写成布局文件（.csv），改好后自己用。")
    ] = None,
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """列出随程序的布局，或看其中一份。

    例：qingdan layout show xingtai --out 布局.csv
    """

    from addin.cli.terminal import show as shown
    from addin.office.learning import show_layout

    return shown(show_layout(name, out=out, force=force), as_json=as_json)


@special("merge")
def merge(
    *,
    pieces: Annotated[
        list[str],
        typer.Argument(metavar="来件…", help="乡镇、园区或企业填好的填报表，或放着它们的文件夹。"),
    ],
    out: Out,
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """把一个区县各乡镇、园区、企业的来件合成一份填报表：相同的行只算一次，不同的列出来裁定，没有编号的给编号。

    裁定写在旁边的“合并报告”里，再合并一次即照办；报告也写着每一行的来处。
    给各乡镇的空白表：qingdan template county 加 --part。

    例：qingdan merge 来件 --out 东昌府区.xlsx
    退出码：0 没有冲突和错误，1 有冲突或错误，2 有文件读不了。
    """
    from addin.cli.arguments import files
    from addin.cli.terminal import progress
    from addin.cli.terminal import show as shown
    from addin.office.merging import merge_files

    with progress("合并") as step:
        merged = merge_files(files(pieces), out, force=force, step=step)
    return shown(merged, as_json=as_json)
