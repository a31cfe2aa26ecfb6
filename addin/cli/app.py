"""The command line `qingdan`: what can be asked for. Each command imports what it needs when it runs.

The docstring of a command is its help page, so it is Chinese.
"""

import gc
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated

import typer

from addin.cli.help_page import Command, Group, UsageError, complaint
from addin.cli.terminal import document, prepare, warn
from addin.problems import Stop, debugging, refusal

app = typer.Typer(
    cls=Group,
    add_completion=False,
    rich_markup_mode=None,
    help="重污染天气应急减排清单：生成填报表、校验、汇总、退回、导出、审计。\n\n例：qingdan check 东昌府区.xlsx",
)
template_app = typer.Typer(
    cls=Group,
    rich_markup_mode=None,
    help="生成填报表。\n\n例：qingdan template county --county 371502 --year 2020 --revision 1 --out 东昌府区.xlsx",
)
app.add_typer(template_app, name="template")
ruleset_app = typer.Typer(
    cls=Group,
    rich_markup_mode=None,
    help="规则集：把法规录进程序。\n\n例：qingdan ruleset edit --year 2020 --out 规则集.xlsx",
)
app.add_typer(ruleset_app, name="ruleset")

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


@app.command("check", cls=Command)
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


@template_app.command("county", cls=Command)
def template_county(
    *,
    county: County,
    year: Annotated[str, typer.Option("--year", metavar="年度", help="例如 2020。")],
    revision: Annotated[str, typer.Option("--revision", metavar="版次", help="本年度本轮次的第几版，从 1 起。")],
    out: Out,
    round_: Annotated[
        str, typer.Option("--round", metavar="轮次", help="首报、9月调整、动态调整或12月调整。不写：首报。")
    ] = "首报",
    rows: Annotated[
        str, typer.Option("--rows", metavar="家数", help="给多少家企业备好空行，其他各表按比例。不写：1500。")
    ] = "1500",
    last: Annotated[
        str | None, typer.Option("--from", metavar="文件", help="把上一版的各行带过来（等级变更、移出说明除外）。")
    ] = None,
    ruleset: RuleSetId = None,
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """生成一个区县的空白填报表，或带着上一版内容的填报表。

    例：qingdan template county --county 371502 --year 2020 --revision 1 --out 东昌府区.xlsx
    """
    from addin.office.new_workbooks import county_template

    return county_template(
        county=county, year=year, round_=round_, revision=revision, rows=rows, last=last, rules_id=ruleset, out=out, force=force,
        as_json=as_json,
    )  # fmt: skip


@template_app.command("grading", cls=Command)
def template_grading(
    *,
    county: County,
    year: Annotated[str, typer.Option("--year", metavar="年度", help="例如 2020。")],
    revision: Annotated[str, typer.Option("--revision", metavar="版次", help="本年度的第几版，从 1 起。")],
    out: Out,
    rows: Annotated[
        str, typer.Option("--rows", metavar="家数", help="给多少个厂区备好空行，其他各表按比例。不写：300。")
    ] = "300",
    last: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="文件", help="应急减排清单：把重点行业企业带过来；上一版申报审核表：把各行带过来。"
        ),
    ] = None,
    references: Annotated[
        list[str] | None,
        typer.Option(
            "--reference", metavar="名称=文件", help="把结果填进《省级核定》，可写几次；名称为省核定结果或部复核结果。"
        ),
    ] = None,
    ruleset: RuleSetId = None,
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """生成一个区县的绩效分级申报审核表：从申报、审查、核定到动态管理，一年一本。

    例：qingdan template grading --county 371502 --year 2020 --revision 1 --from 东昌府区.xlsx --out 绩效分级.xlsx
    省里核定以后：… --revision 2 --from 绩效分级.xlsx --reference 省核定结果=结果.xlsx --out 绩效分级-2.xlsx
    """
    from addin.office.new_workbooks import grading_template

    return grading_template(
        county=county, year=year, revision=revision, rows=rows, last=last, references=references or [], rules_id=ruleset, out=out,
        force=force, as_json=as_json,
    )  # fmt: skip


