"""A plan folder made of texts."""

from collections.abc import Callable
from pathlib import Path

import pytest

PlanWriter = Callable[[dict[str, str]], Path]

PLAN = "name: shop\nversion: 3\n"
SIGNUP = """\
event: signup
description: An account was made.
purpose: Growth.
owner: growth@example.com
sent_by: [server]
properties:
  plan:
    type: string
    required: true
"""


@pytest.fixture
def write_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PlanWriter:
    """Writes files into a fresh plan folder that already has plan.yaml and events/signup.yaml."""
    monkeypatch.chdir(tmp_path)

    def write(files: dict[str, str]) -> Path:
        folder = tmp_path / "plan"
        for name, text in {"plan.yaml": PLAN, "events/signup.yaml": SIGNUP, **files}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return folder

    return write
