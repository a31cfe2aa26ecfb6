"""What everyone does: 填, 查, 汇总, 退回导出, 审计."""

from pathlib import Path
from typing import Annotated

import typer

from addin.cli.help_page import DAILY
from addin.cli.parameters import (
    AsJson,
    Force,
    HostName,
    Inboxes,
    MostFilesRound,
    MostFilesYear,
    On,
    Out,
    References,
    RuleSetId,
)
from addin.cli.registry import Commands

commands = Commands(heading=DAILY)


@commands("live")
def live(
    *,
    file: Annotated[
        str | None, typer.Argument(metavar="[文件]", help="要打开的填报表；不写：已经打开的那一个。")
    ] = None,
    host: HostName = None,
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
        Path | None, typer.Option("--previous", metavar="文件", help="同一区县的上一版，用来比对变化。")
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

    from addin.cli.arguments import files as paths
    from addin.cli.terminal import progress, show
    from addin.office.checking import check
    from addin.reading.ruleset_store import rules_of

    rules = rules_of(None, ruleset) if ruleset else None
    with progress("校验") as step:
        checked = check(paths(files), previous=previous, on=on, rules=rules, step=step)
    return show(checked, as_json=as_json)


@commands("consolidate")
def consolidate(
    *,
    files: Inboxes,
    out: Out,
    year: MostFilesYear = None,
    round_: MostFilesRound = None,
    ruleset: RuleSetId = None,
    on: On = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option("--exclude", metavar="区划代码", help="剔除一个区县，可写几次，每次都要写 --reason。"),
    ] = None,
    reason: Annotated[
        list[str] | None, typer.Option("--reason", metavar="理由", help="剔除的理由，与 --exclude 逐一对应。")
    ] = None,
    references: References = None,
    parquet: Annotated[
        Path | None,
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

    from addin.cli.arguments import files as paths
    from addin.cli.arguments import reference
    from addin.cli.terminal import progress, show
    from addin.office.consolidation import consolidate
    from addin.problems import Stop
    from addin.reading.ruleset_store import round_name, rules_of, submitting

    rules = rules_of(year, ruleset)
    excluded, reasons = exclude or [], reason or []
    if len(excluded) != len(reasons):
        raise Stop("每个 --exclude 后面都要有一个 --reason 写明理由，个数要相同。")
    with progress("汇总") as step:
        done = consolidate(
            paths(files),
            out,
            year=rules.year if year or ruleset else None,
            round_=round_name(rules, round_) if round_ else None,
            rules=rules if ruleset else None,
            on=on,
            exclusions={submitting(rules, code): why for code, why in zip(excluded, reasons, strict=True)},
            imports=[reference(one) for one in references or ()],
            parquet=parquet,
            overwrite=force,
            progress=step,
        )
    return show(done, as_json=as_json)


@commands("return")
def return_(
    *,
    files: Inboxes,
    out: Annotated[Path, typer.Option("--out", metavar="文件夹", help="退回的工作簿放在哪个文件夹。")],
    city: Annotated[
        Path | None,
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
    year: MostFilesYear = None,
    round_: MostFilesRound = None,
    on: On = None,
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """把各区县的内容退回改正：问题列成清单，写在每一行旁边，版次加 1，改好可直接再报。

    没有要改的区县不退；已豁免、已裁定的不算。加 --force 时，文件夹里以前退回的移到“以前退回的”。

    例：qingdan return 收件箱 --out 退回
    退出码：0 没有错误，1 有错误，2 有文件读不了。
    """

    from addin.cli.arguments import files as paths
    from addin.cli.arguments import whole
    from addin.cli.terminal import progress, show
    from addin.office.returning import return_all
    from addin.problems import Stop
    from addin.reading.ruleset_store import round_name, rules_of, submitting

    rules = rules_of(year)
    if city is not None and not city.exists():
        raise Stop(f"“{city}”不存在。请指定全市汇总，或它所在的文件夹。")
    with progress("退回") as step:
        done = return_all(
            paths(files),
            out,
            city_at=city,
            counties={submitting(rules, code) for code in county or ()} or None,
            errors_only=errors_only,
            everyone=everyone,
            letter=letter,
            year=whole("--year", year, 2000, 2100) if year else None,
            round_=round_name(rules, round_) if round_ else None,
            on=on,
            overwrite=force,
            progress=step,
        )
    return show(done, as_json=as_json)


@commands("export")
def export(
    *,
    source: Annotated[Path, typer.Argument(metavar="文件", help="全市汇总，或一个区县的填报表。")],
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
        Path | None, typer.Option("--sign", metavar="私钥", help="用 qingdan keys 生成的私钥给核对清单签名；会问口令。")
    ] = None,
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """导出报送省里的清单（只有数值，没有公式）和它的核对清单。有错误时不予导出。

    例：qingdan export 全市.xlsx --out 报省.xlsx
    填进省里的空白表：qingdan export 全市.xlsx --into 空白表.xlsx --layout 布局.csv --out 报省.xlsx
    """

    from addin.cli.terminal import progress, show
    from addin.office.exporting import export
    from addin.office.signing import open_key
    from addin.problems import Stop
    from addin.reading.layout_files import layout_of
    from workbook_templates.submission.submission_workbook import DEFAULT

    if bool(layout) != (into is not None):
        raise Stop("--into 和 --layout 要一起写：哪一份空白表，和它的布局。布局可用 qingdan layout learn 学出来。")
    if into is not None and not into.is_file():
        raise Stop(f"空白表“{into}”不存在。请核对路径。")
    own = layout_of(layout) if layout else None
    signer = open_key(sign) if sign is not None else None
    with progress("导出"):
        done = export(
            source, out, profile_name=profile or DEFAULT, blank=into, layout=own, signer=signer, overwrite=force
        )
    return show(done, as_json=as_json)


@commands("audit")
def audit(
    *,
    files: Annotated[list[str], typer.Argument(metavar="文件或文件夹…", help="要审计的文件，或放着它们的文件夹。")],
    manifest: Annotated[
        Path | None,
        typer.Option("--manifest", metavar="文件", help="核对清单。不写：取文件旁边的同名 .manifest.json。"),
    ] = None,
    against: Annotated[
        str | None, typer.Option("--against", metavar="文件夹", help="各区县的填报表，用来逐格复算。")
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option("--key", metavar="公钥", help="从签名单位另行取得的公钥。不写：取清单旁边的 .pub。"),
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="文件", help="把审计报告写成可打印的 .docx。")
    ] = None,
    receipt: Annotated[
        Path | None,
        typer.Option("--receipt", metavar="文件", help="给一个文件写一页回执 .docx：哈希、行数、合计、结论、二维码。"),
    ] = None,
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """审计：有没有公式、宏、外部连接、隐藏内容，是否完整、未被改动。

    例：qingdan audit 报省.xlsx --against 收件箱 --key 市局公钥.pem --report 审计报告.docx
    退出码：0 通过，1 不通过，2 文件打不开。
    """

    from addin.cli.arguments import files as paths
    from addin.cli.terminal import progress, show
    from addin.office.auditing import audit_files

    sources = paths([against]) if against is not None else []
    with progress("审计") as step:
        done = audit_files(
            paths(files),
            manifest=manifest,
            sources=sources,
            key=key,
            report=report,
            receipt=receipt,
            force=force,
            step=step,
        )
    return show(done, as_json=as_json)


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
