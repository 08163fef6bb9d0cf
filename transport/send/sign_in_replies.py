"""What a host's refusal of a sign-in means, and what to do. Source: Sending mail outward, sections 1.4, 1.6 and 1.7.

Such an answer is about the connector, never about a message.
"""

from __future__ import annotations

import re

import msgspec

from transport.send import remote_reply


class Gate(msgspec.Struct, frozen=True):
    """`sign`: a pattern of the answer; `meaning` and `remedy` in a sentence each."""

    sign: str
    meaning: str
    remedy: str


# The first that fits counts: the longer words of Microsoft before the status code that they share.
# fmt: off
GATES = (
    Gate(
        r"SmtpClientAuthentication is disabled for the Tenant", "SMTP AUTH is disabled for the tenant",
        "In Exchange Online PowerShell: Set-CASMailbox MAILBOX -SmtpClientAuthenticationDisabled $false, for the "
        "mailbox alone, or Set-TransportConfig -SmtpClientAuthenticationDisabled $false, for all.",
    ),
    Gate(
        r"SmtpClientAuthentication is disabled for the Mailbox", "SMTP AUTH is disabled for the mailbox",
        "In Exchange Online PowerShell: Set-CASMailbox MAILBOX -SmtpClientAuthenticationDisabled $false.",
    ),
    Gate(
        r"security defaults policy", "The tenant's security defaults forbid signing in with a password",
        "Use OAuth, or turn security defaults off in Entra and protect accounts by Conditional Access.",
    ),
    Gate(
        r"did not meet the criteria", "Conditional Access, or a policy of the tenant, does not let this account in",
        "Look at the sign-in log in Entra; it names the policy.",
    ),
    Gate(
        r"Basic authentication is not supported", "The tenant takes no passwords any more",
        "Use OAuth: a credential of the kind Microsoft 365, as an application.",
    ),
    Gate(
        r"5\.7\.57", "The server wants a sign-in, or TLS before it",
        "Choose a smart host authentication and a credential, and require TLS.",
    ),
    Gate(
        r"5\.7\.9 .*[Aa]pplication-specific password", "Google wants an app password, or OAuth",
        "Make an app password for this account, and set it as the credential's password.",
    ),
    Gate(
        r"5\.7\.8 .*Username and Password not accepted", "Google does not take this user name and password",
        "Make an app password for this account, or use OAuth.",
    ),
    Gate(
        r"5\.7\.3(?:$|\s)", "User name, password or token were not accepted",
        "With OAuth: the service principal needs the object id of the enterprise application, not that of the app "
        "registration; SMTP AUTH must be on for the mailbox.",
    ),
)
# fmt: on
OTHERWISE = Gate("", "The sign-in was refused", "Check user name and secret of the credential.")


def explained(code: int, text: str, detail: str = "") -> str:
    """The answer to AUTH, what it means and what to do, on one line; `detail`: what was said before it of a token."""
    said = remote_reply.one_line(code, text)
    gate = next((each for each in GATES if re.search(each.sign, said)), OTHERWISE)
    heard = f"{said} ({detail})" if detail else said
    return f"{gate.meaning}. {gate.remedy} The server said: {heard}"
