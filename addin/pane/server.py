"""The server behind the page: this computer only, one secret address, nobody else's pages."""

import asyncio
import datetime as dt
import re
import secrets
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from importlib.resources import files
from pathlib import Path
from threading import Thread
from types import FrameType

import anyio.to_thread
import uvicorn
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse, Response, StreamingResponse

from addin.live.state import Live, Picture
from addin.office.ruleset_editing import versions_known
from addin.pane.board import NO_VIEW, Board, changes, shown
from addin.pane.bodies import LONGEST_SAID, Chosen, Decided, ForeignTable, Pressed, Selected, ShownAt
from addin.pane.buttons import BUTTONS
from addin.pane.city_view import city_view, decide, differences_of, findings_of, rule_page
from addin.pane.folders import Folders
from addin.pane.guard import Guard, answer_errors
from addin.pane.jobs import Job, Jobs
from addin.pane.kept import keep, kept
from addin.pane.layout_view import learnt, previewed, remembered
from addin.pane.window import open_file, open_window
from addin.pane.works import WORKS, Work
from addin.problems import Stop, debugging
from addin.reading.ruleset_store import rules_of
from validators.columns import SHEET_TITLES
from validators.deadlines import duties, heading
from validators.findings import SEVERITY_NAMES, SEVERITY_SYMBOLS, Json, Severity
from validators.text import is_shown

