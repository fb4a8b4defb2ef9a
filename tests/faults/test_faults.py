"""Every fault is survived, and what measures it notices when it is not."""

from pathlib import Path

import pytest

from tests.faults.all import FAULTS
from tests.faults.fault import Fault, Measured, rounds_of
from tests.needs import missing


@pytest.mark.parametrize(
    "fault", [each for each in FAULTS if rounds_of(each)], ids=lambda each: each.name
)
def test_nothing_is_lost_doubled_or_wrong(fault: Fault, tmp_path: Path) -> None:
    lack = fault.lacks()
    if lack is not None:
        missing(lack)
    measured = fault.ours(tmp_path, rounds_of(fault))
    assert measured == Measured(rounds=measured.rounds)
    assert measured.rounds > 0


@pytest.mark.parametrize("fault", FAULTS, ids=lambda each: each.name)
def test_a_naive_variant_is_caught_by_the_same_measurement(fault: Fault, tmp_path: Path) -> None:
    measured = fault.naive(tmp_path, fault.naive_rounds)
    assert not measured.is_survived
    assert measured.lost or measured.doubled
