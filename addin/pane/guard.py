"""Who may ask the server, and what is answered where something is wrong."""

from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from addin.office.ledger_entries import Slip
from addin.problems import Stop, refusal

HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
"""On every answer. `trusted-types 'none'`: no script of the page can turn a text into HTML."""


class Guard:
    """Lets only this page's own requests through, and puts `HEADERS` on every answer.

    The Host header must be our own address (else another name that leads here could be used: DNS rebinding), and
    what a browser says about where a request comes from must be our own page.
    """

    def __init__(self, app: ASGIApp, host: str) -> None:
        self.app = app
        self.host = host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] += [(name.encode(), value.encode()) for name, value in HEADERS.items()]
            await send(message)

        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http" and self._is_own(scope):
            await self.app(scope, receive, sending)
        elif scope["type"] == "http":
            await _said("只有本程序的页面可以这样访问。", 403)(scope, receive, sending)

    def _is_own(self, scope: Scope) -> bool:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        origin = headers.get(b"origin")
        return (
            headers.get(b"host") == self.host
            and (origin == f"http://{self.host}" or (origin is None and scope["method"] == "GET"))
            and headers.get(b"sec-fetch-site", "none") in ("none", "same-origin")
        )


def _said(message: str, code: int) -> JSONResponse:
    return JSONResponse({"message": message}, code)


def _no_such_page(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    return _said("没有这个页面。请重新打开清单助手。", error.status_code)


def _no_such_request(_: Request, error: Exception) -> Response:
    return _said("页面的请求不完整。请刷新页面后重试。", 422)


def _failed(_: Request, error: Exception) -> Response:
    return _said("程序内部出错。请重试；还不行，请把做了什么告诉维护人员。", 500)


def _stopped(_: Request, error: Exception) -> Response:
    fields = list(error.fields) if isinstance(error, Slip) else []
    return JSONResponse({"message": str(error), "fields": fields}, 400)


def _refused(_: Request, error: Exception) -> Response:
    """What the system refused, wherever it was."""
    assert isinstance(error, OSError)  # noqa: S101 - registered for it
    return _said(refusal(error, Path(str(error.filename)).name[:80] if error.filename else None), 400)


def answer_errors(app: FastAPI) -> None:
    """Let every error be answered in plain Chinese."""
    app.add_exception_handler(HTTPException, _no_such_page)
    app.add_exception_handler(RequestValidationError, _no_such_request)
    app.add_exception_handler(Stop, _stopped)
    app.add_exception_handler(OSError, _refused)
    app.add_exception_handler(Exception, _failed)
