"""The collector keeps what its OpenAPI description says, whatever schemathesis makes of it."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection

from tests.capture.processes import running
from tests.ingest.ingest_workspace import make_workspace
from tests.rounds import rounds


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The description as a collector serves it."""
    root: Path = tmp_path_factory.mktemp("api")
    make_workspace(root)
    (root / "plan/collector.yaml").write_text("room: {free_bytes: 0}\n")
    with running(root) as collector:
        yield schemathesis.openapi.from_url(f"http://127.0.0.1:{collector.port}/openapi.yaml")


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_answers_are_as_described(api: Any, mode: GenerationMode) -> None:
    seen: Counter[int] = Counter()
    for found in api.get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=rounds(15, 1_000), deadline=None, suppress_health_check=list(HealthCheck)
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def keep_the_description(case: Any) -> None:
            # an event that no reader takes is no wrong request: an answer of 200 counts it
            answer = case.call_and_validate(excluded_checks=[negative_data_rejection], timeout=20)
            seen[answer.status_code] += 1

        try:
            keep_the_description()
        except Exception as error:
            if "Unsatisfiable" not in type(error).__name__:  # nothing can be wrong there
                raise
    assert seen[200]
    assert not [status for status in seen if status >= 500]
