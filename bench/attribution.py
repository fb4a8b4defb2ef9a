"""Attribution beside its peers: Markov chains of a million paths, and nine rules over many touches.

    .venv/bin/python bench/attribution.py [--paths 1000000] [--touches 10000000]

**Markov**: touches and conversions of so many people, 12 channels, in a DuckDB table. Ours cuts
them into paths and counts them by the models' own SQL; then it solves order 1, as
marketing-attribution-models does, or all that a run solves: orders 1 to 4 with intervals, and
Shapley values. Both begin at the table of
touches: the peer knows no such thing, so a query makes the frame of journeys that it wants, one a
person (it has no lookback and no conversions in between), and counts with it.
**Rules**: the models' SQL for all nine, beside one query written by hand for this purpose; both
write a table, the credits are compared. Each contestant runs in a process of its own on one thread;
CPU time without imports, memory by what the process had at most beyond what it began with.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
CHANNELS = 12
DAY_US = 86_400_000_000

TOUCHES = f"""
create table paths as
select
  i as path,
  least(40, 1 + floor(ln(random()) / ln(1 - 1 / 3.7)))::bigint as touches,
  random() < 0.08 as converts
from range({{paths}}) as people(i);
create table touchpoints as
select
  'p' || path as person_unit,
  'p_' || md5('p' || path) as person_id,
  md5(path || '-' || n) as touch_id,
  n * {DAY_US} // 8 as touched_us,
  'channel ' || floor({CHANNELS} * power(random(), 1.6))::int as channel,
  cast(null as varchar) as campaign,
  n % 3 = 0 as is_paid
from paths, range(touches) as numbers(n);
create table conversions as
select
  'p' || path as person_unit,
  md5('c' || path) as conversion_id,
  'purchase' as conversion,
  touches * {DAY_US} // 8 as converted_us,
  date '2026-10-01' as local_date,
  10.0::double as value,
  false as is_bot
from paths where converts;
create table channel_rules as select 'channel ' || i as channel from range({CHANNELS}) as numbers(i);
create table plan_channel_rules as select * from channel_rules limit 0;
create table plan_conversions as select 'purchase' as conversion;
create table lookbacks as select 30 as lookback_days;
create table as_of as select date '2030-01-01' as as_of;
"""

BY_HAND = f"""
create table by_hand as
with path as (
  select
    conversion_id, touch_id, channel, value, is_paid, touched_us, converted_us,
    row_number() over w as n, count(*) over c as touches,
    count(*) over (partition by conversion_id, channel) as alike
  from conversions join touchpoints using (person_unit)
  where touched_us between converted_us - 30 * {DAY_US} and converted_us
  window w as (partition by conversion_id order by touched_us, touch_id), c as (partition by conversion_id)
), told as (
  select
    *, sum(1 / alike) over c as channels, sum(pow(0.5, (converted_us - touched_us) / {DAY_US} / 7)) over c as decayed,
    min(n) filter (channel <> 'Direct') over c as first_other, max(n) filter (channel <> 'Direct') over c as last_other,
    max(n) filter (is_paid) over c as last_paid
  from path window c as (partition by conversion_id)
), wide as (
  select
    conversion_id, touch_id, channel, value,
    (n = 1)::int::double as first, (n = touches)::int::double as last,
    (n = coalesce(last_other, touches))::int::double as last_non_direct,
    (n = coalesce(first_other, 1))::int::double as first_non_direct,
    (n = coalesce(last_paid, last_other, touches))::int::double as last_paid,
    1 / touches as linear, 1 / (channels * alike) as linear_distinct,
    case when touches <= 2 then 1 / touches when n in (1, touches) then 0.4 else 0.2 / (touches - 2) end
      as position_based,
    pow(0.5, (converted_us - touched_us) / {DAY_US} / 7) / decayed as time_decay
  from told
)
select conversion_id, touch_id, channel, model, credit, credit * value as revenue
from (unpivot wide on first, last, last_non_direct, first_non_direct, last_paid, linear, linear_distinct,
      position_based, time_decay into name model value credit)
