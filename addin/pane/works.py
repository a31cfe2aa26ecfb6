"""The buttons of the page: one declaration for each, from which the dialog and the command are made; what comes of it its result says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from addin.reading.inbox import IMPORT_REPORT, MERGE_REPORT
from validators.findings import Json
from workbook_templates.submission.submission_workbook import DEFAULT, profiles

Asked = Literal["text", "tick", "file", "secret", "counties", "choice", "ruleset"]


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing that the dialog asks for: an option of the command, or the passphrase that no command line may hold."""

    option: str
    label: str
    kind: Asked = "text"
    about: str = ""
    ending: str = ""
    """Of a `file` to choose among those of both folders ('/' a folder); of a `tick` the name of what is written besides."""
    choices: tuple[tuple[str, str], ...] = ()
    """Value and label; a `choice` without them offers the counties."""
    start: str = ""
    """What stands there at first; of a tick 'yes' where it is set."""
    needed: bool = False
    rare: bool = False
    """Stands folded, for it can nearly always be left as it is."""


@dataclass(frozen=True, slots=True)
class Work:
    """A button: the command `qingdan <command> <files> [--out …] <options>`."""

    id: str
    label: str
    about: str
    """One line for the person who is about to press it."""
    command: tuple[str, ...] = ()
    """Where it is not the id alone."""
    daily: bool = True
    """Stands among the buttons that are always seen."""
    takes: Literal["files", "one", "none"] = "files"
    """Files and folders, exactly one file, or nothing at all."""
    folders: bool = True
    """The command itself looks through folders; else it is given the files that lie there."""
    offered: str = ""
    """Name of the file or folder in the results that is taken where nothing was chosen there; '' for the inbox."""
    out: str = ""
    """Name offered for the output: a file if it has a suffix, '.' the folder of results itself, else a folder; '' where
    nothing is written."""
    beside: str = ""
    """What the name of a report ends with that is written beside the output."""
    made_first: bool = False
    """The command wants its output folder to be there."""
    forced: bool = True
    """The command takes `--force`."""
    keeps: str = ""
    """What an overwrite keeps, for the person who is asked."""
    confirms: bool = False
    """What the command proposes is confirmed on the page, which then writes it."""
    asks: tuple[Ask, ...] = ()

    @property
    def one(self) -> bool:
        """Takes exactly one file."""
        return self.takes == "one"

    def to_json(self) -> Json:
        """What the page makes the button and its dialog of."""
        return {
            "id": self.id,
            "label": self.label,
            "about": self.about,
            "daily": self.daily,
            "takes": self.takes,
            "offered": self.offered,
            "out": self.out,
            "keeps": self.keeps,
            "confirms": self.confirms,
            "asks": [
                {
                    "option": one.option,
                    "label": one.label,
                    "kind": one.kind,
                    "about": one.about,
                    "ending": one.ending,
                    "choices": one.choices,
                    "start": one.start,
                    "needed": one.needed,
                    "rare": one.rare,
                }
                for one in self.asks
            ],
        }


RULESET = Ask("--ruleset", "规则集", "ruleset", "不选：该年度最新的一版。", rare=True)
WHEN = (
    Ask("--year", "年度", about="不写：多数文件的年度。", rare=True),
    Ask("--round", "轮次", about="不写：多数文件的轮次，例如 首报、9月调整。", rare=True),
    Ask("--on", "以哪一天判断", about="例如 2020-08-20。不写：表中的填报日期。", rare=True),
)
_OWN = Ask("--templates", "自己的模板", "file", "放着改好的模板的文件夹；不选就用随程序的。", ending="/", rare=True)
_KEY = Ask("--sign", "用私钥签名", "file", "不签名就不选。", ending=".pem")
SECRET = Ask("", "口令", "secret", "私钥的口令，只用这一次，不写到任何地方。")
_CITY = "全市.xlsx"


