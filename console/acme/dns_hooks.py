"""TXT records that a command sets. Commands stand in `dns-hooks.toml`, which only root writes; a managed certificate
names one of them.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
from django.utils.translation import gettext_noop

from transport.config import bounds
from transport.deliver.commands import Refused, entry, execute
from transport.send.link import Command, require_whole_paths

FILE = "dns-hooks.toml"


class Hook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Commands as lists of arguments; each finds the record in ACME_RECORD and its text in ACME_VALUE. Without `remove`
    records stay. `timeout`: seconds for each.
    """

    add: Command
    remove: Command = ()
    timeout: float = 60.0

    def __post_init__(self) -> None:
        require_whole_paths(self.add, self.remove)
        if not 1 <= self.timeout <= 300:
            raise ValueError("timeout is 1 to 300 seconds")


def directory() -> Path:
    """GATEPOST_HOOKS, else /etc/gatepost/hooks."""
    return Path(os.environ.get("GATEPOST_HOOKS") or "/etc/gatepost/hooks")


def add(name: str, record: str, value: str) -> str:
    """Sets a TXT record by the hook of this name; why it could not, else nothing."""
    return _run(name, "add", record, value)


def take_away(name: str, record: str, value: str) -> str:
    """Removes it; why it could not, else nothing."""
    return _run(name, "remove", record, value)


def _run(name: str, what: str, record: str, value: str) -> str:
    try:
        hook = entry(directory() / FILE, bounds.DNS_HOOK, Hook, gettext_noop("hook"), name)
    except Refused as error:
        return str(error)
    command: Command = getattr(hook, what)
    given = {"ACME_RECORD": record, "ACME_VALUE": value}
    return execute(command, hook.timeout, bounds.DNS_HOOK, given) if command else ""
