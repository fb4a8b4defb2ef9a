"""Runs all benchmarks, one after the other: `python -m bench`."""

import subprocess
import sys
from pathlib import Path


def main() -> None:
    """Run each script of this folder; stop at the first that fails."""
    for script in sorted(Path(__file__).parent.glob("[!_]*.py")):
        print(f"\n== {script.name}", flush=True)
        subprocess.run([sys.executable, str(script)], check=True)


if __name__ == "__main__":
    main()
