"""What a run prints at its end."""

from pathlib import Path

from event_assets.run_output import print_report
from event_assets.run_report import CheckLine, RunReport
from event_assets.settings import load_settings, packaged_plan_dir


def check(name: str, *, passed: bool, severity: str = "WARN") -> CheckLine:
    return CheckLine("lake/client", name, passed, severity, False, f"told by {name}", {})


def test_checks_that_warn_or_fail_stand_last_with_what_they_tell(tmp_path: Path, capsys):
    checks = (
        check("a_fails", passed=False, severity="ERROR"),
        check("b_warns", passed=False),
        check("c_passes", passed=True),
        check("d_warns", passed=False),
        check("e_passes", passed=True, severity="ERROR"),
    )
    settings = load_settings(tmp_path, packaged_plan_dir(), None)
    print_report(settings, RunReport("run", 1, "no", (), (), checks, (), {}))
    lines = [line for line in capsys.readouterr().out.splitlines() if "lake/client" in line]
    assert lines == [
        "ok   lake/client c_passes",
        "ok   lake/client e_passes",
        "warn lake/client b_warns: told by b_warns",
        "warn lake/client d_warns: told by d_warns",
        "FAIL lake/client a_fails: told by a_fails",
        "failed: lake/client a_fails: told by a_fails",
    ]
