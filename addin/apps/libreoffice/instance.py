"""A LibreOffice that runs: started by us, or the one that the user has open."""

import atexit
import builtins
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Any, Self

PIPE = "qingdan"
"""Pipe at which the user's own LibreOffice is asked to listen; a pipe belongs to one user of the computer."""
UNO_FOLDERS = ("/usr/lib/python3/dist-packages", "/usr/lib/libreoffice/program", "/opt/libreoffice/program")
"""Where Debian and others put the module `uno`."""
START = 60.0
"""Seconds that LibreOffice is given to start."""
ANSWER = 5.0
"""Seconds that one which runs is given to answer."""
QUIETLY = ("--norestore", "--nologo", "--nodefault", "--nofirststartwizard", "--nolockcheck")

_held: deque[Any] = deque(maxlen=1000)


@atexit.register
def _let_go() -> None:
    """End what connects us with LibreOffice: its threads would go on while Python takes down what they need."""
    _held.clear()
    if uno := sys.modules.get("uno"):
        for bridge in _local(uno, "bridge.BridgeFactory").getExistingBridges():
            bridge.dispose()


def _local(uno: Any, service: str) -> Any:  # noqa: ANN401 - a module without types, and an object of it
    """A service of UNO in this process."""
    local = uno.getComponentContext()
    return local.ServiceManager.createInstanceWithContext("com.sun.star." + service, local)


def hold(thing: Any) -> Any:  # noqa: ANN401 - a UNO object
    """Keep a UNO object a little longer than it is needed, and give it back.

    One that is let go at once, be it a result or what a listener was told, may see its end in the thread of
    LibreOffice that sends, which then waits for a lock; whoever has that lock may be waiting for the sender, to tell us
    of a change. So both would wait for ever (seen in LibreOffice 7.4, more often on a busy machine).
    """
    _held.append(thing)
    return thing


class NoOffice(Exception):
    """LibreOffice cannot be used here; the message is a Chinese line that says why and what to do."""


def load_uno() -> Any:  # noqa: ANN401 - a module without types
    """The module `uno`. Raises `NoOffice` where this Python has none."""
    for folder in UNO_FOLDERS:
        if folder not in sys.path and (Path(folder) / "uno.py").exists():
            sys.path.append(folder)  # at the end: what else stands there hides nothing
    try:
        import uno
    except ImportError as error:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise NoOffice(
            f"连不上 LibreOffice：这个 Python（{version}）里没有 uno 模块。请安装 python3-uno"
            f"（Debian：apt-get install libreoffice-calc python3-uno），并用系统自带的同一版本的 Python 安装本程序。"
        ) from error
    _keep_imports(uno)
    return uno


def _keep_imports(uno: Any) -> None:  # noqa: ANN401 - a module without types
    """Let the import that `uno` puts in place of Python's own serve UNO's names only.

    It raises ImportError for any module that is missing, where others count on ModuleNotFoundError.
    """
    for_uno, plain = uno._uno_import, uno._builtin_import
    if builtins.__import__ is not for_uno:
        return

    def choose(name: str, *rest: Any, **named: Any) -> Any:  # noqa: ANN401 - as `__import__`
        return (for_uno if name.startswith("com.sun.star") else plain)(name, *rest, **named)

    builtins.__import__ = choose


def program() -> str:
    """The program `soffice`. Raises `NoOffice` where there is none."""
    found = shutil.which("soffice") or shutil.which("libreoffice")
    if found is None:
        raise NoOffice(
            "没有找到 LibreOffice（soffice 命令）。请安装它（Debian：apt-get install libreoffice-calc python3-uno）。"
        )
    return found


