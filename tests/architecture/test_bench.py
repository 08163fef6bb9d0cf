"""`make bench` runs where nobody has run `make test`: it imports none of the test tools."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

WITHOUT = """
import sys
class Missing:
    def find_spec(self, name, *_):
        if name.partition(".")[0] in sys.argv[1:]:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Missing())
import tests.bench.__main__
"""


def tools_of_tests() -> set[str]:
    """The distributions that only `make test` installs by name."""
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["test"]
    return {re.split(r"[^A-Za-z0-9-]", line)[0] for line in extra}


def test_the_measurements_need_none_of_the_test_tools() -> None:
    tools = tools_of_tests()
    modules = [
        module
        for module, found in packages_distributions().items()
        if {name.lower().replace("_", "-") for name in found} <= tools
    ]
    assert {"pytest", "_pytest", "hypothesis"} <= set(modules)
    done = subprocess.run([sys.executable, "-c", WITHOUT, *modules], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
