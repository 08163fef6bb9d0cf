"""A little of `make fuzz`, so that it goes on working."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_some_thousand_lines_of_nonsense() -> None:
    command = [sys.executable, "-m", "tests.fuzz", "--lines", "3000", "--socket-lines", "1500", "--seed", "7"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^core: \d,\d{3} lines in .*^sockets: \d,\d{3} lines in ", done.stdout, re.MULTILINE | re.DOTALL)
