"""What a new installation is given. Every step leaves alone what is there already, so that each start may call it."""

from __future__ import annotations

import os
import secrets
from importlib import import_module
from importlib.util import find_spec

from django.db import transaction

from console.accounts import actions as accounts
from console.processes.home import Home, write_private


@transaction.atomic
def run(home: Home) -> None:
    """All or nothing. A generated password of the first administrator is kept in `$GATEPOST_HOME/admin-password`."""
    for app in ("certificates", "domains", "directory", "protection", "connectors"):
        if find_spec(f"console.{app}.actions"):
            first = getattr(import_module(f"console.{app}.actions"), "first_start", None)
            if first:
                first()
    given = os.environ.get("GATEPOST_ADMIN_PASSWORD")
    password = given or "-".join(secrets.token_hex(2) for _ in range(4))
    if accounts.first_start(password) and not given:
        write_private(home.admin_password_file, password + "\n")
