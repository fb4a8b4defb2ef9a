"""Lines and records always add up, against an oracle that reads the raw bytes by itself."""

import gzip
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ingest_workspace import DAY, NOON, Workspace, line, make_workspace

from event_assets.ingest import LoadRecord, blocks

GOOD = [line(user_id="u"), line("buy", properties={"amount": 3}), line("other")]
BROKEN_BY_PLAN = [line("buy"), line("buy", properties={"amount": -1})]
BROKEN_ENVELOPE = [line(at="noon"), b'{"timestamp": 1790856000000}\n']
UNREADABLE = [b"{\n", b"[7]\n", b"\xff\n", b"\0\n", b"{}{}\n", b"#\n"]
BLANK = [b"\n", b" \t\n", b"\r\n"]
KINDS = {
    "good": GOOD,
    "broken by plan": BROKEN_BY_PLAN,
    "broken envelope": BROKEN_ENVELOPE,
    "unreadable": UNREADABLE,
    "blank": BLANK,
}
any_line = st.sampled_from([(kind, each) for kind, all_of in KINDS.items() for each in all_of])


@given(
    files=st.lists(st.lists(any_line, max_size=12), min_size=1, max_size=3),
    chunk=st.sampled_from([7, 64, 4096]),
    zipped=st.booleans(),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_line_is_counted_where_it_belongs(
    tmp_path_factory: pytest.TempPathFactory,
    files: list[list[tuple[str, bytes]]],
    chunk: int,
    zipped: bool,
) -> None:
    workspace = make_workspace(tmp_path_factory.mktemp("account"))
    for number, content in enumerate(files):
        plain = b"".join(each for _, each in content)
        workspace.write(gzip.compress(plain) if zipped else plain, f"{number}.jsonl")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "CHUNK", chunk)
        records = workspace.ingest()
    events, rejected = workspace.rows(), workspace.rows("quarantine")
    assert len(records) == len(files)
    for record, content in zip(records, files, strict=True):
        count = {kind: sum(kind == each for each, _ in content) for kind in KINDS}
        assert record.account_errors() == []
        assert record.lines == len(content)
        assert record.blank == count["blank"]
        assert record.unreadable == count["unreadable"]
        assert record.candidates == count["good"]
        assert record.quarantined == len(content) - count["good"] - count["blank"]
        assert record.lines == record.candidates + record.quarantined + record.blank
        bad_numbers = [
            number
            for number, (kind, _) in enumerate(content, start=1)
            if kind not in ("good", "blank")
        ]
        mine = [row for row in rejected if row["load_id"] == record.load_id]
        assert [row["line"] for row in mine] == bad_numbers
        assert sum(row["load_id"] == record.load_id for row in events) == count["good"]


def test_each_record_tells_what_was_wrong(workspace: Workspace) -> None:
    workspace.write(b"".join(GOOD + BROKEN_BY_PLAN + BROKEN_ENVELOPE + UNREADABLE))
    (record,) = workspace.ingest()
    assert record.violations == {
        "malformed": len(BROKEN_ENVELOPE + UNREADABLE),
        "required_missing": 1,
        "unplanned_event": 1,
        "value_invalid": 1,
    }
    assert (record.flagged, record.unplanned, record.violating) == (1, 1, 10)
    assert record.formats == {"native": len(GOOD)}
    assert (record.first_ts, record.last_ts) == ("2026-10-01T12:00:00Z",) * 2


def changed(record: LoadRecord, **fields: Any) -> LoadRecord:
    return record.model_copy(update=fields)


@pytest.mark.parametrize(
    "field", ["lines", "blank", "unreadable", "data_lines", "records", "candidates", "quarantined"]
)
@pytest.mark.parametrize("by", [-1, 1])
def test_an_account_that_is_off_by_one_is_noticed(
    workspace: Workspace, field: str, by: int
) -> None:
    workspace.write(b"".join(GOOD + BROKEN_BY_PLAN + UNREADABLE + BLANK))
    (record,) = workspace.ingest()
    assert record.account_errors() == []
    wrong = changed(record, **{field: getattr(record, field) + by})
    assert any(record.file in message for message in wrong.account_errors())


def test_an_omitted_property_is_left_out_and_the_event_kept(workspace: Workspace) -> None:
    workspace.write_plan(
        "plan.yaml", "name: test\nversion: 1\npolicy: {value_invalid: omit, type_mismatch: omit}\n"
    )
    workspace.write(line("buy", properties={"amount": 3, "currency": "euro", "items": [1]}))
    (record,) = workspace.ingest()
    (event,) = workspace.rows()
    assert json.loads(event["properties"]) == {"amount": 3}
    assert json.loads(event["violations"]) == [
        {"type": "value_invalid", "property": "currency", "action": "omit"},
        {"type": "type_mismatch", "property": "items[]", "action": "omit"},
    ]
    assert (record.flagged, record.quarantined) == (1, 0)


def test_an_implausible_time_stays_and_is_marked(workspace: Workspace) -> None:
    late = NOON + 5 * 365 * 86_400_000
    workspace.write(line(at=late) + line(at=1_000) + line())
    (record,) = workspace.ingest()
    assert [row["ts_quality"] for row in workspace.rows()] == ["implausible"] * 2 + ["log"]
    assert record.first_ts == record.last_ts == "2026-10-01T12:00:00Z"


def test_a_day_without_files_and_an_empty_file_are_no_trouble(workspace: Workspace) -> None:
    assert workspace.pending() == {}
    assert workspace.ingest() == []
    workspace.write(b"")
    (record,) = workspace.ingest()
    assert (record.lines, record.records, record.parts) == (0, 0, ())
    assert record.account_errors() == []
    assert workspace.pending() == {}


def test_progress_ends_at_the_whole(workspace: Workspace) -> None:
    workspace.write(line() * 3, "a.jsonl")
    workspace.write(line() * 2, "b.jsonl")
    seen: list[Any] = []
    workspace.ingest(on_progress=seen.append)
    assert [each.file for each in seen] == [
        f"raw/client/{DAY}/a.jsonl",
        f"raw/client/{DAY}/b.jsonl",
    ]
    assert seen[-1].done_bytes == seen[-1].total_bytes == 5 * len(line())
