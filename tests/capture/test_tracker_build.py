"""The file that browsers get is small, typed at its source, and made from it as it is."""

import subprocess
import sys
from pathlib import Path

from event_assets.capture.packaged import compressed
from tests.capture.site import TRACKER
from tests.needs import missing
from tests.plan.compilers import TSC, node

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "event_assets/capture/tracker"
MOST_BYTES = 2_500  # as served, in gzip
OPTIONS = (
    "--noEmit --allowJs --checkJs --strict --noUnusedLocals --target es2022 "
    "--module es2022 --moduleResolution bundler --lib es2022,dom,dom.iterable"
)
USE = """
/// <reference path="event_assets/capture/tracker/track.d.ts" />
const id: string | undefined = window.ea?.("track", "add_to_cart", { quantity: 1 }, { event_version: "2" });
window.ea?.("consent", "granted");
window.ea?.("consent", "perhaps");
window.ea?.("track");
"""


def test_the_built_file_is_the_sources_own(tmp_path: Path) -> None:
    if not list((Path(sys.prefix) / "node/node_modules/@esbuild").glob("*/bin/esbuild")):
        missing("esbuild, which `./setup-venv dev` installs")
    built = tmp_path / "track.js"
    subprocess.run([ROOT / "build-tracker", built], check=True, env={"VENV": sys.prefix})
    assert built.read_text() == TRACKER.read_text(), "run `make tracker`, and commit its result"


def test_it_is_small_as_it_is_served() -> None:
    assert len(compressed("track.js")) <= MOST_BYTES


def test_its_source_has_no_mistake_of_types() -> None:
    if not TSC.is_file():
        missing("the TypeScript compiler")
    files = [*SOURCE.glob("*.js"), SOURCE / "track.d.ts"]
    done = node(str(TSC), *OPTIONS.split(), "--types", "", *map(str, files), folder=ROOT)
    assert done.stdout == ""


def test_pages_in_typescript_are_told_what_they_call_wrongly(tmp_path: Path) -> None:
    if not TSC.is_file():
        missing("the TypeScript compiler")
    use = tmp_path / "use.ts"
    use.write_text(USE.replace("event_assets", str(ROOT / "event_assets")))
    done = node(str(TSC), *OPTIONS.split(), "--types", "", str(use), folder=tmp_path)
    assert [
        line.partition(": error")[0] for line in done.stdout.splitlines() if "error" in line
    ] == [
        "use.ts(5,1)",
        "use.ts(6,1)",
    ] or {"(5,", "(6,"} == {
        line[line.index("(") :][:3] for line in done.stdout.splitlines() if "error TS" in line
    }
