"""Test-MailServer: whether a mail server is set up right. Exchange has no cmdlet for it."""

from __future__ import annotations

import time
from collections.abc import Iterator

from django.core.exceptions import ValidationError

from console.mail_server import actions, queries, subjects
from console.mail_server.verdicts import judged
from console.management_shell.cmdlets.guard import guarded
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.errors import ShellError
from console.management_shell.language.values import Record, read_text, read_texts
from transport.trace.mail_server import Survey


def _test(call: Call) -> Iterator[object]:
    for section in judged(_looked_at(call), time.time()):
        for line in section.lines:
            values: dict[str, object] = {
                "Subject": section.title,
                "Topic": line.topic,
                "Verdict": line.verdict.name.capitalize(),
                "Words": line.words,
                "Remedy": line.remedy or None,
                "Record": line.record or None,
            }
            yield Record("MailServerTest", values, ("Topic", "Verdict", "Words"))


def _looked_at(call: Call) -> Survey:
    domain, server = call.get("Domain"), call.get("Server")
    if (domain is None) == (server is None):
        raise ShellError("Give -Domain or -Server.")
    try:
        if server is not None:
            return actions.look_at_server(call.host.actor, *subjects.server(server), queries.A_SCRIPTS_SECONDS)
        selectors = subjects.selectors(" ".join(call.get("DkimSelector") or ()))
        host, _port = subjects.domain(domain or "")
        return actions.look_at_domain(call.host.actor, host, selectors, queries.A_SCRIPTS_SECONDS)
    except ValueError as error:
        raise ShellError(str(error)) from None
    except ValidationError as error:
        raise ShellError(" ".join(error.messages)) from None


TABLE = {
    "Test-MailServer": guarded(
        Cmdlet(
            "Test-MailServer",
            _test,
            (
                Parameter("Domain", read_text, position=0, help="A domain: its records in DNS and its mail servers."),
                Parameter("Server", read_text, help="One server instead: a name or address, with :port if not 25."),
                Parameter("DkimSelector", read_texts, help="Without it those that sign here."),
            ),
            "Looks at a mail server as others see it: DNS, greeting, TLS, sign-in, relay; each line is Good, Look or "
            "Wrong. No message is sent. Exchange has no such cmdlet.",
            {"Test-MailServer -Server 127.0.0.1:9 | ft Topic, Verdict, Words": "What is wrong with that one?"},
        )
    ),
}
