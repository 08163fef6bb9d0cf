"""`make bench BENCH=backlog`: what 100,000 messages that wait for 1,000 next hops without an answer cost the rest.

Meanwhile two messages a second go to a mailbox and to a smart host. Prints how long each took, how long the queue pages
take, what each process used of the processor, and whether the workers' memory grows.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from time import monotonic, sleep

import psycopg

from tests.bench import processor
from tests.bench.strangers import KINDS, Measured, print_waits, send_for, set_up
from tests.running_copy import RunningCopy

HOPS, WAITING, SECONDS = 1000, 100_000, 50
GOALS = {"mailbox": "postmaster@gatepost.test", "smart host": "a@smart.test"}
PAGES = ("/mail-flow/queues/", "/mail-flow/queues/messages/", "/healthz")
WORKERS = ("worker", "outbound")

FILL = """
create temp table dead as
select n, 'd' || n || '.' || (%(kinds)s::text[])[n %% cardinality(%(kinds)s::text[]) + 1] || '.test' as domain
from generate_series(1, %(hops)s) n;
insert into queues_nexthop (key, delivery_type, domain, connector)
select 'domain:Internet:' || domain, 'DnsConnectorDelivery', domain, 'Internet' from dead;
create temp table waiting as
select gen_random_uuid() as id, domain, now() - random() * interval '3 hours' as at
from dead cross join generate_series(1, %(waiting)s / %(hops)s);
insert into queues_message (id, accepted_at, transport, connector, revision, session_id, client_address, helo, tls,
    principal, authenticated, sender, subject, message_id, size, body_type, recipient_count, expires_at)
select id, at, 'gw', 'Relay', 1, '', '192.0.2.1', 'client.test', false, '', false, 'ann@outside.example', 'Waiting',
    '<' || id || '@outside.example>', 1024, '7BIT', 1, at + interval '2 days' from waiting;
insert into queues_content (message_id, number, chunk)
select id, 0, convert_to(repeat('0123456789abcde' || e'\\n', 64), 'utf8') from waiting;
insert into queues_recipient (message_id, address, next_hop, due_at, notice_at)
select id, 'bob@' || domain, 'domain:Internet:' || domain, at, at + interval '4 hours' from waiting;
insert into tracking_event (time, event, source, message_id, connector, recipients)
select at, 'RECEIVE', 'SMTP', id, 'Relay', array['bob@' || domain] from waiting;
"""

ASK = """
from statistics import quantiles; from time import monotonic, process_time; from django.test import Client
from django.contrib.auth import get_user_model; from django.conf import settings
settings.ALLOWED_HOSTS = ['*']
client = Client(); client.force_login(get_user_model().objects.get(username='admin'))
for path in {pages!r}:
    client.get(path, follow=True)
    clock, used = [], []
    for _ in range(10):
        began, before = monotonic(), process_time()
        answer = client.get(path, follow=True)
        clock.append(monotonic() - began); used.append(process_time() - before)
    clock, used = (quantiles(each, n=20)[-1] * 1000 for each in (clock, used))
    print(f'{{path:32}}{{answer.status_code}} p95 {{clock:6.0f}} ms, of which the console itself computes {{used:.0f}}')
"""


def main() -> None:
    with set_up() as measured:
        print("nothing waits")
        measure(measured)
        fill(measured.copy)
        print(f"{WAITING:,} messages wait for {HOPS:,} next hops")
        measure(measured)


def fill(copy: RunningCopy) -> None:
    """Straight into the queue: what accepting them costs is measured elsewhere."""
    url = copy.run_file()["database_url"]
    with psycopg.connect(url, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute(FILL, {"kinds": list(KINDS), "hops": HOPS, "waiting": WAITING})
        connection.execute("analyze queues_recipient")


def measure(measured: Measured) -> None:
    copy = measured.copy
    pids = copy.run_file()["pids"]
    before, began, memory = _spent(pids), monotonic(), [_memory(pids)]
    sent = send_for(measured, GOALS, SECONDS, lambda: memory.append(_memory(pids)))
    used = _spent(pids)
    seconds = monotonic() - began
    sleep(5)
    print_waits(measured, sent)
    print("processor: " + ", ".join(f"{name} {(used[name] - before[name]) / seconds:.1%}" for name in used))
    third = len(memory) // 3
    for number, name in enumerate(WORKERS):
        early, late = (median(one[number] for one in part) for part in (memory[third : 2 * third], memory[-third:]))
        print(f"{name}: {early / 1e6:.0f} MB in the middle, {late / 1e6:.0f} MB at the end")
    print(copy.manage("shell", "--no-imports", "-c", ASK.format(pages=PAGES)).stdout, flush=True)


def _spent(pids: Mapping[str, int]) -> dict[str, float]:
    """CPU seconds so far, by process."""
    return {name: processor.spent({pid}).seconds for name, pid in pids.items() if name != "supervisor"}


def _memory(pids: Mapping[str, int]) -> list[int]:
    """Resident octets of the workers."""
    page = os.sysconf("SC_PAGE_SIZE")
    return [int(Path(f"/proc/{pids[name]}/statm").read_text().split()[1]) * page for name in WORKERS]


if __name__ == "__main__":
    main()
