"""The whole way: what people did in a shop, in a real browser, is what the tables hold. Nothing else."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from event_assets.settings import packaged_plan_dir
from tests.browser import opened_browser
from tests.capture.processes import Running, running, stored_ids, wait_for
from tests.capture.shop import Shop, opened_shop

# that of the headless browser says what it is, and bots are left out of most tables
PERSON = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"


@dataclass
class Truth:
    """What was done."""

    views: Counter[str] = field(default_factory=Counter[str])
    visitors: int = 0
    events: Counter[str] = field(default_factory=Counter[str])


@dataclass
class Visit:
    """Somebody in the shop, with a browser of their own."""

    shop: Shop
    truth: Truth
    context: BrowserContext
    page: Page

    @classmethod
    def new(cls, browser: Browser, shop: Shop, truth: Truth, *, is_tracked: bool = True) -> "Visit":
        """A new visitor, unknown to the shop."""
        context = browser.new_context()
        if not is_tracked:
            context.route(
                lambda url: f":{shop.collector_port}/" in url, lambda route: route.abort()
            )
        truth.visitors += is_tracked
        return cls(shop, truth, context, context.new_page())

    def see(self, path: str, page: Page | None = None, *, is_tracked: bool = True) -> None:
        """Go to a page by its address."""
        (page or self.page).goto(self.shop.url(path))
        self._seen(path, page, is_tracked=is_tracked)

    def follow(self, link: str, path: str) -> None:
        """Click a link, without waiting for anything on the page that is left."""
        self.page.click(f"nav >> text={link}")
        self.page.wait_for_url(f"**{path}")
        self._seen(path, None, is_tracked=True)

    def add(self) -> None:
        """Put the product into the cart."""
        self.page.click("#add")
        self.truth.events["add_to_cart"] += 1

    def buy(self, *, is_tracked: bool = True) -> None:
        """Buy what is on the checkout page, which thanks on the start page."""
        self.page.click("#buy")
        self.page.wait_for_url("**/?thanks")
        self.truth.events["purchase"] += is_tracked
        self._seen("/", None, is_tracked=is_tracked)

    def _seen(self, path: str, page: Page | None, *, is_tracked: bool) -> None:
        if not is_tracked:
            return
        (page or self.page).wait_for_function("window.ea && window.ea.isLoaded")
        path = path.partition("?")[0]
        self.truth.views[path] += 1
        event = {"/product": "product_view", "/checkout": "checkout"}.get(path)
        if event:
            self.truth.events[event] += 1


def _buys_at_once(visit: Visit) -> None:
    """From a campaign to the order, each click before the page has settled; then the tab is closed."""
    visit.see("/?utm_source=google&utm_medium=cpc&gclid=c1")
    visit.follow("Shoes", "/product")
    visit.add()
    visit.follow("Checkout", "/checkout")
    visit.see("/checkout?order=A-1&user=u-1")
    visit.buy()
    visit.page.close(run_before_unload=True)


def _loses_the_network(visit: Visit) -> None:
    """Three times into the cart without a network, then an order of another tab."""
    visit.see("/product")
    visit.context.set_offline(True)
    for _ in range(3):
        visit.add()
    visit.context.set_offline(False)
    second = visit.context.new_page()
    visit.see("/", second)
    visit.page.close(run_before_unload=True)
    visit.page = second
    visit.see("/checkout?order=A-2&user=u-2")
    visit.buy()
    second.close(run_before_unload=True)


def _blocks_trackers(visit: Visit) -> None:
    """An order that the server alone sees."""
    visit.see("/checkout?order=A-3&user=u-3", is_tracked=False)
    visit.buy(is_tracked=False)


def _comes_while_the_log_fails(visit: Visit) -> None:
    """An order that the browser alone reports."""
    visit.shop.failing.add("A-4")
    visit.see("/checkout?order=A-4&user=u-4")
    visit.buy()


VISITS: list[tuple[Callable[[Visit], None], bool]] = [
    (_buys_at_once, True),
    (_loses_the_network, True),
    (_blocks_trackers, False),
    (_comes_while_the_log_fails, True),
]


def _wait_until_stored(data: Path, truth: Truth) -> None:
    """All that is not attention is on the collector's disk."""
    number = truth.views.total() + truth.events.total()

    def names() -> Counter[str]:
        found: dict[str, str] = {}
        for path in data.glob("raw/client/*/*.jsonl*"):
            for line in path.read_text().splitlines():
                found |= {
                    each["event_id"]: each["event_type"] for each in json.loads(line)["batch"]
                }
        return Counter(name for name in found.values() if name != "heartbeat")

    wait_for(lambda: names().total() >= number, 30)


