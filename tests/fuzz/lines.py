"""Lines by chance: what a client would say in this stage, the same a little wrong, and noise."""

from __future__ import annotations

import base64
import random

from transport.receive.session import Stage
from transport.receive.verbs import VERBS

ADDRESSES = (
    "t@contoso.com", "T@Contoso.COM", "blocked@contoso.com", "t@sub.branch.example", "t@victim.example", "postmaster",
    "f@contoso.com", "pest@victim.example", "f@mail.partner.example", "t%victim.example@contoso.com",
    '"t@victim.example"@contoso.com', "victim.example!t@contoso.com", "@contoso.com:t@victim.example", "t@[127.0.0.1]",
    "t@[IPv6:::1]", "tést@bücher.example", "t@contoso。com", "t@contoso.com.", "t@b.test", "t@mail.example.com",
    "chris@contoso", "x" * 64 + "@contoso.com", "x" * 65 + "@contoso.com", "x" * 1848 + "@contoso.com", "", "t", "@",
    '"', "x" * 40 + "%" * 40,
)  # fmt: skip
PARAMETERS = (
    "SIZE=0", "SIZE=65536", "SIZE=65537", "SIZE=99999999999999999999", "SIZE=", "SIZE=x", "BODY=7BIT", "BODY=8BITMIME",
    "BODY=BINARYMIME", "BODY=", "SMTPUTF8", "SMTPUTF8=1", "RET=FULL", "RET=HDRS", "RET=", "ENVID=QQ1",
    "ENVID=" + "e" * 101,
    "AUTH=<>", "AUTH=a+40b", "AUTH=", "NOTIFY=NEVER", "NOTIFY=SUCCESS,DELAY", "NOTIFY=", "ORCPT=rfc822;t@x.example",
    "ORCPT=;", "XORAR=rfc822;t@x.example", "X", "=", "é=é", "\t", "size=1",
)  # fmt: skip
NAMES = ("client.test", "", "[127.0.0.1]", "[IPv6:::1]", "a b", "é", "x" * 256, "gateway.test", "*", "a;b")
CREDENTIALS = (
    "\0anna\0secret", "\0CONTOSO\\anna\0secret", "anna\0anna\0secret", "boss\0anna\0secret", "anna", "secret",
    "\0\0", "", "\0a\0b\0c", "é\0é\0é", "NTLMSSP\0\x01\0\0\0",
)  # fmt: skip
SIZES = ("0", "1", "5", "300", "65536", "65537", "x", "-1", "99999999999")
NOISE = ("\0", "\r", "\x0b", "\x7f", "é", "。", "<", ">", '"', "\\", ":", "@", " ", "\t", "=", "%", "x" * 3000, "\xff")
NEXT = {
    Stage.CONNECTED: ("EHLO", "EHLO", "HELO", "STARTTLS"),
    Stage.GREETED: ("MAIL", "MAIL", "MAIL", "AUTH", "STARTTLS"),
    Stage.MAIL: ("RCPT", "RCPT", "RCPT", "BDAT"),
    Stage.RCPT: ("RCPT", "DATA", "DATA", "BDAT", "BDAT"),
}
SENSIBLE = {
    "HELO": (" client.test", ""),
    "EHLO": (" client.test",),
    "MAIL": (
        " FROM:<f@mail.partner.example>", " FROM:<>", " FROM:<f@x.example> BODY=BINARYMIME",
        " FROM:<é@x.example> SMTPUTF8",
    ),
    "RCPT": (" TO:<t@contoso.com>", " TO:<postmaster>", " TO:<t@branch.example> NOTIFY=NEVER ORCPT=rfc822;t@x.example"),
    "STARTTLS": ("",),
    "DATA": ("",),
    "BDAT": (" 5", " 300", " 0 LAST", " 20 LAST"),
}  # fmt: skip
EVERY = (*sorted(VERBS), "GET", "FROB", "", "XEXCH50", "TURN", "ETRN")


def line(chance: random.Random, stage: int) -> bytes:
    """One command line without its line end."""
    verb = chance.choice(NEXT[Stage(stage)] if chance.random() < 0.8 else EVERY)
    text = verb + argument(chance, verb)
    if chance.random() < 0.07:
        text = _spoiled(chance, text)
    octets = text.encode("utf-8" if chance.random() < 0.99 else "utf-16-le", "replace")
    return octets.replace(b"\n", b"")


def answer(chance: random.Random) -> bytes:
    """What a client says in the middle of a sign-in."""
    if chance.random() < 0.2:
        return chance.choice((b"*", b"", b"=", b"QUIT", b"====", b"\xff", b"A" * 3000))
    octets = chance.choice(CREDENTIALS).encode("latin-1")
    return base64.b64encode(octets)


def argument(chance: random.Random, verb: str) -> str:
    """What stands behind a verb, with the blank before it."""
    if verb in SENSIBLE and chance.random() < 0.7:
        return chance.choice(SENSIBLE[verb])
    match verb:
        case "HELO" | "EHLO":
            return " " + chance.choice(NAMES)
        case "MAIL":
            return f" FROM:<{chance.choice(ADDRESSES)}>{_parameters(chance)}"
        case "RCPT":
            return f" TO:<{chance.choice(ADDRESSES)}>{_parameters(chance)}"
        case "BDAT":
            return f" {chance.choice(SIZES)}{chance.choice(('', ' LAST', ' last', ' X'))}"
        case "AUTH":
            initial = chance.choice(("", " =", " " + answer(chance).decode("latin-1")))
            return f" {chance.choice(('PLAIN', 'LOGIN', 'NTLM', 'GSSAPI', 'plain', '', 'X'))}{initial}"
        case _:
            return chance.choice(("", "", "", " ", " x", " é"))


def _parameters(chance: random.Random) -> str:
    count = chance.choice((0, 1, 1, 2, 3))
    return "".join(" " + chance.choice(PARAMETERS) for _ in range(count))


def _spoiled(chance: random.Random, text: str) -> str:
    """Something put in, taken out, or doubled."""
    at = chance.randrange(len(text) + 1)
    match chance.randrange(3):
        case 0:
            return text[:at] + chance.choice(NOISE) + text[at:]
        case 1:
            return text[:at] + text[at + 1 :]
        case _:
            return text[:at] + text[at:] * 2


HEADERS = (
    b"Subject: x\r\n\r\n", b"", b"Received: a by gateway.test\r\n" * 31 + b"\r\n", b"X: " + b"y" * 5000 + b"\r\n\r\n",
    b"Message-ID: <a@b>\r\nDate: now\r\nFrom: pest@victim.example\r\n\r\n", b"\r\n", b"From\n: x\n\n",
    b"\0\xff\r\n\r\n",
    b"X-MS-Exchange-Organization-SCL: -1\r\n\r\n", b" : \r\n\r\n", b"Subject:\r\n folded\r\n\t=?x?q?y?=\r\n\r\n",
    b"Message-ID: <a\xffb@c>\r\n\r\n", b"From: <a@b>, \"c\r\n\r\n", b"Subject: " + b"\xc3\xa9" * 600 + b"\r\n\r\n",
)  # fmt: skip
PIECES = (b"text\r\n", b"..\r\n", b"\n.\n", b"\r.\r", b"\r\n.\r", b"\0", b"\xff" * 70, b"\r\n")


def content(chance: random.Random) -> bytes:
    """A message, or what somebody takes for one; without its end."""
    return chance.choice(HEADERS) + b"".join(chance.choice(PIECES) for _ in range(chance.randrange(6)))
