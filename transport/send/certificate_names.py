"""For which hosts a certificate speaks. Source: RFC 6125 §6.4.3; what a level of TLS asks: Sending mail outward,
section 2.1.
"""

from __future__ import annotations

from collections.abc import Iterable


def speaks_for(held: Iterable[str], wanted: Iterable[str]) -> bool:
    """Whether one of a certificate's names (`mail.x.test`, `*.x.test`, an address) is one of those that will do: a
    name, or `.x.test` for every name below x.test.
    """
    every = [name.lower() for name in wanted]
    return any(_is(name.lower(), each) for name in held for each in every)


def with_all_below(domain: str) -> tuple[str, ...]:
    """The names that speak for a domain: its own, and each below it."""
    return (domain, f".{domain}") if domain else ()


def of_setting(text: str) -> tuple[str, ...]:
    """What TlsDomain asks for: a name, or `*.contoso.com`."""
    return (text[1:],) if text.startswith("*.") else (text,)


def _is(held: str, wanted: str) -> bool:
    wild = held.startswith("*.")
    if wanted.startswith("."):
        return held.endswith(wanted)
    return held == wanted or (wild and held[1:] == "." + wanted.partition(".")[2] and "." in wanted)
