"""Sessions and pages as real sites and apps send them."""

from building import Warehouse
from lake import event

PAGE = "https://shop.example.com/a"
MODELS = ("--select", "+sessions", "+page_views", "+events", "+ad_spend")


def test_a_campaign_that_comes_without_a_page_keeps_its_touch(warehouse: Warehouse) -> None:
    mail = {"utm_source": "newsletter", "utm_medium": "email"}
    warehouse.lake.add(
        "one",
        [
            event(event_id="1", anonymous_id="a", at=0, page_url=PAGE),
            event(event_id="2", anonymous_id="a", at=9, event_type="add_to_cart", **mail),
            event(event_id="3", anonymous_id="a", at=18, page_url=PAGE),
        ],
    )
    warehouse.build(*MODELS)
    found = warehouse.query(
        "select split_cause, channel, utm_source from marts.sessions order by started_at"
    )
    assert found == [("first", "Direct", None), ("campaign", "Email", "newsletter")]


def test_one_id_from_browser_and_app_is_one_touch_of_a_session(warehouse: Warehouse) -> None:
    warehouse.lake.settings["split_on_campaign"] = False
    app = {"kind": "mobile", "source": "mobile", "anonymous_id": "a"}
    warehouse.lake.add(
        "one",
        [
            event(event_id="1", anonymous_id="a", page_url=PAGE),
            event(event_id="2", anonymous_id="a", at=1, page_url=PAGE, utm_source="letter"),
            event(event_id="2", at=2, page_url=PAGE, utm_source="search", **app),
        ],
    )
    warehouse.build("--select", "+touchpoints")
    found = warehouse.query("select source from marts.touchpoints order by touched_at")
    assert found == [(None,), ("letter",)]
    assert warehouse.dbt("test", "--select", "touchpoints,test_name:unique")


def test_empty_campaign_fields_are_no_campaign(warehouse: Warehouse) -> None:
    empty = {"utm_source": "", "utm_medium": "null", "utm_campaign": " "}
    warehouse.lake.add(
        "one",
        [
            event(event_id="1", anonymous_id="a", at=0, page_url=PAGE, utm_source="newsletter"),
            event(event_id="2", anonymous_id="a", at=9, page_url=PAGE, **empty),
        ],
    )
    warehouse.build(*MODELS)
    assert warehouse.query("select count(*) from marts.sessions") == [(1,)]


def test_published_pages_carry_no_query_fragment_or_user_name(warehouse: Warehouse) -> None:
    secret = "https://jane%40x.org:secret@shop.example.com/p/1?mail=jane#x"
    warehouse.lake.add(
        "one",
        [
            event(event_id="1", anonymous_id="a", page_url=secret, referrer="https://a@b@c.org/"),
            event(event_id="2", anonymous_id="a", at=1, page_url="/only/a/path?x=1"),
            event(event_id="3", anonymous_id="a", at=2, page_url="https://shop.example.com?x=1"),
        ],
    )
    warehouse.build(*MODELS)
    assert warehouse.query(
        "select page_url, page_path from marts.page_views order by viewed_at"
    ) == [
        ("https://shop.example.com/p/1", "/p/1"),
        ("/only/a/path", "/"),
        ("https://shop.example.com", "/"),
    ]
    assert warehouse.query("select referrer_host from marts.sessions") == [("c.org",)]


def test_a_screen_view_is_named_by_its_screen(warehouse: Warehouse) -> None:
    warehouse.lake.add(
        "one", [event(event_id="1", anonymous_id="a", properties={"screen": "Cart"})]
    )
    warehouse.build(*MODELS)
    assert warehouse.query("select page_path, page_url from marts.page_views") == [("Cart", None)]


def test_apps_and_phones_are_no_bots_and_a_servers_agent_says_nothing(warehouse: Warehouse) -> None:
    agents = {
        "app": "okhttp/4.12.0",
        "phone": "Mozilla/5.0 (Linux; Android 10; CUBOT) Chrome/99 Mobile",
        "crawler": "Mozilla/5.0 (compatible; SomeBot/1.0)",
        "script": "python-requests/2.31",
    }
    warehouse.lake.add(
        "one",
        [
            event(event_id=name, anonymous_id=name, user_agent=agent)
            for name, agent in agents.items()
        ],
    )
    backend = {"kind": "server", "source": "server", "user_agent": "python-requests/2.31"}
    warehouse.lake.add("two", [event(event_id="s", user_id="u", event_type="signup", **backend)])
    warehouse.build(*MODELS)
    found = warehouse.query("select event_id, is_bot from core.events order by event_id")
    assert found == [
        ("app", False),
        ("crawler", True),
        ("phone", False),
        ("s", False),
        ("script", True),
    ]


def test_reports_find_their_platform_and_channel_by_other_names(warehouse: Warehouse) -> None:
    rows = [
        {"date": event()["event_ts"].date(), "platform": name, "channel": channel, "spend": 1.0}
        for name, channel in (
            ("Google Ads", "paid search"),
            ("facebook", "Paid Social"),
            ("Zoo", None),
        )
    ]
    warehouse.lake.add("ads", ad_reports=[{**row, "file_sha256": "f"} for row in rows])
    warehouse.build(*MODELS)
    assert warehouse.query("select platform, channel from marts.ad_spend order by 1") == [
        ("google", "Paid Search"),
        ("meta", "Paid Social"),
        ("zoo", "Unassigned"),
    ]
