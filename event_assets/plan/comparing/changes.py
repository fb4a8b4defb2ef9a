"""What changed between two states of a plan: additive, breaking, or a note."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from event_assets.errors import ConfigurationError
from event_assets.json_values import is_object
from event_assets.plan.comparing.event_changes import event_changes, policy_changes
from event_assets.plan.comparing.keyword_changes import Kind, SchemaChange, exactly, value_change
from event_assets.plan.model import Funnel, Plan
from event_assets.yaml_files import Location, YamlFile

_OTHER_CHANNELS = "changed; past touches go to other channels then"
PLAN, FUNNELS, CHANNELS, RATES = "plan.yaml", "funnels.yaml", "channels.yaml", "rates.csv"
EXPERIMENTS = "experiments.yaml"
_NUMBERS = "; its numbers mean something else then"


class Change(NamedTuple):
    """One difference. `of` is the event, or the file of what is no event."""

    of: str
    kind: Kind
    location: Location
    message: str


def plan_changes(old: Plan, new: Plan) -> list[Change]:
    """All differences that say something, the plan's first, then event by event."""
    return [
        *_of(PLAN, _plan(old, new)),
        *_events(old, new),
        *_of(FUNNELS, _funnels(old.funnels, new.funnels)),
        *_of(CHANNELS, _channels(old, new)),
        *_of(EXPERIMENTS, _experiments(old, new)),
        *_of(RATES, _rates(old, new)),
    ]


def placed(change: Change, files: Mapping[str, YamlFile]) -> ConfigurationError:
    """The change with the place where it is written now, if it is; `files` by path in the folder."""
    file = files.get(change.of)
    if file is None:
        paths = (each for path, each in files.items() if path.startswith("events/"))
        file = next((each for each in paths if each.data["event"] == change.of), None)
    if file is None:
        return ConfigurationError(change.message)
    return _in_group(file, change, files) or file.error(change.location, change.message)


def _in_group(
    file: YamlFile, change: Change, files: Mapping[str, YamlFile]
) -> ConfigurationError | None:
    """The change of a property that an event has from a group."""
    if "properties" not in change.location[:3]:
        return None
    at = change.location.index("properties")
    name, *within = change.location[at + 1 :]
    shape = _at(file.data, change.location[:at])
    groups = files.get("property_groups.yaml")
    if groups is None or name in _keys(shape, "properties") or "groups" not in shape:
        return None
    for group, properties in _keys(groups.data, "groups").items():
        if name in properties:
            return groups.error(("groups", group, name, *within), change.message)
    return None


def _keys(data: dict[str, Any], key: str) -> dict[str, Any]:
    written = data.get(key)
    return written if is_object(written) else {}


def _at(data: Any, location: Location) -> Any:
    for part in location:
        data = data[part]
    return data


def _of(of: str, changes: Iterator[SchemaChange]) -> Iterator[Change]:
    return (Change(of, *change) for change in changes)


def _plan(old: Plan, new: Plan) -> Iterator[SchemaChange]:
    if old.version != new.version:
        yield SchemaChange("note", ("version",), value_change(old.version, new.version))
    if old.name != new.name:
        yield SchemaChange("note", ("name",), value_change(old.name, new.name))
    for change in policy_changes(old.policy.model_dump(), new.policy.model_dump()):
        yield change._replace(location=("policy", *change.location))
    before, after = old.checks.model_dump(), new.checks.model_dump()
    for key, value in after.items():
        if before[key] != value:
            yield SchemaChange("note", ("checks", key), value_change(str(before[key]), str(value)))
    if old.accepted_days != new.accepted_days:
        yield SchemaChange("note", ("accepted_days",), "changed")


def _events(old: Plan, new: Plan) -> Iterator[Change]:
    policies = old.policy.model_dump(), new.policy.model_dump()
    for name in sorted({*old.events, *new.events}):
        before, after = old.events.get(name), new.events.get(name)
        if before is None:
            yield Change(name, "additive", (), "new event")
        elif after is None:
            message = "removed; a file is never deleted: put it back with `status: deprecated`"
            yield Change(name, "breaking", (), message)
        else:
            yield from _of(name, event_changes(before, after, policies))


def _funnels(old: Mapping[str, Funnel], new: Mapping[str, Funnel]) -> Iterator[SchemaChange]:
    for name in sorted({*old, *new}):
        at = ("funnels", name)
        if name not in old:
            yield SchemaChange("additive", at, "new funnel")
        elif name not in new:
            yield SchemaChange("breaking", at, "removed")
        else:
            yield from _funnel(old[name], new[name], at)


def _funnel(old: Funnel, new: Funnel, at: Location) -> Iterator[SchemaChange]:
    for key in ("steps", "window", "subject", "exclude", "breakdown"):
        if getattr(old, key) != getattr(new, key):
            yield SchemaChange("breaking", (*at, key), "changed" + _NUMBERS)
    gone = [each for each in old.semantics if each not in new.semantics]
    if gone:
        yield SchemaChange("breaking", (*at, "semantics"), f"no more {', '.join(gone)}")
    elif set(old.semantics) != set(new.semantics):
        yield SchemaChange("additive", (*at, "semantics"), "more than before")
    if old.description != new.description:
        yield SchemaChange("note", (*at, "description"), "reworded")


def _experiments(old: Plan, new: Plan) -> Iterator[SchemaChange]:
    for name in sorted({*old.experiments, *new.experiments}):
        at = ("experiments", name)
        before, after = old.experiments.get(name), new.experiments.get(name)
        if before is None:
            yield SchemaChange("additive", at, "new experiment")
        elif after is None:
            yield SchemaChange("breaking", at, "removed")
        else:
            was, now = before.model_dump(), after.model_dump()
            for key in (key for key in now if was[key] != now[key]):
                is_words = key == "description"
                message = "reworded" if is_words else "changed" + _NUMBERS
                yield SchemaChange("note" if is_words else "breaking", (*at, key), message)


def _channels(old: Plan, new: Plan) -> Iterator[SchemaChange]:
    """Rules are tried in their order: one more at the end takes only what no other takes."""
    if old.channels.paid_mediums != new.channels.paid_mediums:
        yield SchemaChange("breaking", ("paid_mediums",), _OTHER_CHANNELS)
    for key, before, after in (
        ("rules", old.channels.rules, new.channels.rules),
        ("sites", old.channels.sites, new.channels.sites),
    ):
        pair = _dumped(before), _dumped(after)
        if pair[0] != pair[1]:
            is_longer = pair[1][: len(pair[0])] == pair[0]
            message = "one more" if len(pair[1]) == len(pair[0]) + 1 else "some more"
            yield SchemaChange(
                "additive" if is_longer else "breaking",
                (key, len(pair[0])) if is_longer else (key,),
                message if is_longer else _OTHER_CHANNELS,
            )


def _rates(old: Plan, new: Plan) -> Iterator[SchemaChange]:
    before, after = ({(r.date, r.currency): r.rate for r in plan.rates} for plan in (old, new))
    changed = [key for key, rate in before.items() if after.get(key) != rate]
    if changed:
        first = f"{changed[0][1]} on {changed[0][0]}"
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        message = f"other rates of {first}{more}; past values are others then"
        yield SchemaChange("breaking", (), message)
    if len(after.keys() - before.keys()):
        yield SchemaChange("additive", (), f"{len(after.keys() - before.keys())} new rates")


def _dumped(models: Sequence[Any]) -> list[str]:
    return [exactly(each.model_dump(mode="json")) for each in models]
