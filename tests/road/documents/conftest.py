from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browsing import uncomplaining
from tests.road.documents.hand import Hand
from tests.running_copy import RunningCopy


@pytest.fixture(scope="package")
def links() -> Path:
    """Where the copy's machine says what its links are: a folder that only root writes."""
    folder = Path(tempfile.mkdtemp(prefix="gatepost-links-", dir="/tmp"))
    folder.chmod(0o755)
    return folder


@pytest.fixture(scope="package")
def copy(links: Path) -> Iterator[RunningCopy]:
    """A fresh copy for all the documents, one after the other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GATEPOST_LINKS", str(links))
        with RunningCopy() as running:
            running.wait_until_in_order()
            yield running
    shutil.rmtree(links)


@pytest.fixture(scope="package")
def hand(copy: RunningCopy, browser: Browser) -> Iterator[Hand]:
    """An administrator at the console; no script may fail and nothing breach the Content-Security-Policy."""
    page = browser.new_page(base_url=f"http://{copy.console}")
    with uncomplaining(page):
        signed_in = Hand(page)
        signed_in.sign_in(copy.password)
        yield signed_in
        page.close()
