"""`qingdan addin …`: what was done, said in words or as JSON."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from pydantic import Field

from addin.apps import oxt
from addin.apps.excel import registration
from addin.cli.terminal import show
from addin.office.results import Result
from addin.problems import Stop
from validators.findings import Json


@dataclass(frozen=True, slots=True)
class _Host:
    """An application that the buttons can be put into; its functions raise `Stop`."""

    name: str
    seen: str
    """What is there then, in words."""
    install: Callable[[], None]
    remove: Callable[[], None]
    state: Callable[[], Json]
    repair: Callable[[], None]

    @property
    def again(self) -> str:
        """What the officer has to do for it to take effect."""
        return f"请关闭全部 {self.name} 窗口，再重新打开。"


_HOSTS = {
    "libreoffice": _Host(
        "LibreOffice", "表格窗口里会有“清单”菜单和工具栏。", oxt.install, oxt.remove, oxt.state, oxt.install
    ),
    **{
        id_: _Host(
            name,
            "功能区里会有“清单”选项卡。",
            partial(registration.install, id_),
            partial(registration.remove, id_),
            partial(registration.state, id_),
            partial(registration.repair, id_),
        )
        for id_, name in registration.SPREADSHEETS.items()
    },
}


def install(application: str, *, as_json: bool) -> int:
    """Install it; returns the exit code. Raises `Stop`."""
    own = _known(application)
    own.install()
    return _said(application, f"已装进 {own.name}。{own.again}{own.seen}", as_json, code=0)


def remove(application: str, *, as_json: bool) -> int:
    """Remove it; returns the exit code. Raises `Stop`."""
    own = _known(application)
    own.remove()
    return _said(application, f"{own.name} 里没有“清单”了。{own.again}", as_json, code=0)


def status(application: str, *, as_json: bool) -> int:
    """Say how it stands; returns the exit code. Raises `Stop`."""
    own = _known(application)
    found = own.state()
    if not found["installed"]:
        return _said(application, f"{own.name} 里没有装。要装：qingdan addin install {application}", as_json, code=1)
    if found["problem"]:
        words = f"装了，但{found['problem']}。请执行 qingdan addin repair {application}"
        return _said(application, words, as_json, code=1)
    return _said(application, f"已装在 {own.name} 里，没有毛病；启动的程序：{found['program']}", as_json, code=0)


def repair(application: str, *, as_json: bool) -> int:
    """Mend what is wrong with it; returns the exit code. Raises `Stop`."""
    own = _known(application)
    found = own.state()
    if not found["installed"]:
        return status(application, as_json=as_json)
    if not found["problem"]:
        return _said(application, "没有毛病，不用修。", as_json, code=0)
    own.repair()
    return _said(application, f"已修好（{found['problem']}）。{own.again}", as_json, code=0)


def _known(application: str) -> _Host:
    if application not in _HOSTS:
        raise Stop(f"“{application}”不对，应为 {'、'.join(_HOSTS)} 之一。")
    return _HOSTS[application]


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


def _said(application: str, words: str, as_json: bool, *, code: int) -> int:
    state = _HOSTS[application].state()
    return show(AddinState(application=application, **state, message=words, found=code), as_json=as_json)
