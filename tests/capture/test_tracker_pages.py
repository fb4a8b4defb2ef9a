"""Pages that are shown before or again without being loaded, and pages that call by generated functions."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import opened_browser
from tests.capture.site import Site, flush, opened, served, show
from tests.plan.compilers import tsc

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests."""
    with opened_browser() as found:
        yield found


@pytest.fixture
def site() -> Iterator[Site]:
    """A site whose collector takes everything."""
    with served() as each:
        yield each


def test_a_page_that_is_rendered_ahead_is_viewed_when_it_is_shown(
    browser: Browser, site: Site
) -> None:
    with opened(browser) as page:
        page.add_init_script(
            "window.ahead = true; Object.defineProperty(document, 'prerendering', {get: () => ahead})"
        )
        show(page, site)
        page.wait_for_timeout(100)
        assert site.sent == []
        page.evaluate("ahead = false; document.dispatchEvent(new Event('prerenderingchange'))")
        site.wait_for("page_view")


def test_a_page_out_of_the_back_forward_cache_is_viewed_again(browser: Browser, site: Site) -> None:
    with opened(browser, site) as page:
        for is_persisted in ("false", "true"):
            page.evaluate(
                f"dispatchEvent(new PageTransitionEvent('pageshow', {{persisted: {is_persisted}}}))"
            )
        flush(page)
        site.wait_for("page_view", 2)
    assert len(site.named("page_view")) == 2


def test_events_go_where_the_page_says(browser: Browser) -> None:
    attributes = "data-url=COLLECTOR/elsewhere"
    with served(attributes=attributes) as site, opened(browser, site):
        site.wait_for("page_view")
        assert [each.path for each in site.sent] == ["/elsewhere"]


def test_generated_functions_send_by_the_tracker_as_the_page_on_capture_says(
    browser: Browser, site: Site, tmp_path: Path
) -> None:
    (configured,) = re.findall(
        r"```ts\n(.*?)```", (ROOT / "docs/capture.md").read_text(), re.DOTALL
    )
    shutil.copy(ROOT / "examples/trackers/tracking.ts", tmp_path)
    assert tsc(tmp_path, "tracking.ts", emit=True) == {}
    functions = (tmp_path / "built/tracking.js").read_text()
    with opened(browser, site) as page:
        page.evaluate('ea("identify", "u-1")')
        call = 'addToCart({product_id: "p-1", quantity: 2}); window.isCalled = true'
        page.add_script_tag(content=f"{functions}\n{configured}\n{call}", type="module")
        page.wait_for_function("window.isCalled")
        flush(page)
        site.wait_for("add_to_cart")
    (event,) = site.named("add_to_cart")
    assert event["properties"] == {"product_id": "p-1", "quantity": 2}
    assert event["user_id"] == "u-1"
    assert event["page_url"] == site.url()
    assert "session_id" in event
