"""Bootstrap, cut to what the console uses of it: `python -m tests.bootstrap bootstrap.min.css` reads the file of a
release and writes static/vendor/bootstrap/bootstrap.min.css. Who begins to use another class of it adds that to `USED`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

FILE = Path(__file__).parents[1] / "static" / "vendor" / "bootstrap" / "bootstrap.min.css"
USED = frozenset({
    "btn", "btn-danger", "btn-primary", "btn-secondary", "form-check-input", "form-control", "form-select",
    "is-invalid", "visually-hidden",
})  # fmt: skip


def cut(css: str) -> str:
    """The rules that concern elements, or classes of `USED`; of each rule the selectors that do."""
    return "".join(_kept(css))


def _kept(css: str) -> Iterator[str]:
    for head, body in _rules(css):
        if head.startswith(("@media", "@supports")):
            inner = cut(body)
            yield f"{head}{{{inner}}}" if inner else ""
        elif not head.startswith("@"):
            selectors = [each for each in re.split(r",(?![^(]*\))", head) if _concerns_us(each)]
            yield f"{','.join(selectors)}{{{body}}}" if selectors else ""


def _rules(css: str) -> Iterator[tuple[str, str]]:
    """What stands before each block, and in it."""
    at = 0
    while (opened := css.find("{", at)) >= 0:
        depth, end = 1, opened + 1
        while depth:
            depth += {"{": 1, "}": -1}.get(css[end], 0)
            end += 1
        yield css[at:opened].strip(), css[opened + 1 : end - 1]
        at = end


def _concerns_us(selector: str) -> bool:
    named = re.findall(r"\.([a-zA-Z][\w-]*)", re.sub(r":not\([^)]*\)", "", selector))
    return USED.issuperset(named) and "data-bs" not in selector


def main() -> None:
    head, licence, rules = re.split(r"(/\*!.*?\*/)", Path(sys.argv[1]).read_text(), maxsplit=1, flags=re.DOTALL)
    FILE.write_text(head + licence + cut(rules) + "\n")


if __name__ == "__main__":
    main()
