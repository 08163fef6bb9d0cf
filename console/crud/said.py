"""The transport's words in the reader's language.

The transport knows no language: its labels, help texts and refusals are English, and so is what it wrote down. The
catalogue has each of them; one with values in it by its form, `There is a connector “{name}” already.`
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from django.utils.functional import lazy
from django.utils.translation import get_language, gettext, trans_real

PLACE = re.compile(r"\{([a-z_]+[0-9]*)\}")
WORDS = ("label", "help", "not_enforced", "complaint", "harm", "words")
"""Values of a sentence that are words of the transport themselves."""

MOST_REMEMBERED = 4096


def said(text: str) -> str:
    """What the transport says, in the language in force; what is not in its catalogue, such as a name, as it is."""
    language = get_language() or "en"
    return text if not text or language.startswith("en") else _said(language, str(text))


@lru_cache(MOST_REMEMBERED)
def _said(language: str, text: str) -> str:
    found = gettext(text)
    if found != text:
        return found
    for form, pattern in _forms(language):
        if match := pattern.fullmatch(text):
            return gettext(form).format(**{name: _value(name, each) for name, each in match.groupdict().items()})
    return text


def _value(name: str, text: str) -> str:
    return said(text) if name.rstrip("0123456789") in WORDS else text


@cache
def _forms(language: str) -> list[tuple[str, re.Pattern[str]]]:
    """Every sentence with values, and what it looks like with any: those that say most themselves first."""
    catalogue = trans_real.translation(language)._catalog  # type: ignore[attr-defined]
    forms = [each for each in catalogue.keys() if isinstance(each, str) and PLACE.search(each)]  # noqa: SIM118
    forms.sort(key=lambda form: -len(PLACE.sub("", form)))
    return [(form, _pattern(form)) for form in forms]


def _pattern(form: str) -> re.Pattern[str]:
    parts = PLACE.split(form)
    named = [f"(?P<{each}>.*?)" if odd % 2 else re.escape(each) for odd, each in enumerate(parts)]
    return re.compile("".join(named), re.DOTALL)


later = lazy(said, str)
"""The same, when it is shown: for what is made before anybody asks."""


def small(label: object) -> str:
    """A label inside a sentence: English writes it small."""
    text = str(label)
    return text.lower() if (get_language() or "en").startswith("en") else text
