"""From the models' counts of both arms to the table of estimates: `int_incrementality`."""

from __future__ import annotations

from typing import Any

import pandas as pd

from event_assets.attribution.incrementality import Arm, incrementality

_COLUMNS = {
    "experiment": "string",
    "lift": "float64",
    "lower": "float64",
    "upper": "float64",
    "incremental_conversions": "float64",
    "incremental_revenue": "float64",
    "iroas": "float64",
    "mde": "float64",
    "srm_p": "float64",
    "valid": "bool",
}


def estimates(arms: pd.DataFrame) -> pd.DataFrame:
    """One row per experiment; where an arm is empty with nothing but that it is not valid.

    arms  experiment, treated_share, and of both arms (treated, control) the people, those of them who
          converted and their revenue: treated, treated_converted, treated_revenue …; spend on the
          treated and is_complete: before that there is no return on it. Revenue and spend may be null.
    """
    records: list[Any] = arms.to_dict("records")
    rows = [_estimate(row) for row in records]
    return pd.DataFrame(rows, columns=list(_COLUMNS)).astype(_COLUMNS)


def _estimate(row: dict[str, Any]) -> dict[str, Any]:
    treated, control = _arm(row, "treated"), _arm(row, "control")
    spend = None if not row["is_complete"] or pd.isna(row["spend"]) else float(row["spend"])
    found = incrementality(treated, control, float(row["treated_share"]), spend)
    if found is None:
        return {"experiment": row["experiment"], "valid": False}
    return {
        "experiment": row["experiment"],
        "lift": found.lift,
        "lower": found.lower,
        "upper": found.upper,
        "incremental_conversions": found.incremental_conversions,
        "incremental_revenue": found.incremental_revenue,
        "iroas": found.iroas,
        "mde": found.mde,
        "srm_p": found.srm_p,
        "valid": found.is_valid,
    }


def _arm(row: dict[str, Any], name: str) -> Arm:
    """Revenue that is unknown stays so: NaN, which every sum with it is."""
    revenue = row[f"{name}_revenue"]
    return Arm(
        int(row[name]), int(row[f"{name}_converted"]), float("nan" if pd.isna(revenue) else revenue)
    )
