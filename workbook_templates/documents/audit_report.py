"""What is printed of an audit, as .docx: the report that an auditor signs, and the receipt for a submission on one page."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO

from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Cm

from validators.audit.report import plain
from validators.decisions import FIELD_NAMES, HOLDS
from validators.rule import all_rules
from validators.ruleset import UnknownRuleSet, load
from workbook_templates.documents.paper import LONGEST_TEXT, blank_paper, line, table
from workbook_templates.submission.submission_workbook import DEFAULT

if TYPE_CHECKING:
    from docx.document import Document as Paper

_Json = dict[str, Any]
SUMS_SHOWN = 12
"""Sums on the receipt, so that it stays one page; the manifest has them all."""
CELLS_SHOWN = 12
"""Cells named for one kind of evidence on one sheet."""
PASSED = {
    "AU01": "单元格、定义名称、数据有效性、条件格式、图表和表格列中都没有公式，全部是取值。",
    "AU02": "没有宏代码、宏表和对话框表；扩展名和内容类型也不是带宏的或二进制的。",
    "AU03": "没有外部链接、数据连接、查询、超链接和联网取数的函数。",
    "AU04": "没有嵌入对象、控件、网页扩展、自定义界面和图片。",
    "AU05": "没有隐藏的工作表、行、列，也没有看不见的内容。",
    "AU06": "文件只由允许的部件组成，压缩包的两处目录一致，没有夹带。",
    "AU07": "代码列都是文字，数字列都是数字，没有错误值。",
    "AU08": "文件的哈希值、长度、工作表、表头、行数和合计，都与核对清单所记一致。",
    "AU09": "本程序与另一个独立的读表程序逐格读到相同的值。",
    "AU10": "由各区县填报表和核对清单所列的决定重新计算，结果与本文件逐格一致。",
}
"""What the auditor states of a check that found nothing."""
NOT_LOOKED_AT = {
    "AU08": "没有核对清单，没有核对。",
    "AU10": "没有给出各区县的填报表，没有复算。",
}
"""The same of one that did not apply; the others could not be made because the file cannot be read whole."""
ELEMENTS = {"f": "公式", "hyperlink": "超链接", "hyperlinks": "超链接", "conditionalFormatting": "条件格式"}
"""Marks of the file format that have a name in plain words."""


@dataclass(frozen=True)
class Looked:
    """How a file was audited, beyond what its report says."""

    manifest: Mapping[str, Any] | None = None
    """None where there is none, or none that can be read."""
    why_none: str = ""
    """Why there is no manifest."""
    against: str = ""
    """Name of the folder of counties' workbooks that it was computed again from; '' where it was not."""


def _grouped(digest: str) -> str:
    return " ".join(digest[place : place + 8] for place in range(0, len(digest), 8))


def _result(check: Mapping[str, Any]) -> str:
    return f"{check['result']}，{check['count']} 处" if check["count"] else str(check["result"])


def _failing(report: Mapping[str, Any]) -> str:
    return "、".join(f"{check['id']} {check['name']}" for check in report["checks"] if check["result"] == "不通过")


def _plainly(what: str) -> str:
    """A finding of the auditor without the marks of the file format."""
    return re.sub(r"<([\w:]+)>", lambda mark: ELEMENTS.get(mark[1], f"“{mark[1]}”"), what)


def _sentence(check: Mapping[str, Any]) -> str:
    """What the auditor states of a check."""
    if check["result"] == "通过":
        return PASSED[check["id"]]
    if check["result"] == "不适用":
        return NOT_LOOKED_AT.get(check["id"], "文件读不全，没有检查。")
    shown = next((one["what"] for one in check["evidence"]), "")
    return f"发现 {check['count']} 处，例如：{_plainly(shown)}" if check["count"] > 1 else _plainly(shown)


def _signature(report: Mapping[str, Any], looked: Looked) -> str:
    if looked.manifest is None:
        return f"没有核对：{looked.why_none or '没有核对清单'}"
    own = next((check for check in report["checks"] if check["id"] == "AU08"), None)
    notes = [one["what"] for one in own["evidence"] if "签名" in one["what"]] if own else []
    return str(notes[0]) if notes else "核对清单没有签名"


def _format(name: object) -> str:
    return "省里现行格式" if name == DEFAULT else f"“{name}”格式"


def write_report(
    file: BinaryIO, reports: Sequence[Mapping[str, Any]], looked: Sequence[Looked], when: str, tool: str
) -> None:
    """The audit report of files, given as the contract's objects: verdicts first, then each check, and what was found.

    `when` is the local time of the audit, `tool` the name and version of this program.
    """
    paper = blank_paper("审计报告")
    line(paper, "应急减排清单审计报告", 18, bold=True, centred=True)
    table(
        paper,
        [
            ["审计时间", when],
            ["所用程序", tool],
            ["审计对象", f"{len(reports)} 个文件，逐个检查十项，文件没有被打开运行"],
        ],
        (3, 13.6),
        headed=False,
    )
    if len(reports) > 1:
        rows = [["文件", "结论", "不通过的各项"]]
        rows += [[one["file"], one["verdict"], _failing(one)] for one in reports]
        line(paper, "各文件的结论", 12, bold=True)
        table(paper, rows, (6.5, 2.1, 8))
    for report, own in zip(reports, looked, strict=True):
        _report_one(paper, report, own)
    line(paper, "")
    line(paper, "审计单位（盖章）：")
    line(
        paper, "审计人（签字）：                      复核人（签字）：                      日期：      年    月    日"
    )
    paper.save(file)


