"""What the answer of a next hop means for a recipient. Source: RFC 5321 §4.2.1, §4.5.3.1.10; the status: RFC 3463."""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache

import msgspec


class Fate(Enum):
    """What becomes of a recipient."""

    DELIVERED = "delivered"
    RETRY = "retry"
    FAILED = "failed"


class Verdict(msgspec.Struct, frozen=True):
    """`text` is the answer as an administrator reads it, on one line; `status` the enhanced status code of it.

    `at_once`: try again without waiting (the peer only wants fewer recipients at a time). `unexpected`: no answer, but
    something that went wrong here.
    """

    fate: Fate
    text: str
    status: str
    at_once: bool = False
    unexpected: bool = False


_STATUS = re.compile(r"([245])\.\d{1,3}\.\d{1,3}(?=\s|$)")
_USUAL = {
    421: "4.4.2", 450: "4.2.0", 451: "4.3.0", 452: "4.3.1", 500: "5.5.2", 501: "5.5.4", 502: "5.5.1", 503: "5.5.1",
    504: "5.5.4", 550: "5.1.1", 551: "5.1.6", 552: "5.3.4", 553: "5.1.3", 554: "5.0.0", 555: "5.5.4",
}  # fmt: skip
_WRONG_ORDER = (500, 502, 503)


@lru_cache(maxsize=64)
def judge(code: int, text: str, expected: int = 2) -> Verdict:
    """The meaning of reply `code` where `expected` (first digit) would be success. Most replies come again and again.

    A code that is neither success nor 4xx nor 5xx is no answer to the command: try again later.
    """
    line = one_line(code, text)
    if code // 100 == expected:
        return Verdict(Fate.DELIVERED, line, status_of(code, text))
    fate = Fate.FAILED if code // 100 == 5 else Fate.RETRY
    return Verdict(fate, line, status_of(code, text))


def judge_recipient(code: int, text: str, accepted_before: bool, together: bool = False) -> Verdict:
    """The meaning of an answer to RCPT; "too many recipients" behind accepted ones means: the rest at once.

    `together`: the command was sent before the answer to the one before it; that the order is wrong is then no answer
    about the recipient.
    """
    verdict = judge(code, text)
    if code in (452, 552) and accepted_before:
        return Verdict(Fate.RETRY, verdict.text, "4.5.3", at_once=True)
    if together and code in _WRONG_ORDER:
        return Verdict(Fate.RETRY, verdict.text, "4.5.1", at_once=True)
    return verdict


def refuses_order(codes: list[int], early: bool, recipients: int | None = None) -> bool:
    """Whether the answers to MAIL, RCPT and DATA, sent together, refuse just that, and say nothing about the message.

    `early`: they travelled with the end of the message before (RFC 2920 §3.1). `recipients`: so many were judged, and
    nothing is to follow: DATA behind one that was taken is refused for what came before it, or as it came too soon.
    """
    if any(code in _WRONG_ORDER for code in codes) or (early and codes[:1] == [554]):
        return True
    return recipients is not None and len(codes) > recipients + 1 and codes[-1] // 100 == 5


def may_be_about_order(verdict: Verdict, took_early: bool) -> bool:
    """Whether the answer to a message may be about the envelope that was sent ahead with its end. `took_early`: the
    host has taken such a one before.
    """
    return verdict.fate is Fate.FAILED or (verdict.fate is Fate.RETRY and not took_early)


def size_limit(parameter: str) -> int:
    """The octets that a host takes by its SIZE extension (RFC 1870 §4, at most 20 digits); 0: it names no limit."""
    digits = parameter.split(" ")[0]
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 20 else 0


def status_of(code: int, text: str) -> str:
    """The enhanced status code of an answer: its own when it fits the reply code, else the usual one."""
    found = _STATUS.match(text)
    if found and int(found[1]) == code // 100:
        return found[0]
    kind = code // 100 if code // 100 in (2, 4, 5) else 4
    return _USUAL.get(code, f"{kind}.0.0")


def one_line(code: int, text: str) -> str:
    """Code and text on one line of printable characters, at most 500 of them."""
    return f"{code} {printable(text)}"[:500].rstrip()


def printable(text: str) -> str:
    """Words of a stranger on one line, without anything that a page or a log could take for more than words."""
    words = " ".join(text.split())
    return words if words.isprintable() else "".join(each if each.isprintable() else "?" for each in words)


def unreachable(reason: str, hosts: int) -> Verdict:
    """No connection to any of so many hosts: the words that Exchange's Queue Viewer shows."""
    alternates = (
        "Attempted failover to alternate host, but that did not succeed. Either there are no alternate hosts, "
        "or delivery failed to all alternate hosts."
    )
    words = " ".join(reason.split())[:300]
    text = f'451 4.4.0 Primary target IP address responded with: "{words}".'
    return Verdict(Fate.RETRY, f"{text} {alternates}" if hosts > 1 else f"{text} There is no alternate host.", "4.4.0")


def refused(status: str, text: str) -> Verdict:
    """A permanent failure that we find ourselves, such as a null MX."""
    return Verdict(Fate.FAILED, f"550 {status} {text}", status)


def postponed(status: str, text: str) -> Verdict:
    """A passing failure that we find ourselves."""
    return Verdict(Fate.RETRY, f"451 {status} {text}", status)


def unfit_for_now(verdict: Verdict, reason: str) -> Verdict:
    """One host cannot take the message, and another one could not be asked."""
    return postponed("4.4.0", f"{verdict.text}. Another host was not reached: {' '.join(reason.split())[:300]}")


def unexpected(error: Exception) -> Verdict:
    """A passing failure that nobody foresaw, by the name of its kind."""
    text = printable(f"{type(error).__name__}: {error}")[:300]
    return Verdict(Fate.RETRY, f"451 4.3.0 {text}", "4.3.0", unexpected=True)
