"""Request-Mail: ask another server for the mail that waits there for us. Exchange has no cmdlet for it."""

from __future__ import annotations

from collections.abc import Iterator

from console.connectors import actions
from console.management_shell.cmdlets.guard import guarded
from console.management_shell.cmdlets.send_connectors import FAMILY
from console.management_shell.language.cmdlet import Call, Cmdlet
from console.management_shell.language.errors import ShellError
from console.management_shell.language.values import Record
from transport.config.send_connector import RequestMail


def _request(call: Call) -> Iterator[Record]:
    row = FAMILY.find(call.arguments["Identity"])
    if row.request_mail == RequestMail.None_.value or not row.enabled:
        raise ShellError(f"{row.name} requests no mail: enable it, and set its RequestMail.", "Identity")
    if call.should_process(row.name, call.cmdlet.name):
        actions.request_mail(call.host.actor, row.name)
    return iter(())


REQUEST_MAIL = Cmdlet(
    "Request-Mail",
    _request,
    (FAMILY.identity_parameter(),),
    "Asks another server, as a Send connector says, for the mail that waits there (ETRN).",
    {"Get-SendConnector | where RequestMail -ne None | Request-Mail": "Soon; its page tells what came of it."},
    changes=True,
)
TABLE = {REQUEST_MAIL.name: guarded(REQUEST_MAIL)}
