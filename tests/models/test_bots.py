"""Whom the user agents give away as bots, and whom not."""

from collections.abc import Iterator
from pathlib import Path

from building import Warehouse
from lake import event

AGENTS = Path(__file__).with_name("user_agents.txt")


def named_agents() -> Iterator[tuple[str, str | None]]:
    """Each agent of the file with the reason that stands above it, None below `# people`."""
    reason: str | None = None
    for line in AGENTS.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            reason = None if line.startswith("# people") else line[2:]
        else:
            yield line, reason


def test_bots_are_known_by_class_and_nobodys_browser_or_app_is_one(warehouse: Warehouse) -> None:
    agents = dict(named_agents())
    warehouse.lake.add(
        "one",
        [
            event(event_id=f"{n:03}", anonymous_id=f"a{n}", user_agent=agent)
            for n, agent in enumerate(agents)
        ],
    )
    warehouse.build("--select", "+int_event_sessions")
    found = warehouse.query(
        "select user_agent, bot_reason from core.int_event_sessions inner join core.stg_events using (event_key)"
    )
    assert {agent: reason for agent, reason in found if agents[str(agent)] != reason} == {}
    assert len(found) == len(agents) > 110
