"""No circle of files, and no arrow that runs up: a room imports only rooms that stand below it."""

from __future__ import annotations

from tests.architecture.imports import circles, files, names, room_of

# The lowest first.
# fmt: off
ORDER = (
    "transport.config", "transport.smtp", "transport.receive", "transport.send", "transport.trace",
    "transport.durable_file", "transport.key_file", "transport.log_files", "transport.log_lines", "transport.memory",
    "transport.identity", "transport.node", "transport.postgresql", "transport.redis_address",
    "transport.service_manager", "transport.reference", "transport.held_body", "transport.name_servers",
    "transport.queries", "transport.flow", "transport.next_hops", "transport.routes",
    "transport.shell.clock", "transport.shell.metrics", "transport.shell.names", "transport.shell.privileges",
    "transport.shell.database", "transport.shell.queries", "transport.shell.sockets", "transport.shell.tallies",
    "transport.shell.master",
    "transport.shell.journal", "transport.shell.feeds", "transport.shell.people", "transport.shell.log",
    "transport.shell.clients", "transport.shell.forward", "transport.shell.report", "transport.shell.health",
    "transport.deliver", "transport.worker", "transport.master", "transport.__main__",

    "console.clock", "console.actors", "console.body_limit", "console.head_limit", "console.sealing",
    "console.navigation",
    "console.audit.models", "console.audit.actions",
    "console.crud", "console.audit", "console.publishing", "console.commands", "console.drafts",
    "console.accounts", "console.transport_settings", "console.system_messages",
    "console.domains", "console.directory", "console.users",
    "console.mailboxes", "console.acme.models", "console.acme.timing",
    "console.certificates", "console.kerberos", "console.credentials", "console.dkim",
    "console.protection",
    "console.connectors", "console.tracking", "console.what_if", "console.replay",
    "console.processes", "console.queues", "console.tls", "console.acme",
    "console.relay_proof", "console.mail_server", "console.backups",
    "console.moving_in", "console.management_shell",
    "console.overview", "console.settings", "console.celery", "console.urls", "console.lifespan", "console.asgi",
)
# fmt: on


def test_no_circle_of_files() -> None:
    assert [" -> ".join(circle) for circle in circles(files())] == []


def test_no_arrow_runs_up() -> None:
    height = {room: place for place, room in enumerate(ORDER)}
    arrows = [(module, other) for module, others in files().items() for other in others]
    assert [f"{a} -> {b}" for a, b in arrows if height[room_of(a, ORDER)] < height[room_of(b, ORDER)]] == []


def test_such_a_circle_would_be_found() -> None:
    assert circles({"a": {"b", "c"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "c", "a"]]
    assert set(names("def later():\n    from a import b\nif TYPE_CHECKING:\n    import c.d")) == {"a.b", "c.d"}
