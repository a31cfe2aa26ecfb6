"""`qingdan grading`: the grading procedure."""

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from addin.cli.help_page import SPECIAL
from addin.cli.parameters import AsJson, Folder, Force, Out, OwnTemplates, a_day
from addin.cli.registry import Commands

commands = Commands(
    "grading",
    "绩效分级：按结果更新清单，抽取现场核查名单，生成附件。\n\n例：qingdan grading regrade 绩效分级.xlsx --inventory 东昌府区.xlsx",
    heading=SPECIAL,
)


@commands("regrade", formerly="regrade")
def regrade(
    *,
    files: Annotated[list[str], typer.Argument(metavar="文件…", help="绩效分级申报审核表（.xlsx）。")],
    inventory: Annotated[Path, typer.Option("--inventory", metavar="文件", help="同一区县、同一年度的应急减排清单。")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="文件", help="把改好的下一版清单写到哪个文件。不写：只列出要改的。")
    ] = None,
    round_: Annotated[
        str | None,
        typer.Option("--round", metavar="轮次", help="下一版属于哪一轮，例如 9月调整。不写：同一轮，版次加 1。"),
    ] = None,
    on: Annotated[
        dt.date | None,
        typer.Option(
            "--on",
            metavar="日期",
            parser=a_day("--on"),
            help="没有写明日期的变更和上报，按哪一天登记。不写：申报审核表的填报日期。",
        ),
    ] = None,
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """按绩效分级的结果更新清单里的等级：先逐家列出旧等级、新等级、依据和批准机关，再写出下一版。

    例：qingdan grading regrade 绩效分级.xlsx --inventory 东昌府区.xlsx --round 9月调整 --out 东昌府区-9月.xlsx
    退出码：0 没有要改的，或已写出下一版，1 有要改的、还没有写出，2 没能做成。
    """

    from addin.cli.arguments import files as paths
    from addin.cli.terminal import progress, show
    from addin.office.regrading import regrade_inventory

    with progress("更新等级") as step:
        found = regrade_inventory(paths(files), inventory, out=out, on=on, round_=round_, force=force, step=step)
    return show(found, as_json=as_json)


@commands("draw", formerly="draw")
def draw(
    *,
    files: Annotated[list[str], typer.Argument(metavar="文件或文件夹…", help="各区县的绩效分级申报审核表，一县一份。")],
    out: Out,
    ratio: Annotated[
        str | None, typer.Option("--ratio", metavar="百分比", help="抽查比例，例如 20。不写：规则集里的比例。")
    ] = None,
    seed: Annotated[
        str | None,
        typer.Option(
            "--seed",
            metavar="种子",
            help="一段文字，最好是事先约定、事后公布的数；种子和名单相同，结果相同。不写：年度。",
        ),
    ] = None,
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """抽取市级现场核查名单：规定逐个核查的全列，按比例抽查的抽取；任何人都可以重算。

    例：qingdan grading draw 绩效分级 --seed 2020082012345 --out 现场核查名单.xlsx
    退出码：0 已写出，1 已写出但有的申报没法列入，2 有文件读不了。
    """

    from addin.cli.arguments import files as paths
    from addin.cli.terminal import progress, show
    from addin.office.visit_lottery import draw_visits

    with progress("抽取") as step:
        made = draw_visits(paths(files), out, ratio=ratio, seed=seed, force=force, step=step)
    return show(made, as_json=as_json)


@commands("papers", formerly="papers")
def papers(
    *,
    files: Annotated[list[str], typer.Argument(metavar="文件…", help="一个或几个区县的绩效分级申报审核表（.xlsx）。")],
    out: Folder,
    inventory: Annotated[
        list[str] | None,
        typer.Option("--inventory", metavar="文件", help="区县的清单填报表，供申请报告填企业概况，可写几次。"),
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option("--kind", metavar="附件", help="只要第几个附件，1 至 5，可写几次。不写：全部。")
    ] = None,
    templates: OwnTemplates = None,
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """从申报审核表生成附件 1 至 5：申请报告、申请表，县级初审、审核意见，市级审核意见（.docx），另有合订本。

    例：qingdan grading papers 绩效分级.xlsx --inventory 东昌府区.xlsx --out 文书
    退出码：0 都已生成，1 有的企业在表中有错误或没有生成，2 有文件读不了。
    """

    from addin.cli.arguments import files as paths
    from addin.cli.terminal import progress, show
    from addin.office.document_sets import papers

    with progress("绩效分级文书") as step:
        made = papers(
            paths(files),
            out,
            inventories=paths(inventory or ()),
            kinds=kind or (),
            own=templates,
            force=force,
            step=step,
        )
    return show(made, as_json=as_json)
