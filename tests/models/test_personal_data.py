"""Personal data is found where it is, and nothing is that merely looks like it."""

import json
import random
import re
from collections import defaultdict
from pathlib import Path

from building import Warehouse
from lake import event
from personal_data import CARDS, HOLD, JWT, LOOK_ALIKE, cards_in

MODELS = ("stg_loads", "int_personal_data", "personal_data_findings")


def patterns_found(warehouse: Warehouse, texts: list[str]) -> dict[str, set[object]]:
    """The patterns that each text is found to hold."""
    # a finding tells its event, so each text gets an event of its own
    rows = [
        event(event_id=str(number), event_type=f"t{number}", properties={"p": text})
        for number, text in enumerate(texts)
    ]
    warehouse.lake.add("one", rows)
    warehouse.build("--select", *MODELS)
    found: defaultdict[str, set[object]] = defaultdict(set)
    for name, pattern in warehouse.query("select event, pattern from marts.personal_data_findings"):
        found[texts[int(str(name)[1:])]].add(pattern)
    return found


def test_what_holds_personal_data_is_found_and_what_looks_alike_is_not(
    warehouse: Warehouse,
) -> None:
    texts = [text for listed in HOLD.values() for text in listed] + LOOK_ALIKE
    found = patterns_found(warehouse, texts)
    missed = [
        (pattern, text)
        for pattern, listed in HOLD.items()
        for text in listed
        if pattern not in found[text]
    ]
    assert missed == []
    assert {text: found[text] for text in LOOK_ALIKE if found[text]} == {}
    # and of cards nothing else, wherever they stand
    assert [text for text in texts if ("card_number" in found[text]) != cards_in(text)] == []


def test_a_card_number_is_one_by_range_length_and_check_digit(warehouse: Warehouse) -> None:
    rng = random.Random(3)
    texts: list[str] = []
    for _ in range(4000):
        number = rng.choice([*CARDS, "".join(rng.choices("0123456789", k=rng.randrange(12, 21)))])
        digits = list(number)
        for _ in range(rng.choice([0, 0, 1, 2])):
            digits[rng.randrange(len(digits))] = rng.choice("0123456789")
        if rng.random() < 0.2:
            digits.insert(rng.randrange(len(digits)), rng.choice("0123456789"))
        number = "".join(digits)
        if rng.random() < 0.3:
            gap = rng.choice(" -")
            number = gap.join(number[start : start + 4] for start in range(0, len(number), 4))
        before, after = (
            rng.choice(["", "x ", "a", "-", "=", "("]),
            rng.choice(["", " x", "a", ")", ","]),
        )
        texts.append(before + number + after)
    texts = list(dict.fromkeys(texts))
    found = patterns_found(warehouse, texts)
    held = {text for text in texts if "card_number" in found[text]}
    expected = {text for text in texts if cards_in(text)}
    assert 300 < len(expected) < len(texts) - 300
    assert held == expected


def test_names_that_are_personal_data_are_published_nowhere(warehouse: Warehouse) -> None:
    mail, other = "anna@example.com", "berta@example.com"
    flaw = [{"type": "unplanned_property", "property": mail, "message": "m"}]
    rows = [
        event(event_id="0", properties={mail: 1, other: 1, "fine": 1}),
        event(event_id="1", event_type=mail, properties={"fine": 1}),
        event(event_id="2", event_type=other, at=1, violations=json.dumps(flaw)),
        event(event_id="3", event_type="anna@example.con", properties={"anna@example.con": 1}),
    ]
    flaw[0]["type"] = "unplanned_event"
    set_aside = [{"event_type": mail, "violations": json.dumps(flaw)}]
    warehouse.lake.add("one", rows, quarantined=set_aside)
    warehouse.build("--select", "+path:models/coverage", "+tracking_violations")
    published = ["tracking_coverage", "event_recency", "property_coverage", "similar_names"]
    found = {
        name: str(warehouse.query(f"from marts.{name} order by all"))
        for name in [*published, "tracking_violations"]
    }
    assert [name for name, text in found.items() if re.search("anna|berta", text)] == []
    assert [name for name, text in found.items() if "(withheld)" not in text] == ["similar_names"]
    withheld = "where '(withheld)' in (event, {})"
    assert warehouse.query(
        "select event, events, sample_line from marts.event_recency " + withheld.format("event")
    ) == [("(withheld)", 3, 3)]
    assert warehouse.query(
        "select event, property, events, filled from marts.property_coverage "
        + withheld.format("property")
        + " and date is not null order by all"
    ) == [
        ("(withheld)", "(withheld)", 3, 1),
        ("(withheld)", "fine", 3, 1),
        ("page_view", "(withheld)", 1, 1),
    ]
    assert warehouse.query(
        "select event, property, violation, events from marts.tracking_violations order by all"
    ) == [
        ("(withheld)", "(withheld)", "unplanned_event", 1),
        ("(withheld)", "(withheld)", "unplanned_property", 1),
    ]