where credit > 0
"""


def _warehouse(file: Path) -> Any:
    import duckdb

    connection = duckdb.connect(str(file))
    connection.execute("set threads = 1")
    return connection


def _model(connection: Any, model: str) -> None:
    from event_assets.channels.model_sql import model_sql

    query = model_sql(ROOT / "dbt_project", model, half_life_days=7.0)
    connection.execute(f"create or replace table {model} as {query}")


def run_markov(file: Path) -> Callable[[], dict[str, float]]:
    """Steps, counts, chains: from the table of touches to the weights."""
    from event_assets.attribution.weights import model_weights

    connection = _warehouse(file)

    def run() -> dict[str, float]:
        inputs = ("int_channels", "int_transition_counts", "int_channel_set_counts")
        for model in ("int_path_steps", *inputs):
            _model(connection, model)
        weights = model_weights(*(connection.table(model).df() for model in inputs))
        chain = weights[weights["markov_order"] == 1]
        return dict(zip(chain["channel"], chain["removal_effect"], strict=True))

    return run


def run_order_1(file: Path) -> Callable[[], dict[str, float]]:
    """Steps, counts and the chain of order 1 alone: what the peer does."""
    from event_assets.attribution.chain import Chain, conversion_rates
    from event_assets.attribution.markov import removal_effects
    from event_assets.attribution.weights import transitions_of

    connection = _warehouse(file)

    def run() -> dict[str, float]:
        for model in ("int_path_steps", "int_channels", "int_transition_counts"):
            _model(connection, model)
        numbered = connection.execute("select channel_number, channel from int_channels").fetchall()
        counted = connection.table("int_transition_counts").df()
        transitions = transitions_of(dict(numbered), counted)
        chain = Chain.of_order(transitions, 1)
        rates = conversion_rates(
            chain, chain.edge_counts.sum(axis=0), chain.start_counts.sum(axis=0)
        )
        return dict(zip(transitions.channels, removal_effects(rates).tolist(), strict=True))

    return run


def run_peer(file: Path) -> Callable[[], dict[str, float]]:
    """marketing-attribution-models on a frame of journeys, and the query that makes it."""
    from mam import MAM

    connection = _warehouse(file)

    def run() -> dict[str, float]:
        journeys = connection.sql(
            "select person_unit as journey_id, string_agg(channel, ' > ' order by touched_us, touch_id) as channels,"
            " string_agg('1', ' > ') as time_till_end, bool_or(converts) as converts"
            " from touchpoints join (select 'p' || path as person_unit, converts from paths) using (person_unit)"
            " group by person_unit"
        ).df()
        peer = MAM(
            journeys,
            "journey",
            "channels",
            "converts",
            user_id_colname="journey_id",
            time_till_conv_colname="time_till_end",
        )
        return peer.run_markov().metadata["removal_effect"]["removal_effect"].to_dict()

    return run


def run_rules(file: Path) -> Callable[[], dict[str, float]]:
    """The models' SQL."""
    connection = _warehouse(file)

    def run() -> dict[str, float]:
        _model(connection, "int_rule_credits")
        return _told(connection, "int_rule_credits")

    return run


def run_rules_by_hand(file: Path) -> Callable[[], dict[str, float]]:
    """One query for this purpose alone."""
    connection = _warehouse(file)

    def run() -> dict[str, float]:
        connection.execute(f"drop table if exists by_hand; {BY_HAND}")
        return _told(connection, "by_hand")

    return run


def _told(connection: Any, table: str) -> dict[str, float]:
    rows = connection.execute(
        f"select model || ' ' || channel, sum(credit) from {table} where touch_id is not null group by all"
    ).fetchall()
    return dict(rows)


PEER = "marketing-attribution-models"
CONTESTANTS = {
    "all models": run_markov,
    "order 1": run_order_1,
    PEER: run_peer,
    "nine rules": run_rules,
    "by hand": run_rules_by_hand,
}


def measure(name: str, file: Path) -> None:
    """Run one contestant in this process and print result and figures as JSON."""
    run = CONTESTANTS[name](file)
    before = resource.getrusage(resource.RUSAGE_SELF)
    begun = time.process_time()
    result = run()
    seconds = time.process_time() - begun
    after = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps([result, seconds, (after.ru_maxrss - before.ru_maxrss) / 1024]))


def _measured(name: str, file: Path) -> tuple[dict[str, float], float, float]:
    command = [sys.executable, __file__, "--measure", name, str(file)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return tuple(json.loads(done.stdout.splitlines()[-1]))


def _compared(paths: int, names: tuple[str, str], folder: Path, goals: tuple[float, ...]) -> None:
    """Measure two contestants on so many paths; their results have to be the same."""
    file = folder / f"{names[0]}.duckdb"
    connection = _warehouse(file)
    connection.execute(f"select setseed(0.4); {TOUCHES.format(paths=paths)}")
    ((touches,),) = connection.execute("select count(*) from touchpoints").fetchall()
    connection.close()
    found = {name: _measured(name, file) for name in names}
    (ours, *mine), (theirs, *peers) = found.values()
    if ours.keys() != theirs.keys() or any(
        abs(ours[key] - theirs[key]) > 1e-6 * max(1, abs(theirs[key])) for key in ours
    ):
        raise SystemExit(f"{names[0]} and {names[1]} differ: {ours} {theirs}")
    print(f"\n{paths:,} paths, {touches:,} touches: the same results")
    for name, (_, seconds, megabytes) in found.items():
        print(f"  {name:30}{seconds:>8.1f} s CPU{megabytes:>9.0f} MB")
    for what, goal, mine_, peer in zip(("time", "memory"), goals, mine, peers, strict=False):
        print(f"  {what} of the peer's, at most {goal}: {mine_ / peer:.2f}")


def main() -> None:
    """Generate touches, measure, print."""
    import tempfile

    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--paths", type=int, default=1_000_000)
    parser.add_argument("--touches", type=int, default=10_000_000)
    parser.add_argument("--measure", nargs=2, metavar=("NAME", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.measure[0], Path(options.measure[1]))
        return
    with tempfile.TemporaryDirectory() as name:
        _compared(options.paths, ("order 1", PEER), Path(name), (0.5, 0.2))
        _compared(options.paths, ("all models", PEER), Path(name), ())
        _compared(int(options.touches / 3.7), ("nine rules", "by hand"), Path(name), (2.0,))


if __name__ == "__main__":
    main()
