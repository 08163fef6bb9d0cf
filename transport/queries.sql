-- What several rooms ask of PostgreSQL.

-- name: newest_revision_number
select max(number) from publishing_configrevision

-- name: revisions_from_newest
select number, document, checksum from publishing_configrevision order by number desc limit 20

-- name: listed_recipients
select address from directory_recipient where address = any(%(addresses)s) and not deleted

-- name: add_next_hops
insert into queues_nexthop (key, delivery_type, domain, connector, last_error)
select * from unnest(%(key)s::text[], %(delivery_type)s::text[], %(domain)s::text[], %(connector)s::text[], %(error)s::text[])
on conflict (key) do update set domain = excluded.domain,
    last_error = case when excluded.last_error = '' then queues_nexthop.last_error else excluded.last_error end
where queues_nexthop.domain <> excluded.domain or excluded.last_error not in ('', queues_nexthop.last_error)

-- name: wake_delivery
-- Who delivers hears the kind of the next hop, and its key.
select pg_notify('gatepost_queue', delivery_type || ' ' || key) from queues_nexthop where key = any(%(keys)s)