LOOPBACK = "127.0.0.1"
BEAT = 5.0
"""Seconds after which a page hears that the server is still there."""
_PATIENCE = 20.0
"""Seconds without any open page after which a program with a window of its own ends."""
LARGEST_DROP = 200 << 20
"""Bytes of a file that is dropped on the page."""
MOST_CHOICES = 200
_OPENED = (".xlsx", ".docx")
"""Of the files that the page opens: kinds that hold no macro."""
_KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class Pane:
    """The page and its server, over a live session, a folder, or both."""

    def __init__(
        self, live: Live | None, inbox: Path | None, results: Path | None = None, *, inside: bool = False
    ) -> None:
        """`inside`: the buttons are in the spreadsheet application, and the folder is that of the open workbook."""
        self.live, self.inside = live, inside
        self.folders = Folders(inbox, results) if inbox else None
        self.board = Board()
        self.jobs = Jobs(self.board.show_jobs, self._keep)
        if self.folders:
            self.jobs.put_back(kept(self.folders.results))
        self.socket = socket.socket()
        self.socket.bind((LOOPBACK, 0))
        self.socket.listen()  # a browser that is quicker than the server waits
        self.host = f"{LOOPBACK}:{self.socket.getsockname()[1]}"
        token = secrets.token_urlsafe(24)
        self.address = f"http://{self.host}/{token}/"
        app = FastAPI(openapi_url=None, lifespan=self._lifespan)
        app.include_router(self._routes(), prefix=f"/{token}")
        answer_errors(app)
        config = uvicorn.Config(
            Guard(app, self.host),
            http="h11",  # which keeps little of a request that does not end
            log_config=None,
            log_level="error" if debugging() else "critical",
            server_header=False,
            timeout_graceful_shutdown=2,
        )
        self._server = _Server(config, self.board)
        self._ends_alone = False

    def run(self, *, ends_alone: bool = False) -> None:
        """Serve until `close`, Ctrl+C, or, with `ends_alone`, until every page has been closed for a while."""
        self._ends_alone = ends_alone
        try:
            self._server.run(sockets=[self.socket])
        except KeyboardInterrupt:
            pass  # which is how it is ended
        finally:
            self.close()
            self.jobs.close()
            self.socket.close()

    def close(self) -> None:
        """End; may be called from any thread."""
        self._server.should_exit = True
        self.board.close()

    @asynccontextmanager
    async def _lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        if self.live:
            Thread(target=self._follow, args=(self.live,), daemon=True).start()
        watch = asyncio.create_task(self._watch())
        yield
        watch.cancel()

    def _follow(self, live: Live) -> None:
        """Put up each picture of the live session."""
        try:
            picture = live.picture()
            while not self.board.view.closed and picture.status != "已结束":
                self.board.show(picture)
                version = picture.version
                while picture.version == version and not self.board.view.closed:
                    picture = live.newer(version, 1.0)
        finally:
            while self.jobs.running and not self.board.view.closed:  # what was begun is brought to its end
                time.sleep(0.2)
            self.close()

    async def _watch(self) -> None:
        """End the program when nobody looks and nothing runs."""
        while not self.board.idle(_PATIENCE) or self.jobs.running or not self._ends_alone:
            await asyncio.sleep(0.5)
        self.close()

    def _routes(self) -> APIRouter:
        routes = APIRouter()
        routes.get("/")(partial(_part, "index.html"))
        for part in files("addin.pane").joinpath("page").iterdir():
            routes.get(f"/{part.name}")(partial(_part, part.name))
        routes.get("/about")(self._about)
        routes.get("/events")(self._events)
        routes.post("/select")(self._select)
        routes.post("/press")(self._press)
        routes.post("/cancel/{job}")(self._cancel)
        routes.get("/found/{job}")(self._found)
        routes.get("/city")(self._city)
        routes.get("/version/{version}")(self._version)
        routes.get("/differences")(self._differences)
        routes.get("/rule/{id_}")(rule_page)
        routes.get("/choices")(self._choices)
        routes.get("/rulesets")(_rulesets)
        routes.post("/decide")(self._decide)
        routes.post("/learn")(self._learn)
        routes.post("/preview")(self._preview)
        routes.post("/remember")(self._remember)
        routes.post("/results")(self._put_results)
        routes.post("/drop")(self._drop)
        routes.get("/calendar")(_calendar)
        routes.get("/list")(self._list)
        routes.get("/file")(self._file)
        routes.post("/open")(self._open)
        return routes

    def _about(self) -> Json:
        """What the page has to know once."""
        works = list(WORKS.values()) if self.folders else [WORKS["check"]]
        return {
            "live": self.live is not None,
            "inside": self.inside,
            "inbox": self.folders.inbox.name if self.folders else None,
            "results": self.folders.results.name if self.folders else None,
            "place": str(self.folders.results) if self.folders else None,
            "works": [one.to_json() for one in works],
            "opened": _OPENED,
            "sheets": list(SHEET_TITLES.values()),
            "severities": [
                {"id": one.name, "name": SEVERITY_NAMES[one], "symbol": SEVERITY_SYMBOLS[one]}
                for one in sorted(Severity, reverse=True)
            ],
        }

    async def _events(self) -> StreamingResponse:
        return StreamingResponse(self._stream(), media_type="text/event-stream")

    async def _stream(self) -> AsyncIterator[bytes]:
        """What changed, each time that something did; the first one is everything."""
        seen = NO_VIEW
        with self.board.page():
            while not seen.closed:
                view = await anyio.to_thread.run_sync(self.board.newer, seen.version, BEAT, abandon_on_cancel=True)
                yield f"data: {changes(seen, view)}\n\n".encode("utf-8", "replace")
                seen = view

    def _select(self, wanted: Selected) -> None:
        if self.live:
            self.live.select(wanted.sheet, wanted.cell)

    def _press(self, pressed: Pressed) -> JSONResponse:
        answer = self.press(pressed)
        return JSONResponse(answer, 409 if "exists" in answer else 200)

    def press(self, pressed: Pressed) -> Json:
        """Start the job of a button: its `id`; or a `message` and what `exists` that would be written over. Raises `Stop`."""
        work = WORKS.get(pressed.work)
        if work is None:
            raise Stop("没有这个按钮。请刷新页面后重试。")
        if self.inside and work.id != "check":
            self.folders, pressed.files = self._around(work, Path(pressed.workbook))
        if not pressed.files and self.live and work.id == "check":
            return {
                "id": self.jobs.check(work, self._open_workbook(self.live.picture(), pressed.workbook), self.live).id
            }
        paths = self._chosen(work, pressed.files)
        out = None
        if work.out:
            folders = self._folders()
            name = _with_suffix(pressed.out.strip() or work.out, Path(work.out).suffix)
            out = folders.results if work.out == "." else folders.output(name)
            if work.out != "." and out.exists() and not work.forced:
                raise Stop(f"“{out.name}”已经有了，不能覆盖。请换一个名称。")
            if work.out != "." and not _is_blank(out) and not pressed.overwrite:
                return {"message": f"“{out.name}”已经有了。", "exists": out.name}
        options, also, passphrase = self._options(work, pressed)
        what = f"{paths[0].name} 等 {len(paths)} 个" if len(paths) > 1 else paths[0].name if paths else ""
        job = self.jobs.start(
            work, paths, what, out=out, overwrite=pressed.overwrite, options=options, also=also, passphrase=passphrase
        )
        return {"id": job.id}

    def _options(self, work: Work, pressed: Pressed) -> tuple[list[str], list[Path], str]:
        """What was asked for as options of the command, papers that it writes besides, and the passphrase, which never
        stands there. Raises `Stop`.
        """
        options: list[str] = []
        also: list[Path] = []
        passphrase = ""
        for ask in work.asks:
            given = [one.strip() for one in pressed.asked.get(ask.option, []) if one.strip()]
            if ask.needed and not given:
                raise Stop(f"还没有填{ask.label}。")
            if any(len(one) > LONGEST_SAID or not is_shown(one) for one in given):
                raise Stop(f"“{ask.label}”太长，或有看不见的字符。")
            if not given:
                continue
            if ask.kind == "secret":
                passphrase = given[0]
            elif ask.kind == "file":
                options += [ask.option, str(self._folders().path(given[0]))]
            elif ask.kind != "tick":
                options += [part for one in given for part in (ask.option, one)]
            elif ask.option == "--against":
                options += [ask.option, str(self._folders().inbox)]
            elif ask.ending:
                also.append(self._folders().output(ask.ending))
                options += [ask.option, str(also[-1])]
                pressed.overwrite = True
            else:
                options.append(ask.option)
        return options, also, passphrase

    def _chosen(self, work: Work, names: list[str]) -> list[Path]:
        """The files and folders that a button is pressed over. Raises `Stop`."""
        if work.takes == "none":
            return []
        if self.folders is None or not names:
            raise Stop("还没有选中文件。请先在文件列表里选择。")
        paths = [self.folders.path(name) for name in names]
        for path in paths:
            if not path.exists():
                raise Stop(f"“{path.name}”已不在了。请刷新文件列表后重选。")
        if not work.folders:
            from addin.reading.inbox import inbox

            paths = inbox(paths)
            if not paths:
                raise Stop("选中的文件夹里没有文件。请把填报表放进去再试。")
        if work.one and (len(paths) != 1 or paths[0].is_dir()):
            raise Stop(f"{work.label}只能选一个文件。请在文件列表里选中那一个。")
        return paths

    def _around(self, work: Work, workbook: Path) -> tuple[Folders, list[str]]:
        """What a button inside an application is pressed over: the file that is open there, or its folder."""
        if not workbook.is_absolute() or not workbook.is_file():
            raise Stop(f"没有找到这份表保存的文件。请先保存，再{work.label}。")
        over = next((one.over for one in BUTTONS if one.id == work.id), "file")
        folders = Folders(workbook.parent)
        if over == "folder":
            return folders, ["in"]
        folders.results = folders.inbox
        return folders, [f"in/{workbook.name}"]

    def _open_workbook(self, picture: Picture, wanted: str) -> str:
        """Name of the workbook that is followed, which is the wanted one if that has a name. Raises `Stop`."""
        if picture.file is None or picture.status not in ("已连接", "忙"):
            raise Stop("没有正在填的表。请先在表格软件里打开县区填报表。")
        if wanted and picture.file != wanted:
            raise Stop(f"“{Path(wanted).name}”不是用本工具生成的填报表，不能这样校验。请打开用本工具生成的填报表。")
        return Path(picture.file).name

    def _cancel(self, job: int) -> None:
        self.jobs.cancel(job)

    def _found(self, job: int) -> list[Json]:
        found = self.jobs.all.get(job)
        return found.findings if found else []

    def _keep(self, job: Job) -> None:
        if self.folders:
            keep(self.folders.results, job)

    def _city(self, version: int | None = None) -> Json:
        folders = self._folders()
        return city_view(folders.inbox, folders.results, version)

    def _version(self, version: int) -> list[Json]:
        return [shown(one) for one in findings_of(self._folders().results, version)]

    def _differences(self, before: int, after: int) -> Json:
        return differences_of(self._folders().results, before, after)

    def _choices(self, ending: str) -> list[Json]:
        """Files of both folders whose names end so, for a dialog to choose from; folders where that is a stroke."""
        folders = self._folders()
        found = []
        for root, top in (("out", folders.results), ("in", folders.inbox)):
            for path in (
                sorted(top.rglob(f"*{ending}"))[:MOST_CHOICES] if re.fullmatch(r"\.[a-z]{3,8}|/", ending) else ()
            ):
                name = f"{root}/{path.relative_to(top).as_posix()}"
                with suppress(Stop):
                    found.append({"path": name, "name": folders.path(name).relative_to(top).as_posix()})
        return found

    def _decide(self, decided: Decided) -> Json:
        return decide(self._folders().results, decided.said)

    def _learn(self, foreign: ForeignTable) -> Json:
        return learnt(self._folders(), foreign.table)

    def _preview(self, foreign: ForeignTable) -> Json:
        return previewed(self._folders(), foreign.table, foreign.rows, foreign.county, foreign.year.strip())

    def _remember(self, foreign: ForeignTable) -> Json:
        return remembered(self._folders(), foreign.rows, foreign.name, overwrite=foreign.overwrite)

    def _put_results(self, chosen: Chosen) -> Json:
        if self.jobs.running:
            raise Stop("正在做一件事。请等它做完再换结果文件夹。")
        folders = self._folders()
        folders.put_results(Path(chosen.path.strip()))
        return {"results": folders.results.name, "place": str(folders.results)}

    async def _drop(self, name: str, request: Request) -> Json:
        """A file that was dropped on the page, as the body of the request."""
        folders = self._folders()
        content = bytearray()
        async for part in request.stream():
            content += part
            if len(content) > LARGEST_DROP:
                raise Stop(f"“{name[:40]}”超过 {LARGEST_DROP >> 20} MB，不是填报表。请核对。")
        return {"name": await anyio.to_thread.run_sync(folders.take_in, name, bytes(content))}

    def _list(self, path: str) -> list[Json]:
        return self._folders().listing(path)

    def _file(self, path: str) -> Response:
        file = self._folders().path(path)
        if not file.is_file():
            raise Stop(f"“{file.name}”已不在了。请刷新文件列表后重选。")
        return FileResponse(file, filename=file.name, media_type="application/octet-stream")

    def _open(self, path: str, at: ShownAt) -> None:
        file = self._folders().path(path)
        if not file.exists():
            raise Stop(f"“{file.name}”已不在了。请刷新文件列表后重选。")
        if not file.is_dir() and file.suffix.lower() not in _OPENED:
            raise Stop("这里只打开文件夹、工作簿（.xlsx）和文书（.docx）。请在文件管理器里打开它。")
        if not open_file(file, at.sheet, at.cell):
            raise Stop(f"没能打开“{file.name}”：没有找到合适的程序，或它没有打开。它在 {file.parent}，请自行打开。")

    def _folders(self) -> Folders:
        if self.folders is None:
            raise Stop("这里没有文件夹可看。请用 qingdan desk 打开办公台。")
        return self.folders


