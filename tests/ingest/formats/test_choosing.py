"""Lines are known for what they are, in any mixture, and no hostile record costs another."""

import json
import tracemalloc
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from coded_lines import SAMPLES as CODED
from coded_lines import as_json
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ingest_workspace import DAY, NOON, Workspace, line, make_workspace
from vendor_lines import LINES

from event_assets.ingest.blocks import block_of
from event_assets.ingest.canonical import Canon
from event_assets.ingest.formats import Reading, format_names, readers
from event_assets.ingest.judging import ROW, LineJudge
from event_assets.ingest.line_reader import LineReader
from event_assets.ingest.malformed import Malformed, Unreadable
from event_assets.ingest.unjudged import UNNAMED, LinesSeen, LogReader
from event_assets.plan.loader import load_plan
from event_assets.plan.verdicts import Judge
from event_assets.sources import Source
from tests.rounds import rounds

ROUNDS = rounds(few=150, many=3_000)
SOURCE = 'sources:\n  - {{name: client, kind: client, path: "raw/client/{{date}}/*", format: {}}}\n'
MAPPED = {
    f"{format_name} {name}": (format_name, as_json, record)
    for format_name, records in LINES.items()
    for name, record in records.items()
}
SENT_AT = {"sentAt": "2026-10-01T12:00:00Z"}
AMPLITUDE = {"event_type": "sign_up", "time": NOON, "device_id": "d", "event_properties": {"a": 1}}
SAMPLES = {
    **CODED,
    **MAPPED,
    "batch of segment": ("segment", as_json, {"batch": [*LINES["segment"].values()], **SENT_AT}),
    "batch of posthog": (
        "posthog",
        as_json,
        {"api_key": "k", "batch": [*LINES["posthog"].values()]},
    ),
    "batch of amplitude": (
        "amplitude",
        as_json,
        {"api_key": "k", "events": [AMPLITUDE, AMPLITUDE]},
    ),
}


def source(format_name: str) -> Source:
    fields = {"name": "client", "kind": "client", "path": "{date}", "format": format_name}
    return Source.model_validate(fields)


def sample(name: str) -> bytes:
    _, written, record = SAMPLES[name]
    return written(record)


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    root: Path = tmp_path_factory.mktemp("plan")
    make_workspace(root)
    return Judge(load_plan(root / "plan").verdict_document())


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_known_as_itself_and_by_no_earlier_format(name: str) -> None:
    format_name, _, record = SAMPLES[name]
    records = record
    if not isinstance(record, list):
        records = record.get("batch") or record.get("events") or [record]
    for each in records:
        known = [reader.name for reader in readers() if reader.marks & each.keys()]
        known = [reader.name for reader in readers() if reader.name in known and reader.knows(each)]
        assert known[0] == format_name


@pytest.mark.parametrize("name", SAMPLES)
def test_the_same_line_is_the_same_events_by_name_and_by_its_shape(judge: Judge, name: str) -> None:
    found: list[Any] = []
    for format_name in ("auto", SAMPLES[name][0]):
        judged = LineJudge(source(format_name), None, None, judge, DAY).judged(
            block_of([sample(name)])
        )
        assert judged.rows or judged.rejected
        found.append((judged.rows, judged.rejected))
    assert found[0] == found[1]


def test_one_stream_may_mix_all_formats(workspace: Workspace) -> None:
    workspace.write(b"".join(sample(name) + b"\n" for name in SAMPLES))
    (record,) = workspace.ingest()
    assert not record.account_errors()
    assert record.lines == len(SAMPLES)
    assert record.formats.keys() == {form for form, _, _ in SAMPLES.values()} - {
        "snowplow_bad_rows"
    }
    assert record.quarantined == 1
    (bad_row,) = workspace.rows("quarantine")
    assert bad_row["raw"].encode() == sample("snowplow bad row")
    assert "schema_violations" in bad_row["violations"]


def test_every_format_can_be_asked_for() -> None:
    for name in format_names():
        if name != "mapping":
            assert source(name).format == name


LIKE_OTHERS = {
    "mixpanel": {"event": "e", "properties": {"time": 5}},
    "posthog": {"event": "e", "properties": {"distinct_id": "d"}},
    "posthog at its top": {"event": "e", "distinct_id": "d"},
    "segment": {"type": "page", "userId": "u"},
    "segment with an id": {"type": "track", "messageId": "m", "anonymousId": "a"},
    "snowplow": {"properties": {"collector_tstamp": "2026-10-01", "v_collector": "1"}},
    "ga4": {"properties": {"event_params": []}, "event_params": []},
    "amplitude": {"properties": {"amplitude_id": 1, "client_event_time": 2}},
    "a batch": {"properties": {"batch": [1]}, "batch": [{"event_type": "view"}]},
}


@pytest.mark.parametrize("case", LIKE_OTHERS)
def test_our_own_event_stays_ours_whatever_it_is_about(case: str) -> None:
    sent = {"event_type": "view", "timestamp": NOON, **LIKE_OTHERS[case]}
    reader = LineReader(source("auto"), None)
    (reading,) = reader.read(json.dumps(sent).encode(), has_long_numbers=True)
    assert isinstance(reading, Reading)
    assert (reading.values[0], reading.format) == ("view", "native")


