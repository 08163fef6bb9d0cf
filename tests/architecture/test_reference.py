"""What comments cite stands in `docs/reference/`: two references by section, the documents by number."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NUMBER = r"\d{1,2}(?:\.\d{1,2})?"
REMARK = r"(?: \([^)]*\))?"
SECTIONS = re.compile(rf"\breference,? (?:§|sections? )?({NUMBER}{REMARK}(?:(?:, | and ){NUMBER}\b{REMARK})*)")
OUTWARD = re.compile(rf"\bSending mail outward, sections? ({NUMBER}{REMARK}(?:(?:, | and ){NUMBER}\b{REMARK})*)")
DOCUMENTS = re.compile(r"\b[Dd]ocuments? (\d{3}(?:(?:, | and )\d{3})*)")
READ = {"*.py": ("console", "tests", "transport"), "*.md": ("docs",)}


def texts() -> dict[str, str]:
    """File → its text on one line, without the marks of comments."""
    files = [file for pattern, rooms in READ.items() for room in rooms for file in (ROOT / room).rglob(pattern)]
    return {str(file.relative_to(ROOT)): re.sub(r"\s+(?:#\s+)?", " ", file.read_text()) for file in files}


def cited(pattern: re.Pattern[str], number: str) -> set[tuple[str, str]]:
    """(number, file) of all citations of that form."""
    return {
        (found, file)
        for file, text in texts().items()
        for match in pattern.finditer(text)
        for found in re.findall(number, re.sub(r"\([^)]*\)", "", match[1]))
    }


def headings(file: str, pattern: str) -> set[str]:
    """What headings of a page of the reference begin with."""
    return set(re.findall(pattern, (ROOT / "docs/reference" / file).read_text(), re.MULTILINE))


@pytest.mark.parametrize(
    ("citations", "known"),
    [
        (cited(SECTIONS, NUMBER), headings("exchange.md", rf"^#+ ({NUMBER})[. ]")),
        (cited(OUTWARD, NUMBER), headings("mail-out.md", rf"^#+ ({NUMBER})[. ]")),
        (cited(DOCUMENTS, r"\d{3}"), headings("documents.md", r"^## Document (\d{3})$")),
    ],
    ids=["sections", "outward", "documents"],
)
def test_every_citation_leads_to_a_heading(citations, known):
    assert not {(number, file) for number, file in citations if number not in known}
