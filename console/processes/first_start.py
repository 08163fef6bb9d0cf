"""What a new installation is given."""

from __future__ import annotations

import os
import secrets

from django.conf import settings
from django.db import transaction

from console.accounts import actions as accounts
from console.actors import SYSTEM
from console.certificates import actions as certificates
from console.connectors import actions as connectors
from console.directory import actions as directory
from console.domains import actions as domains
from console.processes.home import Home, write_private
from console.protection import actions as protection
from console.publishing import queries as publishing


@transaction.atomic
def run(home: Home) -> None:
    """All or nothing, and only once: what an administrator has removed does not come back with the next start."""
    if not publishing.newest():
        certificates.first_start()
        domains.first_start()
        protection.first_start()
        connectors.first_start()
        # RFC 5321 §4.5.1: a server has a postmaster; so the first mail has somebody to go to.
        directory.add(SYSTEM, f"postmaster@{settings.GATEPOST_DOMAIN}", "Postmaster")
    _first_administrator(home)


def _first_administrator(home: Home) -> None:
    """A generated password is kept in `$GATEPOST_HOME/admin-password`."""
    given = os.environ.get("GATEPOST_ADMIN_PASSWORD")
    password = given or "-".join(secrets.token_hex(2) for _ in range(4))
    if accounts.first_start(password) and not given:
        write_private(home.admin_password_file, password + "\n")
