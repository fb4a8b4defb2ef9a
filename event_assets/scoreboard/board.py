"""Worlds through the whole pipeline, and how far each answer is from the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from event_assets.errors import ConfigurationError, shown_path
from event_assets.progress import report
from event_assets.scoreboard.answers import Answers, read_answers
from event_assets.scoreboard.scores import covered, over_statement, rank_correlation, share_error
from event_assets.settings import load_settings, packaged_plan_dir
from event_assets.simulate.worlds.truth import WorldTruth
from event_assets.simulate.worlds.world import World
from event_assets.simulate.worlds.write import PLAN, write_world

CLAIMS, EXPERIMENTS = "platforms' claims", "holdout experiments"


@dataclass(frozen=True)
class Score:
    """Of one answer on one world; None where there is nothing to compare, see `scores`.

    held  how many of `intervals` hold the truth: for models the share of the conversions that is
          lost without the channel, for experiments the lift
    """

    answer: str
    share_error: float | None
    rank_correlation: float | None
    over_statement: float | None
    held: int
    intervals: int


@dataclass(frozen=True)
class WorldScores:
    """A world's scores, with its orders and those of them that channels brought."""

    world: str
    description: str
    orders: int
    brought: dict[str, int]
    claimed: float
    scores: tuple[Score, ...]

    def as_json(self) -> dict[str, Any]:
        """The scores as JSON values."""
        return asdict(self)


def score_world(name: str, world: World, folder: Path, *, verbose: bool) -> WorldScores:
    """Write a world's logs, run everything on them, compare.

    Raises ConfigurationError where the folder holds other logs or the run fails.
    """
    # loaded here: Dagster and dbt take their time
    from event_assets.run import RunOptions
    from event_assets.run_output import quiet_run

    report(f"Writing the logs of `{name}`")
    try:
        truth = write_world(world, folder, packaged_plan_dir())
    except FileExistsError as error:
        raise ConfigurationError(str(error), remedy="name another folder by --out") from None
    settings = load_settings(folder, folder / PLAN, None)
    done = quiet_run(settings, RunOptions(), verbose=verbose)
    if done.exit_code:
        raise ConfigurationError(
            f"the run on `{name}` failed: {'; '.join(done.problems)}",
            remedy=f"look into {shown_path(settings.dagster_home)}/last_run.log",
        )
    return scored(name, world.description, truth, read_answers(settings.analytics))


def scored(name: str, description: str, truth: WorldTruth, answers: Answers) -> WorldScores:
    """Compare what was said with what is true."""
    true = {channel: float(each.orders) for channel, each in truth.channels.items()}
    shares = {channel: each / answers.attributed for channel, each in true.items()}
    lifts = {
        channel: each.lift for channel, each in truth.channels.items() if each.lift is not None
    }
    scores = [
        _score(model, credits, true, *covered(answers.intervals.get(model, {}), shares))
        for model, credits in sorted(answers.credits.items())
    ]
    scores.append(_score(CLAIMS, answers.claims, _only(true, answers.claims), 0, 0))
    # experiments count people, not orders
    people = {channel: lift * answers.treated.get(channel, 0) for channel, lift in lifts.items()}
    scores.append(_score(EXPERIMENTS, answers.brought, people, *covered(answers.lifts, lifts)))
    brought = {channel: each.orders for channel, each in truth.channels.items()}
    claimed = sum(answers.claims.values())
    return WorldScores(name, description, truth.orders, brought, claimed, tuple(scores))


def _only(true: dict[str, float], said: dict[str, float]) -> dict[str, float]:
    """Of the channels that somebody speaks of: no platform claims for an affiliate."""
    return {channel: each for channel, each in true.items() if channel in said}


def _score(
    answer: str, said: dict[str, float], true: dict[str, float], held: int, intervals: int
) -> Score:
    return Score(
        answer,
        share_error(said, true),
        rank_correlation(said, true),
        over_statement(said, true),
        held,
        intervals,
    )


def means(worlds: Sequence[WorldScores]) -> list[Score]:
    """Each answer over all worlds: means of what there is, intervals added up. The best comes first."""
    by_answer: dict[str, list[Score]] = {}
    for world in worlds:
        for score in world.scores:
            by_answer.setdefault(score.answer, []).append(score)
    found = [
        Score(
            answer,
            _mean([each.share_error for each in scores]),
            _mean([each.rank_correlation for each in scores]),
            _mean([each.over_statement for each in scores]),
            sum(each.held for each in scores),
            sum(each.intervals for each in scores),
        )
        for answer, scores in by_answer.items()
    ]
    return sorted(found, key=lambda each: (each.share_error is None, each.share_error or 0))


def _mean(values: Sequence[float | None]) -> float | None:
    known = [each for each in values if each is not None]
    return fmean(known) if known else None
