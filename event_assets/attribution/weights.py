"""From the models' tables of counts to the table of weights: `int_model_weights`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib import resources
from typing import Any

import numpy as np
import pandas as pd

from event_assets.attribution.intervals import Interval
from event_assets.attribution.markov import markov_models
from event_assets.attribution.shapley import ChannelSets, shapley_model
from event_assets.attribution.transitions import ABSENT, CONVERTED, LOST, Integers, Transitions

_COLUMNS = {
    "model": "string",
    "conversion": "string",
    "lookback_days": "int64",
    "channel": "string",
    "removal_effect": "float64",
    "shapley_value": "float64",
    "share": "float64",
    "se": "float64",
    "lower": "float64",
    "upper": "float64",
    "markov_order": "Int64",
    "is_chosen_order": "boolean",
    "log_loss": "float64",
    "conversion_rate": "float64",
    "baseline": "float64",
}
_BEFORE = ["channel_3_before", "channel_2_before", "channel_1_before"]
_KEYS = ["conversion", "lookback_days"]

_Row = dict[str, Any]


def model_weights(channels: pd.DataFrame, steps: pd.DataFrame, sets: pd.DataFrame) -> pd.DataFrame:
    """One row per model, conversion, lookback, channel and, of `markov`, order.

    channels  channel, channel_number
    steps     conversion, lookback_days, bucket, the numbers of a touch's channel and of the three
              before it, next_channel (null at the end of a path), is_conversion, steps
    sets      conversion, lookback_days, bucket, channel_set (bit i: channel i), paths, conversions

    Only channels on a path have rows, and only conversions that somebody made.
    """
    names = dict(
        zip(channels["channel_number"].tolist(), channels["channel"].tolist(), strict=True)
    )
    rows: list[_Row] = []
    for (conversion, lookback), counted in steps.groupby(_KEYS):
        about = {"conversion": conversion, "lookback_days": lookback}
        rows += [{**about, **row} for row in _markov_rows(names, counted)]
    for (conversion, lookback), counted in sets.groupby(_KEYS):
        about = {"conversion": conversion, "lookback_days": lookback}
        rows += [{**about, **row} for row in _shapley_rows(names, counted)]
    return pd.DataFrame(rows, columns=list(_COLUMNS)).astype(_COLUMNS)


def counts_fingerprint(*counts: pd.DataFrame) -> str:
    """A hash of tables of counts, whatever the order of their rows, and of the code that solves them."""
    whole = hashlib.sha256()
    for module in sorted(resources.files("event_assets.attribution").iterdir(), key=str):
        if module.name.endswith(".py"):
            whole.update(module.read_bytes())
    for table in counts:
        rows = pd.util.hash_pandas_object(table, index=False).to_numpy()
        whole.update(f"{list(table.columns)} {len(table)}".encode())
        whole.update(np.sort(rows).tobytes())
    return whole.hexdigest()[:16]


def transitions_of(names: dict[int, str], counted: pd.DataFrame) -> Transitions:
    """The steps of one conversion and lookback, counted as in `model_weights`; names by channel number."""
    numbers, places = np.unique(_integers(counted["channel_number"]), return_inverse=True)

    def placed(column: str) -> Integers:
        given = counted[column]
        found = np.searchsorted(numbers, _integers(given.fillna(0)))
        return np.where(given.isna(), ABSENT, found)

    following = placed("next_channel")
    ends = counted["next_channel"].isna().to_numpy()
    is_conversion = counted["is_conversion"].to_numpy(dtype=bool)
    following[ends] = np.where(is_conversion[ends], CONVERTED, LOST)
    return Transitions.of_rows(
        tuple(names[number] for number in numbers.tolist()),
        np.column_stack([*(placed(column) for column in _BEFORE), places]),
        following,
        _integers(counted["bucket"]),
        counted["steps"].to_numpy(dtype=np.float64),
    )


def _markov_rows(names: dict[int, str], counted: pd.DataFrame) -> Iterator[_Row]:
    transitions = transitions_of(names, counted)
    for model in markov_models(transitions):
        for place, channel in enumerate(transitions.channels):
            yield {
                "model": "markov",
                "channel": channel,
                "removal_effect": model.removal_effects[place],
                "share": model.shares[place],
                **_told(model.interval, place),
                "markov_order": model.order,
                "is_chosen_order": model.is_chosen,
                "log_loss": model.log_loss,
                "conversion_rate": model.conversion_rate,
            }


def _shapley_rows(names: dict[int, str], counted: pd.DataFrame) -> Iterator[_Row]:
    if not counted["conversions"].any():
        return
    sets = ChannelSets.of_bits(
        names,
        _integers(counted["channel_set"]),
        _integers(counted["bucket"]),
        counted["paths"].to_numpy(dtype=np.float64),
        counted["conversions"].to_numpy(dtype=np.float64),
    )
    model = shapley_model(sets)
    rate = sets.conversions.sum() / sets.paths.sum()
    for place, channel in enumerate(sets.channels):
        yield {
            "model": "shapley",
            "channel": channel,
            "shapley_value": model.values[place],
            "share": model.shares[place],
            **_told(model.interval, place),
            "conversion_rate": rate,
            "baseline": model.baseline,
        }


def _told(interval: Interval, place: int) -> _Row:
    return {
        "se": interval.se[place],
        "lower": interval.lower[place],
        "upper": interval.upper[place],
    }


def _integers(column: pd.Series[Any]) -> Integers:
    return column.to_numpy(dtype=np.int64)
