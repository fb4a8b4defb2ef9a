"""A reader of raw logs that knows nothing of the generator, and the shop's plan by hand."""

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from event_assets.simulate.shop import ShopTruth

LOG_SOURCES = ("client", "mobile", "server")
Json = dict[str, Any]


@dataclass(frozen=True)
class RawLine:
    """A physical line: `body` is null where it is not a JSON object, `text` holds no newline."""

    source: str
    landing_date: date
    file: str
    number: int
    text: bytes
    body: Json | None

    @property
    def is_blank(self) -> bool:
        return not self.text.strip()

    @property
    def properties(self) -> Json:
        assert self.body is not None
        return self.body.get("metadata" if self.source == "server" else "properties", {})


@dataclass(frozen=True)
class ShopOnDisk:
    raw: Path
    truth: ShopTruth
    lines: list[RawLine]


def read_lines(raw: Path) -> Iterator[RawLine]:
    for source in LOG_SOURCES:
        for path in sorted((raw / source).rglob("*")):
            if path.is_dir():
                continue
            content = path.read_bytes()
            if path.suffix == ".gz":
                content = gzip.decompress(content)
            texts = content.split(b"\n")
            if texts[-1] == b"":
                texts.pop()
            for number, text in enumerate(texts, start=1):
                yield RawLine(
                    source=source,
                    landing_date=date.fromisoformat(path.parent.name),
                    file=path.relative_to(raw).as_posix(),
                    number=number,
                    text=text,
                    body=_parse(text),
                )


def event_time(line: RawLine) -> datetime:
    """When it happened: the reported time, put right by the device's own time of sending."""
    assert line.body is not None
    if line.source == "server":
        return datetime.fromisoformat(line.body["timestamp"])
    reported = _from_ms(line.body["timestamp"])
    if "sent_at" not in line.body:
        return reported
    received = datetime.fromisoformat(line.body["received_at"])
    sent = _from_ms(line.body["sent_at"])
    return received - (sent - reported) if abs(received - sent) > timedelta(minutes=5) else reported


def _from_ms(value: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=value)


def _parse(text: bytes) -> Json | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


SHIPPED_BY = {
    "client": {
        "page_view",
        "search",
        "product_view",
        "add_to_cart",
        "checkout",
        "purchase",
        "form_error",
        "experiment_assigned",
    },
    "mobile": {
        "screen_view",
        "app_open",
        "search",
        "product_view",
        "add_to_cart",
        "checkout",
        "purchase",
    },
    "server": {"purchase", "refund", "signup_completed"},
}


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def one_of(*values: str) -> Callable[[object], bool]:
    return lambda value: value in values


CHECKS: dict[str, dict[str, Callable[[object], bool]]] = {
    "page_view": {},
    "screen_view": {"screen": is_text},
    "app_open": {"app_version": is_text},
    "search": {"query": is_text, "results": is_number},
    "product_view": {
        "product_id": is_text,
        "category": one_of("shoes", "jackets", "bags", "accessories"),
        "price": is_number,
    },
    "add_to_cart": {"product_id": is_text, "quantity": is_number, "price": is_number},
    "checkout": {"step": one_of("start", "payment", "review"), "cart_value": is_number},
    "purchase": {
        "order_id": is_text,
        "amount": is_number,
        "currency": one_of("EUR"),
        "items": is_number,
    },
    "refund": {"order_id": is_text, "amount": is_number, "currency": one_of("EUR")},
    "signup_completed": {"method": one_of("email", "google", "apple")},
    "form_error": {"form": is_text, "field": is_text},
    "experiment_assigned": {"experiment": is_text, "arm": one_of("treated", "control")},
}


def verdict(line: RawLine) -> str:
    """What a reader of the plan's text says of a line: 'sound', or the kind of its mistake."""
    if line.body is None:
        return "torn_line"
    event_type = line.body["event_type"]
    if event_type not in SHIPPED_BY[line.source]:
        return "unplanned_event"
    checks = CHECKS[event_type]
    assert set(line.properties) <= set(checks), line
    if set(line.properties) != set(checks):
        return "missing_property"
    failing = [name for name, check in checks.items() if not check(line.properties[name])]
    if not failing:
        return "sound"
    return "value_outside_enum" if failing[0] in ("category", "step") else "wrong_type"
