"""`plan new` writes an event's file that loads, and says what it still lacks."""

import os
import sys
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from event_assets import cli
from event_assets.plan.drafting.drafts import similar_name, similar_pairs
from event_assets.plan.loader import load_plan
from event_assets.starter import write_starter_plan

# a busy machine is no mistake
UNHURRIED = settings(deadline=None, suppress_health_check=list(HealthCheck))

PLAN = Path("tracking_plan")
WHOLE = (
    *("--description", "The visitor saved a form: all of it.", "--purpose", "Use of forms."),
    *("--owner", "web@example.com", "--sent-by", "client", "--sent-by", "mobile"),
)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("DATA", "PLAN", "CONFIG"):
        monkeypatch.delenv(f"EVENT_ASSETS_{name}", raising=False)
    monkeypatch.chdir(tmp_path)
    write_starter_plan(PLAN)
    return tmp_path


@pytest.fixture
def new(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Run `plan new`; gives exit code, standard output and standard error."""

    def run(*arguments: object) -> tuple[int, str, str]:
        argv = ["event-assets", "plan", "new", *map(str, arguments)]
        monkeypatch.setattr(sys, "argv", argv)
        with pytest.raises(SystemExit) as ended:
            cli.main()
        output = capsys.readouterr()
        return int(ended.value.code or 0), output.out, output.err

    return run


def test_an_event_of_which_all_is_said_is_active(new: Any) -> None:
    given = ("--property", "form:string!", "--property", "ms:integer")
    code, out, err = new("form_saved", *WHOLE, *given)
    assert (code, err) == (0, "")
    assert out == "wrote tracking_plan/events/form_saved.yaml\nnext: event-assets plan check\n"
    event = load_plan(PLAN).events["form_saved"]
    assert event.status == "active"
    assert event.description == "The visitor saved a form: all of it."
    assert event.sent_by == ("client", "mobile")
    assert {name: (each.type, each.required) for name, each in event.properties.items()} == {
        "form": ("string", True),
        "ms": ("integer", False),
    }


def test_what_is_not_said_is_asked_for_in_a_draft(new: Any) -> None:
    code, out, _ = new("form_saved", "--owner", "team:web")
    assert code == 0
    assert "wrote tracking_plan/events/form_saved.yaml as a draft\n" in out
    assert "fill in description, purpose, sent_by there, and take `status: draft` out" in out
    event = load_plan(PLAN).events["form_saved"]
    assert event.status == "draft"
    assert event.description.startswith("(to be written) ")
    assert event.purpose.startswith("(to be written) ")
    assert event.owner == "team:web"


@pytest.mark.parametrize(
    ("name", "alike"),
    [
        ("sign_up_completed", "signup_completed"),
        ("SignupCompleted", "signup_completed"),
        ("signup complete", "signup_completed"),
        ("Page-View", "page_view"),
        ("page_views", "page_view"),
        ("form_saved", None),
        ("view", None),
    ],
)
def test_a_name_that_reads_like_another_is_told(new: Any, name: str, alike: str | None) -> None:
    code, out, _ = new(name, *WHOLE)
    assert code == 0
    assert (f"note: the plan has `{alike}` already" in out) if alike else ("note" not in out)


@settings(UNHURRIED)
@given(st.text(max_size=20), st.lists(st.text(max_size=20), max_size=5))
def test_a_name_reads_like_itself_in_no_plan_and_never_like_no_name(
    name: str, known: list[str]
) -> None:
    other = similar_name(name, known)
    assert other is None or (other in known and other != name)


def test_among_very_many_names_case_and_separators_still_count() -> None:
    names = [f"event {number} of many" for number in range(3_000)]
    assert list(similar_pairs(["Event_5-of-MANY", "event 7 of man"], names)) == [
        ("Event_5-of-MANY", "event 5 of many")
    ]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["a/b"], "the event's name `a/b` cannot be that of a file: it holds a `/`; give"),
        ([".a"], "it begins with a dot"),
        ([" "], "cannot be that of a file: it is empty"),
        (["a" * 300], "longer than 250 bytes"),
        (["a\nb"], "it holds a character that cannot be seen"),
        (["purchase"], "purchase.yaml: is there already; edit it, or remove it"),
        (["x", "--owner", "bob"], "event `x`: owner: `bob` is neither an e-mail address nor"),
        (["x", "--sent-by", "clent"], "event `x`: sent_by.0: `clent` is not allowed here; did you"),
        (["x", "--description", " "], "event `x`: description: empty; write a few words"),
        (["x", "--property", "a"], "`a` is no property; write it as `plan:string`"),
        (["x", "--property", ":string"], "`:string` is no property"),
        (["x", "--property", "a:strin"], "`strin` is no type; did you mean `string`?"),
        (["x", "--property", "a:string", "--property", "a:integer"], "`a` is there twice"),
        (
            ["x", "--plan", "nope"],
            "there is no plan in nope; name its folder with --plan, or write",
        ),
    ],
)
def test_what_cannot_be_written_is_one_line_and_nothing_is_written(
    new: Any, elsewhere: Path, arguments: list[str], told: str
) -> None:
    before = sorted(elsewhere.rglob("*"))
    code, out, err = new(*arguments)
    assert (code, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1
    assert sorted(elsewhere.rglob("*")) == before


def test_odd_names_and_texts_load_as_they_were_given(new: Any) -> None:
    text = "yes: 'no' #1, \"{a}\" — é\u2028"
    assert new("Save: Settings é", *WHOLE, "--purpose", text, "--property", "a:b:string!")[0] == 0
    event = load_plan(PLAN).events["Save: Settings é"]
    assert event.purpose == text
    assert event.properties["a:b"].required


def test_the_packaged_example_is_never_written_to(new: Any, elsewhere: Path) -> None:
    os.rename(PLAN, elsewhere / "mine")
    code, _, err = new("x")
    assert code == 2
    assert "there is no plan in tracking_plan" in err
    code, out, _ = new("x", "--plan", "mine")
    assert code == 0
    assert out.endswith("next: event-assets plan check --plan mine\n")


def test_the_plan_that_the_environment_names_is_written_to(
    new: Any, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.rename(PLAN, elsewhere / "mine")
    monkeypatch.setenv("EVENT_ASSETS_PLAN", "mine")
    assert new("x")[0] == 0
    assert "x" in load_plan(Path("mine")).events


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_name_that_looks_like_one_of_the_plan_is_refused(new: Any, form: Any) -> None:
    other = {"NFC": "NFD", "NFD": "NFC"}[form]
    assert new(unicodedata.normalize(form, "café"))[0] == 0
    before = sorted(PLAN.rglob("*"))
    code, out, err = new(unicodedata.normalize(other, "café"))
    assert (code, out) == (2, "")
    assert "already, in other characters of unicode that look the same" in err
    assert sorted(PLAN.rglob("*")) == before
    load_plan(PLAN)
