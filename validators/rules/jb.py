"""JB: 基本信息."""

from collections.abc import Iterator

from stdnum.cn import uscc

from validators.expr import Check, Row, blank, call, check, ref
from validators.findings import Severity
from validators.rule import row_rule


def uscc_fault(code: str) -> str:
    """What is wrong with a 统一社会信用代码 by GB 32100-2015, in Chinese; '' if nothing is."""
    if len(code) != 18:
        return f"应为18位，现为{len(code)}位"
    wrong = [character for character in code if character not in "0123456789ABCDEFGHJKLMNPQRTUWXY"]
    if wrong:
        return f"含有不允许的字符“{wrong[0]}”（代码中没有字母I、O、S、V、Z）"
    return "" if uscc.is_valid(code) else "校验位不符，可能有一位抄错"


@row_rule("JB01", "统一社会信用代码错误", Severity.ERROR, "cell", "GB 32100-2015", "enterprises")
def jb01(e: Row) -> Iterator[Check]:
    """检查什么：统一社会信用代码的长度、字符和校验位是否符合 GB 32100-2015。

    为什么：信用代码是跨县区查重、与排污许可对照的依据，错一位就对不上。
    怎么改：对照营业执照重新录入18位代码。
    """
    fault = call(uscc_fault, e.uscc)
    yield check(e.uscc, fault != "", "统一社会信用代码“{at}”有误：{fault}。请对照营业执照重新录入。", fault=fault)


@row_rule("JB05", "应有许可证编号", Severity.ERROR, "row", "业内惯例", "enterprises")
def jb05(e: Row) -> Iterator[Check]:
    """检查什么：排污许可管理类别不是“无”而排污许可证编号为空。

    为什么：编号是与排污许可平台核对的依据。
    怎么改：补填22位排污许可证编号或登记编号；确无许可的，把管理类别改为“无”。
    """
    yield check(
        e.permit_no,
        (e.permit_class != "无") & blank(e.permit_no),
        "排污许可管理类别为“{kind}”，但没有填排污许可证编号。请补填22位编号；确无许可的，把管理类别改为“无”。",
        kind=e.permit_class,
    )
