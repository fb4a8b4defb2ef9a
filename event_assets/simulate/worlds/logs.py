"""A world's visits as the lines of its browsers, apps and server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

from event_assets.simulate.catalogue import CURRENCY, PRODUCTS, SITE
from event_assets.simulate.clock import HOUR, MINUTE, SECOND, iso, midnight
from event_assets.simulate.journal import Properties
from event_assets.simulate.worlds.draws import Draws
from event_assets.simulate.worlds.life import Life
from event_assets.simulate.worlds.visits import Customer, Visit, customers, visits_of_day
from event_assets.simulate.worlds.world import OWN_ROUTES, ROUTES, World

_Line = tuple[str, int, dict[str, object]]  # source, ms, object
_FILES = {"client": "events-00.jsonl", "mobile": "batch-00.jsonl", "server": "events.log"}
ASSIGNED_AT = 6 * HOUR


def log_contents(world: World, draws: Draws, life: Life) -> Iterator[tuple[str, bytes]]:
    """The log files, by path relative to `raw/`; each line lands on the day on which it happens."""
    people = customers(world)
    for day in range(world.days):
        lines = list(_assignments(world, life, people)) if day == 0 else []
        for visit in visits_of_day(world, draws, life, day):
            lines += _visit_lines(world, visit, people[visit.person])
        date = (world.start + timedelta(days=day)).isoformat()
        for source, name in _FILES.items():
            of_source = sorted(
                (line for line in lines if line[0] == source), key=lambda line: line[1]
            )
            if of_source:
                text = "".join(f"{_json(body)}\n" for _, _, body in of_source)
                yield f"{source}/{date}/{name}", text.encode()


def experiment_name(channel: str) -> str:
    """The name of a channel's experiment."""
    return f"{channel.lower().replace(' ', '_')}_holdout"


def _json(body: dict[str, object]) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _assignments(world: World, life: Life, people: list[Customer]) -> Iterator[_Line]:
    """Everybody is drawn into an arm of each experiment before the shop opens."""
    at = midnight(world.start) + ASSIGNED_AT
    for place, (name, channel) in enumerate(world.channels.items()):
        if not channel.holdout:
            continue
        for customer, is_control in zip(people, life.is_control[:, place].tolist(), strict=True):
            metadata = {
                "experiment": experiment_name(name),
                "arm": "control" if is_control else "treated",
            }
            yield _server_line(
                f"{name}/{customer.user_id}", at, "experiment_assigned", customer, metadata
            )


def _visit_lines(world: World, visit: Visit, customer: Customer) -> Iterator[_Line]:
    in_app = visit.channel is None and customer.app_id is not None and visit.chance_of_device < 0.5
    told = _told_by_app if in_app else _told_by_browser
    at, event = visit.at, f"{visit.person}-{visit.at}"
    yield from told(world, visit, customer)
    if visit.amount is None:
        return
    at += 5 * MINUTE
    receipt = {"order_id": f"O-{event}", "amount": visit.amount, "currency": CURRENCY, "items": 1}
    yield _server_line(f"order/{event}", at, "purchase", customer, receipt)
    if visit.chance * 31 % 1 >= world.purchase_loss:
        event_id = f"{event}-p"
        if in_app:
            yield _app_line(event_id, at, "purchase", customer, receipt)
        else:
            thanks = f"{SITE}/checkout/thank-you"
            yield _browser_line(event_id, at, "purchase", visit, customer, thanks, "", receipt)


def _told_by_browser(world: World, visit: Visit, customer: Customer) -> Iterator[_Line]:
    query, referrer = (
        ROUTES[visit.channel]
        if visit.channel is not None
        else OWN_ROUTES[int(visit.chance * 101) % len(OWN_ROUTES)]
    )
    event = f"{visit.person}-{visit.at}"
    url = f"{SITE}/?{query.format(id=event)}" if query else f"{SITE}/"
    # who is about to order signs in on the way, others sometimes
    is_known = visit.amount is not None or visit.chance * 13 % 1 < world.signed_in
    for page in range(1 + int(visit.chance * 3)):
        at = visit.at + page * 40 * SECOND
        known = customer if is_known and page == int(visit.chance * 3) else None
        yield _browser_line(
            f"{event}-{page}", at, "page_view", visit, customer, url, referrer, {}, known
        )
        product = PRODUCTS[(visit.person + page) % len(PRODUCTS)]
        referrer, url = url, f"{SITE}/p/{product.product_id}"


def _told_by_app(world: World, visit: Visit, customer: Customer) -> Iterator[_Line]:
    del world
    event = f"{visit.person}-{visit.at}"
    yield _app_line(f"{event}-o", visit.at, "app_open", customer, {"app_version": "4.2.1"})
    yield _app_line(
        f"{event}-s", visit.at + 2 * SECOND, "screen_view", customer, {"screen": "home"}
    )


def _browser_line(
    event_id: str,
    at: int,
    event_type: str,
    visit: Visit,
    customer: Customer,
    page_url: str,
    referrer: str,
    properties: Properties,
    known: Customer | None = None,
) -> _Line:
    device = int(visit.chance_of_device * len(customer.device_ids))
    is_known = known is not None or event_type == "purchase"
    body: dict[str, object] = {
        "event_type": event_type,
        "event_id": event_id,
        "timestamp": at,
        "received_at": iso(at + 200),
        "anonymous_id": customer.device_ids[device],
        "user_id": customer.user_id if is_known else None,
        "page_url": page_url,
        "referrer": referrer,
        "user_agent": customer.user_agent,
        "ip": customer.ip,
        "properties": properties,
    }
    return "client", at, body


def _app_line(
    event_id: str, at: int, event_type: str, customer: Customer, properties: Properties
) -> _Line:
    body: dict[str, object] = {
        "event_type": event_type,
        "event_id": event_id,
        "timestamp": at,
        "received_at": iso(at + 200),
        "anonymous_id": customer.app_id,
        "user_id": customer.user_id,
        "user_agent": "ShopApp/4.2.1 (iPhone; iOS 18.6)",
        "ip": customer.ip,
        "properties": properties,
    }
    return "mobile", at, body


def _server_line(
    event_id: str, at: int, event_type: str, customer: Customer, metadata: Properties
) -> _Line:
    body: dict[str, object] = {
        "event_type": event_type,
        "event_id": event_id,
        "timestamp": iso(at),
        "user_id": customer.user_id,
        "metadata": metadata,
    }
    return "server", at, body
