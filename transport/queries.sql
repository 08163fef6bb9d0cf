-- What several rooms ask of PostgreSQL.

-- name: newest_revision_number
select max(number) from publishing_configrevision

-- name: revisions_from_newest
select number, document, checksum from publishing_configrevision order by number desc limit 20

-- name: listed_recipients
select address from directory_recipient where address = any(%s) and not deleted

-- name: add_next_hops
-- A row that needs no change is not even locked: many put mail into the same queue at once.
insert into queues_nexthop (key, delivery_type, domain, connector, last_error)
select * from unnest(%(key)s::text[], %(delivery_type)s::text[], %(domain)s::text[], %(connector)s::text[], %(error)s::text[])
    as new (key, delivery_type, domain, connector, error)
where not exists (
    select from queues_nexthop h where h.key = new.key and h.domain = new.domain and new.error in ('', h.last_error))
on conflict (key) do update set domain = excluded.domain,
    last_error = case when excluded.last_error = '' then queues_nexthop.last_error else excluded.last_error end

-- name: wake_delivery
-- Who delivers hears the kind of the next hop, and its key.
select pg_notify('gatepost_queue', delivery_type || ' ' || key) from queues_nexthop where key = any(%(keys)s)

-- name: add_flow
-- Rows are only ever added: many count at once.
insert into queues_flow (next_hop, came, went) select * from unnest(%(hops)s::text[], %(came)s::int[], %(went)s::int[])
