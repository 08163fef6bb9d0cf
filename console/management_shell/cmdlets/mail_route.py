"""Test-MailRoute: which Send connector takes a message, and why. Exchange has no cmdlet for it."""

from __future__ import annotations

from collections.abc import Iterator

from console.connectors.mail_route import SIZE, route, user_named
from console.management_shell.cmdlets.guard import guarded
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.errors import ShellError
from console.management_shell.language.values import Record, read_text
from transport.config import kinds
from transport.send.choice import Mail


def _test(call: Call) -> Iterator[object]:
    try:
        recipient = kinds.mailbox(call.arguments["Recipient"])
        sender = kinds.mailbox(call.get("Sender")) if (call.get("Sender") or "").strip("<>") else ""
        user, size = user_named(call.get("User") or ""), kinds.parse(SIZE, call.get("Size") or "10 KB")
    except ValueError as error:
        raise ShellError(str(error)) from None
    found = route(recipient, Mail(sender, user, size, call.get("ReceiveConnector") or ""))
    space = found.choice.space if found.choice else None
    passed = [*(found.choice.passed if found.choice else ()), *found.behind]
    values: dict[str, object] = {
        "Recipient": recipient,
        "SendConnector": found.hop.connector or None,
        "AddressSpace": str(space) if space else None,
        "DeliveryType": found.hop.delivery_type.value,
        "NextHopDomain": None if found.hop.error else found.hop.domain,
        "Reason": found.words,
        "PassedOver": tuple(map(str, passed)),
    }
    yield Record("MailRoute", values, ("Recipient", "SendConnector", "AddressSpace", "Reason"))


TABLE = {
    "Test-MailRoute": guarded(
        Cmdlet(
            "Test-MailRoute",
            _test,
            (
                Parameter("Recipient", read_text, mandatory=True, position=0, help="To whom a message would be."),
                Parameter("Sender", read_text, help="From whom; without it a report, which has no sender."),
                Parameter("User", read_text, help="Who signed in to hand it in; without it nobody."),
                Parameter("Size", read_text, help="Such as 36MB; without it 10 KB."),
                Parameter("ReceiveConnector", read_text, help="By which it came in."),
            ),
            "Says which Send connector takes a message, and why the others do not. Exchange has no such cmdlet.",
            {
                "Test-MailRoute bob@fabrikam.com -Sender anna@contoso.com -Size 40MB | fl": (
                    "The connector, and each that was passed over with the reason."
                ),
            },
        )
    )
}