class _Server(uvicorn.Server):
    """Ends the pages when a signal ends it, so that none keeps it waiting."""

    def __init__(self, config: uvicorn.Config, board: Board) -> None:
        super().__init__(config)
        self._board = board

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self._board.close()


def _calendar() -> Json:
    """What is due, by the rule set that commands take which name no year."""
    rules, today = rules_of(None), dt.date.today()
    return {"heading": heading(rules, today), "duties": [duty.to_json() for duty in duties(rules, today)]}


def _rulesets() -> list[Json]:
    """The rule sets of this computer, for a dialog to choose from."""
    return [{"id": one.id, "name": f"{one.id}　{one.name}"} for one in versions_known().rulesets]


def _part(name: str) -> Response:
    """A file of the page."""
    part = files("addin.pane").joinpath("page", name)
    return Response(part.read_bytes(), media_type=_KINDS[Path(name).suffix])


def _is_blank(path: Path) -> bool:
    """Whether nothing is there that could be written over."""
    return not path.exists() or (path.is_dir() and not any(path.iterdir()))


def _with_suffix(name: str, suffix: str) -> str:
    return name if name.lower().endswith(suffix) else name + suffix


def serve(
    live: Live | None, *, inbox: Path | None, show: bool, say: Callable[[str], None], results: Path | None = None
) -> Json:
    """Show the page and serve it until it ends: Ctrl+C, the live session, or, with `show`, the last page closed.

    Returns the address and the jobs that were done.
    """
    pane = Pane(live, inbox, results)
    say(f"页面地址（只能在本机打开）：{pane.address}")
    if show:
        open_window(pane.address, alone=live is None)
    pane.run(ends_alone=show)
    return {"address": pane.address, "jobs": [job.to_json() for job in pane.jobs.all.values()]}
