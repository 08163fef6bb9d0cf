"""A list provider that is silent is left out for a while: not every new client waits out its time-out."""

import logging
from dataclasses import dataclass

ENOUGH = 3
"""Questions in a row without an answer after which a provider is left out."""
LEFT_OUT = 60.0
"""Seconds until one client's question tries it again."""

log = logging.getLogger(__name__)


@dataclass
class Silence:
    """How many questions in a row had no answer; until then nobody asks. Times of a steady clock."""

    count: int = 0
    until: float = 0.0


class Circuit:
    """One for all providers, by the domain that is looked up."""

    def __init__(self) -> None:
        self._silent: dict[str, Silence] = {}
        self._refusing: dict[str, str] = {}

    def may_ask(self, domain: str, now: float) -> bool:
        """Whether to ask. When its time is over one question goes out, and the others go on without it meanwhile."""
        silence = self._silent.get(domain)
        if silence is None or silence.count < ENOUGH:
            return True
        if now < silence.until:
            return False
        silence.until = now + LEFT_OUT
        return True

    def answered(self, domain: str, refusal: str = "") -> None:
        """It is there, whatever it says. `refusal` is an answer that lists nobody: it does not serve us, or no more."""
        known = self._refusing.pop(domain, "")
        if refusal:
            self._refusing[domain] = refusal
            if not known:
                log.warning("%s", _does_not_serve(domain, refusal))
        silence = self._silent.pop(domain, None)
        if silence is not None and silence.count >= ENOUGH:
            log.warning("the list provider %s answers again", domain)

    def failed(self, domain: str, now: float) -> None:
        """It did not answer."""
        silence = self._silent.setdefault(domain, Silence())
        silence.count += 1
        silence.until = now + LEFT_OUT
        if silence.count == ENOUGH:
            log.warning("the list provider %s does not answer; left out, tried again every %d s", domain, LEFT_OUT)

    @property
    def problems(self) -> list[str]:
        """What an administrator should know."""
        silent = [domain for domain, silence in self._silent.items() if silence.count >= ENOUGH]
        return [
            *(f"The list provider {domain} does not answer: clients are not looked up there." for domain in silent),
            *(_does_not_serve(domain, answer) for domain, answer in self._refusing.items()),
        ]


def _does_not_serve(domain: str, answer: str) -> str:
    return f"The list provider {domain} answers {answer}: so do lists that refuse to serve this server, or are no more."
