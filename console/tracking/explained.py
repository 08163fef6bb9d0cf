"""A refusal in plain words, for the one who was refused: less than the reply said, and nothing about recipients.

Rules that a reply does not tell apart have the same words here: whether an address exists is not to be learned.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from transport.receive import rules


@dataclass(frozen=True)
class Explanation:
    """What happened, and what the one who was refused can do."""

    title: str | Promise
    meaning: str | Promise
    remedy: str | Promise


LATER = Explanation(
    _("The server could not take the message at that moment."),
    _("It was busy, was being stopped, or had a fault of its own. Nothing is wrong with the message."),
    _("Mail programs and servers try again by themselves. Send it again if you hear that it was not delivered."),
)
RECIPIENT = Explanation(
    _("The server did not take the message for this address."),
    _("From where it came, mail for this address is not taken here."),
    _(
        "Check the address for typing mistakes, and ask the person in another way which address is right. If your own "
        "program or device sends through this server, sign in, or ask its administrator to let it send."
    ),
)
SENDER = Explanation(
    _("The server did not take the message from this sender."),
    _("The computer that sent it, or the sender's address, may not send here."),
    _(
        "Use the address and the server that belong to your own account. If you send for this organization, sign in, "
        "or ask its administrator."
    ),
)
LISTED = Explanation(
    _("The computer that sent the message is on a list of those that send unwanted mail."),
    _("Such lists hold addresses of computers, not of people. Often another customer of the provider is the cause."),
    _("Tell whoever runs the server that you send through: they can find the cause and have it taken off the list."),
)
LARGE = Explanation(
    _("The message was too large."),
    _("The server takes messages only up to a certain size, with all that is attached."),
    _("Send it without large attachments, or in several parts, or put the files where they can be fetched."),
)
MANY = Explanation(
    _("The message had too many recipients."),
    _("The server takes only so many at a time."),
    _("Send it to fewer recipients at a time."),
)
ENCRYPTION = Explanation(
    _("The server takes mail only over an encrypted connection."),
    _("The program or server that sent the message did not begin encryption (TLS), or not in the way used here."),
    _("Switch on STARTTLS in your program, or tell whoever runs the server that you send through."),
)
SIGN_IN = Explanation(
    _("Signing in did not succeed."),
    _("User name and password were not accepted, or your program signs in in a way that is not offered here."),
    _("Check user name, password and the settings of your program, then try again; or ask the administrator."),
)
PROGRAM = Explanation(
    _("The program that sent the message did not keep to the rules of mail."),
    _("It said something that mail servers do not say, or that this one does not understand."),
    _("Tell whoever runs the program or server that you send through, with the words of the refusal."),
)

# fmt: off
_GROUPS = (
    (rules.CONNECTION, LATER), (rules.COMMANDS, PROGRAM), (rules.SIGN_IN, SIGN_IN), (rules.SENDER, SENDER),
    (rules.RECIPIENT, RECIPIENT), (rules.MESSAGE, LARGE), (rules.PICK_UP, SENDER),
)
EXPLAINED = {name: explanation for group, explanation in _GROUPS for name in group} | {
    "no_connector": SENDER,
    "early_talker": PROGRAM,
    "tls_at_once": ENCRYPTION,
    "tls_not_available": LATER,
    "tls_required": ENCRYPTION,
    "sign_in_not_available": LATER,
    "message_rate": LATER,
    "insufficient_resources": LATER,
    "recipient_limit": MANY,
    "ip_block_list": LISTED,
    "ip_block_list_provider": LISTED,
    "directory_not_available": LATER,
    "bare_line_feeds": PROGRAM,
    "hop_count": PROGRAM,
    "not_stored": LATER,
    "pick_up_too_often": LATER,
    "pick_up_not_available": LATER,
}
"""Rule → its words."""
# fmt: on
