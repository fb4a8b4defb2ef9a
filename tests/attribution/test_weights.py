"""When counts are the same, and nothing has to be solved again."""

import pandas as pd

from event_assets.attribution.weights import counts_fingerprint

COUNTS = pd.DataFrame({"channel": ["a", "b", "b"], "next": [1.0, None, 2.0], "steps": [3, 1, 1]})


def test_counts_in_another_order_are_the_same():
    assert counts_fingerprint(COUNTS[::-1], COUNTS) == counts_fingerprint(COUNTS, COUNTS)


def test_any_other_count_row_or_column_is_not():
    others = [
        COUNTS.assign(steps=[3, 1, 2]),
        COUNTS.assign(next=[2.0, None, 1.0]),
        COUNTS.head(2),
        pd.concat([COUNTS, COUNTS.tail(1)]),
        COUNTS.rename(columns={"steps": "paths"}),
    ]
    prints = [counts_fingerprint(each) for each in (COUNTS, *others)]
    assert len(set(prints)) == len(prints)
    assert counts_fingerprint(COUNTS, others[0]) != counts_fingerprint(others[0], COUNTS)
