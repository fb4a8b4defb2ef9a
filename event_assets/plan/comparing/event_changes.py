"""What changed about one event: what it takes, what its numbers mean, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from event_assets.plan.comparing.keyword_changes import Kind, SchemaChange, listed, value_change
from event_assets.plan.comparing.succession import shape_changes
from event_assets.plan.event import Conversion, Event, Property, Refund

_SEVERITY = {"accept": 0, "omit": 1, "quarantine": 2}
_NOTES = ("description", "purpose", "owner", "status", "since", "review_by", "used_by")
_NUMBERS = "; its numbers mean something else then"


def event_changes(
    old: Event, new: Event, policies: tuple[Mapping[str, str], Mapping[str, str]]
) -> Iterator[SchemaChange]:
    """The differences between two states of an event, with places in its newer file.

    `policies` are those of the two plans, for what an event leaves to them.
    """
    yield from shape_changes(old, new)
    yield from _senders(old, new)
    own = [each.policy.model_dump(exclude_none=True) for each in (old, new)]
    if own[0] != own[1]:
        before, after = ({**policy, **each} for policy, each in zip(policies, own, strict=True))
        for change in policy_changes(before, after):
            yield change._replace(location=("policy", *change.location))
    for key in ("conversion", "refund_of"):
        yield from _money(key, getattr(old, key), getattr(new, key))
    if old.role != new.role:
        yield SchemaChange("breaking", ("role",), value_change(old.role, new.role) + _NUMBERS)
    yield from _notes(old, new)


def policy_changes(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[SchemaChange]:
    """Violations that other actions follow: breaking where more is left out than before."""
    for violation, action in after.items():
        was = before[violation]
        if action != was:
            kind: Kind = "breaking" if _SEVERITY[action] > _SEVERITY[was] else "additive"
            yield SchemaChange(kind, (violation,), f"{was} → {action}")


def _senders(old: Event, new: Event) -> Iterator[SchemaChange]:
    gone = sorted(set(old.sent_by) - set(new.sent_by))
    come = sorted(set(new.sent_by) - set(old.sent_by))
    if gone:
        message = f"{listed(gone)} may not send it any more"
        yield SchemaChange("breaking", ("sent_by",), message)
    if come:
        yield SchemaChange("additive", ("sent_by",), f"{listed(come)} may send it too")


def _money(
    key: str, old: Conversion | Refund | None, new: Conversion | Refund | None
) -> Iterator[SchemaChange]:
    if old is None and new is not None:
        is_new_number = key == "conversion"
        message = "is new" if is_new_number else "is new" + _NUMBERS
        yield SchemaChange("additive" if is_new_number else "breaking", (key,), message)
    elif old is not None and new is None:
        yield SchemaChange("breaking", (key,), "is gone" + _NUMBERS)
    elif old is not None and new is not None:
        before, after = old.model_dump(), new.model_dump()
        for part, value in after.items():
            if before[part] != value or type(before[part]) is not type(value):
                message = value_change(before[part], value) + _NUMBERS
                yield SchemaChange("breaking", (key, part), message)


def _notes(old: Event, new: Event) -> Iterator[SchemaChange]:
    for key in _NOTES:
        before, after = getattr(old, key), getattr(new, key)
        if before != after:
            yield SchemaChange("note", (key,), value_change(before, after))
    if old.deprecated != new.deprecated:
        yield SchemaChange("note", ("deprecated",), "changed" if new.deprecated else "is gone")
    for name, after in new.properties.items():
        before = old.properties.get(name)
        if before is not None:
            yield from _property_notes(("properties", name), before, after)


def _property_notes(
    at: tuple[str, str], before: Property, after: Property
) -> Iterator[SchemaChange]:
    if before.sensitivity != after.sensitivity:
        message = f"{before.sensitivity} → {after.sensitivity}"
        yield SchemaChange("note", (*at, "sensitivity"), message)
    if before.description != after.description:
        yield SchemaChange("note", (*at, "description"), "reworded")
    elif before.documented != after.documented and before.json_schema == after.json_schema:
        yield SchemaChange("note", at, "notes changed")