def _report_one(paper: "Paper", report: Mapping[str, Any], looked: Looked) -> None:
    line(paper, f"{report['verdict']}：{report['file']}", 14, bold=True)
    if not report["checks"]:
        line(paper, "文件打不开，没有检查。")
        return
    said = looked.manifest
    facts = [["文件的 SHA-256", _grouped(report["sha256"])]]
    if said:
        facts += [
            [
                "清单",
                f"{said['year']} 年{said['round']}，{_format(said['profile'])}，规则集 {said['ruleset']}，{said.get('tool', '')} 导出",
            ],
            [
                "核对清单",
                f"与文件一并交来，记有 {len(said['sheets'])} 张表的行数和合计、{len(said['inputs'])} 份区县填报表的哈希值",
            ],
        ]
    else:
        facts.append(["核对清单", looked.why_none or "没有"])
    facts += [
        ["签名", _signature(report, looked)],
        ["复算", f"由“{looked.against}”里的填报表重新计算" if looked.against else "没有进行"],
    ]
    table(paper, facts, (3, 13.6), headed=False)
    rows = [["编号", "检查", "结果", "说明"]]
    rows += [[one["id"], one["name"], _result(one), _sentence(one)] for one in report["checks"]]
    line(paper, "检查结果", 12, bold=True)
    table(paper, rows, (1.5, 2.6, 2.6, 9.9))
    for check in report["checks"]:
        if check["result"] == "不通过":
            _evidence(paper, check)
    if said:
        _decided(paper, said)


def _evidence(paper: "Paper", check: Mapping[str, Any]) -> None:
    """What was found by a check, the like of one sheet in one row."""
    line(paper, f"{check['id']} {check['name']}：{_result(check)}", bold=True)
    alike: dict[tuple[str, str], list[str]] = {}
    for one in check["evidence"]:
        place = one["sheet"] or (f"文件内部 {one['part']}" if one["part"] else "整个文件")
        alike.setdefault((place, _plainly(one["what"])), []).append(one["cell"] or "")
    rows = [["工作表", "单元格", "情况"]]
    for (place, what), cells in alike.items():
        named = [cell for cell in cells if cell]
        more = f" 等 {len(named)} 格" if len(named) > CELLS_SHOWN else ""
        rows.append([place, f"{'、'.join(named[:CELLS_SHOWN])}{more}", what])
    table(paper, rows, (4, 4.6, 8))
    if check["count"] > len(check["evidence"]):
        line(paper, f"共 {check['count']} 处，以上是前 {len(check['evidence'])} 处。", 9)


def _decided(paper: "Paper", said: Mapping[str, Any]) -> None:
    """What the office decided, as the manifest has it: exclusions, waivers, other decisions, and the workbooks used."""
    try:
        names: Mapping[str, str] = load(str(said["ruleset"])).submitting
    except UnknownRuleSet:
        names = {}

    def county(code: object) -> str:
        return names.get(str(code), str(code))

    if said["exclusions"]:
        line(paper, "剔除的区县", 12, bold=True)
        rows = [["区县", "理由"], *([county(one["county"]), str(one["reason"])] for one in said["exclusions"])]
        table(paper, rows, (4, 12.6))
    if said.get("waivers"):
        line(paper, "豁免", 12, bold=True)
        rows = [["编号", "规则", "对象", "理由", "批准人、文号", "有效期至", "处数"]]
        for one in said["waivers"]:
            rule = all_rules().get(str(one.get("rule")))
            about = one.get("key") or county(one.get("county") or "") or "全市"
            approved = "，".join(str(one[name]) for name in ("approver", "document") if one.get(name))
            rows.append(
                [
                    str(one["id"]),
                    f"{one.get('rule')} {rule.name if rule else ''}",
                    str(about),
                    str(one.get("reason", "")),
                    approved,
                    str(one.get("until", "")),
                    str(one.get("findings", "")),
                ]
            )
        table(paper, rows, (1.2, 2.9, 3.1, 3.2, 2.8, 2.3, 1.1))
    others = [one for one in said.get("decisions", ()) if one["kind"] != "剔除"]
    if others:
        line(paper, "其他决定", 12, bold=True)
        rows = [["编号", "类别", "内容"]]
        for one in others:
            fields = {FIELD_NAMES[name]: one[name] for name in FIELD_NAMES if name != "kind" and one.get(name)}
            if one["kind"] == HOLDS:
                rule = all_rules().get(str(fields.pop(FIELD_NAMES["rule"], "")))
                holding = str(fields.pop(FIELD_NAMES["value"], ""))
                fields = {
                    "冲突": rule.name if rule else "",
                    "以谁为准": names.get(holding, f"{holding[:16]} 这份文件"),
                    **fields,
                }
            rows.append([str(one["id"]), one["kind"], "；".join(f"{head} {said}" for head, said in fields.items())])
        table(paper, rows, (1.2, 2.6, 12.8))
    line(paper, "清单由哪些填报表汇成", 12, bold=True)
    rows = [["区县", "文件", "版次", "SHA-256"]]
    rows += [
        [county(one.get("county", "")), str(one["file"]), str(one.get("revision", "")), _grouped(str(one["sha256"]))]
        for one in said["inputs"]
    ]
    table(paper, rows, (3, 4.4, 1.2, 8))