def _browse(browser: Browser, shop: Shop, collector: Running, folder: Path) -> Truth:
    truth = Truth()
    for act, is_tracked in VISITS:
        visit = Visit.new(browser, shop, truth, is_tracked=is_tracked)
        act(visit)
        # whatever is left waits for the visitor's next page
        last = visit.context.new_page()
        if is_tracked:
            visit.see("/", last)
            last.screenshot(path=folder / f"{act.__name__}.png")
            last.wait_for_function(
                "!Object.keys(localStorage).some(name => name.startsWith('ea.event'))"
            )
        last.close(run_before_unload=True)
        visit.context.close()
    opened = {
        "event_type": "app_open",
        "event_id": "app-1",
        "anonymous_id": "app-device",
        "timestamp": time.time_ns() // 1_000_000,
        "properties": {"app_version": "3.2.0"},
    }
    assert collector.post(opened, "/collect/mobile")[0] == 200
    return truth


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Truth, Path]:
    """A day in the shop, a collector that crashes in the end, and a run."""
    folder = tmp_path_factory.mktemp("shop")
    shutil.copytree(packaged_plan_dir(), folder / "plan")
    sources = folder / "plan/sources.yaml"
    sources.write_text(sources.read_text().replace("shop.example.com", "127.0.0.1"))
    (folder / "data/raw/ad_platforms").mkdir(parents=True)
    with opened_shop(folder / "data") as shop, opened_browser(f"--user-agent={PERSON}") as browser:
        config = {
            "origins": [shop.url().rstrip("/")],
            "cookie": {"secure": False},
            "room": {"free_bytes": 0},
        }
        (folder / "plan/collector.yaml").write_text(json.dumps(config))
        with running(folder) as collector:
            shop.collector_port = collector.port
            truth = _browse(browser, shop, collector, folder)
            _wait_until_stored(folder / "data", truth)
            collector.kill()
    later = (datetime.now(UTC) + timedelta(days=4)).date().isoformat()
    command = [sys.executable, "-m", "event_assets", "run", "--json", "--as-of", later]
    command += ["--data", str(folder / "data")]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "EVENT_ASSETS_PLAN": str(folder / "plan"), "EVENT_ASSETS_CORES": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return truth, folder


def _rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(folder / "data/analytics.duckdb"), read_only=True) as connection:
        return connection.sql(query).fetchall()


def test_each_view_and_event_is_there_once_and_clean(lived: tuple[Truth, Path]) -> None:
    truth, folder = lived
    views = _rows(
        folder, "select page_path, count(*) from marts.page_views where page_path != '' group by 1"
    )
    assert dict(views) == dict(truth.views)
    accounts = _rows(
        folder,
        "select source, sum(quarantined), sum(unreadable) from marts.ingest_files group by 1 order by 1",
    )
    assert accounts == [("client", 0, 0), ("mobile", 0, 0), ("server", 0, 0)]
    assert _rows(folder, "select * from marts.tracking_violations") == []
    with duckdb.connect(str(folder / "data/warehouse.duckdb"), read_only=True) as connection:
        found = connection.sql(
            "select event_type, count(*) from core.events where kind = 'client' group by 1"
        ).fetchall()
    counted = dict(found)
    assert counted.pop("heartbeat") > 0
    assert counted.pop("page_view") == truth.views.total()
    assert counted == dict(truth.events)
    ids, torn = stored_ids(folder / "data")
    assert torn == 0
    assert len(set(ids)) < len(ids) * 1.5


def test_each_visitor_is_one_session_of_one_person(lived: tuple[Truth, Path]) -> None:
    truth, folder = lived
    sessions = _rows(
        folder,
        "select channel, is_bot, landing_page, page_views, conversions, engaged_s > 0 from marts.sessions "
        "where device_class is not null and page_views > 0 order by started_at",
    )
    assert len(sessions) == truth.visitors
    assert [(row[0], row[4]) for row in sessions] == [
        ("Paid Search", 1),
        ("Direct", 1),
        ("Direct", 1),
    ]
    assert sum(row[3] for row in sessions) == truth.views.total()
    assert {row[1] for row in sessions} == {False}
    assert {row[5] for row in sessions} == {True}
    persons = _rows(
        folder, "select visitors, sessions, conversions from marts.persons order by all"
    )
    # the app's device, three in browsers, and the customer whom the server alone knows
    assert sorted(row[2] for row in persons) == [0, 1, 1, 1, 1]


def test_orders_are_matched_and_the_loss_is_the_one_that_was_caused(
    lived: tuple[Truth, Path],
) -> None:
    _, folder = lived
    conversions = _rows(
        folder, "select seen_by, count(*), sum(value) from marts.conversions group by 1 order by 1"
    )
    assert [(row[0], row[1], round(row[2], 2)) for row in conversions] == [
        ("both", 2, 119.8),
        ("client", 1, 59.9),
        ("server", 1, 59.9),
    ]
    loss = _rows(
        folder,
        "select browser = 'unknown', sum(matched), sum(client_only), sum(server_only), max(tracking_loss) "
        "from marts.client_server_reconciliation group by 1 order by 1",
    )
    assert loss == [(False, 2, 1, 0, 0.0), (True, 0, 0, 1, 1.0)]
