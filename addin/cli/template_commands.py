"""`qingdan template`: workbooks and documents to fill in."""

from pathlib import Path
from typing import Annotated

import typer

from addin.cli.help_page import SPECIAL
from addin.cli.parameters import MOST_ROOM, AsJson, CountyCode, Folder, Force, Out, RuleSetId, Year, number
from addin.cli.registry import Commands

commands = Commands(
    "template",
    "生成填报表。\n\n例：qingdan template county --county 371502 --year 2020 --revision 1 --out 东昌府区.xlsx",
    heading=SPECIAL,
)


@commands("county")
def county_template(
    *,
    county: CountyCode,
    year: Year,
    revision: Annotated[int, number("--revision", 1, 999, metavar="版次", help="本年度本轮次的第几版，从 1 起。")],
    out: Out,
    round_: Annotated[
        str, typer.Option("--round", metavar="轮次", help="首报、9月调整、动态调整或12月调整。不写：首报。")
    ] = "首报",
    rows: Annotated[
        int,
        number(
            "--rows",
            1,
            MOST_ROOM,
            metavar="家数",
            help="给多少家企业备好空行，其他各表按比例。不写：1500，加 --part 时 100。",
        ),
    ] = 0,
    last: Annotated[
        Path | None, typer.Option("--from", metavar="文件", help="把上一版的各行带过来（等级变更、移出说明除外）。")
    ] = None,
    part: Annotated[
        str | None,
        typer.Option(
            "--part",
            metavar="名称",
            help="只给这个乡镇、园区或企业填的一份，有自己的一段编号；填好用 qingdan merge 合并。",
        ),
    ] = None,
    ruleset: RuleSetId = None,
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """生成一个区县的空白填报表，或带着上一版内容的填报表。

    例：qingdan template county --county 371502 --year 2020 --revision 1 --out 东昌府区.xlsx
    给乡镇的一份：qingdan template county --county 371502 --year 2020 --revision 1 --part 沙镇镇 --out 沙镇镇.xlsx
    """

    from addin.cli.terminal import progress, show
    from addin.office.new_workbooks import county_template
    from addin.reading.ruleset_store import rules_of

    with progress("生成模板"):
        made = county_template(
            county,
            rules_of(year, ruleset),
            out,
            revision=revision,
            round_=round_,
            room=rows or (1500 if part is None else 100),
            last=last,
            part=part,
            force=force,
        )
    return show(made, as_json=as_json)


@commands("grading")
def grading_template(
    *,
    county: CountyCode,
    year: Year,
    revision: Annotated[int, number("--revision", 1, 999, metavar="版次", help="本年度的第几版，从 1 起。")],
    out: Out,
    rows: Annotated[
        int, number("--rows", 1, MOST_ROOM, metavar="家数", help="给多少个厂区备好空行，其他各表按比例。不写：300。")
    ] = 300,
    last: Annotated[
        Path | None,
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

    from addin.cli.arguments import reference
    from addin.cli.terminal import progress, show
    from addin.office.new_workbooks import grading_template
    from addin.reading.ruleset_store import rules_of

    results = [reference(one) for one in references or ()]
    with progress("生成模板"):
        made = grading_template(
            county,
            rules_of(year, ruleset),
            out,
            revision=revision,
            room=rows,
            last=last,
            references=results,
            force=force,
        )
    return show(made, as_json=as_json)


@commands("documents")
def documents(*, out: Folder, force: Force = False, as_json: AsJson = False) -> int:
    """写出文书的模板（.docx）和可用的占位符，供修改后用 --templates 换上。

    例：qingdan template documents --out 文书模板
    """

    from addin.cli.terminal import show
    from addin.office.document_sets import templates

    return show(templates(out, force=force), as_json=as_json)
