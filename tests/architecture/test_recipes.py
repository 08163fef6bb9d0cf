"""What the README says under "To add …" is true: the files are there, they are few, and the rest follows."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RECIPES = dict(re.findall(r"^\| (an? [^|]+?) \| (.+) \|$", (ROOT / "README.md").read_text(), re.MULTILINE))
MOST = {
    "a setting": 4,
    "a kind of value": 3,
    "a cmdlet": 2,
    "a way out": 4,
    "a question to DNS about a client or its mail": 5,
    "a column of the protocol log": 4,
}
"""Files that are written by hand, tests and the migration counted."""


def paths(recipe: str) -> list[str]:
    return [each for each in re.findall(r"`([\w/.]+)`", recipe) if "/" in each]


@pytest.mark.parametrize("what", RECIPES)
def test_the_places_of_a_recipe_are_there(what: str) -> None:
    assert paths(RECIPES[what])
    assert [path for path in paths(RECIPES[what]) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("what", MOST)
def test_a_recipe_is_short(what: str) -> None:
    assert len(paths(RECIPES[what])) <= MOST[what]


NEW_SETTING = """    max_sessions_at_night: Annotated[
        int,
        Setting(
            "MaxSessionsAtNight", "Limits", Kind.COUNT, "Sessions at night",
            "How many clients may keep us awake.",
            "own setting", minimum=1, maximum=50, group="Connections",
        ),
    ] = 7
    limit_scope: Annotated["""
LOOK = """
import json, sys
import django
django.setup()
from console.connectors.forms import ReceiveForm
from console.connectors.models import ReceiveConnector as Row
from console.commands.script import new_commands
from console.management_shell.cmdlets import TABLE
from console.management_shell.cmdlets.receive_connectors import FAMILY
from console.moving_in.objects import Item, Source
from console.moving_in.report import Known
from console.moving_in.translation import translate
from console.publishing.fields import field_for
from console.publishing.rows import struct_of, write
from transport.config import document
from transport.config.receive_connector import ReceiveConnector
from transport.config.snapshot import Snapshot

one = ReceiveConnector(name="Office", max_sessions_at_night=9)
groups = {group.title: group.fields for group in ReceiveForm.grouped_on["Limits"]}
parameter = next(each for each in TABLE["Set-ReceiveConnector"].parameters if each.name == "MaxSessionsAtNight")
exported = Item(Source.RECEIVE_CONNECTOR, {"Name": "Office", "MaxSessionsAtNight": "11"})
print(json.dumps({
    "row": struct_of(write(one, Row()), ReceiveConnector).max_sessions_at_night,
    "group": groups["Connections"],
    "field": field_for(ReceiveForm.table()["max_sessions_at_night"]).clean("12"),
    "parameter": parameter.read("8"),
    "help": parameter.help,
    "property": FAMILY.record(write(one, Row())).properties["MaxSessionsAtNight"],
    "command": new_commands(one),
    "import": translate([exported], Known(frozenset(), {}, {}))[0].struct.max_sessions_at_night,
    "document": document.encode(Snapshot(receive_connectors=(one,))).decode(),
}))
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The product with one more setting, declared in its table and nowhere else."""
    home = tmp_path_factory.mktemp("copy")
    for name in ("transport", "console", "templates", "static"):
        shutil.copytree(ROOT / name, home / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("manage.py", "pyproject.toml"):
        shutil.copy(ROOT / name, home)
    table = home / "transport" / "config" / "receive_connector.py"
    table.write_text(table.read_text().replace("    limit_scope: Annotated[", NEW_SETTING, 1))
    return home


def run(home: Path, *arguments: str) -> str:
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "console.settings", "DATABASE_URL": "", "PYTHONPATH": ""}
    done = subprocess.run([sys.executable, *arguments], cwd=home, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_declared_setting_is_everywhere(copy: Path) -> None:
    found = json.loads(run(copy, "-c", LOOK))
    assert "max_sessions_at_night" in found.pop("group")
    assert found.pop("help") == "How many clients may keep us awake."
    assert "-MaxSessionsAtNight 9" in " ".join(found.pop("command"))
    assert '"max_sessions_at_night":9' in found.pop("document")
    assert found == {"row": 9, "field": 12, "parameter": 8, "property": 9, "import": 11}


def test_makemigrations_writes_its_column(copy: Path) -> None:
    written = run(copy, "-W", "ignore", "manage.py", "makemigrations", "--dry-run")
    assert re.findall(r"^ +[+~-] .*", written, re.MULTILINE) == [
        "    + Add field max_sessions_at_night to receiveconnector"
    ]
