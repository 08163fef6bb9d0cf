"""Which room may open which door (README: where is …?). A wrong import fails here, with the file's name."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.architecture.imports import ROOT, files, imports, modules, room_of

# fmt: off
PURE = (
    "__future__", "base64", "binascii", "bisect", "codecs", "collections", "contextlib", "csv", "dataclasses",
    "datetime", "decimal", "email.utils", "enum", "functools", "hashlib", "heapq", "hmac", "html", "ipaddress",
    "itertools", "json", "math", "operator", "re", "string", "struct", "textwrap", "types", "typing", "unicodedata",
    "urllib.parse", "uuid.UUID", "msgspec",
)
"""What the pure rooms know of the world: no clock, no chance, no file, no socket, no thread."""
STANDARD = tuple(sys.stdlib_module_names)
DECISIONS = ("transport.config", "transport.smtp", "transport.receive", "transport.send", "transport.trace")
DISK = ("transport.durable_file", "transport.held_body", "transport.identity", "transport.key_file",
        "transport.log_files", "transport.log_lines", "transport.memory", "transport.node", "transport.postgresql",
        "transport.redis_address", "transport.reference", "transport.service_manager")
QUEUE = ("transport.flow", "transport.queries", "transport.next_hops", "transport.routes")
DNS = ("transport.name_servers", "dns")
OUTSIDE = (*STANDARD, *DECISIONS, *DISK, *QUEUE, *DNS, "aiosmtpd", "argon2", "cryptography", "msgspec",
           "psycopg",
           "psycopg_pool", "redis", "spnego", "uvloop")
FRIENDS_OF_DJANGO = ("argon2", "asgiref", "celery", "cryptography", "csp", "defusedxml", "django", "django_htmx", *DNS,
                     "h11", "kombu", "lark", "markdown_it", "msgspec", "nh3", "prompt_toolkit", "psycopg",
                     "psycopg_pool", "re2", "redis", "spnego", "uvicorn")

# Room: what it may import beside what is its own.
DOORS = {
    "transport.config": (*PURE, "publicsuffixlist"),
    "transport.smtp": (*PURE, "transport.config"),
    "transport.receive": (*PURE, "cryptography.x509", "transport.config", "transport.smtp"),
    "transport.send": (*PURE, "transport.config", "transport.smtp"),
    # The what-if asks the decisions themselves: another answer would be a guess.
    "transport.trace": (*PURE, "transport.config", "transport.smtp", "transport.receive", "transport.send"),
    "transport": (*STANDARD, *DECISIONS, *DISK, *QUEUE, "cryptography", "dns", "psycopg", "redis"),
    "transport.shell": OUTSIDE,
    "transport.deliver": (*OUTSIDE, "google", "msal"),
    "transport.worker": (*OUTSIDE, "transport"),
    "transport.master": (*STANDARD, *DECISIONS, *DISK, "msgspec", "transport.shell"),
    "transport.__main__": ("sys", "transport"),
    "console": (*STANDARD, *DECISIONS, *DISK, *FRIENDS_OF_DJANGO),
    # How a pool comes back after an outage is one answer for pages and delivery.
    "console.settings": (*STANDARD, *DISK, *FRIENDS_OF_DJANGO, "transport.deliver.database", "console"),
    "console.processes": (
        *STANDARD, *DECISIONS, *DISK, *FRIENDS_OF_DJANGO, "transport.queries", "transport.deliver.database", "console",
    ),
    "console.mailboxes": (*STANDARD, *DECISIONS, *DISK, *FRIENDS_OF_DJANGO, "transport.queries", "console"),
    # The test of a Send connector is delivery's own code: another one would find something else.
    "console.connectors": (
        *STANDARD, *DECISIONS, *DISK, *FRIENDS_OF_DJANGO, "transport.deliver.probe", "transport.deliver.database",
        "console",
    ),
    # So is the look at a mail server: its hosts are found and spoken to as those of a message are.
    "console.mail_server": (
        *STANDARD, *DECISIONS, *DISK, *FRIENDS_OF_DJANGO, "transport.deliver.probe", "transport.deliver.survey",
        "console",
    ),
    # A person signs in at a provider by a code: who asks for that is who later asks for tokens.
    "console.credentials": (
        *STANDARD, *DECISIONS, *DISK, *FRIENDS_OF_DJANGO, "transport.deliver.token_endpoints", "console",
    ),
    # What is copied of a journal, and how it comes into a database again, is the journal's own to say.
    "console.backups": (
        *STANDARD, *DECISIONS, *DISK, *FRIENDS_OF_DJANGO, "transport.deliver.https", "transport.shell.journal",
        "transport.shell.forward.forwarder", "transport.shell.forward.taking_in", "console",
    ),
    # Authorities are strangers, and hooks programs of root: they are asked and run as delivery does it.
    "console.acme": (
        *STANDARD, *DECISIONS, *DISK, *FRIENDS_OF_DJANGO, "acme", "josepy", "requests", "transport.deliver.commands",
        "transport.deliver.https", "console",
    ),
    "console.queues": (*STANDARD, *DECISIONS, *DISK, *FRIENDS_OF_DJANGO, "transport.deliver", "console"),
    # What TLS a domain gets is what delivery asks for: another one would find something else.
    "console.tls": (
        *STANDARD, *DECISIONS, *DISK, *FRIENDS_OF_DJANGO, "transport.deliver.tls_outlook", "transport.deliver.database",
        "console",
    ),
}

# What one app of the console may import of another.
OPEN = ("actions", "queries", "models", "published")
VALUES = {
    "accounts": ("rate_limit",), "acme": ("checks", "timing"),
    "certificates": ("issuing", "keys", "reading"),
    "connectors": ("warnings", "mail_route", "own_addresses", "proposals", "send_test", "sentence"),
    "mail_server": ("subjects", "verdicts"),
    "mailboxes": ("header", "reading_room", "safe_html"),
    "moving_in": ("objects", "plan", "reading", "report"),
    "processes": ("account", "address", "data_directory", "home", "names", "nodes", "postgres", "report", "sockets"),
    "queues": ("queue", "remedies", "selection", "standing"),
    "tracking": ("conversation", "of_connector", "places", "question", "refusals", "remedies", "tracked"),
    "what_if": ("dns_answers", "forms", "reading", "unsaved"),
}
"""Files of an app that are pure: what its queries give, and how that is read. The one place that says which waiting
mail a filter means. The one where mail of strangers is read, whether it lies in a mailbox or waits. The one that
tells of the machines. The one that counts how often a stranger asks; the one that knows what a form would save; the
one that knows the addresses of this machine.
"""
FURNITURE = ("console.actors", "console.crud", "console.publishing", "console.commands", "console.navigation",
             "console.clock", "console.sealing")
PROJECT = ("console.settings", "console.urls", "console.asgi", "console.celery", "console.head_limit",
           "console.lifespan")
"""The project's own files, which know every app."""
# fmt: on


