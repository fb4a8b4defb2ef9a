"""A second look at quarantine: what it foretells is what judging the day anew lets through."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ingest_workspace import DAY, NOON, PLAN, Workspace, line, make_workspace, opened_files

from event_assets.ingest import second_look
from event_assets.ingest.ad_reports import COLUMNS
from event_assets.ingest.second_look import LookedDay, commands_for, look_again

NEXT_DAY = DAY + timedelta(days=1)
LATER = DAY + timedelta(days=2)

NATIVE = """\
sources:
  - {name: client, kind: client, path: "raw/client/{date}/*"}
"""
MAPPED = """\
sources:
  - name: client
    kind: client
    path: "raw/client/{date}/*"
    format: mapping
    mapping: {event_type: MAPPED, client_ts: timestamp, user_id: user_id}
    drop: [DROPPED]
"""


def mapped(event_type: str = "event_type", drop: str = "") -> str:
    return MAPPED.replace("MAPPED", event_type).replace("DROPPED", drop)


def look(workspace: Workspace, **options: Any) -> list[LookedDay]:
    now = workspace.settings
    (source,) = now.config.sources
    return look_again(now, workspace.plan, source, workspace.records(), **options)


def would_pass(workspace: Workspace, **options: Any) -> list[tuple[int, int]]:
    """Of each day the records that would pass, and those that can't be told."""
    return [(each.would_pass, each.unknown) for each in look(workspace, **options)]


def places(workspace: Workspace, table: str) -> set[tuple[str, int, int]]:
    return {(row["file"], row["line"], row["item"]) for row in workspace.rows(table)}


def moved(workspace: Workspace) -> int:
    """Judge the day anew: how many records leave quarantine for the events."""
    before = places(workspace, "quarantine")
    workspace.ingest(rejudge=True)
    return len(before & places(workspace, "events"))


@pytest.fixture
def shop(workspace: Workspace) -> Workspace:
    workspace.sources_yaml = NATIVE
    return workspace


def test_a_mended_plan_is_foretold_and_then_kept(shop: Workspace) -> None:
    shop.write(line("buy") * 3 + line("buy", properties={"amount": -1}) + b"broken\n" + line())
    shop.ingest()
    shop.write_plan("events/buy.yaml", "properties: {amount: {type: number, minimum: 0}}\n")
    assert look(shop) == [LookedDay("client", DAY, 5, 5, 3, 0)]
    assert moved(shop) == 3
    assert look(shop) == []


def test_a_mended_mapping_is_foretold_and_then_kept(workspace: Workspace) -> None:
    workspace.sources_yaml = mapped("what")
    workspace.write(line() + line() + line(what="view"))
    workspace.ingest()
    workspace.sources_yaml = mapped("event_type")
    assert look(workspace) == [LookedDay("client", DAY, 2, 2, 2, 0)]
    assert moved(workspace) == 2
    assert places(workspace, "quarantine") == set()


def test_judging_anew_twice_changes_nothing_more(shop: Workspace) -> None:
    shop.write(line("buy", user_id="a") * 2 + line())
    shop.ingest()
    shop.write_plan("events/buy.yaml", "")
    assert moved(shop) == 2
    once = shop.rows()
    assert moved(shop) == 0
    twice = shop.rows()
    for row in (*once, *twice):
        del row["generation"]
    assert twice == once
    assert len({row["event_id"] for row in once}) == 3


def test_nothing_is_opened_while_plan_and_mapping_are_the_same(shop: Workspace) -> None:
    shop.write(line("buy"))
    shop.ingest()
    records, plan, now = shop.records(), shop.plan, shop.settings
    with opened_files() as opened:
        assert look_again(now, plan, now.config.sources[0], records) == []
    assert opened == []


def test_numbers_beyond_64_bits_keep_their_digits_as_in_a_file(shop: Workspace) -> None:
    shop.write(line("buy", user_id=10**24 + 1))
    shop.ingest()
    shop.write_plan("events/buy.yaml", "")
    assert would_pass(shop) == [(1, 0)]
    assert moved(shop) == 1


