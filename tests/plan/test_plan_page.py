"""The plan's page in a real browser: search, filters, links, escaping, widths and contrast."""

import html
import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from odd_plan import HOSTILE_TEXT, write_odd_plan
from playwright.sync_api import Browser, Locator, Page

from event_assets.ingest.formats.native import NativeReader
from event_assets.plan.docs import EventVolume, SourceVolume, plan_page
from event_assets.plan.docs.examples import example_line
from event_assets.plan.docs.rows import MAX_ROWS, property_rows
from event_assets.plan.loader import load_plan
from event_assets.plan.model import Event, Property, event_schema
from event_assets.plan.schemas import compile_schema
from event_assets.plan.verdicts import Judge
from tests.browser import opened_browser

EXAMPLE_PLAN = Path(__file__).parents[2] / "tracking_plan"
OLD_EVENT = """\
event: cart_add
description: The old name of another event.
purpose: Old reports.
owner: team:legacy
sent_by: [client]
status: deprecated
deprecated: {reason: renamed, use: add_to_cart, since: 2026-03-01}
rules: {dependentRequired: {address: [basket]}}
versions: ["2"]
since: 2026-02-01
review_by: 2026-03-02
earlier:
  - {versions: ["1"], until: 2026-01-31, properties: {item: {type: string, required: true}}}
properties:
  basket:
    type: object
    description: What is in it.
    properties:
      lines: {type: array, items: {type: object, properties: {sku: {type: string, minLength: 2}}}}
  address: {type: string, sensitivity: personal}
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests."""
    with opened_browser() as opened:
        yield opened


@pytest.fixture
def shop_plan(tmp_path: Path) -> Path:
    """The example plan with a deprecated event beside."""
    folder = tmp_path / "plan"
    for path in EXAMPLE_PLAN.rglob("*.yaml"):
        copy = folder / path.relative_to(EXAMPLE_PLAN)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    (folder / "events/cart_add.yaml").write_text(OLD_EVENT)
    return folder


@pytest.fixture
def odd_plan(tmp_path: Path) -> Path:
    """Hostile texts wherever a plan takes one."""
    folder = write_odd_plan(tmp_path / "odd", ["client", "server"])
    name = '"><img src=x onerror=alert(2)>'
    groups = {"groups": {name: {"p": {"type": "string", "description": HOSTILE_TEXT}}}}
    steps = [{"event": "plain", "where": {"x": name}}, "__proto__"]
    funnels = {"funnels": {name: {"description": HOSTILE_TEXT, "steps": steps}}}
    (folder / "property_groups.yaml").write_text(json.dumps(groups))
    (folder / "funnels.yaml").write_text(json.dumps(funnels))
    return folder


def _opened(
    browser: Browser,
    plan: Path,
    volumes: dict[str, EventVolume] | None = None,
    width: int = 1280,
    scheme: str = "light",
) -> Page:
    file = plan.parent / "page.html"
    file.write_text(plan_page(load_plan(plan), volumes or {}), encoding="utf-8")
    page = browser.new_page(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    troubles: list[str] = []
    page.on("dialog", lambda dialog: (troubles.append(dialog.message), dialog.dismiss()))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda message: troubles.append(message.text))
    page.on(
        "request",
        lambda request: troubles.append(request.url) if request.url != file.as_uri() else None,
    )
    page.goto(file.as_uri())
    page.wait_for_timeout(100)
    assert troubles == [], "a script that is not the page's own, a request or an error"
    return page


def _article(page: Page, event: str) -> Locator:
    """An event's article, brought to where the browser lays it out."""
    article = page.locator(f"#event-{event}")
    article.scroll_into_view_if_needed()
    page.wait_for_timeout(100)
    return article


def _shown(page: Page) -> list[str]:
    visible = page.locator("#events > article:not([hidden]) a.anchor")
    names = visible.all_text_contents()
    listed = page.locator(".index li:not([hidden]) a").all_text_contents()
    assert listed == names, "the index shows the same events"
    return names


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("signup", ["signup_completed"]),
        ("SIGN-UP Form", ["signup_completed"]),  # the description, in any case
        ("give up", ["checkout"]),  # the purpose
        ("mobile@", ["app_open", "screen_view"]),  # the owner
        ("cart_value", ["checkout"]),  # a property
        ("basket.lines[].sku", ["cart_add"]),  # a nested one
        ("words searched", ["search"]),  # a property's description
        ("growth order_id refunded", ["refund"]),  # several words, in different places
        ("no such thing", []),
    ],
)
def test_events_are_found_as_one_types(
    browser: Browser, shop_plan: Path, typed: str, found: list[str]
) -> None:
    page = _opened(browser, shop_plan)
    total = page.locator("#events > article").count()
    page.keyboard.press("/")
    page.keyboard.type(typed)
    assert page.locator("#search").input_value() == typed
    assert _shown(page) == found
    assert page.locator("#count").text_content() == f"{len(found)} of {total} events"
    assert page.locator("#nothing").is_visible() == (not found)
    page.keyboard.press("Escape")
    assert len(_shown(page)) == total