def under(name: str, *packages: str) -> bool:
    return any(f"{name}.".startswith(f"{package}.") for package in packages)


@pytest.mark.parametrize("module", modules())
def test_every_import_has_a_door(module: str) -> None:
    room = room_of(module, DOORS)
    own = () if room == "transport" else (room,)
    for name in imports(module):
        assert under(name, *own, *DOORS[room]), f"{module} imports {name}"


@pytest.mark.parametrize("module", [each for each in modules() if each.startswith("console.") and each not in PROJECT])
def test_apps_open_each_others_actions_queries_models_and_published_only(module: str) -> None:
    app = ".".join(module.split(".")[:2])
    for other in files()[module]:
        if not under(other, app, "transport", *FURNITURE):
            room, _, file = other.partition(".")[2].partition(".")
            assert file in OPEN or file in VALUES.get(room, ()), f"{module} imports {other}"


def test_the_list_of_public_suffixes_stays_out_of_the_transport() -> None:
    """The library reads its bundled list from a file: at the import of one module, never while something is decided,
    and in the console's processes alone.
    """
    asking = {each for each in modules() if under(each, "transport") and any(map(_of_suffixes, imports(each)))}
    assert asking == {"transport.config.public_suffixes"}
    loaded = "import sys, transport.worker; print('publicsuffixlist' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", loaded], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"


def _of_suffixes(name: str) -> bool:
    return under(name, "publicsuffixlist")
