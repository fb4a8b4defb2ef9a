"""A site whose pages carry the tracker, and a collector that notes what it is sent and answers as told."""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

TRACKER = Path(__file__).parents[2] / "event_assets/capture/track.js"
STUB = "window.ea=window.ea||function(){(ea.q=ea.q||[]).push([Date.now(),...arguments])}"
Answer = tuple[int, dict[str, str]]
TAKEN: Answer = (200, {})


class QuietServer(ThreadingHTTPServer):
    """One that says nothing of browsers that are gone before they are answered."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


@dataclass
class Sent:
    """One request to the collector, and whether it was taken."""

    body: dict[str, Any]
    headers: dict[str, str]
    bytes: int
    status: int
    path: str

    @property
    def events(self) -> list[dict[str, Any]]:
        """Its events."""
        return self.body["batch"]


@dataclass
class Site:
    """Pages on one port, a collector on another: two origins of one site, as in life.

    `answer` says what the collector answers, after `seconds`; `head` is what pages have before the
    tracker, `script` what brings it.
    """

    answer: Callable[[], Answer] = lambda: TAKEN
    attributes: str = ""
    head: str = f"<script>{STUB}</script>"
    script: str = '<script async src="COLLECTOR/track.js" ATTRIBUTES></script>'
    seconds: float = 0.0
    sent: list[Sent] = field(default_factory=list[Sent])
    others: list[str] = field(default_factory=list[str])  # methods of requests that are no events
    pages_port: int = 0
    collector_port: int = 0

    def url(self, path: str = "/") -> str:
        """The address of a page."""
        return f"http://127.0.0.1:{self.pages_port}{path}"

    def page(self) -> bytes:
        """What every address of the site shows."""
        collector = f"http://127.0.0.1:{self.collector_port}"
        script = self.script.replace("ATTRIBUTES", self.attributes).replace("COLLECTOR", collector)
        return (
            f"<!doctype html><meta charset=utf-8><title>Shop</title>{self.head}{script}"
            '<a id=out href="/out">out</a>'
        ).encode()

    @property
    def taken(self) -> list[dict[str, Any]]:
        """The events of all requests that were taken, as often as they were sent."""
        return [event for each in list(self.sent) if each.status == 200 for event in each.events]

    def named(self, event_type: str) -> list[dict[str, Any]]:
        """The events of a type that were taken, each once."""
        found = {event["event_id"]: event for event in self.taken}
        return [event for event in found.values() if event["event_type"] == event_type]

    def wait_for(self, event_type: str, number: int = 1, seconds: float = 20) -> None:
        """Return when so many of these events were taken. Raises TimeoutError."""
        self.wait(lambda: len(self.named(event_type)) >= number, seconds)

    def wait(self, is_so: Callable[[], bool], seconds: float = 20) -> None:
        """Return as soon as it is so. Raises TimeoutError."""
        end = time.monotonic() + seconds
        while not is_so():
            if time.monotonic() > end:
                told = [(each.status, len(each.events)) for each in self.sent]
                raise TimeoutError(f"the collector was sent {told}")
            time.sleep(0.01)


@contextmanager
def served(**options: Any) -> Iterator[Site]:
    """A site, on two free ports, until the end."""
    site = Site(**options)
    servers = [_server(site) for _ in range(2)]
    site.pages_port, site.collector_port = (each.server_address[1] for each in servers)
    try:
        yield site
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


@contextmanager
def opened(
    browser: Browser, site: Site | None = None, *, has_clock: bool = False, **options: Any
) -> Iterator[Page]:
    """A page in a context of its own, which is a new visitor; of the site's start page if one is given.

    With `has_clock` its time can be moved; a request then takes no time.
    """
    context = browser.new_context(**options)
    try:
        if has_clock:
            context.clock.install()
            context.add_init_script("AbortSignal.timeout = undefined")
        page = context.new_page()
        if site is not None:
            show(page, site)
        yield page
    finally:
        context.close()


def show(page: Page, site: Site, path: str = "/") -> None:
    """Go to a page of the site; return when its tracker is there."""
    page.goto(site.url(path))
    page.wait_for_function("window.ea && window.ea.isLoaded")


def flush(page: Page) -> None:
    """Have sent what waits, without two seconds of waiting: so it is when a network comes back."""
    page.evaluate("dispatchEvent(new Event('online'))")


def next_page(context: BrowserContext, site: Site, path: str = "/") -> Page:
    """Another tab on the site."""
    page = context.new_page()
    show(page, site, path)
    return page


def in_turn(*answers: Answer) -> Callable[[], Answer]:
    """These answers one after the other, then the last one again."""
    left: list[Answer] = list(answers)
    return lambda: left.pop(0) if len(left) > 1 else left[0]


def ids(events: Sequence[dict[str, Any]]) -> list[str]:
    """The ids of events."""
    return [event["event_id"] for event in events]


def _server(site: Site) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            is_tracker = self.path == "/track.js"
            kind = "text/javascript; charset=utf-8" if is_tracker else "text/html; charset=utf-8"
            content = TRACKER.read_bytes() if is_tracker else site.page()
            self._say(200, content, {"Content-Type": kind, "Cache-Control": "max-age=60"})

        def do_OPTIONS(self) -> None:
            site.others.append("OPTIONS")
            time.sleep(site.seconds)
            self._say(204, b"", self._cors())

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(site.seconds)
            status, headers = site.answer()
            named = {name.lower(): value for name, value in self.headers.items()}
            site.sent.append(Sent(json.loads(text), named, len(text), status, self.path))
            self._say(status, b"{}", {**self._cors(), **headers})

        def _cors(self) -> dict[str, str]:
            return {
                "Access-Control-Allow-Origin": self.headers.get("Origin") or "*",
                "Access-Control-Allow-Credentials": "true",
                "Access-Control-Expose-Headers": "retry-after",
                "Access-Control-Allow-Headers": "content-type",
            }

        def _say(self, status: int, content: bytes, headers: dict[str, str]) -> None:
            try:
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)
            except OSError:
                pass  # the page is gone and does not hear it

        def log_message(self, format: str, *arguments: Any) -> None:
            del format, arguments

    server = QuietServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server
