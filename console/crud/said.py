"""Words that are also written down, or said to scripts, in the reader's language.

The transport knows no language: its labels, help texts and refusals are English, and so is what it wrote down, what the
history keeps and what `manage.py status` says. The catalogue has each of them; one with values in it by its form,
`There is a connector “{name}” already.`
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from django.utils.functional import lazy
from django.utils.translation import get_language, gettext, trans_real

PLACE = re.compile(r"\{([a-z_]+[0-9]*)\}")
# fmt: off
WORDS = {
    "asked", "complaint", "danger", "day", "doubt", "each", "error", "found", "harm", "help", "label", "meaning",
    "not_enforced", "noun", "one_process", "public", "question", "refused", "remedy", "run", "runs", "shown", "since",
    "some", "told", "what_to_do", "who", "whom", "why", "words",
}
# fmt: on
"""Names of values that are such words themselves."""
SENTENCES = re.compile(r"(?<=[.!?]) (?=[A-Z“0-9])")

LONGEST = 2000
MOST_REMEMBERED = 4096


def said(text: str) -> str:
    """It in the language in force; what is not in the catalogue, such as a name, as it is."""
    language = get_language() or "en"
    return text if not text or language.startswith("en") else _said(language, str(text))


@lru_cache(MOST_REMEMBERED)
def _said(language: str, text: str) -> str:
    if len(text) > LONGEST:
        return text
    parts = [text] if _sentence(language, text) else SENTENCES.split(text)
    return " ".join(_sentence(language, part) or part for part in parts)


def _sentence(language: str, text: str) -> str | None:
    """Of a text, of a clause that has become a sentence, or of one behind a name: `Internet: its name comes later`."""
    name, colon, clause = text.partition(": ")
    found = _whole(language, text)
    if found is None and text.endswith("."):
        found = _sentence(language, text[:-1])
        return found and f"{found}."
    if found is None and colon:
        found = _whole(language, clause)
        return found and f"{name}: {found}"
    return found


def _whole(language: str, text: str) -> str | None:
    found = gettext(text)
    if found != text or not text:
        return found
    for literal, form, pattern in _forms(language):
        if literal in text and (match := pattern.fullmatch(text)):
            return gettext(form).format(**{name: _value(name, each) for name, each in match.groupdict().items()})
    return None


def _value(name: str, text: str) -> str:
    return said(text) if name.rstrip("0123456789") in WORDS else text


@cache
def _forms(language: str) -> list[tuple[str, str, re.Pattern[str]]]:
    """Every sentence with values, those that say most themselves first: what always stands in it, it, and how it looks
    with any values.
    """
    catalogue = trans_real.translation(language)._catalog  # type: ignore[attr-defined]
    forms = [each for each in catalogue.keys() if isinstance(each, str) and PLACE.search(each)]  # noqa: SIM118
    forms.sort(key=lambda form: -len(PLACE.sub("", form)))
    return [(max(PLACE.split(form)[::2], key=len), form, _pattern(form)) for form in forms]


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
