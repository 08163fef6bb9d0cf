"""The Chromium of the browser tests: `python -m tests.browser` makes sure that there is one (as root: installs it)."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path

APT = "apt-get install -y --no-install-recommends chromium fonts-liberation libatomic1"
ON_PATH = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HINT = (
    f"The browser tests need Chromium: {APT}\nOr name one in BROWSER_BIN, or leave these tests out: ALLOW_NO_BROWSER=1"
)


def find_browser() -> str | None:
    """`$BROWSER_BIN`, else the system's Chromium or Chrome, else one that Playwright installed; None without one that
    can be driven (Playwright's driver needs libatomic, which a small Debian lacks)."""
    found = os.environ.get("BROWSER_BIN") or next(filter(None, map(shutil.which, ON_PATH)), None) or _playwright_s_own()
    return found if found and _has_libatomic() else None


def may_be_left_out() -> bool:
    return os.environ.get("ALLOW_NO_BROWSER") == "1"


def _playwright_s_own() -> str | None:
    place = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    return next((str(path) for path in sorted(place.glob("chromium-*/chrome-linux*/chrome"))), None)


def _has_libatomic() -> bool:
    try:
        ctypes.CDLL("libatomic.so.1")
    except OSError:
        return False
    return True


def main() -> None:
    if find_browser() or may_be_left_out():
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        sys.exit(HINT)
    print("Installing Chromium for the browser tests (once; about 200 MB)…", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in ("apt-get update -qq", APT.replace("-y", "-y -qq")):
        done = subprocess.run(command.split(), env=environment, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{command} failed:\n{done.stderr}\n{HINT}")


if __name__ == "__main__":
    main()