class Office:
    """A LibreOffice that listens at a pipe."""

    def __init__(self, pipe: str, process: subprocess.Popen[bytes] | None = None) -> None:
        """`process` is the one that was started for it, if any."""
        self.pipe = pipe
        self.process = process
        self._handed: subprocess.Popen[bytes] | None = None
        """What started the user's own, or handed it our wish; it is never ended by us."""
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.uno = load_uno()
        self._bridge: Any = None
        self.kinds: dict[int, int] = {}
        """Kinds of number formats by their key, as far as they were asked for."""
        self.context: Any = None
        self.desktop: Any = None

    @classmethod
    def start(
        cls, profile: str | Path | None = None, *, headless: bool = False, files: Sequence[Path] = ()
    ) -> "Office":
        """Start one with a profile folder of its own (made for it and removed again, where none is given)."""
        pipe = f"{PIPE}-{uuid.uuid4().hex}"
        folder = tempfile.TemporaryDirectory(prefix="libreoffice-") if profile is None else None
        own = Path(folder.name if folder else profile or "").absolute().as_uri()
        process = _run([f"-env:UserInstallation={own}", *(["--headless"] if headless else []), *QUIETLY], pipe, files)
        office = cls(pipe, process)
        office._folder = folder
        office.connect(START)
        return office

    @classmethod
    def attach(cls, *, files: Sequence[Path] = (), pipe: str = PIPE, seconds: float = START) -> "Office":
        """The user's own: the one that is open with the usual profile, else one that is started with it.

        Files are opened in it. Raises `NoOffice` where it does not come up, as with a dialog at its start.
        """
        office = cls(pipe)
        if files or not office.connect(0.0, fail=False):
            # a second soffice hands its arguments, --accept among them, to the one that runs, and ends
            office._handed = _run(["--nologo"], pipe, files)
            office.connect(seconds)
        return office

    @staticmethod
    def is_open() -> bool:
        """Whether this user has a LibreOffice running, whatever its profile."""
        for path in Path(tempfile.gettempdir()).glob(f"OSL_PIPE_{os.getuid()}_SingleOfficeIPC_*"):
            with socket.socket(socket.AF_UNIX) as probe:
                if probe.connect_ex(str(path)) == 0:
                    return True
        return False

    def connect(self, seconds: float, *, fail: bool = True) -> bool:
        """Connect, trying for so long. Raises `NoOffice` where it does not answer and `fail` is set."""
        until = time.monotonic() + seconds
        while not self._reach(max(ANSWER, until - time.monotonic())):
            if time.monotonic() > until:
                break
            time.sleep(0.1)
        else:
            return True
        if fail:
            self.close()
            raise NoOffice(
                "LibreOffice 没有应答。请看它是不是正开着一个对话框（例如恢复文件），处理好后再试；"
                "仍不行的，请先关闭 LibreOffice，再用本命令打开文件。"
            )
        return False

    def _reach(self, seconds: float) -> bool:
        """Whether it is there and answers within so long: one that hangs takes connections all the same."""

        def ask() -> None:
            with suppress(self.uno.getClass("com.sun.star.uno.Exception")):
                connection = _local(self.uno, "connection.Connector").connect(f"pipe,name={self.pipe}")
                self._bridge = _local(self.uno, "bridge.BridgeFactory").createBridge("", "urp", connection, None)
                context = self._bridge.getInstance("StarOffice.ComponentContext")
                self.desktop = context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
                self.context = context

        self.context = None
        asking = Thread(target=ask, daemon=True)
        asking.start()
        asking.join(seconds)
        if self.context is None:
            self.hang_up()
        return self.context is not None

    def hang_up(self) -> None:
        """End the connection; what waits for an answer, or asks for anything later, gets an exception of UNO."""
        if self._bridge is not None:
            self._bridge.dispose()

    def inside(self, file: str, name: str) -> Any:  # noqa: ANN401 - a UNO object
        """An object of a Python file of this folder, which LibreOffice itself runs. Raises `NoOffice`."""
        services = self.context.ServiceManager
        loader = services.createInstanceWithContext("com.sun.star.loader.Python", self.context)
        if loader is None:
            raise NoOffice(
                "LibreOffice 里没有 Python 支持。请安装它（Debian：apt-get install python3-uno），重新打开 LibreOffice 后再试。"
            )
        place = Path(__file__).with_name(file).as_uri()
        return loader.activate(name, "", place, None).createInstanceWithContext(self.context)

    @property
    def locale(self) -> Any:  # noqa: ANN401 - a UNO structure
        """The locale in which format codes are written: the program's own."""
        return self.uno.createUnoStruct("com.sun.star.lang.Locale")

    def options(self, **values: Any) -> tuple[Any, ...]:  # noqa: ANN401 - of the types that UNO wants
        """Named values as UNO takes them."""
        kind = "com.sun.star.beans.PropertyValue"
        return tuple(self.uno.createUnoStruct(kind, name, 0, value, 0) for name, value in values.items())

    def close(self) -> None:
        """End one that was started with a profile of its own, without saving anything; one that was found stays open."""
        if self.process is not None:
            if self.desktop is not None:
                Thread(target=self._terminate, daemon=True).start()  # an open dialog would not let it answer
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        if self._folder is not None:
            self._folder.cleanup()

    def _terminate(self) -> None:
        with suppress(self.uno.getClass("com.sun.star.uno.Exception")):  # it ends while it answers
            self.desktop.terminate()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _run(options: Sequence[str], pipe: str, files: Sequence[Path]) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.Popen(  # noqa: S603 - soffice with our own arguments
        [program(), *options, f"--accept=pipe,name={pipe};urp", *(str(file.absolute()) for file in files)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,  # Ctrl+C in our terminal does not end it
    )
