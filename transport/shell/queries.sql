-- Everything the transport's shell alone asks of PostgreSQL. The tables belong to the console (apps publishing and directory).

-- name: revisions
select number, checksum, document from publishing_configrevision where number = any(%s)

-- name: report_transport
insert into publishing_transport (
    name, node, pid, revision, in_force_since, started_at, seen_at, sessions, sessions_by_connector, problems,
    bindings, version
) values (
    %(name)s, %(node)s, %(pid)s, %(revision)s, to_timestamp(%(in_force_since)s), to_timestamp(%(started_at)s), now(),
    %(sessions)s, %(sessions_by_connector)s, %(problems)s, %(bindings)s, %(version)s
)
on conflict (name) do update set
    node = excluded.node, pid = excluded.pid, revision = excluded.revision, in_force_since = excluded.in_force_since,
    started_at = excluded.started_at, seen_at = excluded.seen_at, sessions = excluded.sessions,
    sessions_by_connector = excluded.sessions_by_connector, problems = excluded.problems,
    bindings = excluded.bindings, version = excluded.version

-- name: node_state
-- And how many nodes there are.
select (select state from processes_node where name = %s),
    (select count(*) from processes_node where seen_at > now() - interval '1 minute')

-- name: report_node
-- What is set in the console stays.
insert into processes_node (name, home, version, free, clock, seen_at)
values (%(name)s, %(home)s, %(version)s, %(free)s, %(clock)s - extract(epoch from clock_timestamp())::float8, now())
on conflict (name) do update set home = excluded.home, version = excluded.version, free = excluded.free,
    clock = excluded.clock, seen_at = excluded.seen_at

-- name: forget_transports
delete from publishing_transport where name = any(%(names)s) and node = %(node)s

-- name: add_traffic
insert into publishing_traffic (transport, minute, connections, accepted, refused)
values (%(transport)s, to_timestamp(%(minute)s), %(connections)s, %(accepted)s, %(refused)s)
on conflict (transport, minute) do update set
    connections = publishing_traffic.connections + excluded.connections,
    accepted = publishing_traffic.accepted + excluded.accepted,
    refused = publishing_traffic.refused + excluded.refused

-- name: add_counts
insert into publishing_count (at, what, by, name, connector, n)
select to_timestamp(%(at)s), counted.*
from unnest(%(what)s::text[], %(by)s::text[], %(name)s::text[], %(connector)s::text[], %(n)s::bigint[]) counted
on conflict (what, by, name, connector, at) do update set n = publishing_count.n + excluded.n

-- name: recipients_settled
-- False while somebody is still writing: numbers smaller than the ones we can see may yet appear.
select not exists (
    select from pg_locks
    where locktype = 'relation' and relation = 'directory_recipient'::regclass and mode = 'RowExclusiveLock' and pid <> pg_backend_pid()
)

-- name: recipient_changes
select change_number, address, deleted from directory_recipient where change_number > %(after)s order by change_number limit %(limit)s

-- name: recipient_totals
select count(*) filter (where not deleted), coalesce(max(change_number), 0) from directory_recipient

-- name: user_by_logon
-- Groups are those of the user, and those that these are in. `domain` empty: any, but then the name must be the only one. `address`: also whoever has it, unless a logon name fits.
with named as (
    select id from users_user where lower(name) = %(user)s and (%(domain)s = '' or lower(domain) = %(domain)s) limit 2
), addressed as (
    select users_user_addresses.user_id as id
    from directory_recipient join users_user_addresses on users_user_addresses.recipient_id = directory_recipient.id
    where directory_recipient.address = %(address)s and not directory_recipient.deleted limit 2
)
select domain || '\' || name, password, enabled, nt_hash,
    array(
        with recursive holding as (
            select group_id as id from users_user_groups where users_user_groups.user_id = users_user.id
            union select from_group_id from users_group_members join holding on holding.id = to_group_id
        )
        select users_group.name from users_group join holding on holding.id = users_group.id
    ),
    array(
        select address from users_user_addresses
        join directory_recipient on directory_recipient.id = users_user_addresses.recipient_id
        where users_user_addresses.user_id = users_user.id and not deleted
    )
from users_user
where id in (select id from named union all select id from addressed where not exists (select from named))