def test_what_was_seen_is_not_looked_at_again(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.write(line("buy") * 3)
    shop.ingest()
    shop.write_plan("events/buy.yaml", "")
    first = look(shop)
    monkeypatch.setattr(second_look, "quarantined_records", lambda *_: iter([]))
    assert look(shop) == first
    shop.write_plan("events/view.yaml", "properties: {a: {type: string}}\n")
    assert look(shop) == [LookedDay("client", DAY, 3, 0, 0, 0)]


def test_a_look_without_remembering_writes_nothing(shop: Workspace) -> None:
    shop.write(line("buy"))
    shop.ingest()
    shop.write_plan("events/buy.yaml", "")
    before = sorted(shop.settings.lake.rglob("*"))
    assert would_pass(shop, remember=False) == [(1, 0)]
    assert sorted(shop.settings.lake.rglob("*")) == before


def test_a_look_is_bounded_and_the_next_one_goes_on(shop: Workspace) -> None:
    for day in (DAY, NEXT_DAY, LATER):
        shop.write(line("buy") * 4, day=day)
        shop.ingest(day=day)
    shop.write_plan("events/buy.yaml", "")
    first = look(shop, max_records=6)
    assert [(each.looked_at, each.would_pass, each.is_cut) for each in first] == [
        (4, 4, False),
        (2, 2, True),
        (0, 0, True),
    ]
    second = look(shop, max_records=6)
    assert [(each.would_pass, each.is_cut) for each in second] == [
        (4, False),
        (4, False),
        (2, True),
    ]
    assert would_pass(shop, max_records=6) == [(4, 0)] * 3


def test_a_load_larger_than_the_bound_does_not_keep_others_waiting(shop: Workspace) -> None:
    shop.write(line("buy") * 9)
    shop.write(line("buy") * 2, day=NEXT_DAY)
    shop.ingest()
    shop.ingest(day=NEXT_DAY)
    shop.write_plan("events/buy.yaml", "")
    assert [each.looked_at for each in look(shop, max_records=5)] == [5, 0]
    assert [each.looked_at for each in look(shop, max_records=5)] == [5, 2]


def test_a_load_of_more_bytes_than_the_bound_does_not_keep_others_waiting(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_look, "MAX_BYTES", 1_000)
    shop.write(line("buy"), "small.jsonl")
    shop.write(line("buy", user_id="a" * 400) * 9, "large.jsonl")
    shop.write(line("buy") * 2, day=NEXT_DAY)
    shop.ingest()
    shop.ingest(day=NEXT_DAY)
    shop.write_plan("events/buy.yaml", "")
    for _ in range(3):
        looked = look(shop)
    assert looked[0].is_cut
    assert 2 < looked[0].looked_at < 10
    assert looked[0].would_pass == looked[0].looked_at
    assert looked[1] == LookedDay("client", NEXT_DAY, 2, 2, 2, 0)
    assert second_look.told(looked).startswith("at least ")


def test_files_that_are_gone_or_changed_are_unknown_as_they_could_not_be_read_again(
    shop: Workspace,
) -> None:
    gone = shop.write(line("buy") * 2, "gone.jsonl")
    changed = shop.write(line("buy") * 3, "changed.jsonl")
    shop.write(line("buy"), "kept.jsonl")
    shop.ingest()
    gone.unlink()
    changed.write_bytes(b"\n" * 3 + line())
    shop.write_plan("events/buy.yaml", "")
    assert look(shop) == [LookedDay("client", DAY, 6, 6, 1, 5)]
    assert moved(shop) == 1


def test_what_quarantine_did_not_keep_is_unknown(workspace: Workspace) -> None:
    workspace.sources_yaml = mapped("what", drop="secret")
    workspace.write(line(secret=1) + b"broken\n")
    workspace.ingest()
    workspace.sources_yaml = mapped("event_type", drop="secret")
    assert would_pass(workspace) == [(1, 1)]
    workspace.sources_yaml = mapped("event_type", drop="other")
    assert would_pass(workspace) == [(0, 2)]


def test_the_beginning_of_a_line_too_long_to_be_kept_is_not_taken_for_a_line(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("event_assets.ingest.lines.MAX_LINE", 2000)
    monkeypatch.setattr("event_assets.ingest.blocks.CHUNK", 1000)
    for module in ("lines", "quarantined"):
        monkeypatch.setattr(f"event_assets.ingest.{module}.KEPT_OF_TOO_LONG", 500)
    shop.write(line()[:-1] + b" " * 5000 + b"\n")
    (record,) = shop.ingest()
    assert record.quarantined == 1
    shop.write_plan("events/buy.yaml", "")
    assert would_pass(shop) == [(0, 1)]


def test_versions_of_a_file_that_no_longer_count_are_not_looked_at(shop: Workspace) -> None:
    path = shop.write(line("buy") * 2)
    shop.ingest()
    path.write_bytes(line("buy"))
    shop.ingest()
    shop.write_plan("events/buy.yaml", "")
    assert look(shop) == [LookedDay("client", DAY, 3, 3, 1, 2)]
    shop.ingest(rejudge=True)
    assert look(shop) == []


def test_ad_reports_are_judged_by_no_plan(workspace: Workspace) -> None:
    workspace.sources_yaml = (
        'sources:\n  - {name: client, kind: ad_report, path: "raw/client/{date}/*"}\n'
    )
    header = ",".join(COLUMNS)
    workspace.write(f"{header}\nnever{',' * header.count(',')}\n".encode(), "a.csv")
    workspace.ingest()
    assert workspace.records()[0].quarantined == 1
    workspace.write_plan("events/buy.yaml", "")
    assert look(workspace) == []


def test_a_damaged_memory_costs_time_alone(shop: Workspace) -> None:
    shop.write(line("buy"))
    shop.ingest()
    shop.write_plan("events/buy.yaml", "")
    assert would_pass(shop) == [(1, 0)]
    (memory,) = (shop.settings.lake / "second_looks").iterdir()
    for content in (b"", b"[]", b'{"judged_by": 1}', memory.read_bytes()[:-9]):
        memory.write_bytes(content)
        assert would_pass(shop) == [(1, 0)]


def test_items_of_one_line_are_judged_together_and_each_counts_once(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("event_assets.ingest.quarantined._BATCH_ROWS", 2)
    events = [json.loads(line(name)) for name in ("buy", "view", "buy", "buy")]
    events[3]["timestamp"] = "never"
    shop.write((json.dumps({"batch": events}) + "\n").encode() * 3)
    (record,) = shop.ingest()
    assert (record.candidates, record.quarantined) == (3, 9)
    shop.write_plan("events/buy.yaml", "")
    assert look(shop) == [LookedDay("client", DAY, 9, 9, 6, 0)]
    assert moved(shop) == 6


def test_elements_of_an_array_file_are_each_looked_at(shop: Workspace) -> None:
    events = [json.loads(line(name)) for name in ("buy", "view", "buy", "view", "buy")]
    events[4]["timestamp"] = "never"
    shop.write(json.dumps(events).encode(), "a.json")
    (record,) = shop.ingest()
    assert (record.candidates, record.quarantined) == (2, 3)
    shop.write_plan("events/buy.yaml", "")
    assert look(shop) == [LookedDay("client", DAY, 3, 3, 2, 0)]
    assert moved(shop) == 2


def test_one_command_takes_days_that_are_near_each_other() -> None:
    days = [DAY + timedelta(days=number) for number in range(0, 60, 2)]
    assert commands_for([], days) == []
    assert commands_for([days[3]], days) == [f"event-assets run --partition {days[3]}"]
    near, far = [days[1], days[2], days[10]], days[20]
    assert commands_for([*near, far], days) == [
        f"event-assets run --partition {days[1]}..{days[10]}",
        f"event-assets run --partition {far}",
    ]


PROPERTIES = st.dictionaries(
    st.sampled_from(["amount", "currency", "items", "other"]),
    st.sampled_from([1, -1, "EUR", "x", ["a"], [1], None, 10**30, {"a": 1}]),
    max_size=3,
)
LINES = st.one_of(
    st.builds(
        lambda name, where, properties, more: line(name, **{where: properties}, **more),
        st.sampled_from(["view", "buy", "unheard"]),
        st.sampled_from(["properties", "metadata"]),
        PROPERTIES,
        st.sampled_from([{}, {"what": "buy"}, {"secret": 10**30}, {"timestamp": "never"}]),
    ),
    st.sampled_from(
        [
            b"broken\n",
            b"\n",
            b"\r\n",
            line()[:-1] + b"\r\n",
            b"\xef\xbb\xbf" + line("buy"),
            b"\xff" + line("buy"),
            json.dumps({"what": "view", "timestamp": NOON}).encode() + b"\n",
        ]
    ),
)
BUYS = st.sampled_from(
    [
        PLAN["events/buy.yaml"],
        "",
        "properties: {amount: {type: [number, string]}}\npolicy: {unplanned_property: accept}\n",
        "properties: {amount: {type: number}}\npolicy: {type_mismatch: omit}\n",
        "properties: {amount: {type: number}}\npolicy: {unplanned_property: quarantine}\n",
        "properties: {items: {type: array, items: {type: string}, required: true}}\n",
    ]
)
POLICIES = st.sampled_from(["accept", "quarantine"])
SOURCES = st.sampled_from(
    [NATIVE, mapped("what"), mapped(), mapped(drop="secret"), mapped("what", "secret")]
)
JUDGMENTS = st.tuples(BUYS, POLICIES, SOURCES)


@given(
    files=st.lists(st.lists(LINES, max_size=12).map(b"".join), min_size=1, max_size=3),
    before=JUDGMENTS,
    after=JUDGMENTS,
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_as_many_pass_as_were_foretold_whatever_is_mended(
    tmp_path_factory: pytest.TempPathFactory,
    files: list[bytes],
    before: tuple[str, str, str],
    after: tuple[str, str, str],
) -> None:
    workspace = make_workspace(tmp_path_factory.mktemp("mended"))

    def use(judgment: tuple[str, str, str]) -> None:
        buy, unplanned, workspace.sources_yaml = judgment
        workspace.write_plan("events/buy.yaml", buy)
        policy = f"name: test\nversion: 1\npolicy: {{unplanned_event: {unplanned}}}\n"
        workspace.write_plan("plan.yaml", policy)

    use(before)
    for number, content in enumerate(files):
        workspace.write(content, f"{number}.jsonl")
    workspace.ingest()
    aside = len(workspace.rows("quarantine"))
    use(after)
    looked = look(workspace)
    assert all(not each.is_cut for each in looked)
    assert sum(each.quarantined for each in looked) == (aside if before != after else 0)
    foretold = sum(each.would_pass for each in looked)
    unknown = sum(each.unknown for each in looked)
    passed = moved(workspace)
    assert foretold <= passed <= foretold + unknown
    if ("secret" in before[2]) <= ("secret" in after[2]) and b"broken" not in b"".join(files):
        assert passed == foretold
    assert moved(workspace) == 0
