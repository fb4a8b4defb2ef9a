"""The collector: a plain ASGI callable that acknowledges events when they are on the disk."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping

from event_assets.capture import rejects
from event_assets.capture.access import Address
from event_assets.capture.bodies import inflated, parsed
from event_assets.capture.collector_config import CollectorConfig, source_named
from event_assets.capture.committer import Committer, NotStored
from event_assets.capture.consent import signal
from event_assets.capture.exchange import Budget, Disconnected, Exchange, Receive, Scope, Send
from event_assets.capture.gate import Gate
from event_assets.capture.intake import Batch, Intake, Sender, Taken
from event_assets.capture.metrics import Metrics
from event_assets.capture.packaged import compressed, packaged
from event_assets.capture.pixel import GIF, pixel_event
from event_assets.capture.refusals import Refused, Unparsed
from event_assets.capture.store import Target
from event_assets.capture.visitors import CookieIds, DailyIds
from event_assets.settings import Settings
from event_assets.sources import Source

_LOGGER = logging.getLogger("event_assets.collector")

_CALLS = ("track", "page", "identify", "screen", "group", "alias")
# analytics.js names a call by its first letter
SEGMENT_CALLS: dict[str, str | None] = {
    **{call: call for call in _CALLS},
    **{call[0]: call for call in _CALLS},
    "batch": None,
    "b": None,
}
_LONGEST_USER_AGENT = 2_000
_ROBOTS = b"User-agent: *\nDisallow: /\n"
_TRACKER, _DESCRIPTION = "track.js", "openapi.yaml"
_INFORMING = frozenset(
    ("/health/live", "/health/ready", "/metrics", "/robots.txt", f"/{_DESCRIPTION}", f"/{_TRACKER}")
)
_LATER, _MUCH_LATER = (
    5,
    60,
)  # seconds until a sender should try again: as a restart, as a person takes
_TEXT = b"text/plain; charset=utf-8"


class Collector:
    """Takes events over HTTP; mount it in any ASGI application, or run `event-assets collect`.

    It starts with the server's lifespan, or with its first request where a mounting application
    keeps that to itself; then call `stop` at the end. `on_stored` gets what was stored, in the
    thread that wrote it.
    """

    def __init__(
        self,
        settings: Settings,
        config: CollectorConfig,
        on_stored: Callable[[Mapping[Target, bytes]], None] | None = None,
    ) -> None:
        """Raises ConfigurationError for a source that is not there."""
        self._config = config
        self._sources = {
            source.name: source
            for source in settings.config.sources
            if source_named(settings, source.name) is not None
        }
        self._intakes = {name: Intake(config, source) for name, source in self._sources.items()}
        self.metrics = Metrics()
        room = config.room
        self._budget = Budget(room.queue_bytes)
        self._committer = Committer(settings.data_dir, room, self.metrics, self._sources, on_stored)
        self._gate = Gate(config, settings.config.own_domains, self._sources)
        self._cookies = CookieIds(config.cookie)
        self._daily = DailyIds(settings.data_dir / "collector")
        # the source that a path writes to, and the kind of call that it stands for
        default = self._sources[config.source]
        self._destinations: dict[str, tuple[Source, str | None]] = {
            "/collect": (default, None),
            **{f"/collect/{name}": (source, None) for name, source in self._sources.items()},
            **{f"/v1/{name}": (default, call) for name, call in SEGMENT_CALLS.items()},
        }
        self._is_started = False
        self._is_stopping = False

    def start(self) -> None:
        """Begin to take events. Raises OSError for a data directory that cannot be written."""
        if not self._is_started:
            self._is_started = True
            self._committer.start()

    def stop(self) -> None:
        """Take nothing more, have on the disk what was taken, seal all files."""
        if not self._is_stopping:
            self._is_stopping = True
            self._committer.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the server's lifespan."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            self.start()
            await self._serve(Exchange(scope, receive, send))
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    await asyncio.to_thread(self.start)
                except OSError as error:
                    await send({"type": "lifespan.startup.failed", "message": str(error)})
                    return
                await send({"type": "lifespan.startup.complete"})
            else:
                await asyncio.to_thread(self.stop)
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _serve(self, exchange: Exchange) -> None:
        try:
            await self._route(exchange)
        except Disconnected:
            self.metrics.disconnected += 1
            return
        except Refused as refused:
            self.metrics.refused[refused.reason] += 1
            await exchange.answer_refusal(refused)
        except Exception:
            _LOGGER.exception("a request failed")
            self.metrics.refused["error"] += 1
            if exchange.status:
                raise
            await exchange.answer_refusal(Refused(500, "error", "the collector has a defect"))
        self.metrics.responses[exchange.status] += 1

    async def _route(self, exchange: Exchange) -> None:
        path, method = exchange.path, exchange.method
        source, call = self._destinations.get(path, (None, None))
        is_pixel = path == "/collect.gif"
        if source is None and not is_pixel:
            await self._inform(exchange)
            return
        self._gate.check_origin(exchange)
        if method == "OPTIONS":
            await exchange.answer_preflight()
        elif is_pixel and method in ("GET", "HEAD"):
            await self._collect_pixel(exchange)
        elif source is not None and method == "POST":
            await self._collect(exchange, source, call)
        else:
            allow = "GET, HEAD, OPTIONS" if is_pixel else "POST, OPTIONS"
            told = "events come by POST, or by GET to /collect.gif"
            raise Refused(405, "method", told, allow=allow)

    async def _collect(self, exchange: Exchange, source: Source, call: str | None) -> None:
        self._check_room()
        address = self._gate.address(exchange)
        limits = self._config.limits
        sent, reserved = await exchange.body(limits.body_bytes, limits.seconds, self._budget)
        self.metrics.bytes_received += len(sent)
        self.metrics.bytes_under_way = self._budget.used
        try:
            try:
                body = inflated(sent, exchange.header(b"content-encoding"), limits.body_bytes)
                value, is_json = parsed(body)
            except Unparsed as unparsed:
                line = rejects.unparsed_line(_now_us(), unparsed)
                await self._commit({Target(source.name, is_rejects=True): line})
                raise
            batch = Batch.of(value, call, is_json=is_json)
            del value, body
            source = self._gate.source(exchange, source, batch)
            taken, cookie = await self._store(exchange, source, batch, address)
        finally:
            self._budget.release(reserved)
        told = b'{"success":true,"accepted":%d,"rejected":%d}' % (
            taken.accepted,
            len(taken.rejected),
        )
        if taken.rejected:
            told = told[:-1] + b',"rejections":%b}' % rejects.told(taken.rejected)
        headers = ((b"cache-control", b"no-store"), *cookie)
        await exchange.answer(200, told, headers=headers)

    async def _collect_pixel(self, exchange: Exchange) -> None:
        self._check_room()
        address = self._gate.address(exchange)
        source = self._sources[self._config.source]
        event = pixel_event(exchange.query, exchange.header(b"referer"))
        batch = Batch([event], {}, is_json=True)
        source = self._gate.source(exchange, source, batch)
        _, cookie = await self._store(exchange, source, batch, address)
        headers = ((b"cache-control", b"no-store"), *cookie)
        await exchange.answer(200, GIF, b"image/gif", headers)

    def _check_room(self) -> None:
        if self._is_stopping:
            raise Refused(503, "stopping", "the collector is being stopped", retry_after=_LATER)
        if self._committer.is_disk_low:
            raise Refused(503, "disk_low", "the disk is nearly full", retry_after=_MUCH_LATER)

    async def _store(
        self, exchange: Exchange, source: Source, batch: Batch, address: Address | None
    ) -> tuple[Taken, list[tuple[bytes, bytes]]]:
        """What became of a body, once it is on the disk, and the cookie to set."""
        user_agent = exchange.header(b"user-agent")[:_LONGEST_USER_AGENT]
        asked = signal(exchange.headers, self._config.honour)
        visitor = None
        if asked is None and source.kind == "client":
            visitor = self._visitor(exchange, batch, address, user_agent)
        received = _now_us()
        ip = None if address is None else str(address)
        sender = Sender(received, ip, user_agent or None, visitor, asked)
        taken = self._intakes[source.name].take(batch, sender)
        lines: dict[Target, bytes] = {}
        if taken.lines:
            lines[Target(source.name)] = taken.lines
        if taken.rejected:
            told = rejects.rejected_lines(received, taken.rejected)
            lines[Target(source.name, is_rejects=True)] = told
        await self._commit(lines)
        self.metrics.accepted[source.name] += taken.accepted
        self.metrics.rejected[source.name] += len(taken.rejected)
        if visitor is None or self._config.visitors != "cookie" or not taken.keeps_ids:
            return taken, []
        return taken, [(b"set-cookie", self._cookies.header(visitor))]

    async def _commit(self, lines: Mapping[Target, bytes]) -> None:
        if not lines:
            return
        try:
            await self._committer.commit(lines)
        except NotStored as error:
            _LOGGER.debug("not stored: %s", error)
            told = "the events could not be stored; send them again"
            raise Refused(503, "not_stored", told, retry_after=_LATER) from None

    def _visitor(
        self, exchange: Exchange, batch: Batch, address: Address | None, user_agent: str
    ) -> str | None:
        if self._config.visitors == "daily":
            origin = exchange.header(b"origin") or exchange.header(b"host")
            return self._daily.id_of(str(address), user_agent, origin)
        if self._config.visitors == "none":
            return None
        known = self._cookies.known(exchange.header(b"cookie"))
        if known is not None:
            return known
        headers = exchange.headers
        if not any(name in headers for name in (b"sec-fetch-site", b"origin", b"referer")):
            return None  # who would not keep the cookie would be a new visitor at every event
        is_third_party = (
            headers.get(b"sec-fetch-site") == b"cross-site"
            and self._config.cookie.same_site != "none"
        )
        return self._cookies.new(batch.session_id, is_kept=not is_third_party)

    async def _inform(self, exchange: Exchange) -> None:
        """Answer what is no event: health, metrics, the tracker."""
        path = exchange.path
        if path not in _INFORMING:
            raise Refused(404, "path", "there is nothing here; events go to /collect")
        if exchange.method not in ("GET", "HEAD"):
            raise Refused(405, "method", "this is only to be read", allow="GET, HEAD")
        if path == "/health/live":
            await exchange.answer(200, b'{"live":true}')
        elif path == "/health/ready":
            problems = self._problems()
            said = json.dumps({"ready": not problems, "problems": problems}).encode()
            await exchange.answer(503 if problems else 200, said)
        elif path == "/metrics":
            self.metrics.bytes_under_way = self._budget.used
            text = self.metrics.text(is_ready=not self._problems()).encode()
            await exchange.answer(200, text, b"text/plain; version=0.0.4; charset=utf-8")
        elif path == "/robots.txt":
            await exchange.answer(200, _ROBOTS, _TEXT)
        elif path == f"/{_DESCRIPTION}":
            await exchange.answer(200, packaged(_DESCRIPTION), b"application/yaml")
        else:
            headers = [(b"cache-control", b"public, max-age=3600"), (b"vary", b"accept-encoding")]
            tracker = packaged(_TRACKER)
            if "gzip" in exchange.header(b"accept-encoding"):
                tracker = compressed(_TRACKER)
                headers.append((b"content-encoding", b"gzip"))
            await exchange.answer(200, tracker, b"text/javascript; charset=utf-8", tuple(headers))

    def _problems(self) -> list[str]:
        found: list[str] = []
        if self._is_stopping:
            found.append("stopping")
        if self._committer.is_disk_low:
            found.append("disk_low")
        if self._committer.has_failed:
            found.append("last_write_failed")
        if self._budget.is_nearly_used:
            found.append("queue_nearly_full")
        return found


def _now_us() -> int:
    return time.time_ns() // 1_000
