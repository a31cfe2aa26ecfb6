"""`qingdan publish`: what is made public or handed out."""

from pathlib import Path
from typing import Annotated

import typer

from addin.cli.help_page import SPECIAL
from addin.cli.parameters import AsJson, Folder, Force, Inventories, Out, OwnTemplates
from addin.cli.registry import Commands

commands = Commands(
    "publish",
    "公开和印发：领导简报、公开目录、保障类名单、一厂一策。\n\n例：qingdan publish directory 全市.xlsx --out 公开",
    heading=SPECIAL,
)


@commands("briefing")
def briefing(
    *,
    source: Annotated[Path, typer.Argument(metavar="文件", help="全市汇总。")],
    out: Annotated[Path, typer.Option("--out", metavar="文件", help="写到哪个文件，后缀为 .docx。")],
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """生成给领导看的一页简报（A4，.docx）：报送、问题、保障类、等级、减排与目标、与上一版的变化，两张图。

    例：qingdan publish briefing 全市.xlsx --out 简报.docx
    """
    from addin.cli.terminal import progress, show
    from addin.office.briefing import briefing

    with progress("简报"):
        made = briefing(source, out, force=force)
    return show(made, as_json=as_json)


@commands("directory", formerly="directory")
def directory(
    *,
    files: Inventories,
    out: Annotated[Path, typer.Option("--out", metavar="文件夹", help="表格和网页放在哪个文件夹。")],
    registered: Annotated[
        list[str] | None,
        typer.Option("--registered", metavar="清单编号", help="登记名称本来就含人名、核实后照样公开的厂区，可写几次。"),
    ] = None,
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """生成公开目录：一份表格，一个能搜索的网页；不含联系人、电话等个人信息。

    例：qingdan publish directory 全市.xlsx --out 公开
    退出码：0 已写出，1 已写出但有的行要先看一看，2 有文件读不了或没有采用。
    """

    from addin.cli.arguments import files as paths
    from addin.cli.terminal import progress, show
    from addin.office.directory import directory

    with progress("公开目录") as step:
        made = directory(paths(files), out, registered=registered or (), force=force, step=step)
    return show(made, as_json=as_json)


@commands("guarantee", formerly="guarantee")
def guarantee(*, files: Inventories, out: Out, force: Force = False, as_json: AsJson = False) -> int:
    """生成保障类名单：按类别分开，写明谁确定、准许运行什么、是否报部备案，并给各区县排名。

    例：qingdan publish guarantee 全市.xlsx --out 保障类名单.xlsx
    退出码：0 已写出，1 已写出但有的行要先看一看，2 有文件读不了或没有采用。
    """

    from addin.cli.arguments import files as paths
    from addin.cli.terminal import progress, show
    from addin.office.guarantee_listing import guarantee

    with progress("保障类名单") as step:
        made = guarantee(paths(files), out, force=force, step=step)
    return show(made, as_json=as_json)


@commands("plans", formerly="plans")
def plans(
    *,
    files: Annotated[list[str], typer.Argument(metavar="文件…", help="一个或几个区县的清单填报表（.xlsx）。")],
    out: Folder,
    templates: OwnTemplates = None,
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """从清单生成“一厂一策”：每家一份操作方案或一页公示牌（.docx），另有合订本。

    例：qingdan publish plans 东昌府区.xlsx --out 一厂一策
    退出码：0 都已生成，1 有的企业清单有错误、没有备案或没有生成，2 有文件读不了。
    """

    from addin.cli.arguments import files as paths
    from addin.cli.terminal import progress, show
    from addin.office.document_sets import plans

    with progress("一厂一策") as step:
        made = plans(paths(files), out, own=templates, force=force, step=step)
    return show(made, as_json=as_json)
