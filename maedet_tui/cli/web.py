"""The web server behind `maedet-tui serve`: textual-serve's, behind a token, and of itself.

textual-serve starts one process for each browser and carries what it draws there. Here it lets
in only whoever has had the link, its page fetches nothing from elsewhere, and a browser that goes
is to the process what a terminal that goes is: it saves its search and ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import html
import secrets
import signal
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from string import Template

from aiohttp import WSCloseCode, web
from textual_serve.app_service import AppService
from textual_serve.server import Server

#: seconds that a process is given to save its search
PATIENCE = 15.0

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Service(AppService):
    """The process of one browser."""

    async def stop(self) -> None:
        """End it as a terminal does that is closed; what it has found is saved."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGHUP if hasattr(signal, "SIGHUP") else signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), PATIENCE)
        except asyncio.TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None


class Web(Server):
    """Serves `command` to those who have had the link."""

    def __init__(self, command: str, listening: socket.socket):
        """listening: the socket that browsers connect to."""
        host, port = listening.getsockname()[:2]
        super().__init__(command, f"[{host}]" if ":" in host else host, port, "maedet-tui")
        self._listening = listening
        self._token: str | None = secrets.token_urlsafe(24)
        self._session, self._cookie = secrets.token_urlsafe(24), f"maedet_tui_{port}"
        self._open: set[web.WebSocketResponse] = set()

    @property
    def link(self) -> str:
        """What a browser is given once."""
        host = {"0.0.0.0": socket.gethostname()}.get(self.host, self.host)
        return f"http://{host}:{self.port}/?token={self._token}"

    def serve_until_told(self) -> None:
        """Serve until SIGINT, SIGTERM or SIGHUP; then end the processes of all browsers."""
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        told, loop = asyncio.Event(), asyncio.get_running_loop()
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            with contextlib.suppress(AttributeError, NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(getattr(signal, name), told.set)
        runner = web.AppRunner(await self._make_app(), access_log=None, shutdown_timeout=PATIENCE)
        await runner.setup()
        try:
            await web.SockSite(runner, self._listening).start()
            await told.wait()
        finally:
            await runner.cleanup()

    async def _make_app(self) -> web.Application:
        app: web.Application = await super()._make_app()

        @web.middleware
        async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._guarded(request, handler)

        app.middlewares.append(guarded)
        return app

    async def on_startup(self, app: web.Application) -> None:
        """The command has said where it is."""

    async def on_shutdown(self, app: web.Application) -> None:
        """Close all browsers, whose processes then end."""
        for one in list(self._open):
            await one.close(code=WSCloseCode.GOING_AWAY)

    # --- who is let in ------------------------------------------------------------

    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Only whoever has the cookie that the link is exchanged for, once."""
        if secrets.compare_digest(request.cookies.get(self._cookie, ""), self._session):
            response = await handler(request)
        elif self._takes(request.query.get("token", "")):
            response = web.HTTPFound("/")
            response.set_cookie(self._cookie, self._session, httponly=True, samesite="Strict")
        else:
            raise web.HTTPForbidden(
                text="This page opens by the link that `maedet-tui serve` has printed, which works "
                "once. Start it again for another one.\n"
            )
        if not response.prepared:
            response.headers["Referrer-Policy"] = "no-referrer"
            response.headers["X-Frame-Options"] = "DENY"
        return response

    def _takes(self, token: str) -> bool:
        """Whether it is the link's, which is used up then."""
        if self._token is None or not secrets.compare_digest(token.encode(), self._token.encode()):
            return False
        self._token = None
        return True

    # --- what is served -----------------------------------------------------------

    async def handle_index(self, request: web.Request) -> web.Response:
        """The page, on which the terminal is drawn. textual-serve's own asks Google for a font."""
        page = Template((Path(__file__).parent / "served.html").read_text("utf-8"))
        socket_of = f"ws://{request.host}/ws"
        nonce = secrets.token_urlsafe(16)
        text = page.substitute(socket=html.escape(socket_of, quote=True), nonce=nonce)
        policy = (
            "default-src 'self'; style-src 'self' 'unsafe-inline'; "
            f"script-src 'self' 'nonce-{nonce}'; "
            f"img-src 'self' data: blob:; connect-src 'self' {html.escape(socket_of)}; "
            "frame-ancestors 'none'"
        )
        headers = {"Content-Security-Policy": policy}
        return web.Response(text=text, content_type="text/html", headers=headers)

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """A browser's own process, for as long as it is there."""
        # a cookie is sent for pages of other ports of this machine, too
        if request.headers.get("Origin") != f"http://{request.host}":
            raise web.HTTPForbidden(text="Only this server's own page may connect.\n")
        browser = web.WebSocketResponse(heartbeat=15)
        await browser.prepare(request)
        self._open.add(browser)

        async def closed() -> None:
            await browser.close()

        service = Service(
            self.command,
            write_bytes=browser.send_bytes,
            write_str=browser.send_str,
            close=closed,
            download_manager=self.download_manager,
        )
        try:
            width, height = (int(request.query.get(side, "")) for side in ("width", "height"))
        except ValueError:
            width, height = 80, 24
        try:
            await service.start(width, height)
            await self._process_messages(browser, service)
        finally:
            self._open.discard(browser)
            # even where the browser's connection is given up meanwhile
            await asyncio.shield(service.stop())
        return browser
