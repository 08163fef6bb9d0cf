"""Public suffixes: names such as `com` and `co.uk`, below which anybody can have a domain of their own.

The list is Mozilla's, bundled with the library (publicsuffix.org). It is read once, at the first question. The
transport has none; who may reach whom is asked by the console.
"""

from __future__ import annotations

from functools import cache, lru_cache

from publicsuffixlist import PublicSuffixList


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@lru_cache(maxsize=65536)
def holds_foreign_domains(name: str) -> bool:
    """Whether the domains below a name (A-labels, lower case) belong to many: a public suffix, or the parent of some.

    True of `com`, `co.uk`, `kawasaki.jp` (`*.kawasaki.jp` is listed), of a top-level domain that is not listed, and of
    the empty name, below which are all.
    """
    return not name or bool(_suffixes().is_public(name) or _suffixes().is_public(f"*.{name}"))