def findings(warehouse: Warehouse, columns: str) -> list[tuple[object, ...]]:
    return warehouse.query(f"select {columns} from marts.personal_data_findings order by all")


def test_every_place_is_searched_and_named_by_its_first_sample(warehouse: Warehouse) -> None:
    rows = [
        event(event_id="0", properties={"clean": "yes", "list": [1, {"a": None}]}),
        event(event_id="1", page_url="https://shop.example.com/?mail=anna%40example.com"),
        event(event_id="2", referrer="https://shop.example.com/?token=abc"),
        event(event_id="3", page_title="Hello anna@example.com"),
        event(event_id="4", properties={"note": "anna@example.com, +49 170 1234567"}),
        event(event_id="5", properties={"order": {"by": ["x", {"mail": "a\n4111111111111111"}]}}),
        event(event_id="6", properties={"number": 4111111111111111, "note": "anna@example.com"}),
        event(event_id="7", properties={"anna@example.com": JWT}),
        event(event_id="8", event_type="bought by anna@example.com"),
        event(event_id="9", utm_term="anna@example.com", utm_source="+491701234567"),
        event(event_id="10", click_id="eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0.", user_id="a@b.de"),
    ]
    warehouse.lake.add("one", rows)
    warehouse.build("--select", *MODELS)
    assert findings(warehouse, "event, place, pattern, events, sample_file, sample_line") == [
        ("(withheld)", "(event name)", "email", 1, "raw/client/one", 9),
        ("page_view", "(property name)", "email", 1, "raw/client/one", 8),
        ("page_view", "(withheld)", "url_token", 1, "raw/client/one", 8),
        ("page_view", "click_id", "url_token", 1, "raw/client/one", 11),
        ("page_view", "note", "email", 2, "raw/client/one", 5),
        ("page_view", "note", "phone", 1, "raw/client/one", 5),
        ("page_view", "number", "card_number", 1, "raw/client/one", 7),
        ("page_view", "order", "card_number", 1, "raw/client/one", 6),
        ("page_view", "page_title", "email", 1, "raw/client/one", 4),
        ("page_view", "page_url", "email", 1, "raw/client/one", 2),
        ("page_view", "referrer", "url_token", 1, "raw/client/one", 3),
        ("page_view", "utm_source", "phone", 1, "raw/client/one", 10),
        ("page_view", "utm_term", "email", 1, "raw/client/one", 10),
    ]
    stored = str(warehouse.query("from core.int_personal_data")) + str(findings(warehouse, "*"))
    assert [value for value in ("anna", "4111", "1234567", "eyJ", "abc") if value in stored] == []


def test_what_the_plan_declares_is_exempt_for_its_event_alone(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    columns = [
        ("page_view", "mail", "personal"),
        ("page_view", "page_url", "pseudonymous"),
        ("page_view", "note", "none"),
    ]
    warehouse.lake.plan["plan_event_columns"] = [
        {"event": name, "property": each, "sensitivity": sensitivity}
        for name, each, sensitivity in columns
    ]
    held = {"mail": "anna@example.com", "note": "anna@example.com", "page_url": "anna@example.com"}
    rows = [
        event(event_id="1", properties=held, page_url="https://x.example/?a=anna@example.com"),
        event(event_id="2", properties=held, event_type="signup"),
    ]
    warehouse.lake.add("one", rows)
    warehouse.build("--select", *MODELS)
    assert findings(warehouse, "event, place, events") == [
        ("page_view", "note", 1),
        ("page_view", "page_url", 1),
        ("signup", "mail", 1),
        ("signup", "note", 1),
        ("signup", "page_url", 1),
    ]
    # a changed declaration is heeded without looking at any event again
    builds = dict(warehouse.query("select model, build_id from event_assets_state.model_state"))
    warehouse.lake.plan["plan_event_columns"][0]["sensitivity"] = "none"
    warehouse.build("--select", *MODELS)
    assert ("page_view", "mail", 1) in findings(warehouse, "event, place, events")
    after = dict(warehouse.query("select model, build_id from event_assets_state.model_state"))
    assert {name for name in builds if builds[name] != after[name]} == {"personal_data_findings"}
