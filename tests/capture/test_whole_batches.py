"""A batch that is written at once is stored as its events would be one by one."""

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from event_assets.capture.bodies import parsed
from event_assets.capture.collector_config import CollectorConfig
from event_assets.capture.intake import Batch, Intake, Sender, Taken
from event_assets.capture.refusals import Refused
from tests.ingest.ingest_workspace import make_workspace
from tests.rounds import rounds

SENDER = Sender(1_790_856_000_000_000, "203.0.113.0", "Browser/1", "cookie-1", None)
# what the collector looks for in an event, and what it leaves alone
SAID = st.sampled_from(
    [
        ("consent", "denied"),
        ("consent", "granted"),
        ("ip", "198.51.100.7"),
        ("requestIp", "198.51.100.7"),
        ("received_at", 5),
        ("receivedAt", 5),
        ("write_key", "k"),
        ("writeKey", "k"),
        ("user_id", True),
        ("user_id", []),
        ("page_url", []),
        ("anything", {"ip": "198.51.100.7"}),
        ("number", 2**70),
        ("metadata", {}),
        ("long", "x" * 300),
        ("event_type", " "),
        ("properties", 5),
    ]
)
PLAIN: dict[str, Any] = {"event_type": "view", "timestamp": 1, "user_id": "u"}


def _saying(said: tuple[str, Any], place: str) -> dict[str, Any]:
    name, value = said
    return {**PLAIN, **({name: value} if place == "top" else {place: {name: value}})}


PLACES = st.sampled_from(["top", "properties", "context"])
EVENTS = (
    st.just(PLAIN)
    | st.just({"event_type": "view"})
    | st.just({**PLAIN, "context": {"os": "x"}})
    | st.builds(_saying, SAID, PLACES)
)
AROUND = st.just({}) | st.just({"user_id": "u", "sent_at": 5}) | SAID.map(lambda said: dict([said]))


@pytest.fixture(scope="module")
def intakes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Intake, Intake]]:
    """By consent: one as it is, and one that takes events one by one."""
    workspace = make_workspace(tmp_path_factory.mktemp("intake"))
    (source,) = (each for each in workspace.settings.config.sources if each.name == "client")

    def intake(consent: str, *, is_whole: bool) -> Intake:
        limits = {"event_bytes": 256}
        made = Intake(
            CollectorConfig.model_validate({"consent": consent, "limits": limits}), source
        )
        if not is_whole:
            made._take_whole = lambda *_: False  # pyright: ignore
        return made

    return {
        consent: (intake(consent, is_whole=True), intake(consent, is_whole=False))
        for consent in ("opt_out", "opt_in")
    }


def _taken(intake: Intake, body: bytes, sender: Sender) -> Taken | str:
    value, is_json = parsed(body)
    try:
        return intake.take(Batch.of(copy.deepcopy(value), None, is_json=is_json), sender)
    except Refused as refused:
        return refused.message


@settings(
    max_examples=rounds(150, 5_000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(items=[{"event_type": "view"}], around={"user_id": []}, consent="opt_out", signal=None)
@given(
    items=st.lists(EVENTS, max_size=3),
    around=AROUND,
    consent=st.sampled_from(["opt_out", "opt_in"]),
    signal=st.sampled_from([None, None, "gpc"]),
)
def test_what_is_written_at_once_is_what_is_written_one_by_one(
    intakes: dict[str, tuple[Intake, Intake]],
    items: list[Any],
    around: dict[str, Any],
    consent: str,
    signal: str | None,
) -> None:
    body = json.dumps({**around, "batch": items}).encode()
    whole, one_by_one = (
        _taken(each, body, SENDER._replace(signal=signal)) for each in intakes[consent]
    )
    assert whole == one_by_one


def test_most_batches_are_written_at_once(
    intakes: dict[str, tuple[Intake, Intake]],
) -> None:
    intake, _ = intakes["opt_out"]
    taken = Taken()
    batch = Batch([{"event_type": "view", "user_id": "u", "context": {"os": "x"}}] * 3, {}, True)
    assert intake._take_whole(batch, SENDER, taken, None)  # pyright: ignore
    assert taken.accepted == 3
