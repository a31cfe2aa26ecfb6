"""`qingdan addin …`: what was done, said in words or as JSON."""

from collections.abc import Iterator

from pydantic import Field

from addin.apps import oxt
from addin.cli.terminal import show
from addin.office.results import Result
from addin.problems import Stop

_AGAIN = "请关闭全部 LibreOffice 窗口，再重新打开。"


def install(application: str, *, as_json: bool) -> int:
    """Install the extension; returns the exit code. Raises `Stop`."""
    _check(application)
    oxt.install()
    return _said(f"已装进 LibreOffice。{_AGAIN}表格窗口里会有“清单”菜单和工具栏。", as_json, code=0)


def remove(application: str, *, as_json: bool) -> int:
    """Remove it; returns the exit code. Raises `Stop`."""
    _check(application)
    oxt.remove()
    return _said(f"LibreOffice 里没有“清单”扩展了。{_AGAIN}", as_json, code=0)


def status(application: str, *, as_json: bool) -> int:
    """Say how it stands; returns the exit code. Raises `Stop`."""
    _check(application)
    found = oxt.state()
    if not found["installed"]:
        return _said("LibreOffice 里没有装。要装：qingdan addin install libreoffice", as_json, code=1)
    if found["problem"]:
        return _said(f"装了，但{found['problem']}。请执行 qingdan addin repair libreoffice", as_json, code=1)
    return _said(f"已装在 LibreOffice 里，没有毛病；启动的程序：{found['program']}", as_json, code=0)


def repair(application: str, *, as_json: bool) -> int:
    """Install it anew where something is wrong with it; returns the exit code. Raises `Stop`."""
    _check(application)
    found = oxt.state()
    if not found["installed"]:
        return status(application, as_json=as_json)
    if not found["problem"]:
        return _said("没有毛病，不用修。", as_json, code=0)
    oxt.install()
    return _said(f"已修好（{found['problem']}）。{_AGAIN}", as_json, code=0)


def _check(application: str) -> None:
    if application != "libreoffice":
        raise Stop(f"“{application}”不对，现在只能装进 libreoffice。")


class AddinState(Result):
    """How the extension stands now, and what was done."""

    application: str
    installed: bool
    program: str | None
    problem: str
    message: str
    found: int = Field(exclude=True)
    """The exit code."""

    @property
    def code(self) -> int:
        """As the help page says."""
        return self.found

    def lines(self) -> Iterator[str]:
        """What was done."""
        yield self.message


def _said(words: str, as_json: bool, *, code: int) -> int:
    return show(AddinState(application="libreoffice", **oxt.state(), message=words, found=code), as_json=as_json)
