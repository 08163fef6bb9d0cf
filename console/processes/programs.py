"""The command line of each process. docker-compose.yml has the same ones."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping
from dataclasses import replace

from console.processes.account import Account
from console.processes.address import Address
from console.processes.code import HERE, Code
from console.processes.names import numbered
from console.processes.program import Program


def ourselves() -> Account:
    return Account("", os.geteuid(), os.getegid())


def prepare(account: Account, environment: Mapping[str, str], code: Code = HERE) -> Program:
    return _python("prepare", ["manage.py", "prepare"], account, environment, code)


def services(
    console: Address, account: Account, environment: Mapping[str, str], code: Code = HERE, workers: int = 1
) -> list[Program]:
    """What runs besides the servers, in the order of starting, with so many `workers` of each kind. The master of the
    transports drops root itself, and so never runs a copy of the code, which is the account's own; the transports,
    which it starts then, do.
    """
    serve = f"-m uvicorn console.asgi:application --host {console.host} --port {console.port} --lifespan on"
    punctual = "--http console.head_limit:PunctualProtocol"
    # Without a proxy in front, anybody on this machine could name another address and count as somebody new at sign-in.
    usual = "127.0.0.1" if environment.get("GATEPOST_CONSOLE_URL") else ""
    proxies = {"FORWARDED_ALLOW_IPS": os.environ.get("FORWARDED_ALLOW_IPS") or usual}
    quiet = "--timeout-graceful-shutdown 3 --no-access-log --no-server-header --log-level warning"
    celery = "-m celery --app console --quiet"
    work = f"{celery} worker --pool threads --without-gossip --without-mingle --without-heartbeat"
    threads = {
        "worker": "--queues gatepost --concurrency 30",
        "outbound": "--queues gatepost-outbound --concurrency 150",
    }

    def ours(name: str, arguments: str, more: Mapping[str, str] = {}) -> Program:
        return _python(name, arguments.split(), account, {**environment, **more}, code)

    return [
        replace(
            _python("transport", ["-m", "transport"], ourselves(), {**environment, **_of_transports(code)}, HERE),
            restart_signal=signal.SIGHUP,
            patience=20,
        ),
        ours("forwarder", "-m transport forwarder"),
        ours("console", f"{serve} {punctual} {quiet}", proxies),
        # What they have in hand when they are killed is tried again, alone, and may arrive twice.
        *(
            replace(ours(name, f"{work} -n {name}@%h {threads[kind]}"), patience=20)
            for number in range(1, workers + 1)
            for kind in threads
            for name in [numbered(kind, number)]
        ),
        ours("beat", f"{celery} beat"),
    ]


def _of_transports(code: Code) -> dict[str, str]:
    """Where the master finds their code, if it is another than its own."""
    return {} if code is HERE else {"GATEPOST_CODE": json.dumps([code.python, str(code.checkout), code.libraries])}


def _python(name: str, arguments: list[str], account: Account, environment: Mapping[str, str], code: Code) -> Program:
    places = {"PYTHONPATH": code.libraries} if code.libraries else {}
    return Program(name, [code.python, *arguments], account, {**environment, **places}, directory=code.checkout)