def test_the_row_that_was_found_is_marked(browser: Browser, shop_plan: Path) -> None:
    page = _opened(browser, shop_plan)
    page.locator("#search").fill("cart_value")
    assert page.locator("tr.found .path").all_text_contents() == ["cart_value"]
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.textContent") == "checkout"


def test_filters_add_up_across_and_widen_within_a_kind(browser: Browser, shop_plan: Path) -> None:
    page = _opened(browser, shop_plan)
    events = load_plan(shop_plan).events

    def chip(value: str) -> None:
        page.get_by_role("button", name=value, exact=True).click()

    chip("server")
    assert _shown(page) == ["experiment_assigned", "purchase", "refund", "signup_completed"]
    chip("mobile")
    sent = [name for name, each in sorted(events.items()) if {"server", "mobile"} & {*each.sent_by}]
    assert _shown(page) == sent
    chip("mobile@example.com")
    assert _shown(page) == ["app_open", "screen_view"]
    page.locator("#search").fill("version")
    assert _shown(page) == ["app_open"]
    for value in ("server", "mobile", "mobile@example.com"):
        chip(value)
    page.locator("#search").fill("")
    chip("deprecated")
    assert _shown(page) == ["cart_add"]


def test_every_link_leads_somewhere_even_to_what_filters_hide(
    browser: Browser, shop_plan: Path
) -> None:
    page = _opened(browser, shop_plan)
    dead = page.evaluate(
        """[...document.querySelectorAll("a")].map((a) => a.getAttribute("href"))
        .filter((href) => !href.startsWith("#") || !document.getElementById(decodeURIComponent(href.slice(1))))"""
    )
    assert dead == []
    page.get_by_role("button", name="deprecated", exact=True).click()
    page.locator("#event-cart_add .notice a").click()
    page.wait_for_timeout(50)
    assert page.locator("#event-add_to_cart").is_visible()
    assert page.url.endswith("#event-add_to_cart")


def test_an_event_tells_what_the_plan_says_of_it(browser: Browser, shop_plan: Path) -> None:
    page = _opened(browser, shop_plan)
    old = _article(page, "cart_add").inner_text()
    for text in (
        "Old reports.",
        "team:legacy",
        "renamed since 2026-03-01",
        "add_to_cart",
        "overdue",
    ):
        assert text in old
    assert page.locator("#event-cart_add .badge.personal").count() == 1
    page.locator("#event-cart_add .earlier summary").click()
    assert "version 1 until 2026-01-31: item string (required)" in " ".join(
        page.locator("#event-cart_add .earlier li").inner_text().split()
    )
    page.locator("#event-cart_add summary", has_text="Rules on the properties").click()
    assert '"dependentRequired"' in _article(page, "cart_add").inner_text()
    purchase = _article(page, "purchase").inner_text()
    assert "purchase, value amount in currency, one for each order_id" in purchase
    assert "buy (step 4)" in purchase
    row = _article(page, "add_to_cart").locator("tr", has_text="category").inner_text()
    assert 'one of "shoes", "jackets", "bags", "accessories"' in row
    assert "product" in row
    assert "Within 7 days of the first step" in page.locator("#funnels").inner_text()
    assert "add_to_cart, product_view" in page.locator("#groups").inner_text()


def test_volumes_are_shown_where_known_and_not_mentioned_else(
    browser: Browser, shop_plan: Path
) -> None:
    assert "seen" not in _article(_opened(browser, shop_plan), "purchase").inner_text()
    volumes = {
        "purchase": EventVolume(
            (SourceVolume("client", 1234, date(2026, 9, 30)), SourceVolume("server", 0, None)),
            {"items": 0.364},
        )
    }
    page = _opened(browser, shop_plan, volumes)
    rows = _article(page, "purchase").locator(".volumes tbody tr").all_inner_texts()
    assert [row.split() for row in rows] == [
        ["client", "1,234", "2026-09-30"],
        ["server", "0", "never"],
    ]
    assert "36.4 %" in _article(page, "purchase").locator("tr", has_text="items").inner_text()
    assert "Never seen." in _article(page, "refund").inner_text()