@template_app.command("documents", cls=Command)
def template_documents(*, out: Folder, force: Force = False, as_json: AsJson = False) -> int:
    """写出文书的模板（.docx）和可用的占位符，供修改后用 --templates 换上。

    例：qingdan template documents --out 文书模板
    """
    from addin.office.document_sets import templates

    return templates(out=out, force=force, as_json=as_json)


@app.command("sample", cls=Command)
def sample(
    *,
    county: County,
    enterprises: Annotated[str, typer.Option("--enterprises", metavar="家数", help="多少家企业。")],
    out: Out,
    seed: Annotated[str, typer.Option("--seed", metavar="种子", help="整数；种子相同，内容相同。不写：1。")] = "1",
    grading: Annotated[
        bool, typer.Option("--grading", help="改为生成绩效分级申报审核表，与同样家数、种子的清单样例是同一批企业。")
    ] = False,
    year: OptionalYear = None,
    ruleset: RuleSetId = None,
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """生成一份填好的样例（企业都是虚构的），供试用和培训。

    例：qingdan sample --county 371502 --enterprises 60 --seed 1 --out 样例.xlsx
    绩效分级申报审核表：qingdan sample --grading --county 371502 --enterprises 85 --seed 1 --out 绩效分级样例.xlsx
    """
    from addin.office import new_workbooks as command

    return command.sample(
        kind="grading" if grading else "inventory", county=county, enterprises=enterprises, seed=seed, year=year, rules_id=ruleset, out=out, force=force,
        as_json=as_json,
    )  # fmt: skip


@app.command("consolidate", cls=Command)
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


@app.command("return", cls=Command)
def return_(
    *,
    files: Annotated[list[str], typer.Argument(metavar="文件或文件夹…", help="各区县的填报表，或放着它们的文件夹。")],
    out: Annotated[str, typer.Option("--out", metavar="文件夹", help="退回的工作簿放在哪个文件夹。")],
    year: Annotated[str | None, typer.Option("--year", metavar="年度", help="不写：多数文件的年度。")] = None,
    round_: Annotated[str | None, typer.Option("--round", metavar="轮次", help="不写：多数文件的轮次。")] = None,
    on: On = None,
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """把各区县的内容退回改正：问题列成清单，写在每一行旁边，版次加 1，改好可直接再报。

    例：qingdan return 收件箱 --out 退回
    退出码：0 没有错误，1 有错误，2 有文件读不了。
    """
    from addin.office.returning import return_files

    return return_files(files, out=out, year=year, round_=round_, on=on, force=force, as_json=as_json)


@app.command("regrade", cls=Command)
def regrade(
    *,
    files: Annotated[list[str], typer.Argument(metavar="文件…", help="绩效分级申报审核表（.xlsx）。")],
    inventory: Annotated[str, typer.Option("--inventory", metavar="文件", help="同一区县、同一年度的应急减排清单。")],
    out: Annotated[
        str | None, typer.Option("--out", metavar="文件", help="把改好的下一版清单写到哪个文件。不写：只列出要改的。")
    ] = None,
    round_: Annotated[
        str | None,
        typer.Option("--round", metavar="轮次", help="下一版属于哪一轮，例如 9月调整。不写：同一轮，版次加 1。"),
    ] = None,
    on: Annotated[
        str | None,
        typer.Option(
            "--on", metavar="日期", help="没有写明日期的变更和上报，按哪一天登记。不写：申报审核表的填报日期。"
        ),
    ] = None,
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """按绩效分级的结果更新清单里的等级：先逐家列出旧等级、新等级、依据和批准机关，再写出下一版。

    例：qingdan regrade 绩效分级.xlsx --inventory 东昌府区.xlsx --round 9月调整 --out 东昌府区-9月.xlsx
    退出码：0 没有要改的，或已写出下一版，1 有要改的、还没有写出，2 没能做成。
    """
    from addin.office.regrading import regrade_files

    return regrade_files(files, inventory=inventory, on=on, round_=round_, out=out, force=force, as_json=as_json)


@app.command("export", cls=Command)
def export(
    *,
    source: Annotated[str, typer.Argument(metavar="文件", help="全市汇总，或一个区县的填报表。")],
    out: Out,
    profile: Annotated[str, typer.Option("--profile", metavar="名称", help="报送格式。不写：省里现行格式。")] = "",
    sign: Annotated[
        str | None, typer.Option("--sign", metavar="私钥", help="用 qingdan keys 生成的私钥给核对清单签名；会问口令。")
    ] = None,
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """导出报送省里的清单（只有数值，没有公式）和它的核对清单。有错误时不予导出。

    例：qingdan export 全市.xlsx --out 报省.xlsx
    """
    from addin.cli.consolidate import export_file

    return export_file(source, out=out, profile=profile, sign=sign, force=force, as_json=as_json)


@app.command("keys", cls=Command)
def keys(
    *,
    out: Annotated[str, typer.Option("--out", metavar="文件夹", help="私钥和公钥放在哪个文件夹。")],
    sm2: Annotated[bool, typer.Option("--sm2", help="用国密算法，供有此要求的单位。")] = False,
    as_json: AsJson = False,
) -> int:
    """生成签名用的一对钥匙：私钥自己留着，公钥交给审计方。

    例：qingdan keys --out 钥匙
    口令在终端里输入，或放在环境变量 QINGDAN_PASSPHRASE 里，从不写在命令里。
    """
    from addin.office import signing
    from validators.audit.signature import ED25519, SM2

    return signing.keys(out=out, kind=SM2 if sm2 else ED25519, as_json=as_json)


@app.command("decide", cls=Command)
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

    例：qingdan decide 全市.xlsx --kind 豁免 --rule BZ01 --key 371502-G-0007 --reason 供暖 --approver 张三
    --document 聊重指办函〔2020〕9号 --until 2020-12-31
    """
    from addin.office.ledger_entries import decide as command

    return command(
        place, kind=kind, rule=rule, county=county, key=key, value=value, reason=reason, approver=approver,
        document_=document_, until=until, replaces=replaces, who=who, year=year, as_json=as_json,
    )  # fmt: skip


@app.command("history", cls=Command)
def history(
    *,
    place: Annotated[str, typer.Argument(metavar="文件或文件夹", help="全市汇总，或它所在的文件夹。")],
    as_json: AsJson = False,
) -> int:
    """列出台账里的各版汇总和各项决定。

    例：qingdan history 全市.xlsx
    """
    from addin.office.ledger_entries import history as command

    return command(place, as_json=as_json)


@app.command("diff", cls=Command)
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

    例：qingdan diff 1 3 --dir 全市.xlsx
    退出码：0 没有差别，1 有差别，2 没能比较。
    """
    from addin.office.ledger_entries import diff as command

    return command(before, after, place=place, as_json=as_json)


@app.command("audit", cls=Command)
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


@app.command("directory", cls=Command)
def directory(
    *,
    files: Inventories,
    out: Annotated[str, typer.Option("--out", metavar="文件夹", help="表格和网页放在哪个文件夹。")],
    registered: Annotated[
        list[str] | None,
        typer.Option("--registered", metavar="清单编号", help="登记名称本来就含人名、核实后照样公开的厂区，可写几次。"),
    ] = None,
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """生成公开目录：一份表格，一个能搜索的网页；不含联系人、电话等个人信息。

    例：qingdan directory 全市.xlsx --out 公开
    退出码：0 已写出，1 已写出但有的行要先看一看，2 有文件读不了或没有采用。
    """
    from addin.office import directory as command

    return command.directory(files, out=out, registered=registered or [], force=force, as_json=as_json)


@app.command("guarantee", cls=Command)
def guarantee(*, files: Inventories, out: Out, force: Force = False, as_json: AsJson = False) -> int:
    """生成保障类名单：按类别分开，写明谁确定、准许运行什么、是否报部备案，并给各区县排名。

    例：qingdan guarantee 全市.xlsx --out 保障类名单.xlsx
    退出码：0 已写出，1 已写出但有的行要先看一看，2 有文件读不了或没有采用。
    """
    from addin.office import guarantee_listing as command

    return command.guarantee(files, out=out, force=force, as_json=as_json)


@app.command("draw", cls=Command)
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

    例：qingdan draw 绩效分级 --seed 2020082012345 --out 现场核查名单.xlsx
    退出码：0 已写出，1 已写出但有的申报没法列入，2 有文件读不了。
    """
    from addin.office import visit_lottery as command

    return command.draw_files(files, out=out, ratio=ratio, seed=seed, force=force, as_json=as_json)


@app.command("calendar", cls=Command)
def calendar(
    *,
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="[文件或文件夹…]", help="绩效分级申报审核表；给了就写明还差几个厂区没有办。"),
    ] = None,
    year: OptionalYear = None,
    on: Annotated[
        str | None, typer.Option("--on", metavar="日期", help="以哪一天计，例如 2020-08-18。不写：今天。")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """日程：哪一天以前要办什么、由谁办、还有几天。

    例：qingdan calendar --on 2020-08-18
    退出码：0 没有逾期未办的，1 有逾期还没有办完的，2 有文件读不了。
    """
    from addin.office import calendar as command

    return command.calendar(files or [], year=year, on=on, as_json=as_json)


@app.command("plans", cls=Command)
def plans(
    *,
    files: Annotated[list[str], typer.Argument(metavar="文件…", help="一个或几个区县的清单填报表（.xlsx）。")],
    out: Folder,
    templates: Templates = None,
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """从清单生成“一厂一策”：每家一份操作方案或一页公示牌（.docx），另有合订本。

    例：qingdan plans 东昌府区.xlsx --out 一厂一策
    退出码：0 都已生成，1 有的企业清单有错误、没有备案或没有生成，2 有文件读不了。
    """
    from addin.office import document_sets as command

    return command.plans(files, out=out, own=templates, force=force, as_json=as_json)


@app.command("papers", cls=Command)
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
    templates: Templates = None,
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """从申报审核表生成附件 1 至 5：申请报告、申请表，县级初审、审核意见，市级审核意见（.docx），另有合订本。

    例：qingdan papers 绩效分级.xlsx --inventory 东昌府区.xlsx --out 文书
    退出码：0 都已生成，1 有的企业在表中有错误或没有生成，2 有文件读不了。
    """
    from addin.office import document_sets as command

    return command.papers(
        files, inventories=inventory or [], kinds=kind or [], out=out, own=templates, force=force, as_json=as_json
    )


@app.command("desk", cls=Command)
def desk(
    *,
    folder: Annotated[
        str, typer.Option("--dir", metavar="文件夹", help="收件文件夹，放着各县区的填报表。不写：当前文件夹。")
    ] = ".",
    as_json: AsJson = False,
) -> int:
    """打开办公台：在一个页面里对收件文件夹校验、汇总、退回、导出、审计。

    例：qingdan desk --dir 收件箱
    结果写在旁边的“收件箱-结果”文件夹里。关闭页面，或在这里中断，即结束。
    """
    from addin.cli.desk_command import desk as command

    return command(folder=folder, as_json=as_json)


@app.command("live", cls=Command)
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


@app.command("selftest", cls=Command)
def selftest(
    *,
    out: Annotated[
        str | None, typer.Option("--out", metavar="报告", help="报告写到哪个文件（文字，.md）。不写：只显示。")
    ] = None,
    host: Annotated[
        str | None,
        typer.Option("--host", metavar="软件", help="excel（也用于 WPS）或 libreoffice。不写：同 qingdan live。"),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """自检：在本机真实的表格软件里试一遍边填边查，写出报告。只改动自己临时生成的样例。

    例：qingdan selftest --out 自检报告.md
    退出码：0 通过，1 有一项不通过，2 没能检查。
    """
    from addin.trial.selftest import selftest as command

    return command(out=out, host=host, as_json=as_json)


@app.command("profile-diff", cls=Command)
def profile_diff(
    *,
    old: Annotated[str, typer.Argument(metavar="旧", help="报送格式的名称，或省里的空白表（.xlsx）。")],
    new: Annotated[str, typer.Argument(metavar="新", help="另一个报送格式的名称，或空白表（.xlsx）。")],
    as_json: AsJson = False,
) -> int:
    """比较两个报送格式，或用省里新发的空白表核对现有格式：哪些表头移动、新增、消失。

    例：qingdan profile-diff default 省里新发的空白表.xlsx
    退出码：0 没有不同，1 有不同，2 有文件读不了。
    """
    from addin.office import profile_comparison as command

    return command.profile_diff(old, new, as_json=as_json)


@app.command("rules", cls=Command)
def rules(
    *,
    id_: Annotated[str | None, typer.Argument(metavar="规则编号", help="例如 BZ01。不写：列出全部规则。")] = None,
    as_json: AsJson = False,
) -> int:
    """列出全部校验规则，或一条规则的依据、说明和例子。

    例：qingdan rules BZ01
    """
    from addin.office import rule_catalogue as command

    return command.rules(id_, as_json=as_json)


@ruleset_app.command("edit", cls=Command)
def ruleset_edit(
    *,
    out: Out,
    year: OptionalYear = None,
    ruleset: RuleSetId = None,
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """把一个年度的规则集生成工作簿，供市里补录和修改。

    例：qingdan ruleset edit --year 2020 --out 规则集.xlsx
    """
    from addin.office import ruleset_editing as command

    return command.edit(year=year, rules_id=ruleset, out=out, force=force, as_json=as_json)


@ruleset_app.command("load", cls=Command)
def ruleset_load(
    *,
    file: Annotated[str, typer.Argument(metavar="文件", help="改好的规则集工作簿。")],
    against: Annotated[
        list[str] | None,
        typer.Option("--against", metavar="文件或文件夹", help="看对这些填报表的问题有什么影响，可写几次。"),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """逐行核对规则集工作簿，列出改了什么，另存为新的一版；原来的各版不动。

    例：qingdan ruleset load 规则集.xlsx --against 东昌府区.xlsx
    退出码：0 已载入或没有变化，1 有要改的地方、没有载入，2 文件读不了。
    """
    from addin.office import ruleset_editing as command

    return command.load_file(file, against=against or [], as_json=as_json)


@ruleset_app.command("list", cls=Command)
def ruleset_list(*, as_json: AsJson = False) -> int:
    """列出本机的规则集：随程序发布的和载入的各版。

    例：qingdan ruleset list
    """
    from addin.office import ruleset_editing as command

    return command.versions_known(as_json=as_json)


@app.command("demo", cls=Command)
def demo(
    *,
    out: Annotated[
        str, typer.Option("--out", metavar="文件夹", help="文件放在哪里。不写：当前文件夹下的 demo。")
    ] = "demo",
    enterprises: Annotated[
        str, typer.Option("--enterprises", metavar="家数", help="每个区县多少家企业，至少 60。不写：60。")
    ] = "60",
    as_json: AsJson = False,
) -> int:
    """用虚构的数据走完全程：模板、填报、校验、汇总、导出、审计，以及一个县一年的绩效分级。

    例：qingdan demo --out 演示
    退出码：0 各步都如预期，1 有的步骤不如预期，2 没能做完。
    """
    from addin.trial import demo as command

    return command.demo(out=out, enterprises=enterprises, as_json=as_json)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code. Whatever happens, the user sees one Chinese line, never a traceback."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    gc.disable()  # looking for cycles among millions of cells costs a fifth of the time and finds none
    prepare()
    try:
        try:
            code = _guarded(given)
        finally:
            gc.enable()
            sys.stdout.flush()
    except OSError as error:  # standard output itself: a full disk, or a reader that left (`qingdan rules | head`)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            warn(refusal(error, "标准输出"))
        return 2
    return code


def _guarded(arguments: list[str]) -> int:
    try:
        return _run(arguments)
    except UsageError as error:
        message = complaint(error)
    except Stop as error:
        message = str(error)
    except OSError as error:
        if error.filename is None:
            raise
        message = refusal(error)
    except KeyboardInterrupt:
        warn("已中断。")
        return 130
    except MemoryError:
        message = "内存不够。请关闭其他程序，或把文件分批处理。"
    except Exception:
        message = "程序内部出错。请把命令和文件发给维护人员；设 QINGDAN_DEBUG=1 后重试可显示细节。"
        if debugging():
            warn(traceback.format_exc())
    if "--json" in arguments:
        document({"errors": [{"file": None, "message": message}]})
    warn(message)
    return 2


def _run(arguments: list[str]) -> int:
    command = typer.main.get_command(app)
    if not arguments:
        arguments = ["--help"]
    try:
        with command.make_context("qingdan", arguments) as context:
            return int(command.invoke(context))
    except typer.Exit as finished:
        return finished.exit_code
