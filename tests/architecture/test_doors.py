"""Which room may open which door (README: where is …?). A wrong import fails here, with the file's name."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOREIGN_TO_PURE = {
    "asyncio", "socket", "ssl", "time", "random", "os", "threading", "select", "subprocess", "pathlib",
    "aiosmtpd", "psycopg", "redis", "django", "celery", "dns", "uvloop",
}  # fmt: skip


def modules(folder: str) -> list[Path]:
    return sorted(path for path in (ROOT / folder).rglob("*.py") if "migrations" not in path.parts)


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            found |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def under(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


@pytest.mark.parametrize(
    ("folder", "doors"),
    [
        ("transport/config", ("transport.config",)),
        ("transport/smtp", ("transport.smtp", "transport.config")),
        ("transport/receive", ("transport.receive", "transport.smtp", "transport.config")),
        ("transport/send", ("transport.send", "transport.smtp", "transport.config")),
    ],
)
def test_pure_rooms_know_no_clock_no_socket_and_no_shell(folder: str, doors: tuple[str, ...]) -> None:
    for path in modules(folder):
        for name in imports(path):
            assert not under(name, *FOREIGN_TO_PURE), f"{path} imports {name}"
            assert not under(name, "transport") or name == "transport" or under(name, *doors), f"{path} imports {name}"


def test_the_list_of_public_suffixes_stays_out_of_the_transport() -> None:
    """The library reads its bundled list from a file: at the import of one module, never while something is decided,
    and in the console's processes alone.
    """
    asking = {path.name for path in modules("transport") for name in imports(path) if under(name, "publicsuffixlist")}
    assert asking == {"public_suffixes.py"}
    loaded = "import sys, transport.worker; print('publicsuffixlist' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", loaded], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"


def test_the_transport_knows_nothing_of_the_console() -> None:
    for path in modules("transport"):
        for name in imports(path):
            assert not under(name, "console", "django", "celery"), f"{path} imports {name}"


def test_the_console_never_opens_the_transports_shell() -> None:
    for path in modules("console"):
        for name in imports(path):
            assert not under(name, "transport.shell", "transport.worker"), f"{path} imports {name}"


def test_apps_open_each_others_actions_queries_and_models_only() -> None:
    closed = ("views", "forms", "urls", "tasks")
    for path in modules("console"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        for name in imports(path):
            target = name.split(".")
            if under(name, "console") and len(target) > 2 and len(parts) > 2 and target[1] not in (parts[1], "crud"):
                assert target[2] not in closed, f"{path} imports {name}"