def test_hostile_texts_are_shown_and_do_nothing(browser: Browser, odd_plan: Path) -> None:
    page = _opened(browser, odd_plan)
    assert page.locator("script").count() == 1
    assert page.locator("main img, main script, main b, [onerror]").count() == 0
    plan = load_plan(odd_plan)
    shown = page.locator("#events > article").evaluate_all(
        """(all) => all.map((each) => [each.querySelector(".anchor").textContent,
        each.querySelector(".description").textContent])"""
    )
    assert dict(shown) == {name: event.description for name, event in plan.events.items()}
    page.locator("#search").fill("<script>alert(1)")
    assert len(_shown(page)) == len(plan.events)
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((each) => each.id)")
    assert len(ids) == len(set(ids))
    for name in ('say "hi" it\'s `x`', "__proto__"):
        page.locator("#search").fill(name)
        assert "delete" in _shown(page)


def test_no_script_but_the_pages_own_could_run(browser: Browser, shop_plan: Path) -> None:
    plan = load_plan(shop_plan)
    text = plan_page(plan, {})
    added = text.replace("<main>", "<main><script>document.title = 'owned'</script>")
    file = shop_plan.parent / "changed.html"
    file.write_text(added, encoding="utf-8")
    page = browser.new_page()
    page.goto(file.as_uri())
    assert page.title() != "owned"
    assert page.locator("#count").text_content() == f"{len(plan.events)} events"


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_wider_than_the_screen(browser: Browser, odd_plan: Path, width: int) -> None:
    long = {"type": "object", "properties": {"y" * 120: {"type": "string", "pattern": "z" * 300}}}
    event = json.loads((odd_plan / "events/fetch.yaml").read_text(encoding="utf-8"))
    event |= {"properties": {"x" * 150: long}, "purpose": "w" * 400}
    (odd_plan / "events/fetch.yaml").write_text(json.dumps(event))
    page = _opened(browser, odd_plan, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    cut = page.locator("article").evaluate_all(
        """(all) => all.filter((each) => {
          each.style.contentVisibility = "visible";
          return each.scrollWidth > each.clientWidth;
        }).map((each) => each.id)"""
    )
    assert cut == []


CONTRASTS = """() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (color) => {
    const [r, g, b] = color.map((c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const color = rgb(getComputedStyle(each).backgroundColor);
      if (color.length === 3 || color[3] > 0) return color.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const element of document.querySelectorAll("body *")) {
    const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!hasText || element.closest("script") || !element.checkVisibility()) continue;
    const [a, b] = [light(rgb(getComputedStyle(element).color).slice(0, 3)), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push(`${element.className} ${element.textContent.slice(0, 20)} ${ratio.toFixed(2)}`);
  }
  return poor;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_the_contrast_that_accessibility_asks_for(
    browser: Browser, shop_plan: Path, scheme: str
) -> None:
    page = _opened(browser, shop_plan, scheme=scheme)
    page.get_by_role("button", name="client", exact=True).click()
    page.locator("#search").fill("basket")
    page.locator("#search").fill("")
    page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    assert page.evaluate(CONTRASTS) == []


def test_a_plan_of_a_thousand_events_is_still_searched(browser: Browser, tmp_path: Path) -> None:
    events = tmp_path / "big/events"
    events.mkdir(parents=True)
    (tmp_path / "big/plan.yaml").write_text("name: big\nversion: 1\n")
    for number in range(1000):
        text = (EXAMPLE_PLAN / "events/purchase.yaml").read_text()
        text = text.replace("event: purchase", f"event: event_{number}").replace(
            "growth@example.com", f"team:{number % 40}"
        )
        (events / f"event_{number}.yaml").write_text(text)
    page = _opened(browser, tmp_path / "big")
    page.locator("#search").fill("event_77")
    assert page.locator("#count").text_content() == "11 of 1,000 events"


NESTED_EVENT = {
    "event": "e",
    "description": "D.",
    "purpose": "P.",
    "owner": "team:a",
    "sent_by": ["client"],
    "properties": {
        "buyer": {
            "type": "object",
            "properties": {
                "plan": {"type": "string"},
                "mail": {"type": "string", "sensitivity": "personal", "required": True},
            },
        },
        "ship_to": {"$ref": "#/$defs/adr", "required": True},
        "stops": {"type": "array", "items": {"$ref": "#/$defs/adr"}},
        "pair": {"prefixItems": [{"type": "integer", "description": "First."}, {"minimum": 1}]},
        "either": {
            "anyOf": [
                {"type": "null"},
                {"properties": {"id": {"type": "string", "required": True}}},
            ]
        },
        "tree": {"$ref": "#/$defs/tree"},
    },
    "rules": {
        "$defs": {
            "adr": {
                "type": "object",
                "description": "Where it goes.",
                "properties": {"street": {"type": "string", "description": "With number."}},
            },
            "tree": {
                "type": "object",
                "properties": {"twigs": {"type": "array", "items": {"$ref": "#/$defs/tree"}}},
            },
        }
    },
}


def test_rows_reach_whatever_a_property_holds_and_tell_what_is_sensitive_there(
    tmp_path: Path, browser: Browser
) -> None:
    (tmp_path / "plan/events").mkdir(parents=True)
    (tmp_path / "plan/plan.yaml").write_text("name: nested\nversion: 1\n")
    (tmp_path / "plan/events/e.yaml").write_text(json.dumps(NESTED_EVENT))
    page = _opened(browser, tmp_path / "plan")
    rows = {
        row.locator(".path").inner_text(): " | ".join(row.locator("td").all_inner_texts())
        for row in page.locator("#event-e .properties tbody tr").all()
    }
    assert list(rows) == [
        *("buyer", "buyer.plan", "buyer.mail"),
        *("ship_to", "ship_to.street", "stops", "stops[].street"),
        *("pair", "pair[1]", "pair[2]", "either", "either.id", "tree", "tree.twigs"),
    ]
    assert rows["buyer.mail"] == "buyer.mail required personal | text |  | "
    assert "personal" not in rows["buyer.plan"]
    assert rows["ship_to"] == "ship_to required | adr (object) |  | Where it goes."
    assert rows["ship_to.street"].endswith("With number.")
    assert rows["stops[].street"].endswith("With number.")
    assert rows["pair[1]"] == "pair[1] | integer |  | First."
    assert rows["pair[2]"] == "pair[2] | any | at least 1 | "
    assert rows["either.id"] == "either.id | text | required in its alternative | "
    assert rows["tree.twigs"] == "tree.twigs | list of tree |  | "


def test_definitions_that_multiply_end_the_table() -> None:
    twice = {
        f"d{number}": {
            "properties": {name: {"$ref": f"#/$defs/d{number + 1}"} for name in "abcdefgh"}
        }
        for number in range(30)
    }
    held = Property.model_validate({"$ref": "#/$defs/d0"})
    rows = list(property_rows({"p": held}, {}, {}, {**twice, "d30": {"type": "string"}}))
    assert len(rows) == MAX_ROWS + 1


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer", "examples": 5},
        {"type": "string", "examples": {"a": 1}, "maxLength": 5.0, "minLength": 2.0},
        {"type": "string", "examples": "text"},
        {"type": "array", "minItems": 2.0, "maxItems": 3.0, "items": {"examples": 5}},
        {"type": "array", "items": {"type": "string", "examples": {"a": 1}, "maxLength": 2.0}},
        {"type": "object", "minProperties": 1.0, "properties": {"a": {"examples": "x"}}},
    ],
)
def test_notes_and_lengths_of_odd_types_give_an_example_all_the_same(
    schema: dict[str, object],
) -> None:
    event = Event.model_validate(
        {
            "event": "e",
            "description": "D.",
            "purpose": "P.",
            "owner": "team:a",
            "sent_by": ["client"],
            "properties": {"p": {**schema, "required": True}},
        }
    )
    value = json.loads(example_line(event))["properties"]["p"]
    assert compile_schema(event_schema(event)).is_valid({"p": value}), value


def test_the_examples_would_be_clean_if_they_were_sent() -> None:
    plan = load_plan(EXAMPLE_PLAN)
    judge = Judge(plan.verdict_document())
    page = plan_page(plan, {})
    examples = [
        json.loads(html.unescape(each))
        for each in re.findall(r"<pre><code>(.*?)</code>", page, re.S)
    ]
    assert [each["event_type"] for each in examples] == sorted(plan.events)
    for example in examples:
        (reading,) = NativeReader().read(example)
        assert judge.judge(example["event_type"], reading.properties) is None, example
    assert examples[-1]["metadata"] == {"method": "email"}