-- The queue, filled by the forwarder (tables of the console's app queues).

-- name: journal_positions
select segment, "offset" from queues_position where transport = %(transport)s

-- name: advance_journal
insert into queues_position (transport, segment, "offset", messages, recipients)
values (%(transport)s, %(segment)s, %(offset)s, %(messages)s, %(recipients)s)
on conflict (transport, segment) do update set
    "offset" = excluded."offset",
    messages = queues_position.messages + excluded.messages,
    recipients = queues_position.recipients + excluded.recipients
    where queues_position."offset" = %(start)s

-- name: sum_up_journal
with gone as (
    delete from queues_position where transport = %(transport)s and segment = any(%(segments)s) returning messages, recipients
)
insert into queues_position (transport, segment, "offset", messages, recipients)
select %(transport)s, '', 0, sum(messages), sum(recipients) from gone having count(*) > 0
on conflict (transport, segment) do update set
    messages = queues_position.messages + excluded.messages, recipients = queues_position.recipients + excluded.recipients

-- name: known_messages
select id from queues_message where id = any(%s)

-- name: journals_taken_in
-- Nothing waits any more in what the forwarder of their node said last.
update processes_turn set waiting_since = null, waiting_messages = 0, waiting_recipients = 0
where process = 'forwarder' and node in (select node from publishing_transport where name = any(%s))

-- name: copy_messages
-- The columns are the facts of an envelope, and three more (forward/queue_tables.py).
copy queues_message (@columns) from stdin (format binary)

-- name: copy_content
copy queues_content (message_id, number, chunk, held) from stdin (format binary)

-- name: all_workers_read
-- Whether every worker reads the files of that data directory.
select count(*) > 0 and bool_and(home = %(home)s) from queues_worker

-- name: held_bodies
select held from queues_content where held = any(%s)

-- name: holding
select message_id, number from queues_content where held = %s

-- name: lock_holding_messages
-- False when somebody else has one. Waiting for it could make each of us wait for the other.
with locked as (select id from queues_message where id = any(%(messages)s) for update skip locked)
select (select count(*) from locked) = (select count(*) from queues_message where id = any(%(messages)s))

-- name: lock_holding_recipients
-- False when one of those that wait is under way.
with locked as (
    select id from queues_recipient
    where message_id = any(%(messages)s) and status in ('ready', 'suspended') and claimed_by is null
    for update skip locked
)
select (select count(*) from locked) = (
    select count(*) from queues_recipient where message_id = any(%(messages)s) and status in ('ready', 'suspended'))

-- name: no_longer_held
delete from queues_content where message_id = %s and number = %s and held is not null

-- name: make_room
update queues_content set number = number + %(more)s where message_id = %(message)s and number > %(number)s

-- name: copy_recipients
-- Due at once, by PostgreSQL's clock.
copy queues_recipient (message_id, address, next_hop, notice_at, notify, orcpt) from stdin (format binary)

-- name: copy_events
copy tracking_event (time, event, source, message_id, connector, session_id, recipients) from stdin (format binary)

-- name: search_position
-- Who finds it locked leaves the work to who holds it.
select transaction, event from tracking_reader where name = 'search' for update skip locked

-- name: add_reader
insert into tracking_reader (name) values ('search') on conflict do nothing

-- name: not_searchable_yet
-- What is behind the position and can no longer be joined by anything before it.
-- Of events that make no message the last one comes, too (as that of nobody): what was read once is not read again.
with behind as materialized (
    select transaction, id, time, event, message_id, recipients from tracking_event
    where (transaction, id) > (%(transaction)s, %(event)s)
        and transaction < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
    order by transaction, id limit %(limit)s
)
select e.transaction, e.id, e.time, m.id, m.sender, m.subject, m.message_id, m.client_address, m.helo, e.recipients
from behind e left join queues_message m on m.id = e.message_id
    and (e.event = 'RECEIVE' or e.event = 'DSN' and m.origin = 'generated')
where m.id is not null
    or (e.transaction, e.id) = (select transaction, id from behind order by transaction desc, id desc limit 1)
order by e.transaction, e.id

-- name: make_searchable
insert into tracking_search (message_id, time, words, client)
select id, time, words::tsvector, client
from unnest(%(ids)s::uuid[], %(times)s::timestamptz[], %(vectors)s::text[], %(clients)s::inet[]) as v (id, time, words, client)
on conflict (message_id) do nothing

-- name: advance_search
update tracking_reader set transaction = %(transaction)s, event = %(event)s where name = 'search'

-- name: report_turn
-- How long the oldest waits the node's clock says, since when ours: theirs may differ, or have jumped.
insert into processes_turn (
    process, node, at, waiting_since, waiting_messages, waiting_recipients, all_counted, version, needs_upgrade)
values ('forwarder', %(node)s, now(), now() - %(waiting)s::float8 * interval '1 second', %(messages)s, %(recipients)s, %(all_counted)s,
    %(version)s, %(needs_upgrade)s)
on conflict (process, node) do update set
    at = excluded.at, version = excluded.version, needs_upgrade = excluded.needs_upgrade, waiting_since = excluded.waiting_since, waiting_messages = excluded.waiting_messages,
    waiting_recipients = excluded.waiting_recipients, all_counted = excluded.all_counted

-- name: forwarder_turn
select abs(extract(epoch from now() - at))::float8, extract(epoch from now() - waiting_since)::float8
from processes_turn where process = 'forwarder' and node = %(node)s

-- name: kept
select key, domain from queues_nexthop
where delivery_type = %(kind)s
    and (domain = %(domain)s or (%(below)s and right(domain, length(%(domain)s) + 1) = '.' || %(domain)s))
order by kept desc, key limit %(most)s

-- name: kept_of_connectors
select key from queues_nexthop where kept and connector = any(%(connectors)s) order by key limit %(most)s

-- name: take_handed
update connectors_pull set handed_at = null where handed_at is not null returning connector

-- name: kept_with_mail
select domain from queues_nexthop h
where delivery_type = %(kind)s and not suspended and (domain = any(%(domains)s) or exists (
    select from unnest(%(below)s::text[]) as b (name) where right(h.domain, length(b.name) + 1) = '.' || b.name))
    and exists (select from queues_recipient r where r.next_hop = h.key and r.status = 'ready')
order by domain limit %(most)s

-- The protocol log (tables of the console's app tracking).

-- name: log_positions
select transport, file, "offset" from tracking_position

-- name: advance_log
insert into tracking_position (transport, file, "offset") values (%(transport)s, %(file)s, %(offset)s)
on conflict (transport, file) do update set "offset" = excluded."offset"

-- name: add_to_sessions
insert into tracking_session (
    session_id, transport, direction, connector, local_endpoint, remote_address, remote_port, helo, sender, recipients,
    accepted, refused, tls, revision, started_at, ended_at, events, search
) values (
    %(session_id)s, %(transport)s, %(direction)s, %(connector)s, %(local_endpoint)s, %(remote_address)s, %(remote_port)s,
    %(helo)s, %(sender)s, %(recipients)s, %(accepted)s, %(refused)s, %(tls)s, %(revision)s, %(started_at)s,
    %(ended_at)s, %(events)s, %(search)s
)
on conflict (session_id) do update set
    connector = excluded.connector, local_endpoint = excluded.local_endpoint,
    remote_address = excluded.remote_address, remote_port = excluded.remote_port,
    helo = coalesce(nullif(excluded.helo, ''), tracking_session.helo),
    sender = coalesce(nullif(excluded.sender, ''), tracking_session.sender),
    recipients = (tracking_session.recipients || excluded.recipients)[1:200],
    accepted = tracking_session.accepted + excluded.accepted,
    refused = tracking_session.refused + excluded.refused,
    tls = tracking_session.tls or excluded.tls,
    revision = coalesce(excluded.revision, tracking_session.revision),
    ended_at = coalesce(excluded.ended_at, tracking_session.ended_at),
    events = case when jsonb_array_length(tracking_session.events) < %(most_events)s
        then tracking_session.events || excluded.events else tracking_session.events end,
    search = left(tracking_session.search || ' ' || excluded.search, %(most_searched)s)

-- name: add_records
insert into replay_records (transport, first_ended, last_ended, sessions, lines)
values (%(transport)s, to_timestamp(%(first)s), to_timestamp(%(last)s), %(n)s, %(lines)s)

-- Sessions that are open.

-- name: asked_of_sessions
-- Who looks, at the sessions of which connector and of clients whose address begins how; and, without a look, what is to
-- end.
(select id, connector, client from tracking_look where asked_at > now() - interval '10 seconds' order by id limit 20)
union all (select null, session_id, '' from tracking_ending limit 1000)

-- name: tell_open_sessions
insert into tracking_looked (look_id, transport, told_at, matching, sessions)
values (%(look)s, %(transport)s, now(), %(matching)s, %(sessions)s)
on conflict (look_id, transport) do update set
    told_at = excluded.told_at, matching = excluded.matching, sessions = excluded.sessions

-- name: sessions_ended
delete from tracking_ending where session_id = any(%(sessions)s)

-- name: wake_tracking
select pg_notify('gatepost_tracking', '')
