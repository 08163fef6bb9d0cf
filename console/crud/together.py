"""Several words as people say them together; of many only the first."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

FEW = 3


def listed(words: Sequence[str], most: int = FEW, more: str = "", count: int = 0) -> str:
    """`a, b and c`, or `a, b, c and 7 more`; empty for none. `more`: such as `%d more ranges`; `count`: how many there
    are, where not all are among the words.
    """
    *some, last = _shown(words, most, more, count) or [""]
    return _("%(some)s and %(last)s") % {"some": ", ".join(some), "last": last} if some else last


def one_of(words: Sequence[str]) -> str:
    """The same with `or`."""
    *some, last = _shown(words) or [""]
    return _("%(some)s or %(last)s") % {"some": ", ".join(some), "last": last} if some else last


def _shown(words: Sequence[str], most: int = FEW, more: str = "", count: int = 0) -> list[str]:
    count = max(count, len(words))
    return [*words[:most], (more or _("%d more")) % (count - most)] if count > most + 1 else list(words)