def write_receipt(file: BinaryIO, report: Mapping[str, Any], looked: Looked) -> None:
    """The receipt for a submission that was audited, on one page: what was received with which verdict, or why it is not.

    Hash, counts, sums and a QR code of the hash where they are known.
    """
    said = looked.manifest
    received = report["verdict"] == "通过" and said is not None
    paper = blank_paper("接收回执" if received else "退件回执")
    line(paper, "应急减排清单接收回执" if received else "应急减排清单退件回执（不予接收）", 18, bold=True, centred=True)
    facts = [f"文件：{report['file']}" + (f"（{said['size']:,} 字节）" if said else "")]
    if said:
        facts += [
            f"{said['year']} 年{said['round']}，{_format(said['profile'])}，规则集 {said['ruleset']}",
            f"来自 {len(said['inputs'])} 本区县填报表，剔除 {len(said['exclusions'])} 个区县，豁免 {len(said.get('waivers', ()))} 项",
        ]
    if report["sha256"]:
        facts += ["SHA-256（与右边的二维码相同）：", _grouped(report["sha256"])]
    _facts_and_code(paper, facts, report["sha256"])
    line(paper, f"审计结论：{report['verdict']}", 16, bold=True)
    if not received:
        line(paper, "不予接收的原因", bold=True)
        for why in _refused(report, looked):
            line(paper, f"· {why}")
        line(paper, "请改正后连同核对清单重新报送。")
    if report["checks"]:
        checks = [f"{check['id']} {check['name']}：{_result(check)}" for check in report["checks"]]
        checks += [""] * (len(checks) % 2)
        half = len(checks) // 2
        table(paper, list(zip(checks[:half], checks[half:], strict=True)), (8.3, 8.3), headed=False)
        line(paper, f"签名：{_signature(report, looked).rstrip('。')}。", 9)
    if said and received:
        _counted(paper, said)
    line(paper, "")
    line(paper, "报送单位（盖章）：                            接收单位（盖章）：")
    line(paper, "报送人：                                      接收人：                    日期：")
    paper.save(file)


def _refused(report: Mapping[str, Any], looked: Looked) -> list[str]:
    """Why a submission is not received."""
    if not report["checks"]:
        return ["文件打不开。"]
    found = [
        f"{check['name']}（{check['id']}）不通过，{check['count']} 处：{_sentence(check)}"
        for check in report["checks"]
        if check["result"] == "不通过"
    ]
    if looked.manifest is None:
        found.append(f"{looked.why_none or '没有核对清单'}，无从知道文件是否完整、有没有被改动。")
    return found


def _facts_and_code(paper: "Paper", facts: Sequence[str], digest: str | None) -> None:
    frame = paper.add_table(rows=1, cols=2)
    frame.autofit = False
    left, right = frame.rows[0].cells
    for place, width in enumerate((12.6, 4)):
        frame.columns[place].width = frame.rows[0].cells[place].width = Cm(width)
    left.paragraphs[0].add_run("\n".join(plain(fact, LONGEST_TEXT) for fact in facts))
    if digest:
        import segno

        code = BytesIO()
        segno.make(digest, error="m").save(code, kind="png", scale=4, border=2)
        code.seek(0)
        right.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
        right.paragraphs[0].add_run().add_picture(code, width=Cm(3.6))


def _counted(paper: "Paper", said: Mapping[str, Any]) -> None:
    line(paper, "各表行数", bold=True)
    counted = "；".join(f"{sheet['name']} {sheet['rows']:,} 行" for sheet in said["sheets"])
    line(paper, counted, 9)
    sums = [(sheet["name"], head, value) for sheet in said["sheets"] for head, value in sheet["sums"].items()]
    cuts = [one for one in sums if "减排量" in one[1]] or sums
    if cuts:
        line(paper, f"主要合计（全部 {len(sums)} 项见核对清单）", bold=True)
        rows = [["工作表", "列", "合计"], *([name, head, f"{value:,.10g}"] for name, head, value in cuts[:SUMS_SHOWN])]
        table(paper, rows, (3.6, 9.4, 3.6))
