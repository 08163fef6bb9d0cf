"""Help for each page, the how-tos, keys, version and licences; static files that browsers keep for good."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from console.navigation import GROUPS
from console.overview import guides, markdown
from tests import bootstrap
from transport import node

DOCS = Path(settings.BASE_DIR) / "docs"


def test_each_page_of_the_feature_pane_leads_to_its_help(admin: Client) -> None:
    for feature in (feature for _title, group in GROUPS for feature in group):
        page = reverse(feature.url_name)
        link = f"{reverse('overview:help')}?page={page}"
        assert link in admin.get(page).text
        answer = admin.get(link)
        assert answer.status_code == 200 and "Apache License 2.0" in answer.text


def test_help_says_what_a_page_is_for_and_how_to(admin: Client) -> None:
    text = admin.get(reverse("overview:help"), {"page": reverse("connectors:receive-list")}).text
    assert "Who may hand mail to this organization" in text
    assert "Let a device relay" in text
    assert f"Gatepost {node.version()}" in text
    assert re.search(r"<td>Django</td>\s*<td[^>]*>5\.2", text)
    for odd in ("/nowhere", "//evil.example/", "javascript:alert(1)", "\0", ""):
        told = admin.get(reverse("overview:help"), {"page": odd})
        assert told.status_code == 200 and "evil.example" not in told.text.split("<main")[1]


def test_every_how_to_is_a_page_and_its_links_lead_somewhere(admin: Client) -> None:
    assert {each.name for each in guides.GUIDES} == {path.stem for path in DOCS.glob("*.md")}
    for each in guides.GUIDES:
        text = admin.get(reverse("overview:guide", args=[each.name])).text.split("<article")[1]
        assert "<p>" in text and "](" not in text and "**" not in text
        for url in re.findall(r'href="(/[^"]+)"', text):
            assert admin.get(url).status_code == 200, url
    assert admin.get(reverse("overview:guide", args=["nothing"])).status_code == 404


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# A *b*", "<h2>A <em>b</em></h2>"),
        ("one <b>\ntwo `<c>`", "<p>one &lt;b&gt; two <code>&lt;c&gt;</code></p>"),
        ("1. a\n\n   ```\n   x\n   ```", '<ol> <li> <p>a</p> <pre tabindex="0"><code>x </code></pre> </li> </ol>'),
        ("    code <x>", '<pre tabindex="0"><code>code &lt;x&gt; </code></pre>'),
        (
            "[a](https://x/) [b](reference/y.md) <https://x/>",
            '<p><a href="https://x/">a</a> b <a href="https://x/">https://x/</a></p>',
        ),
        (
            "|a|\n|-:|\n|1|",
            '<div class="table-scroll" tabindex="0"><table class="rows stacks"> <thead> <tr> <th scope="col">a</th> '
            "</tr> </thead> <tbody> <tr> <td>1</td> </tr> </tbody> </table></div>",
        ),
    ],
)
def test_what_how_tos_are_written_in(text: str, html: str) -> None:
    made = markdown.html(text, lambda target: target if target.startswith("https") else "")
    assert " ".join(made.split()) == html


FIRST_LOAD = """
import re, sys
sys.argv = ["uvicorn"]
import django; django.setup()
from django.templatetags.static import static
from django.test import Client

total = 0
for name in (
    "gatepost.css", "vendor/bootstrap/bootstrap.min.css", "gatepost.js", "lists.js", "django_htmx/htmx-2.min.js",
    "icons/icons.svg", "icons/gatepost.svg", "vendor/ibm-plex/ibm-plex-sans-latin-wght-normal.woff2",
    "vendor/ibm-plex/ibm-plex-mono-latin-400-normal.woff2",
):
    answer = Client().get(static(name), headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200 and "immutable" in answer["Cache-Control"], (name, answer.headers)
    assert re.search(r"\\.[0-9a-f]{12}\\.", static(name)), name
    total += len(b"".join(answer.streaming_content))
print(total)
"""


def test_static_files_are_hashed_compressed_and_kept_for_good(tmp_path: Path) -> None:
    """What a browser loads first beside the page itself is at most 115 KB."""
    told = {**os.environ, "GATEPOST_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "console.settings"}
    for command in (["manage.py", "collectstatic", "--noinput", "--clear"], ["-W", "ignore", "-c", FIRST_LOAD]):
        done = subprocess.run(
            [sys.executable, *command], cwd=settings.BASE_DIR, env=told, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 115_000


def test_of_bootstrap_there_is_what_the_pages_use() -> None:
    rules = bootstrap.FILE.read_text().partition("*/")[2].strip()
    assert bootstrap.cut(rules) == rules
    pages = [*Path(settings.BASE_DIR, "templates").rglob("*.html"), *Path(settings.BASE_DIR, "console").rglob("*.py")]
    words = set(re.findall(r"[\w-]+", "".join(page.read_text() for page in pages)))
    assert words >= bootstrap.USED
