"""What fills the console's database: sessions, recipients, mail that waits, and counts of a week."""

from __future__ import annotations

import psycopg

SESSIONS, RECIPIENTS, MESSAGES = 1_000_000, 1_000_000, 100_000

DATA = """
INSERT INTO tracking_session (session_id, transport, connector, local_endpoint, remote_address, remote_port, helo,
    sender, recipients, accepted, refused, revision, started_at, ended_at, events, search)
SELECT upper(lpad(to_hex(n), 16, '0')), 'mx1', 'MX1\\Office', '10.9.9.9:25', a, 4711, h, s, ARRAY[r],
    (n % 10 > 0)::int, (n % 10 = 0)::int, 1, now() - n * interval '1 second', now() - n * interval '1 second', '[]',
    concat_ws(' ', to_hex(n), a, 'office', h, s, r,
        CASE WHEN n % 10000 = 0 THEN '550 5.1.1 user unknown recipient_blocked; revision 1'
            WHEN n % 10 = 0 THEN '550 5.7.1 unable to relay relay_denied; revision 1' END)
FROM (SELECT n, concat_ws('.', 10, n / 65536 % 256, n / 256 % 256, n % 256) AS a, 'printer' || n % 500 AS h,
    'device' || n % 900 || '@contoso.com' AS s, 'r' || n % 90000 || '@kunde' || n % 300 || '.example' AS r
    FROM generate_series(1, {sessions}) n) made;
INSERT INTO directory_recipient (address, display_name)
SELECT 'r' || n || '@contoso.com', 'Person ' || n FROM generate_series(1, {recipients}) n;
INSERT INTO queues_nexthop (key, delivery_type, domain, connector)
SELECT 'domain:Internet:kunde' || n || '.example', 'DnsConnectorDelivery', 'kunde' || n || '.example', 'Internet'
FROM generate_series(0, 299) n;
INSERT INTO queues_message (id, accepted_at, transport, connector, revision, session_id, client_address, helo, tls,
    principal, authenticated, sender, subject, message_id, size, body_type, recipient_count, expires_at)
SELECT lpad(to_hex(n), 32, '0')::uuid, now() - n * interval '1 second', 'mx1', 'Office', 1, to_hex(n), '10.0.0.1',
    'printer', false, '', false, 'anna@contoso.com', 'Invoice ' || n, '<' || n || '@contoso.com>', 4000, '7BIT', 1,
    now() + interval '2 days' FROM generate_series(1, {messages}) n;
INSERT INTO queues_recipient (message_id, address, next_hop, due_at, notice_at)
SELECT lpad(to_hex(n), 32, '0')::uuid, 'r' || n || '@kunde' || n % 300 || '.example',
    'domain:Internet:kunde' || n % 300 || '.example', now() + interval '1 hour', now() + interval '4 hours'
FROM generate_series(1, {messages}) n;
INSERT INTO queues_content (message_id, number, chunk)
SELECT lpad(to_hex(n), 32, '0')::uuid, 0, 'x' FROM generate_series(1, {messages}) n;
INSERT INTO tracking_event (time, event, source, message_id, recipients)
SELECT now() - n * interval '1 second', 'RECEIVE', 'SMTP', lpad(to_hex(n), 32, '0')::uuid,
    ARRAY['r' || n || '@kunde' || n % 300 || '.example'] FROM generate_series(1, {messages}) n;
INSERT INTO tracking_search (message_id, time, words, client)
SELECT lpad(to_hex(n), 32, '0')::uuid, now() - n * interval '1 second',
    tracking_words('anna@contoso.com invoice ' || n || ' r' || n || '@kunde' || n % 300 || '.example'), '10.0.0.1'
FROM generate_series(1, {messages}) n;
INSERT INTO tracking_reader (name, transaction, event) SELECT 'search', max(transaction), max(id) FROM tracking_event
ON CONFLICT (name) DO UPDATE SET transaction = excluded.transaction, event = excluded.event;
INSERT INTO publishing_count (what, by, name, connector, at, n)
SELECT what, by, kind || n, '', at, n FROM (VALUES ('connected', 'connector', 'Branch ', 299),
    ('connected', 'client', '10.200.0.', 100), ('accepted', 'sender', 'device', 100), ('refused', 'rule', 'rule', 20),
    ('delivered', 'send connector', 'Internet', 20)) kinds (what, by, kind, most),
    generate_series(1, most) n,
    generate_series(date_trunc('hour', now()) - interval '7 days', now(), interval '1 hour') at;
INSERT INTO publishing_count (what, by, name, connector, at, n)
SELECT what, by, kind || n, '', at, n FROM (VALUES ('connected', 'connector', 'Branch ', 299),
    ('connected', 'client', '10.200.0.', 500), ('accepted', 'sender', 'device', 500)) kinds (what, by, kind, most),
    generate_series(1, most) n,
    generate_series(date_trunc('minute', now()) - interval '1 hour', now(), interval '1 minute') at
WHERE at <> date_trunc('hour', at);
INSERT INTO publishing_count (what, by, name, connector, at, n)
SELECT 'refused', 'rule', rule, '', date_trunc('minute', now()), 100
FROM unnest(ARRAY['relay_denied', 'recipient_blocked']) rule;
INSERT INTO publishing_traffic (transport, minute, connections, accepted, refused)
SELECT 'mx1', at, 100, 90, 10
FROM generate_series(date_trunc('minute', now()) - interval '7 days', now(), interval '1 minute') at;
VACUUM ANALYZE;
"""


def fill(database: str, part: int) -> str:
    """One part of so many of all rows; what they are, in words."""
    sizes = {"sessions": SESSIONS // part, "recipients": RECIPIENTS // part, "messages": MESSAGES // part}
    with psycopg.connect(database, autocommit=True) as connection:
        for statement in DATA.format(**sizes).split(";\n"):
            if statement.strip():
                connection.execute(statement)
    return ", ".join(f"{size:,} {name}" for name, size in sizes.items())
