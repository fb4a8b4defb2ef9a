"""`plan infer` drafts a plan that its own logs keep, and that shows nobody's data."""

import gzip
import json
import random
import sys
import tracemalloc
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from backports import zstd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from event_assets import cli
from event_assets.ingest.unjudged import UNNAMED, LinesSeen, LogReader, log_files, source_of
from event_assets.plan.drafting.infer import drafts_of
from event_assets.plan.drafting.observed import MAX_DISTINCT, MAX_NAMES, Observed
from event_assets.plan.drafting.trial import check_events
from event_assets.plan.drafting.writing import write_plan
from event_assets.plan.loader import load_plan
from event_assets.plan.model import Plan
from event_assets.plan.personal import smell_of_name, smell_of_text
from event_assets.plan.verdicts import Judge
from event_assets.settings import DEFAULT_SOURCES, load_settings
from event_assets.simulate.shop import write_shop_logs
from event_assets.yaml_files import read_yaml
from tests.needs import MUSIC_SITE_LOGS, needs_music_site_logs

# a busy machine is no mistake
UNHURRIED = settings(deadline=None, suppress_health_check=list(HealthCheck))

PROJECT = Path(__file__).parents[2]
MUSIC_SITE = PROJECT / "examples" / "music_site"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("DATA", "PLAN", "CONFIG"):
        monkeypatch.delenv(f"EVENT_ASSETS_{name}", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def infer(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Run `plan infer`; gives exit code, standard output and standard error."""

    def run(*arguments: object) -> tuple[int, str, str]:
        argv = ["event-assets", "plan", "infer", *map(str, arguments)]
        monkeypatch.setattr(sys, "argv", argv)
        with pytest.raises(SystemExit) as ended:
            cli.main()
        output = capsys.readouterr()
        return int(ended.value.code or 0), output.out, output.err

    return run


def line(event: str, number: int = 0, **properties: Any) -> str:
    return json.dumps(
        {"event_type": event, "timestamp": 1_791_898_629_263 + number, "properties": properties}
    )


def write_log(path: Path, lines: list[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{each}\n" for each in lines))
    return path


def drafted(events: list[tuple[str, dict[str, Any]]], **options: Any) -> dict[str, dict[str, Any]]:
    """The drafted properties by event."""
    observed = Observed()
    for event, properties in events:
        observed.see(event, properties, "client")
    drafts = drafts_of(observed, **options)
    check_events(drafts.events)
    return {each["event"]: each.get("properties", {}) for each in drafts.events}


def one(values: list[Any], name: str = "p") -> dict[str, Any]:
    """The drafted schema of a property that had these values."""
    return drafted([("e", {name: value}) for value in values])["e"][name]


def violations(plan: Plan, sources: Any, logs: Path) -> tuple[Counter[str], int]:
    """How many events of each type break the plan, and how many there are."""
    judge, found, seen = Judge(plan.verdict_document()), Counter[str](), LinesSeen()
    for path in log_files([logs])[0]:
        source = source_of(path, sources)
        if source is None or source.kind == "ad_report":
            continue
        for sent in LogReader(source, source.kind, seen).events(path):
            verdict = judge.judge(sent.event, sent.properties, None, sent.kind)
            found.update({each.type for each in verdict.violations} if verdict else ())
    return found, seen.events


def test_events_are_seen_alike_however_their_log_is_packed(elsewhere: Path) -> None:
    lines = [line("view", n, page=n % 7, text="x" * n) for n in range(300)] + ["broken"]
    text = "".join(f"{each}\n" for each in lines).encode()
    packed = {
        "a.jsonl": text,
        "a.jsonl.gz": gzip.compress(text[:900]) + gzip.compress(text[900:]),
        "a.jsonl.zst": zstd.compress(text),
        "crlf.jsonl": b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n"),
        "a.json": ("[" + ",\n".join(lines[:-1]) + ",\n{broken}]").encode(),
        "b.json": ("[" + ", ".join(lines[:-1]) + ", {broken}]\n").encode(),
        "batch.jsonl": ('{"batch": [' + ",".join(lines[:-1]) + "]}\nbroken").encode(),
    }
    for name, content in packed.items():
        (elsewhere / name).write_bytes(content)
    cut = elsewhere / "cut.jsonl.gz"
    cut.write_bytes(gzip.compress(text)[:-20])
    seen = {name: LinesSeen() for name in packed}
    events = {
        name: list(LogReader(UNNAMED, None, counted).events(elsewhere / name))
        for name, counted in seen.items()
    }
    assert len(events["a.jsonl"]) == 300
    assert all(each == events["a.jsonl"] for each in events.values())
    assert {name: sum(each.left_out.values()) for name, each in seen.items()} == dict.fromkeys(
        packed, 1
    )
    of_cut = list(LogReader(UNNAMED, None, LinesSeen()).events(cut))
    assert 0 < len(of_cut) < 300
    assert of_cut == events["a.jsonl"][: len(of_cut)]


@pytest.mark.parametrize("seed", [7, 3])
def test_a_simulated_shop_keeps_the_plan_drafted_from_its_logs_but_for_its_mistakes(
    infer: Any, elsewhere: Path, seed: int
) -> None:
    truth = write_shop_logs(elsewhere / "data", seed=seed, days=20, visitors=400)
    code, out, _ = infer(elsewhere / "data" / "raw")
    assert code == 0
    plan = load_plan(Path("tracking_plan"))
    assert {each.status for each in plan.events.values()} == {"draft"}
    found, events = violations(plan, DEFAULT_SOURCES, elsewhere / "data" / "raw")
    assert found.total() <= sum(truth.planted.values())
    assert found.total() <= 0.01 * events
    assert "is not JSON (first: data/raw/" in out
    assert plan.events["purchase"].sent_by == ("client", "server", "mobile")
    assert plan.events["page_view"].role == "page_view"
    example = load_plan(PROJECT / "tracking_plan")
    for name in ("purchase", "checkout", "product_view", "search"):
        for each, declared in example.events[name].properties.items():
            assert plan.events[name].properties[each].type == declared.type, (name, each)
    steps = plan.events["checkout"].properties["step"].json_schema["enum"]
    assert steps == ["payment", "review", "start"]


@needs_music_site_logs
def test_the_real_logs_of_a_music_site_keep_the_plan_drafted_from_them(
    infer: Any, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVENT_ASSETS_PLAN", str(MUSIC_SITE))
    code, out, _ = infer(MUSIC_SITE_LOGS, "--source", "site", "--out", "drafted")
    assert code == 0
    assert "next: event-assets plan check --plan drafted" in out
    plan, by_hand = load_plan(Path("drafted")), load_plan(MUSIC_SITE)
    assert plan.events.keys() == by_hand.events.keys()
    judge, seen = Judge(plan.verdict_document()), LinesSeen()
    (source,) = load_settings(Path("data"), MUSIC_SITE, None).config.sources
    found = Counter(
        judge.judge(sent.event, sent.properties, None, sent.kind) is not None
        for path in sorted(MUSIC_SITE_LOGS.glob("*.jsonl"))
        for sent in LogReader(source, "server", seen).events(path)
    )
    assert found[False] == 8_056
    assert found[True] == 0
    song = plan.events["NextSong"].properties
    assert song["level"].json_schema["enum"] == ["free", "paid"]
    assert song["status"].type == "integer"
    assert song["length"].type == "number"
    written = "".join(path.read_text() for path in Path("drafted/events").iterdir())
    assert "firstName" not in written


json_values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(allow_nan=False, allow_infinity=False),
        st.sampled_from(["a", "b", "", "2026-10-01", "2026-10-01T10:00:00Z", "a@b.example"]),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    ),
    lambda each: st.one_of(
        st.lists(each, max_size=4),
        st.dictionaries(st.text("abc$.é/ ", max_size=4), each, max_size=4),
    ),
    max_leaves=10,
)


@settings(UNHURRIED, max_examples=200)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["e", "f g", "é"]),
            st.dictionaries(st.text("abc$.é/ ", max_size=3), json_values, max_size=4),
        ),
        min_size=1,
        max_size=60,
    )
)
def test_whatever_is_sent_keeps_the_plan_drafted_from_all_of_it(
    events: list[tuple[str, dict[str, Any]]],
) -> None:
    observed = Observed()
    for event, properties in events:
        observed.see(event, properties, "server")
    drafts = drafts_of(observed, required_share=1)
    check_events(drafts.events)
    judge = Judge({"policy": _policy(), "events": _judging(drafts.events)})
    for event, properties in events:
        assert judge.judge(event, properties, None, "server") is None


def _judging(events: list[dict[str, Any]]) -> dict[str, Any]:
    return _document(events)["events"]


def _policy() -> dict[str, Any]:
    return _document([])["policy"]


def _document(events: list[dict[str, Any]]) -> dict[str, Any]:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        write_plan(Path(folder), "drafted", events)
        return load_plan(Path(folder)).verdict_document()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1] * 9, {"type": "integer"}),
        ([1, 2.5], {"type": "number"}),
        ([1.0] * 30, {"type": "number", "required": True}),
        ([True, None], {"type": ["boolean", "null"]}),
        ([None], {"description": "Null wherever it was seen."}),
        (["a", 1], {"type": ["string", "integer"]}),
        (["x", "y"] * 15, {"type": "string", "enum": ["x", "y"], "required": True}),
        (
            ["x", "y", None] * 10,
            {"type": ["string", "null"], "enum": ["x", "y", None], "required": True},
        ),
        (["x", "y"] * 4, {"type": "string"}),
        (["2026-10-01"] * 5, {"type": "string", "format": "date"}),
        (["2026-10-01"] * 5 + ["soon"], {"type": "string"}),
        (["2026-10-01T10:00:00Z"] * 6, {"type": "string", "format": "date-time"}),
        (["https://a.example/b"] * 6, {"type": "string", "format": "uri"}),
        (["note:this"] * 6, {"type": "string", "examples": ["note:this"]}),
        (["4.1", "4.2"] * 30, {"type": "string", "required": True}),
        ([[1, 2], []], {"type": "array", "items": {"type": "integer"}}),
        ([{"a": 1}, {"a": 2.5}], {"type": "object", "properties": {"a": {"type": "number"}}}),
        ([{}], {"type": "object"}),
        ([[]], {"type": "array"}),
    ],
)  # fmt: skip
def test_a_schema_is_drafted_from_values(values: list[Any], expected: dict[str, Any]) -> None:
    assert one(values) == expected


def test_an_amount_that_was_whole_so_far_is_a_number() -> None:
    assert one([5, 10], "amount") == {"type": "number"}
    assert one([5, 10], "quantity") == {"type": "integer"}


def test_a_bound_is_never_drafted() -> None:
    assert not {"minimum", "maximum", "minLength"} & one(list(range(100))).keys()


def test_what_is_rare_is_taken_for_a_mistake_and_told() -> None:
    observed = Observed()
    for number in range(1_000):
        observed.see("e", {"price": "1 EUR" if number < 3 else 1.5, "id": number}, "client")
        observed.see("f", {"step": "??" if number < 3 else "ab"[number % 2]}, "client")
    observed.see("e", {"price": 2}, "client")
    drafts = drafts_of(observed)
    by_name = {each["event"]: each["properties"] for each in drafts.events}
    assert by_name["e"] == {
        "price": {"type": "number", "required": True},
        "id": {"type": "integer", "required": True},
    }
    assert drafts.notes == [
        "e.price: is string in 3 of 1,001, planned as number",
        "e.id: is missing in 1 of 1,001",
    ]


def test_a_property_of_some_events_is_not_required() -> None:
    events = [("e", {"a": 1, **({"b": 1} if number % 50 else {})}) for number in range(100)]
    assert drafted(events)["e"] == {
        "a": {"type": "integer", "required": True},
        "b": {"type": "integer"},
    }
    assert drafted(events, required_share=0.9)["e"]["b"] == {"type": "integer", "required": True}


PERSONAL = {
    "contact": "ann.lee@mail.example",
    "reach": "+49 170 1234567",
    "paid_with": "4111 1111 1111 1111",
    "from": "203.0.113.77",
    "auth": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
    "firstName": "Ann",
    "customer_name": "Ann Lee",
    "e_mail": "x",
    "birth_date": "1980-01-02",
    "gender": "female",
    "userId": "u-1",
    "comment": "I am Ann",
}


@pytest.mark.parametrize("name", PERSONAL)
def test_no_personal_value_reaches_the_plan(infer: Any, name: str) -> None:
    value = PERSONAL[name]
    other = value.replace("1", "2").replace("Ann", "Bob") + ("" if "1" in value else "x")
    lines = [line("e", number, **{name: value, "n": {name: [value]}}) for number in range(60)]
    lines += [line("e", number, **{name: other, "n": {name: [other]}}) for number in range(60)]
    assert infer(write_log(Path("log.jsonl"), lines))[0] == 0
    written = Path("tracking_plan/events/e.yaml").read_text()
    assert value not in written
    assert other not in written
    assert load_plan(Path("tracking_plan")).events["e"].properties[name].sensitivity != "none"


WITHIN_NAMES = [
    *("ada@example.com", "+49 170 1234567", "4111 1111 1111 1111", "203.0.113.77"),
    *("0b5f6c1e-8d0a-4c1f-9a51-3f7f0a9d2c11", "9f8a7b6c5d4e3f2a1b0c9d8e", "eyJhbGciOiJIUzI1.eyJz"),
]


@pytest.mark.parametrize("someone", WITHIN_NAMES)
@pytest.mark.parametrize("begin", ["", "viewed_"])
def test_personal_data_in_names_reaches_neither_the_plan_nor_the_screen(
    infer: Any, someone: str, begin: str
) -> None:
    name = begin + someone
    lines = [line(name, number) for number in range(30)]
    lines += [line("e", number, by={"plain": 1, name: 1}, **{name: 1}) for number in range(30)]
    lines += [line("e", number, a=1, by={"plain": 1}) for number in range(30)]
    code, out, err = infer(write_log(Path("log.jsonl"), lines))
    assert code == 0
    shown = out + err + "".join(each.read_text() for each in Path("tracking_plan").rglob("*.yaml"))
    assert name not in shown
    assert someone not in shown
    assert someone not in "".join(map(str, Path("tracking_plan").rglob("*")))
    assert f"{name[:3]!r}… ({len(name)} characters, seen 30 times)" in out
    plan = load_plan(Path("tracking_plan"))
    assert plan.events.keys() == {"e"}
    assert plan.events["e"].properties["by"].json_schema == {"type": "object"}
    assert violations(plan, DEFAULT_SOURCES, Path("log.jsonl"))[0].keys() <= {"unplanned_event"}


@pytest.mark.parametrize(
    "name",
    ["order_line_2", "checkout_payment_step_2_completed_at", "Order Completed", "v2.1", "utm_id"],
)
def test_names_of_words_and_digits_are_planned(name: str) -> None:
    assert drafted([(name, {name: 1, "o": {name: 1}})])[name] == {
        name: {"type": "integer"},
        "o": {"type": "object", "properties": {name: {"type": "integer"}}},
    }


PEOPLE = ["Ada Lovelace", "Grace M. Hopper", "Hopper, Grace", "Jean-Luc O'Neil", "Åsa von Öst"]


@pytest.mark.parametrize(
    "name",
    [
        *("recipient", "author", "assigned_to", "employee", "doctor", "account_holder", "to"),
        *("title", "p"),
    ],
)
@pytest.mark.parametrize("person", PEOPLE)
def test_names_of_people_are_neither_words_nor_examples(name: str, person: str) -> None:
    schema = one([person, "plain"] * 30, name)
    assert not {"enum", "examples"} & schema.keys()
    assert not {"enum", "examples"} & one([[person], ["plain"]] * 30, name)["items"].keys()


def test_what_things_are_called_is_shown() -> None:
    assert one(["Red Shoes", "Blue Shoes"] * 30, "product_name")["enum"] == [
        "Blue Shoes",
        "Red Shoes",
    ]


@pytest.mark.parametrize(
    "value", ["/reset/ada-lovelace", "users/ada", "https://a.example/ada", "C:\\Users\\ada"]
)
def test_paths_are_no_examples(value: str) -> None:
    assert "ada" not in json.dumps(one([value, "home"] * 30, "path"))
    assert "ada" not in json.dumps(one([value] * 30, "p"))


def test_ids_and_rare_texts_are_no_examples() -> None:
    schema = drafted(
        [("e", {"sku": f"sku-{n % 3}", "title": "often" if n % 2 else f"t{n}"}) for n in range(100)]
    )["e"]
    assert schema["sku"] == {"type": "string", "required": True}
    assert schema["title"]["examples"] == ["often"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *((name, "personal") for name in ("email", "userEmail", "ip", "ip_address", "LastName")),
        *((name, "personal") for name in ("phone_number", "zip", "e_mail", "name", "cardNumber")),
        *((name, "pseudonymous") for name in ("email_hash", "user_id", "query", "session_id")),
        *((name, "none") for name in ("page_name", "price", "shipping", "description", "plan")),
        *((name, "none") for name in ("itemInSession", "user_type", "search_results", "devices")),
        *((name, "pseudonymous") for name in ("user", "deviceId", "search_query", "comment")),
        *((name, "none") for name in ("product_name", "step", "pageage", "manage")),
        *((name, "personal") for name in ("recipient", "author", "assignedTo", "employee", "nick")),
        *((name, "personal") for name in ("doctor", "account_holder", "diagnosis", "login")),
        *((name, "pseudonymous") for name in ("author_id", "employeeNumber")),
        *((name, "none") for name in ("login_method", "author_count", "title", "to", "path")),
    ],
)
def test_names_tell_what_may_be_personal(name: str, expected: str) -> None:
    assert smell_of_name(name) == expected


@pytest.mark.parametrize(
    "text",
    ["shoes", "2026-10-01", "01.10.2026", "4.1.7", "10.12.14", "12:30:45", "1791898629263", "A4"],
)
def test_plain_texts_are_not_taken_for_personal(text: str) -> None:
    assert smell_of_text(text) == "none"


def test_hostile_logs_take_bounded_memory_and_still_draft_a_plan(infer: Any) -> None:
    rng = random.Random(1)

    def lines() -> Any:
        for number in range(4_000):
            yield line("many_names", number, **{f"k{rng.random()}": 1 for _ in range(40)})
            yield line("map", number, counts={f"k{rng.random()}": 1 for _ in range(40)})
            yield line(f"name-{number}-{rng.random()}", number, a=1)
            yield line("texts", number, t=f"{rng.random()}" * 50)
        deep: Any = "x"
        for _ in range(200):
            deep = {"d": [deep]}
        yield line("deep", deep=deep)
        yield line("x" * 10_000)
        yield line("../../etc/passwd")
        yield line("a\nb")
        yield "[1]"
        yield "{"
        yield '{"timestamp": 1}'

    path = write_log(Path("log.jsonl"), list(lines()))
    tracemalloc.start()
    code, out, err = infer(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (code, err) == (0, "Reading logs\n" if "Reading" in err else "")
    assert peak < 60 * 2**20
    plan = load_plan(Path("tracking_plan"))
    assert plan.events["many_names"].properties == {}
    assert plan.events["map"].properties["counts"].json_schema == {"type": "object"}
    assert "many_names: has too many different properties; the draft takes any" in out
    assert "left out 2,0" in out
    assert "1 left out: is not JSON (first: log.jsonl:" in out
    assert "1 left out: event_type is missing or no text" in out
    assert not any(len(each) > 300 or "/" in each for each in plan.events)


def test_names_that_no_file_can_have_are_told_and_the_rest_is_written(infer: Any) -> None:
    names = ["a/b", ".hidden", "é" * 140, "a\0b", "Save Settings", "good"]
    path = write_log(Path("log.jsonl"), [line(name) for name in names])
    code, out, _ = infer(path)
    assert code == 0
    assert out.count("not written, since no file can have the event's name: ") == 4
    assert sorted(load_plan(Path("tracking_plan")).events) == ["Save Settings", "good"]


def test_a_plan_that_is_there_gets_only_what_it_lacks(infer: Any) -> None:
    write_log(Path("one.jsonl"), [line("signup_completed", plan="free")])
    write_log(Path("two.jsonl"), [line("signup_completed", plan=1), line("signup_complete")])
    assert infer("one.jsonl")[0] == 0
    before = Path("tracking_plan/events/signup_completed.yaml").read_bytes()
    code, out, _ = infer("two.jsonl")
    assert code == 0
    assert Path("tracking_plan/events/signup_completed.yaml").read_bytes() == before
    assert "1 events are in the plan already" in out
    assert "signup_complete: reads like `signup_completed`" in out
    assert sorted(load_plan(Path("tracking_plan")).events) == [
        "signup_complete",
        "signup_completed",
    ]
    code, out, _ = infer("two.jsonl")
    assert code == 0
    assert "nothing to write" in out


def test_gzip_and_folders_are_read_and_other_files_passed_over(infer: Any) -> None:
    folder = Path("logs/2026-10-01")
    write_log(folder / "a.jsonl", [line("a")])
    (folder / "b.log.gz").write_bytes(gzip.compress(f"{line('b')}\n".encode()))
    write_log(folder / "c.jsonl.tmp", [line("c")])
    write_log(folder / ".d.jsonl", [line("d")])
    write_log(folder / "report.csv", ["date,spend"])
    code, out, _ = infer("logs")
    assert code == 0
    assert out.startswith("read 2 lines of 2 files: 2 events, 0 left out\npassed over 2 files")
    assert sorted(load_plan(Path("tracking_plan")).events) == ["a", "b"]


def test_who_sends_an_event_is_told_by_the_option_the_path_or_the_line(infer: Any) -> None:
    server = '{"event_type": "s", "timestamp": "2026-10-01T00:00:00Z"}'
    metadata = '{"event_type": "m", "timestamp": 1, "metadata": {}}'
    write_log(Path("log.jsonl"), [server, metadata, line("c")])
    write_log(Path("raw/mobile/2026-10-01/x.jsonl"), [line("app")])
    assert infer("log.jsonl", "raw", "--out", "p")[0] == 0
    sent_by = {name: each.sent_by for name, each in load_plan(Path("p")).events.items()}
    assert sent_by == {"s": ("server",), "m": ("server",), "c": ("client",), "app": ("mobile",)}
    assert infer("log.jsonl", "--out", "q", "--kind", "mobile")[0] == 0
    assert load_plan(Path("q")).events["c"].sent_by == ("mobile",)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nothing"], "nothing: there is no such file or folder\n"),
        (["log.jsonl", "--kind", "clint"], "`clint` is no kind of source; did you mean `client`?"),
        (["log.jsonl", "--source", "moble"], "called `moble`; did you mean `mobile`?\n"),
        (["log.jsonl", "--out", "full"], "full is there already and holds no plan"),
        (
            ["log.jsonl", "--out", "full/mine.txt/x"],
            "cannot be written: File exists; name another folder",
        ),
        (["log.jsonl", "--owner", "bob"], "neither an e-mail address nor `team:name`"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_writes_nothing(
    infer: Any, elsewhere: Path, arguments: list[str], told: str
) -> None:
    write_log(Path("log.jsonl"), [line("a")])
    write_log(Path("full/mine.txt"), ["mine"])
    before = sorted(elsewhere.rglob("*"))
    code, out, err = infer(*arguments)
    err = err.removeprefix("Reading logs\n")
    assert (code, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1
    assert sorted(elsewhere.rglob("*")) == before


def test_of_a_file_that_is_cut_short_what_can_be_read_is_drafted_and_it_is_told(
    infer: Any, elsewhere: Path
) -> None:
    written = "".join(
        line(f"e{number % 3}", secret=f"{number:x}" * 9) + "\n" for number in range(999)
    )
    Path("cut.gz").write_bytes(gzip.compress(written.encode())[:-100])
    code, out, _ = infer("cut.gz")
    assert code == 0
    assert "  cut.gz: its gzip data are cut short; what could be read of it counts" in out
    assert sorted(load_plan(Path("tracking_plan")).events) == ["e0", "e1", "e2"]


def test_logs_without_events_write_nothing(infer: Any, elsewhere: Path) -> None:
    write_log(Path("log.jsonl"), ["", "{"])
    code, out, _ = infer("log.jsonl")
    assert code == 0
    assert "nothing to write" in out
    assert [path.name for path in elsewhere.iterdir()] == ["log.jsonl"]


def test_the_draft_says_what_logs_cannot_tell(infer: Any) -> None:
    write_log(Path("log.jsonl"), [line("a")])
    infer("log.jsonl", "--owner", "team:web")
    written = read_yaml(Path("tracking_plan/events/a.yaml")).data
    assert written["description"].startswith("(to be written) ")
    assert written["description"].endswith("Seen once in the logs.")
    assert written["purpose"].startswith("(to be written) ")
    assert written["owner"] == "team:web"
    assert written["status"] == "draft"


def test_an_object_of_many_names_is_a_map_and_frees_what_it_held() -> None:
    names = {f"k{number}": {"a": number} for number in range(MAX_NAMES)}
    assert len(one([names])["properties"]) == MAX_NAMES
    assert one([names, {"one more": {"a": 1}}, names]) == {"type": "object"}


def test_of_many_texts_few_are_remembered() -> None:
    observed = Observed()
    for number in range(10_000):
        observed.see("e", {"t": f"text {number}"}, "client")
    (value,) = observed.events["e"].properties.members.values()
    assert len(value.texts) == MAX_DISTINCT


def test_a_source_is_read_by_its_mapping_and_without_what_it_drops(infer: Any) -> None:
    write_log(
        Path("mine/sources.yaml"),
        [
            "sources:",
            "  - {name: site, kind: server, path: 'raw/{date}.jsonl', format: mapping,",
            "     mapping: {event_type: page, client_ts: ts}, drop: [song]}",
        ],
    )
    write_log(Path("mine/plan.yaml"), ["name: mine", "version: 1"])
    write_log(Path("raw/2026-10-01.jsonl"), ['{"page": "Home", "ts": 1, "song": "x", "n": 1}'])
    code, out, _ = infer("raw", "--out", "mine")
    assert code == 0, out
    event = load_plan(Path("mine")).events["Home"]
    assert [*event.properties] == ["n"]
    assert event.sent_by == ("server",)


NFC, NFD = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))


@pytest.mark.parametrize("often", [NFC, NFD])
def test_names_that_look_the_same_are_one_event(infer: Any, often: str) -> None:
    lines = [line(often), line(often), line(NFC), line(NFD), line("tea")]
    code, out, _ = infer(write_log(Path("log.jsonl"), lines))
    assert code == 0
    assert load_plan(Path("tracking_plan")).events.keys() == {often, "tea"}
    seldom = NFD if often == NFC else NFC
    assert f"  {seldom}: once in other characters of unicode that look the same; " in out


@pytest.mark.parametrize(("planned", "sent"), [(NFC, NFD), (NFD, NFC)])
def test_a_name_that_looks_like_one_of_the_plan_is_left_out(
    infer: Any, planned: str, sent: str
) -> None:
    assert infer(write_log(Path("one.jsonl"), [line(planned)]))[0] == 0
    code, out, _ = infer(write_log(Path("two.jsonl"), [line(sent), line("tea")]))
    assert code == 0
    assert load_plan(Path("tracking_plan")).events.keys() == {planned, "tea"}
    assert f"  {sent}: is in the plan in other characters of unicode that look the same" in out
    assert "1 events are in the plan already" in out


def test_the_empty_folder_one_stands_in_becomes_the_plan(
    infer: Any, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_log(Path("log.jsonl"), [line("a")])
    Path("here").mkdir()
    monkeypatch.chdir("here")
    assert infer("../log.jsonl", "--out", ".")[0] == 0
    assert sorted(each.name for each in Path().iterdir()) == ["events", "plan.yaml"]
    assert load_plan(elsewhere / "here").name == "here"
    assert sorted(each.name for each in elsewhere.iterdir()) == ["here", "log.jsonl"]
