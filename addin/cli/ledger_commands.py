"""`qingdan ledger`: the office's record of decisions and versions."""

import datetime as dt
from pathlib import Path
from typing import Annotated, Any

import typer

from addin.cli.help_page import SPECIAL
from addin.cli.parameters import AsJson, CityPlace, Force, OptionalYear, a_day, a_number, number
from addin.cli.registry import Commands

commands = Commands(
    "ledger",
    "台账：记下决定，查看各版，比较两版，备份和恢复。\n\n例：qingdan ledger history 全市.xlsx",
    heading=SPECIAL,
)


def version(help_: str) -> Any:  # noqa: ANN401 - as in typer
    """An argument that is the number of a version."""
    return typer.Argument(metavar="版号", help=help_, parser=a_number("版号", 1, 10**9))


@commands("decide", formerly="decide")
def decide(
    *,
    place: CityPlace,
    kind: Annotated[
        str, typer.Option("--kind", metavar="类别", help="豁免、剔除、冲突裁定、等级变更、全社会排放或撤销。")
    ],
    reason: Annotated[str, typer.Option("--reason", metavar="理由", help="为什么；全社会排放写出处。")],
    rule: Annotated[str, typer.Option("--rule", metavar="规则", help="豁免哪条规则；冲突裁定写 HZ02 或 HZ03。")] = "",
    county: Annotated[str, typer.Option("--county", metavar="区划代码", help="哪个区县。")] = "",
    key: Annotated[
        str, typer.Option("--key", metavar="对象", help="清单编号或生产线编码；冲突清单里的对象；污染物。")
    ] = "",
    value: Annotated[
        str, typer.Option("--value", metavar="取值", help="新等级；以哪个为准：甲、乙，或冲突清单里的取值；t/d。")
    ] = "",
    approver: Annotated[str, typer.Option("--approver", metavar="姓名", help="批准人。")] = "",
    document: Annotated[str, typer.Option("--document", metavar="文号", help="批准的文号。")] = "",
    until: Annotated[
        dt.date | None,
        typer.Option("--until", metavar="日期", parser=a_day("--until"), help="豁免到哪一天，例如 2020-12-31。"),
    ] = None,
    replaces: Annotated[int, number("--revoke", 0, 10**9, metavar="编号", help="撤销第几号决定。")] = 0,
    who: Annotated[str, typer.Option("--who", metavar="姓名", help="记录人。不写：当前用户。")] = "",
    year: OptionalYear = None,
    as_json: AsJson = False,
) -> int:
    """把一项决定记入台账；下次汇总时照办。记下的不能改，改动另记一项。

    例：qingdan ledger decide 全市.xlsx --kind 豁免 --rule BZ01 --key 371502-G-0007 --reason 供暖 --approver 张三
    --document 聊重指办函〔2020〕9号 --until 2020-12-31

    例：qingdan ledger decide 全市.xlsx --kind 冲突裁定 --rule HZ03 --key 371502 --value 乙 --reason 县里来函
    """

    from addin.cli.terminal import show
    from addin.office.ledger_entries import decide
    from addin.reading.ruleset_store import rules_of
    from validators.decisions import Decision

    decision = Decision(
        kind=kind,
        rule=rule,
        county=county,
        key=key,
        value=value,
        reason=reason,
        approver=approver,
        document=document,
        until=until,
        replaces=replaces,
    )
    return show(decide(place, decision, year=rules_of(year).year if year else None, who=who), as_json=as_json)


@commands("history", formerly="history")
def history(
    *,
    place: CityPlace,
    as_json: AsJson = False,
) -> int:
    """列出台账里的各版汇总和各项决定。

    例：qingdan ledger history 全市.xlsx
    """

    from addin.cli.terminal import show
    from addin.office.ledger_entries import history

    return show(history(place), as_json=as_json)


@commands("diff", formerly="diff")
def diff(
    *,
    before: Annotated[int, version("较早的一版。")],
    after: Annotated[int, version("较晚的一版。")],
    place: Annotated[
        Path, typer.Option("--dir", metavar="文件或文件夹", help="全市汇总，或它所在的文件夹。不写：当前文件夹。")
    ] = Path(),
    as_json: AsJson = False,
) -> int:
    """比较台账里的两版汇总：新增、移出、修改了什么。

    例：qingdan ledger diff 1 3 --dir 全市.xlsx
    退出码：0 没有差别，1 有差别，2 没能比较。
    """

    from addin.cli.terminal import show
    from addin.office.ledger_entries import diff

    return show(diff(place, before, after), as_json=as_json)


@commands("backup")
def backup(
    *,
    source: Annotated[Path, typer.Argument(metavar="文件", help="全市汇总；它旁边的台账一起备份。")],
    out: Annotated[Path, typer.Option("--out", metavar="文件", help="写到哪个文件，后缀为 .zip。")],
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """把全市汇总和台账存进一个文件。

    例：qingdan ledger backup 全市.xlsx --out 备份.zip
    """

    from addin.cli.terminal import show
    from addin.office.safekeeping import backup

    return show(backup(source, out, force=force), as_json=as_json)


@commands("restore")
def restore(
    *,
    source: Annotated[Path, typer.Argument(metavar="文件", help="用 qingdan ledger backup 存下的文件。")],
    out: Annotated[Path, typer.Option("--out", metavar="文件夹", help="恢复到哪个文件夹；那里原有的另存一份。")],
    as_json: AsJson = False,
) -> int:
    """由备份换回全市汇总和台账。

    例：qingdan ledger restore 备份.zip --out .
    """

    from addin.cli.terminal import show
    from addin.office.safekeeping import restore

    return show(restore(source, out), as_json=as_json)
