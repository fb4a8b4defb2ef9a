"""A collector in this process and requests to it, without a server between."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from event_assets.capture.collector import Collector
from event_assets.capture.collector_config import CollectorConfig, load_config
from event_assets.capture.store import Target
from tests.ingest.ingest_workspace import Workspace

ROOM = {"free_bytes": 0}


@dataclass
class Answer:
    """What the collector said."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as a value."""
        return json.loads(self.body)

    @property
    def counts(self) -> tuple[int, int]:
        """(accepted, rejected)."""
        assert self.status == 200, self.body
        return self.json["accepted"], self.json["rejected"]


@dataclass
class Client:
    """Sends requests to a collector; `before_answer` is called when an answer begins."""

    collector: Collector
    data: Path
    before_answer: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])
    stored: list[Mapping[Target, bytes]] = field(default_factory=list[Mapping[Target, bytes]])

    async def send(
        self,
        method: str,
        target: str,
        body: Any = b"",
        headers: dict[str, str] | None = None,
        peer: str | None = "203.0.113.77",
        chunks: list[bytes | float] | None = None,
    ) -> Answer:
        """One request; `chunks` are the pieces of the body and pauses in seconds between them."""
        path, _, query = target.partition("?")
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": [
                (name.lower().encode(), value.encode("latin-1"))
                for name, value in ({"host": "shop.example.com"} | (headers or {})).items()
            ],
            "client": None if peer is None else (peer, 1234),
        }
        pieces = [body] if chunks is None else list(chunks)
        said: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            while pieces and isinstance(pieces[0], float):
                await asyncio.sleep(float(pieces.pop(0)))
            if not pieces:
                return {"type": "http.disconnect"}
            piece = pieces.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                for each in self.before_answer:
                    each()
            said.append(message)

        await self.collector(scope, receive, send)
        if not said:
            return Answer(0, {}, b"")
        names = [name.decode() for name, _ in said[0]["headers"]]
        assert len(set(names)) == len(names), names
        answered = {name.decode(): value.decode() for name, value in said[0]["headers"]}
        return Answer(said[0]["status"], answered, said[1]["body"])

    def ask(self, method: str, target: str, *arguments: Any, **options: Any) -> Answer:
        """One request, in a loop of its own."""
        return asyncio.run(self.send(method, target, *arguments, **options))

    def post(self, body: Any, target: str = "/collect", **options: Any) -> Answer:
        """Post events."""
        return self.ask("POST", target, body, **options)

    def lines(self, source: str = "client", store: str = "raw") -> list[dict[str, Any]]:
        """All lines that are on the disk, of open files as well, in their order."""
        paths = sorted(
            self.data.glob(f"{store}/{source}/*/*"),
            key=lambda path: int(path.name.split(".")[0].rsplit("-", 1)[1]),
        )
        return [json.loads(line) for path in paths for line in path.read_bytes().splitlines()]

    def events(self, source: str = "client") -> list[dict[str, Any]]:
        """All events that are on the disk."""
        return [event for line in self.lines(source) for event in line["batch"]]

    def rejects(self, source: str = "client") -> list[dict[str, Any]]:
        """All that was rejected."""
        return self.lines(source, "rejects")


@contextmanager
def collecting(workspace: Workspace, **config: Any) -> Iterator[Client]:
    """A collector over a workspace; at the end it is stopped and its files are sealed."""
    settings = workspace.settings
    merged = CollectorConfig.model_validate({**config, "room": {**ROOM, **config.get("room", {})}})
    stored: list[Mapping[Target, bytes]] = []
    collector = Collector(settings, merged, stored.append)
    try:
        yield Client(collector, settings.data_dir, stored=stored)
    finally:
        collector.start()
        collector.stop()


def loaded(workspace: Workspace, text: str) -> CollectorConfig:
    """The settings that a collector.yaml says."""
    (workspace.root / "plan/collector.yaml").write_text(text)
    return load_config(workspace.settings, None)
