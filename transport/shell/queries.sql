-- Everything the transport asks of PostgreSQL. The tables belong to the console (apps publishing and directory).

-- name: newest_revision_number
select max(number) from publishing_configrevision

-- name: newest_revision
select number, document, checksum from publishing_configrevision order by number desc limit 1

-- name: report_transport
insert into publishing_transport (name, node, pid, revision, in_force_since, started_at, seen_at, sessions, problems)
values (%(name)s, %(node)s, %(pid)s, %(revision)s, to_timestamp(%(in_force_since)s), to_timestamp(%(started_at)s), now(), %(sessions)s, %(problems)s)
on conflict (name) do update set
    node = excluded.node, pid = excluded.pid, revision = excluded.revision, in_force_since = excluded.in_force_since,
    started_at = excluded.started_at, seen_at = excluded.seen_at, sessions = excluded.sessions, problems = excluded.problems

-- name: add_traffic
insert into publishing_traffic (transport, minute, connections, accepted, refused)
values (%(transport)s, to_timestamp(%(minute)s), %(connections)s, %(accepted)s, %(refused)s)
on conflict (transport, minute) do update set
    connections = publishing_traffic.connections + excluded.connections,
    accepted = publishing_traffic.accepted + excluded.accepted,
    refused = publishing_traffic.refused + excluded.refused

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
