"""Drafts events from what was seen of them: types, what is required, lists of words, formats.

Bounds such as `minimum: 0` are not drafted: logs show what was sent, not what may be, and a guess
would set aside the first refund of −5. A type, a word or a missing property that is rare is taken for a
mistake of the sender, and told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from event_assets.plan.drafting.drafts import DESCRIPTION, KINDS, OWNER, PURPOSE, composed
from event_assets.plan.drafting.observed import (
    Observed,
    ObservedEvent,
    ObservedObject,
    ObservedValue,
)
from event_assets.plan.drafting.writing import NotAFileName, file_name
from event_assets.plan.personal import (
    is_name_of_id,
    is_name_of_thing,
    looks_like_id,
    looks_like_path,
    looks_like_person,
    more_sensitive,
    smell_of_name,
    smells_within,
)

REQUIRED_SHARE = 0.995
RARE_SHARE = 0.01  # a type or a word as rare as this is a mistake of the sender
ENOUGH = 20  # events of which a share says something
MAX_WORDS = 12  # of an enum
SEEN_OFTEN = 3  # times that each word of an enum is seen
EVENTS_PER_WORD = 10
ENOUGH_FOR_FORMAT = 5
SEEN_BY_MANY = 5  # times that an example is seen: what few sent may tell of them
MAX_EXAMPLES = 3
MAX_EXAMPLE = 40  # characters

_ROLES = ("page_view", "screen_view")
_ORDER = ("string", "integer", "number", "boolean", "object", "array", "null")
_AMOUNTS = ("amount", "price", "value", "total", "revenue", "cost", "tax", "discount", "rate")


@dataclass
class Drafts:
    """Events as their files are to say them, and what to know of them."""

    events: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    notes: list[str] = field(default_factory=list[str])
    unwritable: list[str] = field(default_factory=list[str])
    held_back: list[str] = field(default_factory=list[str])


def drafts_of(
    observed: Observed, *, required_share: float = REQUIRED_SHARE, owner: str | None = None
) -> Drafts:
    """An event each, the most frequent first.

    Names that no file can have are left out, and told; so are those that hold a person's data, of
    which the beginning alone is told. Of names that look the same the most frequent is drafted.
    """
    drafts = Drafts()
    spelled: dict[str, str] = {}
    by_frequency = sorted(observed.events.items(), key=lambda each: (-each[1].count, each[0]))
    for name, event in by_frequency:
        if smells_within(name):
            drafts.held_back.append(_masked(name, event))
            continue
        try:
            file_name(name)
        except NotAFileName as error:
            drafts.unwritable.append(f"{name[:80]!r}: {error}")
            continue
        if spelled.setdefault(composed(name), name) != name:
            drafts.notes.append(
                f"{name}: {_times(event.count)} in other characters of unicode{_LOOK}"
            )
            continue
        drafts.events.append(_Drafter(required_share, name, drafts.notes).event(event, owner))
    return drafts


class _Drafter:
    """Drafts one event."""

    def __init__(self, required_share: float, event: str, notes: list[str]) -> None:
        self._required_share = required_share
        self._rare_share = min(RARE_SHARE, 2 * (1 - required_share))
        self._event = event
        self._notes = notes

    def event(self, observed: ObservedEvent, owner: str | None) -> dict[str, Any]:
        drafted: dict[str, Any] = {
            "event": self._event,
            "description": f"{DESCRIPTION} Seen {_times(observed.count)} in the logs.",
            "purpose": PURPOSE,
            "owner": owner or OWNER,
            "sent_by": [kind for kind in KINDS if kind in observed.kinds],
            "status": "draft",
        }
        if self._event in _ROLES:
            drafted["role"] = self._event
        if observed.properties.has_too_many:
            self._note("", "has too many different properties; the draft takes any")
        else:
            if observed.properties.has_personal_names:
                self._note("", "names of properties hold personal data; the draft takes any more")
                drafted["rules"] = {"additionalProperties": True}
            drafted["properties"] = self._members(observed.properties, "")
        return drafted

    def _members(self, observed: ObservedObject, prefix: str) -> dict[str, Any]:
        schemas: dict[str, Any] = {}
        for name, value in observed.members.items():
            schema = self._schema(value, name, prefix + name)
            if self._is_required(value.count, observed.count):
                schema["required"] = True
                if value.count < observed.count:
                    missing = observed.count - value.count
                    self._note(prefix + name, f"is missing in {_of(missing, observed.count)}")
            schemas[name] = schema
        return schemas

    def _is_required(self, count: int, of: int) -> bool:
        return of >= ENOUGH and count >= self._required_share * of

    def _schema(self, observed: ObservedValue, name: str, path: str) -> dict[str, Any]:
        types = self._types(observed, name, path)
        schema: dict[str, Any] = {}
        if types:
            schema["type"] = types[0] if len(types) == 1 else types
        else:
            schema["description"] = "Null wherever it was seen."
        smell = more_sensitive(smell_of_name(name), observed.smell)
        if smell != "none":
            schema["sensitivity"] = smell
        if "string" in types:
            is_private = smell != "none" or self._may_tell(observed, name, path)
            schema |= self._about_texts(observed, path, types, is_private=is_private)
        if "array" in types and observed.items is not None:
            items = self._schema(observed.items, name, f"{path}[]")
            if items.get("sensitivity") == smell:
                del items["sensitivity"]
            if "type" in items:
                schema["items"] = items
        if "object" in types and observed.members is not None:
            if observed.members.has_too_many:
                self._note(path, "has too many different names; planned as any object")
            elif observed.members.has_personal_names:
                self._note(path, "has names that hold personal data; planned as any object")
            elif observed.members.members:
                schema["properties"] = self._members(observed.members, f"{path}.")
        return schema

    def _may_tell(self, observed: ObservedValue, name: str, path: str) -> bool:
        """Whether texts may tell of people though nothing in them is theirs for sure."""
        if any(map(looks_like_person, observed.texts)) and not is_name_of_thing(name):
            self._note(path, "may hold names of people; its texts are not shown in the draft")
            return True
        return any(map(looks_like_path, observed.texts))

    def _types(self, observed: ObservedValue, name: str, path: str) -> list[str]:
        """Types as the schema lists them; none where only nulls were seen."""
        types = _common_types(observed, self._rare_share)
        rare = observed.types.keys() - types - {"null"}
        for kind in sorted(rare):
            if kind not in ("integer", "number") or not types & {"integer", "number"}:
                planned = " or ".join(each for each in _ORDER if each in types)
                seen = _of(observed.types[kind], observed.count)
                self._note(path, f"is {kind} in {seen}, planned as {planned}")
        if "number" in observed.types or _is_amount(name):
            types = {"number" if each == "integer" else each for each in types}
        if observed.types["null"]:
            types |= {"null"}
        return [] if types == {"null"} else [each for each in _ORDER if each in types]

    def _about_texts(
        self, observed: ObservedValue, path: str, types: list[str], *, is_private: bool
    ) -> dict[str, Any]:
        texts, count = observed.texts, observed.types["string"]
        if observed.formats and count >= ENOUGH_FOR_FORMAT and set(types) <= {"string", "null"}:
            return {"format": observed.formats[0]}
        if is_private or is_name_of_id(path) or any(map(looks_like_id, texts)):
            return {}
        words = self._words(observed, count) if set(types) <= {"string", "null"} else []
        if words:
            others = count - sum(texts[word] for word in words)
            if others:
                self._note(path, f"is none of the words of its list in {_of(others, count)}")
            return {"enum": [*words, None] if "null" in types else words}
        examples = [
            text
            for text, seen in sorted(texts.items(), key=lambda each: (-each[1], each[0]))
            if seen >= SEEN_BY_MANY and 0 < len(text) <= MAX_EXAMPLE
        ]
        return {"examples": examples[:MAX_EXAMPLES]} if examples else {}

    def _words(self, observed: ObservedValue, count: int) -> list[str]:
        """The texts as a list of words, if they are few, and each is seen again and again.

        Others may be there as mistakes, as rare as those of other kinds.
        """
        words = sorted(text for text, seen in observed.texts.items() if seen >= SEEN_OFTEN)
        others = count - sum(observed.texts[word] for word in words)
        is_list = (
            2 <= len(words) <= MAX_WORDS
            and count >= max(ENOUGH, EVENTS_PER_WORD * len(words))
            and others <= self._rare_share * count
        )
        return words if is_list else []

    def _note(self, path: str, text: str) -> None:
        self._notes.append(f"{self._event}{'.' if path else ''}{path}: {text}")


def _common_types(observed: ObservedValue, rare_share: float) -> set[str]:
    """The types but null that are no mistakes of the sender."""
    counts = {kind: count for kind, count in observed.types.items() if kind != "null"}
    if observed.count < ENOUGH:
        return set(counts)
    common = {kind for kind, count in counts.items() if count > rare_share * observed.count}
    return common or set(counts)


def _is_amount(name: str) -> bool:
    return any(name.lower().endswith(each) for each in _AMOUNTS)


def _masked(name: str, event: ObservedEvent) -> str:
    return f"{name[:3]!r}… ({len(name):,} characters, seen {_times(event.count)})"


_LOOK = " that look the same; the spelling seen more often is planned, so send that one"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def _of(count: int, of: int) -> str:
    return f"{count:,} of {of:,}"


def summary_of(observed: Observed) -> Iterator[str]:
    """A line an event: how often it was seen, and who sends it. Names that hold a person's data are
    passed over."""
    events = {name: each for name, each in observed.events.items() if not smells_within(name)}
    width = max((min(len(name), 40) for name in events), default=0)
    for name, event in sorted(events.items(), key=lambda each: (-each[1].count, each[0])):
        kinds = ", ".join(kind for kind in KINDS if kind in event.kinds)
        yield f"{name[:40]:<{width}}  {event.count:>9,}  {kinds}"
