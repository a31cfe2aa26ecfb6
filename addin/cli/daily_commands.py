"""What everyone does: 填, 查, 汇总, 退回导出, 审计."""

from pathlib import Path
from typing import Annotated

import typer

from addin.cli.help_page import DAILY
from addin.cli.parameters import AsJson, Force, On, Out, RuleSetId
from addin.cli.registry import Commands

commands = Commands(heading=DAILY)


@commands("live")
def live(
    *,
    file: Annotated[
        str | None, typer.Argument(metavar="[文件]", help="要打开的填报表；不写：已经打开的那一个。")
    ] = None,
    host: Annotated[
        str | None,
        typer.Option(
            "--host",
            metavar="软件",
            help="excel（也用于 WPS）或 libreoffice。不写：Windows 上 excel，其他系统 libreoffice。",
        ),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """边填边查：在表格旁边随时列出问题，从不改动表格。

    例：qingdan live 东昌府区.xlsx
    退出码：0 结束时没有错误，1 结束时有错误，2 连不上表格软件。
    """
    from addin.cli.live_command import live as command

    return command(file, host=host, as_json=as_json)


@commands("check")
def check(
    *,
    files: Annotated[list[str], typer.Argument(metavar="文件…", help="一个或几个县区填报表（.xlsx）。")],
    previous: Annotated[
        str | None, typer.Option("--previous", metavar="文件", help="同一区县的上一版，用来比对变化。")
    ] = None,
    on: On = None,
    ruleset: Annotated[
        str | None,
        typer.Option(
            "--ruleset", metavar="版本", help="按哪一版规则集核对该年度的表。不写：表中写明的一版，没写则最新的一版。"
        ),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """校验填报表，逐格指出问题。

    例：qingdan check 东昌府区.xlsx --previous 去年.xlsx
    退出码：0 没有错误，1 有错误，2 有文件读不了。
    """
    from addin.office import checking as command

    return command.check(files, previous=previous, on=on, rules=ruleset, as_json=as_json)


@commands("consolidate")
def consolidate(
    *,
    files: Annotated[list[str], typer.Argument(metavar="文件或文件夹…", help="各区县的填报表，或放着它们的文件夹。")],
    out: Out,
    year: Annotated[str | None, typer.Option("--year", metavar="年度", help="不写：多数文件的年度。")] = None,
    round_: Annotated[str | None, typer.Option("--round", metavar="轮次", help="不写：多数文件的轮次。")] = None,
    ruleset: RuleSetId = None,
    on: On = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option("--exclude", metavar="区划代码", help="剔除一个区县，可写几次，每次都要写 --reason。"),
    ] = None,
    reason: Annotated[
        list[str] | None, typer.Option("--reason", metavar="理由", help="剔除的理由，与 --exclude 逐一对应。")
    ] = None,
    references: Annotated[
        list[str] | None,
        typer.Option(
            "--reference",
            metavar="名称=文件",
            help="参考资料，可写几次；名称为排污许可、环境统计、污染源普查、市场监管、省核定结果、部复核结果或全社会排放。",
        ),
    ] = None,
    parquet: Annotated[
        str | None,
        typer.Option(
            "--parquet", metavar="文件夹", help="把汇总的各表另存为列式数据文件，供大批量分析；要另装读写它的程序包。"
        ),
    ] = None,
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """把各区县的填报表汇总成全市清单，查出区县之间的冲突。

    参考资料也可以放进收件箱里的“参考资料”文件夹，文件名里写上名称。决定和各版都记在旁边的台账里。

    例：qingdan consolidate 收件箱 --out 全市.xlsx --exclude 371525 --reason 逾期未改
    退出码：0 没有错误，1 有错误，2 有文件读不了。
    """
    from addin.cli.consolidate import consolidate_files

    return consolidate_files(
        files, out=out, year=year, round_=round_, rules_id=ruleset, on=on, excluded=exclude or [], reasons=reason or [],
        references=references or [], parquet=parquet, force=force, as_json=as_json,
    )  # fmt: skip


@commands("return")
def return_(
    *,
    files: Annotated[list[str], typer.Argument(metavar="文件或文件夹…", help="各区县的填报表，或放着它们的文件夹。")],
    out: Annotated[str, typer.Option("--out", metavar="文件夹", help="退回的工作簿放在哪个文件夹。")],
    city: Annotated[
        str | None,
        typer.Option(
            "--city",
            metavar="文件或文件夹",
            help="全市汇总，或它所在的文件夹：照旁边台账里的决定办理，豁免了的不必改。不写：--out 所在的文件夹。",
        ),
    ] = None,
    county: Annotated[
        list[str] | None, typer.Option("--county", metavar="区划代码", help="只退给哪个区县，可写几次。不写：全部。")
    ] = None,
    errors_only: Annotated[bool, typer.Option("--errors", help="只退错误，不列提醒。")] = False,
    everyone: Annotated[bool, typer.Option("--all", help="没有要改的区县也给一份。")] = False,
    letter: Annotated[
        bool, typer.Option("--letter", help="另写一份退回函（.docx），并把每个区县的两份打成一个压缩包。")
    ] = False,
    year: Annotated[str | None, typer.Option("--year", metavar="年度", help="不写：多数文件的年度。")] = None,
    round_: Annotated[str | None, typer.Option("--round", metavar="轮次", help="不写：多数文件的轮次。")] = None,
    on: On = None,
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """把各区县的内容退回改正：问题列成清单，写在每一行旁边，版次加 1，改好可直接再报。

    没有要改的区县不退；已豁免、已裁定的不算。加 --force 时，文件夹里以前退回的移到“以前退回的”。

    例：qingdan return 收件箱 --out 退回
    退出码：0 没有错误，1 有错误，2 有文件读不了。
    """
    from addin.office.returning import return_files

    return return_files(
        files, out=out, city=city, counties=county or [], errors_only=errors_only, everyone=everyone,
        letter=letter, year=year,
        round_=round_, on=on, force=force, as_json=as_json,
    )  # fmt: skip


@commands("export")
def export(
    *,
    source: Annotated[str, typer.Argument(metavar="文件", help="全市汇总，或一个区县的填报表。")],
    out: Out,
    profile: Annotated[str, typer.Option("--profile", metavar="名称", help="报送格式。不写：省里现行格式。")] = "",
    into: Annotated[
        Path | None,
        typer.Option("--into", metavar="空白表", help="填进省里发的空白表（.xlsx），要和 --layout 一起写。"),
    ] = None,
    layout: Annotated[
        str, typer.Option("--layout", metavar="布局", help="空白表的布局：布局文件（.csv），或随程序的布局的名称。")
    ] = "",
    sign: Annotated[
        str | None, typer.Option("--sign", metavar="私钥", help="用 qingdan keys 生成的私钥给核对清单签名；会问口令。")
    ] = None,
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """导出报送省里的清单（只有数值，没有公式）和它的核对清单。有错误时不予导出。

    例：qingdan export 全市.xlsx --out 报省.xlsx
    填进省里的空白表：qingdan export 全市.xlsx --into 空白表.xlsx --layout 布局.csv --out 报省.xlsx
    """
    from addin.cli.consolidate import export_file

    return export_file(
        source, out=out, profile=profile, into=into, layout=layout, sign=sign, force=force, as_json=as_json
    )


@commands("audit")
def audit(
    *,
    files: Annotated[list[str], typer.Argument(metavar="文件或文件夹…", help="要审计的文件，或放着它们的文件夹。")],
    manifest: Annotated[
        str | None,
        typer.Option("--manifest", metavar="文件", help="核对清单。不写：取文件旁边的同名 .manifest.json。"),
    ] = None,
    against: Annotated[
        str | None, typer.Option("--against", metavar="文件夹", help="各区县的填报表，用来逐格复算。")
    ] = None,
    key: Annotated[
        str | None,
        typer.Option("--key", metavar="公钥", help="从签名单位另行取得的公钥。不写：取清单旁边的 .pub。"),
    ] = None,
    report: Annotated[
        str | None, typer.Option("--report", metavar="文件", help="把审计报告写成可打印的 .docx。")
    ] = None,
    receipt: Annotated[
        str | None,
        typer.Option("--receipt", metavar="文件", help="给一个文件写一页回执 .docx：哈希、行数、合计、结论、二维码。"),
    ] = None,
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """审计：有没有公式、宏、外部连接、隐藏内容，是否完整、未被改动。

    例：qingdan audit 报省.xlsx --against 收件箱 --key 市局公钥.pem --report 审计报告.docx
    退出码：0 通过，1 不通过，2 文件打不开。
    """
    from addin.office.auditing import audit_files

    return audit_files(
        files, manifest=manifest, against=against, key=key, report=report, receipt=receipt, force=force, as_json=as_json
    )


@commands("desk")
def desk(
    *,
    folder: Annotated[
        str, typer.Option("--dir", metavar="文件夹", help="收件文件夹，放着各县区的填报表。不写：当前文件夹。")
    ] = ".",
    out: Annotated[
        str | None,
        typer.Option("--out", metavar="文件夹", help="结果放在哪个文件夹。不写：收件文件夹旁边的“…-结果”。"),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """打开办公台：在一个页面里对收件文件夹校验、汇总、裁定、退回、导出、审计。

    例：qingdan desk --dir 收件箱
    结果写在旁边的“收件箱-结果”文件夹里。关闭页面，或在这里中断，即结束。
    """
    from addin.cli.desk_command import desk as command

    return command(folder=folder, out=out, as_json=as_json)
