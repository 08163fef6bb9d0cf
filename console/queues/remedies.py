"""What an administrator can do about the last error of a queue or a message: the one table of reasons and remedies."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from console.crud.said import said

CONNECTOR, NEW_CONNECTOR, CREDENTIALS, MAILBOXES = "connector", "new connector", "credentials", "mailboxes"
"""What a remedy leads to."""


@dataclass(frozen=True)
class Remedy:
    """`pattern` is looked for in the error, whatever the case; `reason` says it in words, `advice` what to do."""

    pattern: re.Pattern[str]
    reason: str | Promise
    advice: str | Promise
    leads_to: str = ""


def _remedy(pattern: str, reason: str | Promise, advice: str | Promise, leads_to: str = "") -> Remedy:
    return Remedy(re.compile(pattern, re.IGNORECASE), reason, advice, leads_to)


REMEDIES = (
    _remedy(
        r"matching connector cannot be found",
        _("No Send connector has an address space for this domain."),
        _("Make one, or enable it. What waits is then routed anew by itself."),
        NEW_CONNECTOR,
    ),
    _remedy(
        r"connection refused|errno 111",
        _("Nothing listens at this address and port."),
        _("Check the smart host and the port of the Send connector, and whether the server runs."),
        CONNECTOR,
    ),
    _remedy(
        r"no route to host|network is unreachable|errno 11[03]|errno 101",
        _("The network leads to no such address."),
        _("Check routing and firewall. Of an IPv6 address: whether this machine has IPv6 at all."),
        CONNECTOR,
    ),
    _remedy(
        r"did not answer|timed out|timeout|no answer",
        _("The server does not answer in time."),
        _("A firewall on the way may drop port 25; many providers close it. A smart host on port 587 is a way around."),
        CONNECTOR,
    ),
    _remedy(
        r"name or service not known|nxdomain|does not exist|no address found|dns query failed|look-?up failed",
        _("The name cannot be found in DNS."),
        _("Check the spelling of the domain or smart host, and that the DNS servers answer."),
        CONNECTOR,
    ),
    _remedy(
        r"which no range of the send connector allows|loops back",
        _("DNS leads to an address that mail for the Internet must not go to, or back to this server."),
        _("If it is meant: list the range at the Send connector, or name the server as its smart host."),
        CONNECTOR,
    ),
    _remedy(
        r"no access token.*unauthorized_client: client is unauthorized",
        _("The service account may not act as this mailbox."),
        _(
            "In the Google admin console, give it domain-wide delegation for the scope https://mail.google.com/; then "
            "choose Retry now."
        ),
        CREDENTIALS,
    ),
    _remedy(
        r"no access token|there is no credential|the credential “",
        _("The Send connector cannot sign in."),
        _("Look at its credential: the secret, the day on which it ends, the tenant. Once saved, it is tried again."),
        CREDENTIALS,
    ),
    _remedy(
        r"\b535\b|5\.7\.8|5\.7\.3|authentication (failed|unsuccessful)|credentials",
        _("The server does not take user name and password, or token."),
        _("Renew the credential of the Send connector. Its mail waits, and none of it is returned."),
        CREDENTIALS,
    ),
    _remedy(
        r"\b530\b|5\.7\.57|authentication required|not authenticated|relay(ing)? (access )?denied|unable to relay",
        _("The server takes such mail only from who signs in."),
        _("Let the Send connector sign in, or ask the server's administrator to allow this address."),
        CONNECTOR,
    ),
    _remedy(
        r"certificate|starttls|\btls\b|\bssl\b|handshake|dane|mta-sts",
        _("The connection cannot be protected as it must be."),
        _("See which certificate the server shows and what the Send connector demands of it."),
        CONNECTOR,
    ),
    _remedy(
        r"greylist|gr[ae]y-?list|try again later|4\.7\.1\b.*(later|again)",
        _("The server asks to come again later, as it does with every new sender."),
        _("Nothing need be done: it is tried again by itself."),
    ),
    _remedy(
        r"\b421\b|too many|4\.7\.(0|28)|throttl|rate limit|4\.3\.2|concurrent",
        _("The server wants fewer connections or messages at a time."),
        _("It is tried again by itself. If it stays so, lower the limits of the Send connector."),
        CONNECTOR,
    ),
    _remedy(
        r"blocked|block ?list|blacklist|spamhaus|reputation|spam",
        _("The server distrusts this address or what is sent."),
        _("Look the address up in the list that is named, end the cause, and ask to be taken off."),
    ),
    _remedy(
        r"mailbox full|over ?quota|4\.2\.2|5\.2\.2|quota exceeded",
        _("The recipient's mailbox is full."),
        _("Nothing can be done here; the sender hears of it when the message expires."),
    ),
    _remedy(
        r"insufficient system|no space left|errno 28|4\.3\.1",
        _("A disk is full: there, or here where the mailboxes are."),
        _("Make room, then retry the queue."),
        MAILBOXES,
    ),
    _remedy(
        r"5\.3\.4|message size|too large|too big",
        _("The message is larger than the server takes."),
        _("Remove it with a report to its sender, or send it another way."),
    ),
    _remedy(
        r"set aside|451 4\.3\.0 \w+(Error|Exception)",
        _("Delivery stumbled over this message itself."),
        _("Export it and look at it. Resume tries it once more; Remove takes it out."),
    ),
)  # fmt: skip

_EXPLAINED = re.compile(r"(?P<reason>.+?\.) (?P<advice>.+) The server said: ")
"""What delivery itself knew of an answer (`sign_in_replies`, `provider_replies`): exacter than this table."""
_NUMBER = re.compile(r"\[Errno -?\d+\] ")


def remedy_for(error: str) -> Remedy | None:
    """What the error says itself, else the first that fits; None where nobody knows better than the error itself."""
    known = next((each for each in REMEDIES if each.pattern.search(error)), None) if error else None
    if said := _EXPLAINED.match(error):
        return Remedy(_EXPLAINED, said["reason"], said["advice"], known.leads_to if known else CONNECTOR)
    return known


def in_words(error: str) -> str:
    """The error without what only a programmer reads."""
    return said(_NUMBER.sub("", error))
