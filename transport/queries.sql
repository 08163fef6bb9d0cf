-- What several rooms ask of PostgreSQL.

-- name: revision_in_force
-- Its number; of one on trial, the number of the one that comes back unless it is confirmed, and the seconds until then.
select case when t.until <= now() then t.former else r.number end as number,
    case when t.until > now() then t.former end as former, extract(epoch from t.until - now())::float8 as seconds
from (select max(number) as number from publishing_configrevision) r left join publishing_trial t on true

-- name: revisions_up_to
select number, document, checksum from publishing_configrevision where number <= %s order by number desc limit 20

-- name: mailboxes_elsewhere
-- Who delivers into mailboxes is the node that has them; everybody, while nobody has said (the console's app processes).
select name from processes_node where holds_mailboxes and home <> %s

-- name: listed_recipients
select address from directory_recipient where address = any(%s) and not deleted

-- name: add_next_hops
-- A row that needs no change is not even locked: many put mail into the same queue at once.
insert into queues_nexthop (key, delivery_type, domain, connector, last_error, kept, expires_after, delayed_after)
select * from unnest(%(key)s::text[], %(delivery_type)s::text[], %(domain)s::text[], %(connector)s::text[], %(error)s::text[],
    %(kept)s::bool[], %(expires_after)s::int[], %(delayed_after)s::int[])
    as new (key, delivery_type, domain, connector, error, kept, expires_after, delayed_after)
where not exists (
    select from queues_nexthop h where h.key = new.key and h.domain = new.domain and new.error in ('', h.last_error)
        and (h.expires_after, h.delayed_after) is not distinct from (new.expires_after, new.delayed_after))
on conflict (key) do update set domain = excluded.domain, expires_after = excluded.expires_after,
    delayed_after = excluded.delayed_after,
    last_error = case when excluded.last_error = '' then queues_nexthop.last_error else excluded.last_error end

-- name: wake_delivery
-- Who delivers hears the kind of the next hop, who is to come first (`@` and a data directory's mark), and its key.
select pg_notify('gatepost_queue', delivery_type || %(first)s || ' ' || key) from queues_nexthop where key = any(%(keys)s)

-- name: add_flow
-- Rows are only ever added: many count at once.
insert into queues_flow (next_hop, came, went) select * from unnest(%(hops)s::text[], %(came)s::int[], %(went)s::int[])

-- name: release_kept
-- Mail that is kept until it is asked for: all of it is tried now; how many messages. Where none waits, what comes next
-- is kept, too.
with waiting as (
    select next_hop, count(distinct message_id) as messages from queues_recipient
    where next_hop = any(%(keys)s) and status = 'ready' group by next_hop
), released as (
    update queues_nexthop set kept = false, retry_at = null where key in (select next_hop from waiting)
    returning key, delivery_type
), due as (
    update queues_recipient set due_at = now()
    where next_hop in (select key from released) and status = 'ready' and claimed_by is null and due_at > now()
)
select coalesce(sum(w.messages), 0)::int, count(pg_notify('gatepost_queue', r.delivery_type || ' ' || r.key))
from released r join waiting w on w.next_hop = r.key