def test_lines_of_ever_other_names_take_bounded_memory() -> None:
    reader = LineReader(source("auto"), None)

    def read(number: int) -> None:
        names = {f"{number} {name} {'x' * 200}": "y" for name in range(100)}
        url = f"https://shop.example.com/?{number}{'x' * 20_000}"
        sent = {"event_type": "view", "timestamp": NOON, "page_url": url, "ip": url, **names}
        (reading,) = reader.read(json.dumps(sent).encode(), has_long_numbers=False)
        assert isinstance(reading, Reading)
        canon.settle(reading)

    canon = Canon(DAY)
    read(0)
    tracemalloc.start()
    for number in range(1, 200):
        read(number)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 1_000_000


ALIEN = {
    "no format": (b'{"a": 1}', "has the shape of no known format"),
    "array of others": (b'[{"event_type": "view"}]', "is JSON but no object"),
    "empty array": (b"[]", "is JSON but no object"),
    "number": (b"7", "is JSON but no object"),
    "few tabs": (b"a\tb\tc", "is not JSON"),
    "bytes": (b"\xff\t" * 130, "is not JSON"),
}


@pytest.mark.parametrize("case", ALIEN)
def test_lines_of_no_format_stay_what_they_are(case: str) -> None:
    sent, reason = ALIEN[case]
    reader = LineReader(source("auto"), None)
    with pytest.raises(Malformed, match=reason) as caught:
        list(reader.read(sent, has_long_numbers=True))
    assert isinstance(caught.value, Unreadable) is (case != "no format")


def test_records_of_all_formats_are_judged_again_and_drafted_from(workspace: Workspace) -> None:
    workspace.write_plan(
        "plan.yaml", "name: test\nversion: 1\npolicy: {unplanned_event: quarantine}\n"
    )
    path = workspace.write(b"".join(sample(name) + b"\n" for name in SAMPLES))
    (record,) = workspace.ingest()
    assert record.quarantined > len(SAMPLES) / 2
    workspace.write_plan("plan.yaml", "name: test\nversion: 1\n")
    (record,) = workspace.ingest(rejudge=True)
    assert record.quarantined == 1
    seen = LinesSeen()
    events = list(LogReader(UNNAMED, None, seen).events(path))
    assert len(events) == seen.events == record.candidates


def test_without_a_field_the_line_that_quarantine_keeps_reads_the_same(
    workspace: Workspace,
) -> None:
    workspace.sources_yaml = SOURCE.format("auto").replace("}\n", ", drop: [page_title]}\n")
    workspace.write_plan(
        "plan.yaml", "name: test\nversion: 1\npolicy: {unplanned_event: quarantine}\n"
    )
    names = ("snowplow as tsv", "batch of cloudevents")
    workspace.write(b"".join(sample(name) + b"\n" for name in names))
    workspace.ingest()
    kept = [row["raw"] for row in workspace.rows("quarantine")]
    assert "Shoes" not in kept[0]
    again = LineReader(source("auto"), None)
    for raw, name in zip([text for text in kept if text], names, strict=True):
        fields = [
            reading.values[0] if isinstance(reading, Reading) else None
            for reading in again.read(raw.encode(), has_long_numbers=True)
        ]
        first = list(again.read(sample(name), has_long_numbers=True))
        assert fields == [each.values[0] for each in first if isinstance(each, Reading)]


VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=5),
        st.sampled_from(["2026-10-01", "{", "[]", "iglu:a/b/jsonschema/1-0-0", 10**30, "9" * 5000]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["key", "value", "schema", "data", "a"]), inner, max_size=3
        ),
    ),
    max_leaves=4,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """All places in a record, from the top."""
    found = [path] if path else []
    if isinstance(value, dict | list):
        named = value.items() if isinstance(value, dict) else enumerate(value)
        for name, each in list(named):
            found += places(each, (*path, name))
    return found


def changed(record: Any, path: tuple[Any, ...], value: Any) -> Any:
    copied = deepcopy(record)
    holder = copied
    for name in path[:-1]:
        holder = holder[name]
    holder[path[-1]] = value
    return copied


@pytest.mark.parametrize("name", SAMPLES)
@settings(max_examples=ROUNDS // 10, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_record_with_any_value_anywhere_is_an_event_or_in_quarantine(
    judge: Judge, name: str, data: st.DataObject
) -> None:
    format_name, written, record = SAMPLES[name]
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(places(record)))
        record = changed(record, path, data.draw(VALUES))
    sent = [written(record), line("view").strip()]
    rows: list[Any] = []
    for each in ("auto", format_name):
        lines = LineJudge(source(each), None, None, judge, DAY)
        judged = lines.judged(block_of(sent))
        counts = lines.counts
        assert counts.records == len(judged.rows) + len(judged.rejected)
        assert counts.lines == counts.data_lines + counts.unreadable + counts.blank
        assert {row[ROW.index("line")] for row in judged.rows} | {
            row.line for row in judged.rejected
        } == {0, 1}
        rows.append([dict(zip(ROW, row, strict=True)) for row in judged.rows])
    # what has lost its shape may be known as something else, or as nothing
    by_name = {row["item"]: row for row in rows[1] if row["line"] == 0}
    for row in rows[0]:
        if row["line"] == 0 and row["format"] == format_name:
            assert row == by_name[row["item"]]
    json.dumps([row["properties"] for row in rows[0]])
