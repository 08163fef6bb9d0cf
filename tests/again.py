"""What failed in company, once more and alone: `python -m tests.again`. Names what passed only now, and forgives two.

A test that needs a second try is a fault of its own: more than two, and the run has failed whatever they do now.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

FAILED = Path(__file__).resolve().parent.parent / ".pytest_cache" / "v" / "cache" / "lastfailed"
FORGIVEN = 2


def main() -> int:
    names = sorted(json.loads(FAILED.read_text())) if FAILED.exists() else []
    if not names:
        print("No test failed: it was something before the tests, and is not tried again.")
        return 1
    listed = "".join(f"\n    {name}" for name in names)
    if len(names) > FORGIVEN:
        print(f"{len(names)} tests failed, which is too many for a second try:{listed}")
        return 1
    code = subprocess.run([sys.executable, "-m", "pytest", "-q", *names]).returncode
    print(f"Passed only at the second try:{listed}" if code == 0 else f"Failed twice, or one of them did:{listed}")
    return code


if __name__ == "__main__":
    sys.exit(main())
