"""Trying it out."""

from pathlib import Path
from typing import Annotated

import typer

from addin.cli.help_page import TRIAL
from addin.cli.parameters import AsJson, CountyCode, Force, HostName, OptionalYear, Out, RuleSetId, number
from addin.cli.registry import Commands

commands = Commands(heading=TRIAL)


@commands("demo")
def demo(
    *,
    out: Annotated[
        Path, typer.Option("--out", metavar="文件夹", help="文件放在哪里。不写：当前文件夹下的 demo。")
    ] = Path("demo"),
    enterprises: Annotated[
        int, number("--enterprises", 60, 1500, metavar="家数", help="每个区县多少家企业，至少 60。不写：60。")
    ] = 60,
    as_json: AsJson = False,
) -> int:
    """用虚构的数据走完全程：模板、填报、校验、汇总、导出、审计，一个县一年的绩效分级，旧清单到省里空白表。

    例：qingdan demo --out 演示
    退出码：0 各步都如预期，1 有的步骤不如预期，2 没能做完。
    """

    from addin.cli.terminal import progress, show
    from addin.trial.demo import demo

    with progress("演示") as step:
        done = demo(out, enterprises, step)
    return show(done, as_json=as_json)


@commands("sample")
def sample(
    *,
    county: CountyCode,
    enterprises: Annotated[int, number("--enterprises", 1, 1500, metavar="家数", help="多少家企业。")],
    out: Out,
    seed: Annotated[int, number("--seed", 0, 10**9, metavar="种子", help="整数；种子相同，内容相同。不写：1。")] = 1,
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

    from addin.cli.terminal import progress, show
    from addin.office.new_workbooks import sample
    from addin.reading.ruleset_store import rules_of

    with progress("生成样例"):
        made = sample(
            "grading" if grading else "inventory",
            county,
            rules_of(year, ruleset),
            out,
            enterprises=enterprises,
            seed=seed,
            force=force,
        )
    return show(made, as_json=as_json)


@commands("selftest")
def selftest(
    *,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="报告", help="报告写到哪个文件（文字，.md）。不写：只显示。")
    ] = None,
    host: HostName = None,
    as_json: AsJson = False,
) -> int:
    """自检：在本机真实的表格软件里试一遍边填边查，写出报告。只改动自己临时生成的样例。

    例：qingdan selftest --out 自检报告.md
    退出码：0 通过，1 有一项不通过，2 没能检查。
    """

    from addin.cli.terminal import show
    from addin.trial.selftest import selftest

    return show(selftest(out=out, host=host), as_json=as_json)
