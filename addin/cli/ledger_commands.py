"""`qingdan ledger`: the office's record of decisions and versions."""

from typing import Annotated

import typer

from addin.cli.help_page import SPECIAL
from addin.cli.parameters import AsJson, OptionalYear
from addin.cli.registry import Commands

commands = Commands(
    "ledger", "台账：记下决定，查看各版，比较两版。\n\n例：qingdan ledger history 全市.xlsx", heading=SPECIAL
)


@commands("decide", formerly="decide")
def decide(
    *,
    place: Annotated[str, typer.Argument(metavar="文件或文件夹", help="全市汇总，或它所在的文件夹。")],
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
        str, typer.Option("--value", metavar="取值", help="新等级；以哪个为准（冲突清单里的取值）；t/d。")
    ] = "",
    approver: Annotated[str, typer.Option("--approver", metavar="姓名", help="批准人。")] = "",
    document_: Annotated[str, typer.Option("--document", metavar="文号", help="批准的文号。")] = "",
    until: Annotated[
        str | None, typer.Option("--until", metavar="日期", help="豁免到哪一天，例如 2020-12-31。")
    ] = None,
    replaces: Annotated[str, typer.Option("--revoke", metavar="编号", help="撤销第几号决定。")] = "0",
    who: Annotated[str, typer.Option("--who", metavar="姓名", help="记录人。不写：当前用户。")] = "",
    year: OptionalYear = None,
    as_json: AsJson = False,
) -> int:
    """把一项决定记入台账；下次汇总时照办。记下的不能改，改动另记一项。

    例：qingdan ledger decide 全市.xlsx --kind 豁免 --rule BZ01 --key 371502-G-0007 --reason 供暖 --approver 张三
    --document 聊重指办函〔2020〕9号 --until 2020-12-31
    """
    from addin.office.ledger_entries import decide as command

    return command(
        place, kind=kind, rule=rule, county=county, key=key, value=value, reason=reason, approver=approver,
        document_=document_, until=until, replaces=replaces, who=who, year=year, as_json=as_json,
    )  # fmt: skip


@commands("history", formerly="history")
def history(
    *,
    place: Annotated[str, typer.Argument(metavar="文件或文件夹", help="全市汇总，或它所在的文件夹。")],
    as_json: AsJson = False,
) -> int:
    """列出台账里的各版汇总和各项决定。

    例：qingdan ledger history 全市.xlsx
    """
    from addin.office.ledger_entries import history as command

    return command(place, as_json=as_json)


@commands("diff", formerly="diff")
def diff(
    *,
    before: Annotated[str, typer.Argument(metavar="版号", help="较早的一版。")],
    after: Annotated[str, typer.Argument(metavar="版号", help="较晚的一版。")],
    place: Annotated[
        str, typer.Option("--dir", metavar="文件或文件夹", help="全市汇总，或它所在的文件夹。不写：当前文件夹。")
    ] = ".",
    as_json: AsJson = False,
) -> int:
    """比较台账里的两版汇总：新增、移出、修改了什么。

    例：qingdan ledger diff 1 3 --dir 全市.xlsx
    退出码：0 没有差别，1 有差别，2 没能比较。
    """
    from addin.office.ledger_entries import diff as command

    return command(before, after, place=place, as_json=as_json)
