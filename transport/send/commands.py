"""What is said to a host before the message: MAIL, RCPT and DATA, with what its extensions allow. Source: RFC 5321
§4.1.1, RFC 1870, RFC 3461 §4, RFC 6152, RFC 6531 §3.4.
"""

from __future__ import annotations

from transport.send.extensions import Extensions
from transport.send.parcel import Parcel


def envelope(parcel: Parcel, offered: Extensions) -> list[bytes]:
    """The commands of a transaction, in their order. (BDAT follows instead of DATA: RFC 3030 §2.)"""
    commands = [f"MAIL FROM:<{parcel.sender}>{_mail_parameters(parcel, offered)}\r\n".encode()]
    if "dsn" in offered and (parcel.notify or parcel.orcpt):
        for recipient, address in parcel.recipients.items():
            commands.append(f"RCPT TO:<{address}>{_rcpt_parameters(parcel, recipient)}\r\n".encode())
    else:
        commands += [f"RCPT TO:<{address}>\r\n".encode() for address in parcel.recipients.values()]
    return commands if parcel.body_type == "BINARYMIME" else [*commands, b"DATA\r\n"]


def _mail_parameters(parcel: Parcel, offered: Extensions) -> str:
    found = f" SIZE={parcel.size + parcel.how.growth + len(parcel.signature)}" if "size" in offered else ""
    if parcel.body_type == "BINARYMIME" or (parcel.body_type == "8BITMIME" and "8bitmime" in offered):
        found += f" BODY={parcel.body_type}"
    if "smtputf8" in offered and (parcel.smtp_utf8 or not parcel.has_ascii_envelope):
        found += " SMTPUTF8"
    if "requiretls" in offered and parcel.require_tls:
        found += " REQUIRETLS"
    if "dsn" in offered and parcel.ret:
        found += f" RET={parcel.ret}"
    if "dsn" in offered and parcel.envid:
        found += f" ENVID={parcel.envid}"
    return found


def _rcpt_parameters(parcel: Parcel, recipient: int) -> str:
    notify, orcpt = parcel.notify.get(recipient), parcel.orcpt.get(recipient)
    return (f" NOTIFY={notify}" if notify else "") + (f" ORCPT={orcpt}" if orcpt else "")
