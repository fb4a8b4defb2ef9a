"""What is read of a run's published tables."""

from pathlib import Path

import duckdb

from event_assets.scoreboard.answers import Answers, read_answers

TABLES = """
create schema marts;
use marts;
create table conversions as
  select * from (values ('purchase', false), ('purchase', false), ('purchase', true), ('signup', false))
  as rows(conversion, is_bot);
create table channel_performance as
  select * from (values
    ('purchase', 'last', 'Email', 1e0), ('purchase', 'last', 'Email', 0.5e0),
    ('purchase', 'last', '(unattributed)', 5e-1),
    ('purchase', 'markov', 'Email', 1.5e0), ('purchase', 'last', 'Display', 0e0), ('signup', 'last', 'Email', 9e0)
  ) as rows(conversion, model, channel, conversions);
create table attribution_model_weights as
  select * from (values
    ('purchase', 'markov', 'Email', 1, true, 0.5e0, 0.75e0), ('purchase', 'markov', 'Email', 2, false, 0.1e0, 0.2e0),
    ('purchase', 'shapley', 'Email', null, null, 0.25e0, 1e0), ('purchase', 'shapley', 'Direct', null, null, null, null)
  ) as rows(conversion, model, channel, markov_order, is_chosen_order, lower, upper);
create table ad_spend as
  select * from (values ('Email', 3e0), ('Email', 1e0)) as rows(channel, claimed_conversions);
create table incrementality_estimates as
  select * from (values
    ('purchase', 'Email', 100, 7e0, 0.01e0, 0.13e0, true, true), ('purchase', 'Display', 9, 1e0, 0e0, 1e0, true, false),
    ('purchase', 'Paid Search', 9, 1e0, 0e0, 1e0, false, true), ('signup', 'Affiliates', 9, 1e0, 0e0, 1e0, true, true)
  ) as rows(conversion, channel, treated, incremental_conversions, lower, upper, valid, is_complete);
"""


def test_answers_are_sums_of_one_conversion_and_of_valid_experiments_that_are_over(
    tmp_path: Path,
) -> None:
    path = tmp_path / "analytics.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(TABLES)
    assert read_answers(path) == Answers(
        conversions=2,
        attributed=1.5,
        credits={"last": {"Email": 1.5, "(unattributed)": 0.5}, "markov": {"Email": 1.5}},
        intervals={"markov": {"Email": (0.5, 0.75)}, "shapley": {"Email": (0.25, 1.0)}},
        claims={"Email": 4.0},
        treated={"Email": 100},
        brought={"Email": 7.0},
        lifts={"Email": (0.01, 0.13)},
    )
