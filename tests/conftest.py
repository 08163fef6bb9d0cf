"""One PostgreSQL and one Valkey for each test process, from the wheels that `make run` uses, gone with the process."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.test import TransactionTestCase
from pytest_django.fixtures import Settings

from console.processes import sockets
from console.processes.account import Account
from console.processes.postgres import Postgres
from console.processes.program import Program
from console.processes.valkey import Valkey
from tests import distribution
from tests.browser import HINT, find_browser, may_be_left_out
from tests.browsing import act_on_loaded_pages_only
from tests.emptied import as_flush_does
from tests.running_copy import RunningCopy
from tests.waiting import wait_for
from transport.deliver import database, locked

# Other programs share the machine, and no example says anything about its speed. `make fuzz` tries many.
UNHURRIED: dict[str, Any] = {"deadline": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]}
hypothesis.settings.register_profile("few", max_examples=30, **UNHURRIED)
hypothesis.settings.register_profile("many", max_examples=1000, **UNHURRIED)
hypothesis.settings.load_profile("few")

# Of Chromium, in place of Playwright's list: what asks the Internet or holds a page back, and two pages that every
# window of a test would get for the suggestions of its address bar, at twice the cost of the window itself.
UNUSED = (
    "WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup", "AimEnabled", "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable", "MediaRouter", "NetworkTimeServiceQuerying", "OptimizationHints",
    "PaintHolding", "PreconnectToSearch", "AvoidUnnecessaryBeforeUnloadCheckSync",
)  # fmt: skip

# Playwright keeps an event loop running in the thread of the tests, where Django would refuse its synchronous ORM.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> distribution.WholeFiles:
    return distribution.WholeFiles(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        # The servers, the database and the browser are started in the time of whichever test is the first.
        if item.get_closest_marker("browser") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(600))
    distribution.longest_first(items)


@dataclass(frozen=True)
class Servers:
    database_url: str
    redis_url: str


@pytest.fixture(scope="module", autouse=True)
def delivery_as_before() -> Iterator[None]:
    """A transport that ran in this process has told delivery its own database and secret: the next file has others."""
    before = database.address, locked.secret
    yield
    if (database.address, locked.secret) != before:
        database.address, locked.secret = before
        if database.pool.cache_info().currsize:
            database.pool().close()
            database.pool.cache_clear()


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """A PostgreSQL (with an empty database) and a Valkey that nobody else uses. No file of theirs is synced to disk."""
    account = Account.unprivileged()
    directory = account.own(Path(tempfile.mkdtemp(prefix="gatepost-test-")))
    listening = sockets.directory(directory, account)
    postgres = Postgres(directory / "postgres", listening, account, durable=False)
    valkey = Valkey(directory / "redis", listening, account)
    running = [_start(postgres.prepare(), postgres.answers), _start(valkey.prepare(), valkey.answers)]
    postgres.make_database()
    yield Servers(postgres.url, valkey.url)
    for program, process in running:
        program.stop(process)
    shutil.rmtree(directory)


def _start(program: Program, answers: Callable[[], bool]) -> tuple[Program, subprocess.Popen[bytes]]:
    process = program.start(subprocess.DEVNULL)
    wait_for(answers, f"{program.name} does not answer")
    return program, process


@pytest.fixture(scope="session")
def django_db_modify_db_settings(servers: Servers, django_db_modify_db_settings_parallel_suffix: None) -> None:
    from django.conf import settings
    from django.core.cache import caches
    from django.db import connections

    from console.celery import app
    from console.settings import database
    from transport.redis_address import RedisAddress

    place = database(servers.database_url) | {"OPTIONS": {}}
    settings.DATABASES["default"].update(place)
    connections["default"].settings_dict.update(place)
    settings.DATABASE_URL, settings.REDIS_URL = servers.database_url, servers.redis_url
    settings.CACHES["default"]["LOCATION"] = servers.redis_url
    with suppress(AttributeError):
        del caches["default"]
    settings.CELERY_BROKER_URL = RedisAddress.parse(servers.redis_url).broker.url
    app.conf.update(broker_url=settings.CELERY_BROKER_URL)


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """It goes with its server; who has a connection to it still is no fault."""
    return True


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, servers: Servers) -> None:
    """Besides pytest-django's own: DATABASE_URL names the migrated test database."""
    from django.conf import settings
    from django.db import connection

    settings.DATABASE_URL = servers.database_url.rpartition("/")[0] + "/" + connection.settings_dict["NAME"]
    TransactionTestCase._fixture_teardown = as_flush_does  # type: ignore[attr-defined]


@pytest.fixture
def database_url(transactional_db: None) -> str:
    """The migrated test database, for code that connects by itself (emptied after the test)."""
    from django.conf import settings

    return str(settings.DATABASE_URL)


@pytest.fixture
def redis_url(servers: Servers) -> str:
    return servers.redis_url


@pytest.fixture
def home(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data directory, named by settings and environment."""
    from console.processes.home import Home

    directory = tmp_path / "home"
    directory.mkdir()
    monkeypatch.setenv("GATEPOST_HOME", str(directory))
    settings.GATEPOST_HOME, settings.HOME = directory, Home(directory)
    return directory


@pytest.fixture(scope="session", autouse=True)
def passwords_are_hashed_quickly() -> None:
    """What a guess costs is a matter of parameters, which stand in each hash."""
    from argon2 import PasswordHasher
    from django.contrib.auth.hashers import Argon2PasswordHasher

    from console.users import actions as users

    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    for name in ("time_cost", "memory_cost", "parallelism"):
        setattr(Argon2PasswordHasher, name, getattr(cheap, name))
    users._hasher = cheap


def _spent(clock: int) -> float:
    """Seconds of a thread; none once it has ended."""
    try:
        return time.clock_gettime(clock)
    except OSError:
        return 0.0


@pytest.fixture(scope="session", autouse=True)
def no_thread_turns_for_nothing() -> Iterator[None]:
    """What reads on from a connection that has ended takes its time from all tests after it."""
    yield
    others = [each for each in threading.enumerate() if each is not threading.current_thread() and each.ident]
    clocks = {each: time.pthread_getcpuclockid(each.ident) for each in others if each.ident}
    before = {each: _spent(clock) for each, clock in clocks.items()}
    time.sleep(0.3)
    frames = sys._current_frames()
    busy = [each.ident for each, clock in clocks.items() if _spent(clock) - before[each] > 0.03]
    assert not busy, "".join(line for one in busy for line in traceback.format_stack(frames[one or 0]))


@pytest.fixture(scope="module")
def running_copy() -> Iterator[RunningCopy]:
    """Everything, as `make run` starts it, and in order."""
    with RunningCopy() as copy:
        copy.wait_until_in_order()
        yield copy


@pytest.fixture(scope="session", autouse=True)
def nothing_is_done_before_scripts_are_there() -> None:
    act_on_loaded_pages_only()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object]) -> dict[str, object]:
    """pytest-playwright drives the Chromium that is here; without one the browser tests fail and say what to do."""
    found = find_browser()
    if not found:
        (pytest.skip if may_be_left_out() else pytest.fail)(HINT)
    return {**browser_type_launch_args, "executable_path": found, "args": [f"--disable-features={','.join(UNUSED)}"]}
