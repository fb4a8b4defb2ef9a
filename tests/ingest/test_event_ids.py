"""Event ids: a replay gives the same, and two equal lines of one file stay two."""

import gzip
import hashlib
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ingest_workspace import Workspace, line, make_workspace

from event_assets.ingest.ordinals import Ordinals


def ids(workspace: Workspace) -> list[str]:
    return [row["event_id"] for row in workspace.rows()]


def test_a_replay_of_the_same_bytes_gives_the_same_ids(workspace: Workspace) -> None:
    content = line(user_id="a") + line(user_id="b") + line(user_id="a")
    workspace.write(content, "first.jsonl")
    workspace.write(gzip.compress(content), "again.jsonl.gz")
    workspace.ingest()
    first, again = ids(workspace)[3:], ids(workspace)[:3]
    assert first == again
    assert len(set(first)) == 3


def test_ids_are_those_of_the_definition(workspace: Workspace) -> None:
    """SHA-256 of the line without its end; item and ordinal are told unless both are 0."""
    one, other = line(user_id="a"), line(user_id="b")
    workspace.write(one + other[:-1] + b"\r\n" + one + other)
    workspace.ingest()
    sha_one, sha_other = (hashlib.sha256(each[:-1]).hexdigest() for each in (one, other))
    assert ids(workspace) == [sha_one, sha_other, f"{sha_one}.0.1", f"{sha_other}.0.1"]
    assert [row["raw_sha256"] for row in workspace.rows()] == [sha_one, sha_other] * 2


def test_rejected_lines_count_as_occurrences_too(workspace: Workspace) -> None:
    """So that mending the plan changes no id."""
    content = line("buy") + line("buy") + line()
    workspace.write(content)
    workspace.ingest()
    assert len(ids(workspace)) == 1
    workspace.write_plan("events/buy.yaml", "")
    workspace.ingest(rejudge=True)
    sha = hashlib.sha256(line("buy")[:-1]).hexdigest()
    assert ids(workspace)[:2] == [sha, f"{sha}.0.1"]


def test_a_producers_id_is_kept(workspace: Workspace) -> None:
    sent = ["e1", "", None, "null", "0000-0000", 7]
    workspace.write(b"".join(line(event_id=each, n=n) for n, each in enumerate(sent)))
    workspace.ingest()
    found = ids(workspace)
    assert (found[0], found[5]) == ("e1", "7")
    assert [len(each) for each in found[1:5]] == [64] * 4


@given(
    st.lists(st.lists(st.integers(0, 30), max_size=40), max_size=10),
    st.integers(1, 20),
    st.sampled_from([0, 5, 25, 50_000]),
)
def test_ordinals_count_occurrences_over_batches_and_spilled_runs(
    batches: list[list[int]], spill_at: int, filter_from: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("event_assets.ingest.ordinals.FILTER_FROM", filter_from)
        check_ordinals(batches, spill_at)


def check_ordinals(batches: list[list[int]], spill_at: int) -> None:
    """Against counting one by one; contents are spread over all first bits."""
    ordinals = Ordinals(spill_at)
    seen: Counter[int] = Counter()
    for batch in batches:
        expected: list[int] = []
        for key in batch:
            expected.append(seen[key])
            seen[key] += 1
        assert ordinals.take(np.array(batch, dtype=np.uint64) << np.uint64(59)).tolist() == expected


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=30))
def test_every_line_of_a_file_has_an_id_of_its_own(
    tmp_path_factory: pytest.TempPathFactory, users: list[str]
) -> None:
    workspace = make_workspace(tmp_path_factory.mktemp("ids"))
    workspace.write(b"".join(line(user_id=user) for user in users))
    workspace.ingest()
    assert len(set(ids(workspace))) == len(users)