WORKS: Mapping[str, Work] = {
    work.id: work
    for work in (
        Work("check", "校验", "逐格检查选中的填报表，列出问题和改法。", folders=False),
        Work(
            "consolidate",
            "汇总",
            "把各区县的填报表汇成一份全市清单，查出缺报和冲突。",
            out=_CITY,
            keeps="原来那份里录入的决定先记入台账，没写全的留在原处；在别处改过的，原件另存一份。",
            asks=(*WHEN, RULESET),
        ),
        Work(
            "return",
            "退回",
            "把有问题的区县的内容连同问题写成可直接改正的新版填报表。",
            out="退回",
            keeps="以前退回的移到其中的“以前退回的”。",
            asks=(
                Ask("--county", "退给", "counties", "豁免了的、已裁定的不算；没有要改的默认不退。"),
                Ask("--errors", "只退错误，不列提醒", "tick"),
                Ask("--all", "没有要改的区县也给一份", "tick"),
                Ask("--letter", "另写退回函，每个区县打成一个压缩包", "tick", start="yes"),
                *WHEN,
            ),
        ),
        Work(
            "export",
            "导出",
            "由全市清单生成报省清单；有错误时不予导出。",
            takes="one",
            offered=_CITY,
            out="报省.xlsx",
            keeps="原来那份报省清单和核对清单会被换掉。",
            asks=(
                Ask(
                    "--profile",
                    "报送格式",
                    "choice",
                    choices=tuple((name, "省里现行格式" if name == DEFAULT else name) for name in profiles()),
                    start=DEFAULT,
                ),
                Ask(
                    "--into",
                    "省里的空白表",
                    "file",
                    "填进省里自己的空白表，要连它的布局一起选；不选就用上面的报送格式。",
                    ending=".xlsx",
                    rare=True,
                ),
                Ask("--layout", "空白表的布局", "file", "用“认表”记住的布局。", ending=".csv", rare=True),
                _KEY,
                SECRET,
            ),
        ),
        Work(
            "audit",
            "审计",
            "检查报省清单有没有公式、宏和隐藏内容，是否被改动。",
            offered="报省.xlsx",
            asks=(
                Ask("--against", "与收件文件夹逐格复算", "tick", start="yes"),
                Ask("--key", "核对签名用的公钥", "file", "另行取得的；不选就用清单旁边的。", ending=".pem"),
                Ask("--report", "写审计报告（.docx）", "tick", ending="审计报告.docx"),
                Ask("--receipt", "写接收回执（.docx）", "tick", ending="回执.docx"),
            ),
        ),
        Work(
            "merge",
            "合并来件",
            "区县用：把乡镇、园区、企业填的来件合成一份填报表，列出冲突。",
            daily=False,
            out="本县合并.xlsx",
            beside=MERGE_REPORT,
            keeps="合并报告里写明的裁定照办；原来那份改过的，原样另存一份。",
        ),
        Work(
            "learn",
            "认表",
            "区县用：看一份别的样式的旧表，逐列说出像清单的哪一列，请人核对，记成布局。",
            command=("layout", "learn"),
            daily=False,
            takes="one",
            out="布局.csv",
            confirms=True,
        ),
        Work(
            "import",
            "导入旧表",
            "区县用：照布局把旧表变成填报表，推测的格标出来；逐列、逐行的交代写在旁边的导入报告里。",
            daily=False,
            takes="one",
            out="导入的填报表.xlsx",
            beside=IMPORT_REPORT,
            keeps="同一家企业的编号不变；原来那份改过的，原样另存一份。",
            asks=(
                Ask("--layout", "布局", "file", "用“认表”记住的布局。", ending=".csv", needed=True),
                Ask("--county", "区县", "choice", needed=True),
                Ask("--year", "年度", needed=True, about="例如 2020。"),
                Ask("--revision", "版次", start="1"),
                RULESET,
            ),
        ),
        Work(
            "briefing",
            "领导简报",
            "一页 A4：报送、问题、保障类、等级、减排与目标、与上版的变化，两张图。",
            command=("publish", "briefing"),
            daily=False,
            takes="one",
            offered=_CITY,
            out="简报.docx",
        ),
        Work(
            "directory",
            "公开目录",
            "公布用的表格和可搜索的网页，不含个人信息。",
            command=("publish", "directory"),
            daily=False,
            offered=_CITY,
            out="公开",
        ),
        Work(
            "guarantee",
            "保障类名单",
            "按类别分开，写明谁确定、是否报部备案，给各区县排名。",
            command=("publish", "guarantee"),
            daily=False,
            offered=_CITY,
            out="保障类名单.xlsx",
        ),
        Work(
            "plans",
            "一厂一策",
            "每家一份操作方案或公示牌（.docx），另有合订本。",
            command=("publish", "plans"),
            daily=False,
            folders=False,
            out="一厂一策",
            asks=(_OWN,),
        ),
        Work(
            "papers",
            "绩效文书",
            "由绩效分级申报审核表生成附件 1 至 5（.docx）。",
            command=("grading", "papers"),
            daily=False,
            folders=False,
            out="文书",
            asks=(_OWN,),
        ),
        Work(
            "forms",
            "文书模板",
            "写出文书的模板和占位符，改好后在生成文书时选用。",
            command=("template", "documents"),
            daily=False,
            takes="none",
            out="文书模板",
        ),
        Work(
            "draw",
            "现场抽查",
            "由绩效分级申报审核表抽取现场核查名单，任何人可以重算。",
            command=("grading", "draw"),
            daily=False,
            out="现场核查名单.xlsx",
            asks=(
                Ask("--seed", "种子", about="一段文字，最好是事先约定、事后公布的数；不写：年度。"),
                Ask("--ratio", "抽查比例（%）", about="不写：规则集里的比例。"),
            ),
        ),
        Work(
            "template",
            "空白填报表",
            "给一个区县做一份空白填报表。",
            command=("template", "county"),
            daily=False,
            takes="none",
            out="填报表.xlsx",
            asks=(
                Ask("--county", "区县", "choice", needed=True),
                Ask("--year", "年度", needed=True, about="例如 2020。"),
                Ask("--revision", "版次", start="1", needed=True),
            ),
        ),
        Work(
            "grading",
            "空白审核表",
            "给一个区县做一份绩效分级申报审核表。",
            command=("template", "grading"),
            daily=False,
            takes="none",
            out="绩效分级.xlsx",
            asks=(
                Ask("--county", "区县", "choice", needed=True),
                Ask("--year", "年度", needed=True, about="例如 2020。"),
                Ask("--revision", "版次", start="1", needed=True),
                Ask(
                    "--from",
                    "带过来的内容",
                    "file",
                    "应急减排清单，或上一版申报审核表；不选就是空白的。",
                    ending=".xlsx",
                ),
            ),
        ),
        Work(
            "regrade",
            "按分级更新清单",
            "按绩效分级申报审核表更新一个区县清单里的等级，逐家列出，另写下一版。",
            command=("grading", "regrade"),
            daily=False,
            folders=False,
            out="下一版清单.xlsx",
            asks=(
                Ask("--inventory", "要更新的清单", "file", "同一区县、同一年度的填报表。", ending=".xlsx", needed=True),
                Ask("--round", "轮次", about="下一版属于哪一轮，例如 9月调整。不写：同一轮，版次加 1。"),
            ),
        ),
        Work(
            "rulesets",
            "规则集",
            "列出本机有哪几版规则集，现在用的是哪一版。",
            command=("ruleset", "list"),
            daily=False,
            takes="none",
            forced=False,
        ),
        Work(
            "edit_ruleset",
            "编规则集",
            "把规则集写成工作簿，供市里补录和修改。",
            command=("ruleset", "edit"),
            daily=False,
            takes="none",
            out="规则集.xlsx",
            asks=(Ask("--year", "年度", about="不写：现在执行的。"),),
        ),
        Work(
            "load_ruleset",
            "载入规则集",
            "逐行核对改好的规则集工作簿，另存为新的一版；原来的各版不动。",
            command=("ruleset", "load"),
            daily=False,
            takes="one",
            offered="规则集.xlsx",
            forced=False,
            asks=(Ask("--against", "看对收件文件夹里各表的影响", "tick"),),
        ),
        Work(
            "keys",
            "签名钥匙",
            "生成签名用的一对钥匙：私钥自己留着，公钥交给审计方。",
            command=("keys",),
            daily=False,
            takes="none",
            out="钥匙",
            made_first=True,
            forced=False,
            asks=(Ask("", "口令", "secret", "为私钥设一个口令，至少 8 个字符；忘了就不能再用这把私钥。", needed=True),),
        ),
        Work(
            "backup",
            "备份",
            "把全市清单和台账存进一个文件。",
            command=("ledger", "backup"),
            daily=False,
            takes="one",
            offered=_CITY,
            out="备份.zip",
        ),
        Work(
            "restore",
            "恢复",
            "由备份换回全市清单和台账；现有的另存一份。",
            command=("ledger", "restore"),
            daily=False,
            takes="one",
            offered="备份.zip",
            out=".",
            forced=False,
        ),
    )
}
"""In the order of the buttons. A command that becomes a button is one more entry here."""
