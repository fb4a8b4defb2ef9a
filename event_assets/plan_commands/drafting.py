"""Drafts a plan folder from logs, and says what it saw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from event_assets.errors import ConfigurationError, shown_path
from event_assets.ingest.unjudged import UNNAMED, LinesSeen, LogReader, log_files, source_of
from event_assets.plan.drafting.drafts import KINDS, composed, similar_pairs
from event_assets.plan.drafting.infer import Drafts, drafts_of, summary_of
from event_assets.plan.drafting.observed import MAX_EVENTS, Observed
from event_assets.plan.drafting.trial import check_events, known_names
from event_assets.plan.drafting.writing import write_plan
from event_assets.progress import report
from event_assets.settings import Settings, load_settings
from event_assets.sources import Source
from event_assets.yaml_files import did_you_mean

_SHOWN = 20  # lines of one list


def draft_from_logs(
    logs: Sequence[Path],
    folder: Path,
    source_name: str | None,
    kind: str | None,
    required_share: float,
    owner: str | None,
) -> list[str]:
    """Write drafts of the events in the logs that the plan lacks; gives lines that tell of them.

    Raises ConfigurationError where a log cannot be read or the folder cannot be written to.
    """
    if kind is not None and kind not in KINDS:
        remedy = did_you_mean(kind, KINDS) or f"allowed: {', '.join(KINDS)}"
        raise ConfigurationError(f"`{kind}` is no kind of source", remedy=remedy)
    known = known_names(folder)
    observed, seen, told = _observe(logs, _sources(folder), source_name, kind)
    drafts = drafts_of(observed, required_share=required_share, owner=owner)
    lacking = [each for each in drafts.events if composed(each["event"]) not in known]
    new = replace(drafts, events=lacking)
    name = folder.absolute().name
    check_events(new.events, folder=folder, name=name)
    if new.events:
        write_plan(folder, name, new.events)
    return [
        *_about_lines(seen, told),
        *_about_events(observed),
        *_about_notes(new, known, observed),
        *_about_files(new, folder, sum(composed(each) in known for each in observed.events)),
    ]


def _sources(folder: Path) -> tuple[Source, ...]:
    if (folder / "sources.yaml").is_file():
        return load_settings(Path("data"), folder, None).config.sources
    return Settings.from_environment().config.sources


def _observe(
    logs: Sequence[Path], sources: tuple[Source, ...], source_name: str | None, kind: str | None
) -> tuple[Observed, LinesSeen, list[str]]:
    """What was seen, and lines that tell of files that were not read."""
    named = None if source_name is None else _named(source_name, sources)
    files, others = log_files(logs)
    observed, seen = Observed(), LinesSeen()
    readers: dict[str, LogReader] = {}
    for number, path in enumerate(files):
        report("Reading logs", done=number, total=len(files))
        source = named or source_of(path, sources)
        if source is not None and source.kind == "ad_report":
            others += 1
            continue
        source_kind = None if source is None else source.kind
        source = source or UNNAMED
        if source.name not in readers:
            readers[source.name] = LogReader(source, kind or source_kind, seen)
        for sent in readers[source.name].events(path):
            observed.see(sent.event, sent.properties, sent.kind)
    return (
        observed,
        seen,
        [f"passed over {_files(others)} that are no event logs"] if others else [],
    )


def _named(name: str, sources: tuple[Source, ...]) -> Source:
    logs = {source.name: source for source in sources if source.kind != "ad_report"}
    if name not in logs:
        remedy = did_you_mean(name, logs) or f"there are: {', '.join(logs)}"
        raise ConfigurationError(f"sources.yaml has no event logs called `{name}`", remedy=remedy)
    return logs[name]


def _about_lines(seen: LinesSeen, told: list[str]) -> Iterator[str]:
    left_out = seen.left_out.total()
    blank = f", {seen.blank:,} blank" if seen.blank else ""
    yield (
        f"read {seen.lines:,} lines of {_files(seen.files)}: "
        f"{seen.events:,} events{blank}, {left_out:,} left out"
    )
    yield from told
    for path, reason in list(seen.incomplete.items())[:_SHOWN]:
        yield f"  {shown_path(path)}: {reason}; what could be read of it counts"
    for reason, count in seen.left_out.most_common(_SHOWN):
        place = shown_path(Path(seen.places[reason]))
        yield f"  {count:,} left out: {reason} (first: {place})"


def _about_events(observed: Observed) -> Iterator[str]:
    if observed.beyond:
        yield (
            f"left out {observed.beyond:,} events whose names are too long or come after the first "
            f"{MAX_EVENTS:,}: do names hold ids?"
        )
    if observed.events:
        yield "events, how often, sent by:"
        yield from _first(f"  {line}" for line in summary_of(observed))


def _about_notes(drafts: Drafts, known: dict[str, str], observed: Observed) -> Iterator[str]:
    for each in drafts.unwritable:
        yield f"not written, since no file can have the event's name: {each}"
    if drafts.held_back:
        yield "not written, since personal data in the names of events would be shown by the plan:"
        yield from _first(f"  {each}" for each in drafts.held_back)
        yield "  send such data as properties"
    names = [each["event"] for each in drafts.events]
    alike = similar_pairs(names, sorted(known.values()))
    notes = [
        *(
            f"{name}: is in the plan in other characters of unicode that look the same; send those"
            for name in observed.events
            if known.get(composed(name), name) != name
        ),
        *drafts.notes,
        *(f"{name}: reads like `{other}`; one of them may be a mistake" for name, other in alike),
    ]
    if notes:
        yield "look at:"
        yield from _first(f"  {note}" for note in notes)


def _about_files(drafts: Drafts, folder: Path, already: int) -> Iterator[str]:
    if already:
        yield f"{already:,} events are in the plan already, and left as they are"
    if not drafts.events:
        yield "nothing to write"
        return
    yield f"wrote {_files(len(drafts.events))} into {shown_path(folder / 'events')}, as drafts"
    yield (
        "fill in their description, purpose and owner, which logs cannot tell, "
        "and take `status: draft` out"
    )


def _first(lines: Iterator[str]) -> Iterator[str]:
    rest = 0
    for number, line in enumerate(lines):
        if number < _SHOWN:
            yield line
        else:
            rest += 1
    if rest:
        yield f"  … and {rest:,} more"


def _files(count: int) -> str:
    return f"{count:,} file{'' if count == 1 else 's'}"
