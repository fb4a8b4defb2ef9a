"""docs/identity.md says what the models do."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import oracle
import yaml
from building import Warehouse
from lake import event

PAGE = Path(__file__).parents[2] / "docs" / "identity.md"
Row = dict[str, str]


def examples() -> dict[str, str]:
    """The examples by title."""
    text = PAGE.read_text().split("## Examples")[1].split("## Settings")[0]
    return dict(re.findall(r"### (.*?)\n(.*?)(?=\n### |\Z)", text, flags=re.S))


def tables(text: str) -> list[list[Row]]:
    """The rows of each table, by the names in its head."""
    found: list[list[Row]] = []
    for block in re.findall(r"(?:^\|.*\n?)+", text, flags=re.M):
        head, _, *rows = [
            [cell.strip() for cell in line.strip("|").split("|")]
            for line in block.split("\n")
            if line
        ]
        found.append([dict(zip(head, row, strict=True)) for row in rows])
    return found


def expanded(rows: list[Row]) -> Iterator[Row]:
    """One row for each device of `d1 … d51`."""
    for row in rows:
        several = re.fullmatch(r"d1 … d(\d+)", row["device"])
        for number in range(int(several[1]) if several else 1):
            yield {**row, "device": f"d{number + 1}"} if several else row


def seconds(time: str) -> int:
    hours, minutes = time.split(":")
    return int(hours) * 3600 + int(minutes) * 60


def test_every_example_is_what_the_models_say(warehouse: Warehouse) -> None:
    found = examples()
    assert len(found) == 6
    events: list[dict[str, Any]] = []
    labels: dict[str, tuple[str, str]] = {}
    for number, text in enumerate(found.values()):
        for place, row in enumerate(expanded(tables(text)[0])):
            ids = {
                name: None if row[column] == "–" else f"{row[column]}.{number}"
                for name, column in (
                    ("anonymous_id", "device"),
                    ("user_id", "user"),
                    ("previous_id", "previous id"),
                )
            }
            kind = "client" if ids["anonymous_id"] else "server"
            event_id = f"{number}-{place}"
            at = seconds(row["time"])
            events.append(event(event_id=event_id, at=at, kind=kind, source=kind, **ids))
            labels[event_id] = (str(number), row["person"])
    warehouse.lake.plan["identity_exclusions"] = [
        {name: f"{each}.{number}" for name, each in link.items()}
        for number, text in enumerate(found.values())
        for block in re.findall(r"```yaml\n(.*?)```", text, flags=re.S)
        for link in yaml.safe_load(block)["identity"]["exclude"]
    ]
    for kind in ("client", "server"):
        warehouse.lake.add(kind, [row for row in events if row["kind"] == kind])
    warehouse.build("--select", "+identity_history")
    people: dict[tuple[str, str], set[Any]] = defaultdict(set)
    for event_id, person in warehouse.query(
        "select event_id, person_id from core.int_visitor_events"
    ):
        people[labels[str(event_id)]].add(person)
    assert all(len(persons) == 1 for persons in people.values())
    assert len({person for (person,) in people.values()}) == len(people)
    names = {person: label for label, (person,) in people.items()}
    check_history(warehouse, list(found.values()), names)


def check_history(
    warehouse: Warehouse, found: list[str], names: dict[Any, tuple[str, str]]
) -> None:
    history: dict[Any, list[tuple[Any, ...]]] = defaultdict(list)
    for visitor, person, start, end, reason in warehouse.query(
        "select visitor_id, person_id, strftime(valid_from, '%H:%M'), strftime(valid_to, '%H:%M'), reason "
        "from marts.identity_history order by valid_from"
    ):
        history[visitor].append((names[person][1], start, end or "–", reason))
    checked = 0
    for number, text in enumerate(found):
        told: dict[Any, list[tuple[str, ...]]] = defaultdict(list)
        for row in (each for table in tables(text)[1:] for each in table):
            visitor = "v_" + oracle.md5(f"{oracle.KEY}a:{row['visitor']}.{number}")
            told[visitor].append((row["person"], row["from"], row["to"], row["reason"]))
        for visitor, rows in told.items():
            assert history[visitor] == rows
            checked += 1
    assert checked == 4
