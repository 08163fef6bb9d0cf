-- Everything delivery alone asks of PostgreSQL: the queue (tables of the console's app queues).

-- What is taken from the queue, and what is written back.

-- name: claim
-- What was cut short goes first, for it is the oldest, and alone; of what was cut short twice, one at a time over all
-- workers: so what makes a worker die is found, and takes nobody with it.
with open as (
    select where not exists (
            select from queues_nexthop where key = %(hop)s and (suspended or (not %(asked)s and (kept or retry_at > now()))))
        and not exists (select from queues_hold where connector = %(connector)s and account = '' and
            (until > now() or until is null))
), suspect as (
    select id from queues_recipient
    where next_hop = %(hop)s and status = 'ready' and cut_short > 0 and due_at <= now() and claimed_by is null
      and exists (select from open)
      and (cut_short = 1 or not exists (
          select from queues_recipient where status = 'ready' and cut_short > 1 and claimed_by is not null))
    order by cut_short, due_at limit 1 for update skip locked
), fresh as (
    select id from queues_recipient
    where next_hop = %(hop)s and status = 'ready' and due_at <= now() and claimed_by is null and cut_short = 0
      and exists (select from open) and not exists (select from suspect)
    order by due_at limit %(limit)s for update skip locked
), picked as (
    select id from suspect union all select id from fresh
), claimed as (
    update queues_recipient r set claimed_by = %(worker)s from picked where r.id = picked.id
    returning r.id, r.message_id, r.address, r.attempts, r.notify, r.orcpt
)
select c.id, c.address, c.attempts > 0, c.notify, c.orcpt, c.message_id, m.recipient_count = 1, @facts
from claimed c join queues_message m on m.id = c.message_id order by c.id

-- name: content_of
select message_id, chunk from queues_content where message_id = any(%s) order by number

-- name: piece
select chunk, held from queues_content where message_id = %s and number = %s

-- name: delivered
with changed as (
    update queues_recipient r set status = 'delivered', claimed_by = null, attempts = attempts + 1, last_error = '',
        remote_host = v.host, protection = v.protection, finished_at = now()
    from @tried
    where r.id = v.id and r.status = 'ready'
    returning r.id, r.message_id, r.address, v.words as status, v.source, v.host, v.protection, v.session_id
), told as (
    @attempts
)
delete from queues_content where message_id = any(%(alone)s)

-- name: still_ready
-- Held until the transaction ends: the sender is told what `delivered` then writes down.
select id from queues_recipient where id = any(%s) and status = 'ready' order by id for update

-- name: postponed
with changed as (
    update queues_recipient r set claimed_by = null, attempts = attempts + 1, last_error = v.words, remote_host = v.host,
        protection = v.protection, due_at = now() + w.wait * interval '1 second',
        cut_short = case when w.unexpected then r.cut_short + 1 else 0 end
    from @tried, unnest(%(ids)s::bigint[], %(waits)s::float8[], %(unexpected)s::bool[]) as w (id, wait, unexpected)
    where r.id = v.id and w.id = v.id and r.status = 'ready'
    returning r.id, r.message_id, r.address, v.words as status, v.source, v.host, v.protection, v.session_id
)
@attempts

-- name: failed
with changed as (
    update queues_recipient r set status = 'failed', claimed_by = null, attempts = attempts + 1, last_error = v.words,
        remote_host = v.host, protection = v.protection, finished_at = now()
    from @tried
    where r.id = v.id and r.status = 'ready'
    returning r.id, r.message_id, r.address, v.words as status, v.source, v.host, v.protection, v.session_id
), told as (
    @attempts
)
select id from changed

-- name: release
update queues_recipient set claimed_by = null where id = any(%s) and claimed_by = %s and status = 'ready'

-- name: lock_messages
-- The lock makes two transactions that finish the last two recipients of a message come one after the other.
select from queues_message where id = any(%s) order by id for update

-- name: drop_content
delete from queues_content c where c.message_id = any(%s) and not exists (
    select from queues_recipient r where r.message_id = c.message_id and r.status in ('ready', 'suspended'))
and not exists (select from queues_pendingreport p where p.message_id = c.message_id)

-- name: hop_state
select key, delivery_type, domain, h.connector, suspended, retry_count,
    kept or retry_at > now() or (o.connector is not null and coalesce(o.until > now(), true)),
    retry_count > 0 or last_error <> ''
from queues_nexthop h left join queues_hold o on o.connector = h.connector and o.account = ''
where key = %s

-- name: hop_failed
-- Several connections may fail together: that is one failure.
update queues_nexthop set retry_count = retry_count + 1, last_error = %(error)s, last_retry_at = now(),
    failing_since = coalesce(failing_since, now()),
    retry_at = now() + %(wait)s * interval '1 second'
where key = %(hop)s and (retry_at is null or retry_at <= now())

-- name: hop_rests
-- No failure: it is tried again then.
update queues_nexthop set last_error = %(error)s, retry_at = now() + %(wait)s * interval '1 second'
where key = %(hop)s and (retry_at is null or retry_at <= now())

-- name: hop_reached
update queues_nexthop set retry_count = 0, retry_at = null, last_error = '', failing_since = null
where key = %s and (retry_count > 0 or last_error <> '')

-- name: try_again
with changed as (
    update queues_nexthop set retry_at = null
    where connector = any(%(connectors)s) and delivery_type = %(kind)s and retry_count > 0 returning key
), due as (
    update queues_recipient set due_at = now()
    where next_hop in (select key from changed) and status = 'ready' and claimed_by is null and due_at > now())
select key from changed

-- name: keep_again
-- What is kept until it is asked for or triggered, once nothing of what was asked for is due; all, where it could not be delivered.
update queues_nexthop h set kept = true
where (delivery_type = %(kind)s or connector = any(%(connectors)s)) and not kept and (%(hop)s::text is null or key = %(hop)s) and (h.retry_at > now() or not exists (
    select from queues_recipient r
    where r.next_hop = h.key and r.status = 'ready' and (r.claimed_by is not null or r.due_at <= now())))

-- Mail that waits for us elsewhere.

-- name: take_slot
insert into connectors_pull (connector, slot) values (%s, to_timestamp(%s)) on conflict (connector) do update
set slot = excluded.slot where connectors_pull.slot is null or connectors_pull.slot < excluded.slot returning connector

-- name: take_wanted
update connectors_pull set wanted_at = null where wanted_at is not null returning connector

-- name: want_mail
insert into connectors_pull (connector, wanted_at) values (%(connector)s, now()) on conflict (connector) do update
set wanted_at = now() where connectors_pull.wanted_at is null
    and (connectors_pull.asked_at is null or connectors_pull.asked_at <= now() - %(quiet)s * interval '1 second')

-- name: hand_to_transport
with handed as (
    insert into connectors_pull (connector, handed_at) values (%s, now())
    on conflict (connector) do update set handed_at = excluded.handed_at
)
select pg_notify('gatepost_pull', '')

-- name: pulled
insert into connectors_pull (connector, asked_at, words, is_refused) values (%s, now(), %s, %s)
on conflict (connector) do update
set asked_at = excluded.asked_at, words = excluded.words, is_refused = excluded.is_refused

-- What rests: connectors and their accounts.

-- name: hold
-- Several connections may be told the same: what ends last counts. A guess that was wrong is followed by a longer one, up
-- to an hour, as long as the trouble lasts.
insert into queues_hold (connector, account, words, is_fault, until, made_for)
values (%(connector)s, %(account)s, %(words)s, %(is_fault)s, now() + %(wait)s::float8 * interval '1 second', %(mark)s)
on conflict (connector, account) do update set words = excluded.words, is_fault = excluded.is_fault,
    made_for = excluded.made_for,
    until = case when %(grows)s and queues_hold.until > now() - interval '10 minutes'
        then greatest(excluded.until, now() + least((now() - queues_hold.since) / 2, interval '1 hour'))
        else excluded.until end,
    since = case when queues_hold.until > now() - interval '10 minutes' then queues_hold.since else now() end
where queues_hold.until is not null and (excluded.until is null or excluded.until > queues_hold.until)

-- name: holds
select connector, account, words, is_fault, since, until from queues_hold
where until > now() or until is null order by connector, account

-- name: held_accounts
select account, extract(epoch from until - now())::float8, words, is_fault from queues_hold
where connector = %s and account <> '' and (until > now() or until is null)

-- name: marks_of_holds
select connector, made_for from queues_hold

-- name: lift
delete from queues_hold where connector = %s returning account, words

-- name: forget_holds
delete from queues_hold where until <= now()

-- name: hops_of_connector
select key from queues_nexthop where connector = %s

-- Which next hops are due.

-- name: end_of_part
-- Up to which key so many open next hops of strangers lie behind a key; none where there are fewer.
select key from queues_nexthop
where delivery_type = %(strangers)s and key > %(behind)s
    and not suspended and not kept and (retry_at is null or retry_at <= now())
order by key offset %(most)s - 1 limit 1

-- name: due_hops
-- Of strangers' next hops a part: however many there are, a look costs no more. Whoever handed in mail for thousands of
-- next hops has one turn, like everybody else, and then the next; so has each of its messages.
select key, delivery_type, extract(epoch from now() - due_at)::float8, retry_count from (
    select h.key, h.delivery_type, h.retry_count, d.due_at,
        row_number() over (partition by d.message_id order by h.key) as turn,
        (select m.client_address from queues_message m where m.id = d.message_id) as client
    from queues_nexthop h cross join lateral (
        select due_at, message_id from queues_recipient r
        where r.next_hop = h.key and r.status = 'ready' and r.due_at <= now() and r.claimed_by is null
        order by due_at limit 1) d
    where not h.suspended and not h.kept and (h.retry_at is null or h.retry_at <= now())
        and not exists (select from queues_hold o where o.connector = h.connector and o.account = ''
            and (o.until > now() or o.until is null))
        and h.delivery_type = any(%(kinds)s)
        and (h.delivery_type <> %(strangers)s or (h.key > %(behind)s and h.key <= coalesce(%(end)s::text, h.key)))) due
order by row_number() over (partition by client order by turn, due_at), due_at

-- How many connections there may be.

-- name: lock_leases
-- One after the other counts and takes. A lease is gone with its worker, so nothing waits for the disk.
select pg_advisory_xact_lock(%s), set_config('synchronous_commit', 'off', true)

-- name: take_lease
-- Strangers have half of what there is. A lease that is free keeps its row, which is used again.
with used as (
    select count(*) as every, count(*) filter (where is_strangers) as strangers,
        count(*) filter (where connector = %(connector)s) as of_connector, count(*) filter (where hop = %(hop)s) as of_hop
    from queues_lease where hop <> ''
), free as (
    select a.name
    from unnest(%(accounts)s::text[], %(most_of_accounts)s::int[]) with ordinality as a (name, most, turn)
    cross join lateral (select count(*) as n from queues_lease where account = a.name and hop <> '') l
    where (a.most is null or l.n < a.most) and (a.name = '' or not exists (
        select from queues_hold where connector = %(connector)s and account = a.name
            and (until > now() or until is null)))
    order by l.n, a.turn limit 1
), taken as (
    insert into queues_lease (worker, number, hop, connector, is_strangers, account)
    select %(worker)s, %(number)s, %(hop)s, %(connector)s, %(is_strangers)s, free.name from used, free
    where (%(most)s::int is null or (every < %(most)s
            and not (%(is_strangers)s and strangers >= greatest(%(most)s / 2, 1))))
        and (%(most_of_connector)s::int is null or of_connector < %(most_of_connector)s)
        and (%(most_of_hop)s::int is null or of_hop < %(most_of_hop)s)
    on conflict (worker, number) do update set hop = excluded.hop, connector = excluded.connector,
        is_strangers = excluded.is_strangers, account = excluded.account
    returning account)
select (select account from taken), exists (select from free), coalesce(of_hop >= %(most_of_hop)s::int, false) from used

-- name: free_lease
update queues_lease set hop = '' where worker = %s and number = %s

-- name: keep_leases
with held as (
    insert into queues_lease (worker, number, hop, connector, is_strangers, account)
    select %(worker)s, n, h, c, s, a from unnest(%(numbers)s::int[], %(hops)s::text[], %(connectors)s::text[],
        %(strangers)s::bool[], %(accounts)s::text[]) as held (n, h, c, s, a)
    where exists (select from queues_worker where number = %(worker)s)
    on conflict do nothing)
update queues_lease set hop = '' where worker = %(worker)s and hop <> '' and not number = any(%(in_use)s::int[])

-- How much an account may send.

-- name: quotas
select name, max_connections, messages_per_minute, messages_per_day from credentials_credential
where lower(name) = any(%s)

-- name: lock_account
select pg_advisory_xact_lock(hashtextextended('account ' || %s, 0))

-- name: grant
-- What is granted counts until its window has gone by since its end; while it is under way it has none. The number, how
-- many; or the seconds until some is free again, and which window has none.
with used as (
    select w.turn,
        w.most - coalesce(sum(case when w.of_recipients then g.recipients else g.messages end), 0) as room,
        extract(epoch from min(g.ended_at) - clock_timestamp()) + w.seconds as wait
    from unnest(%(seconds)s::float8[], %(most)s::int[], %(of_recipients)s::bool[]) with ordinality
        as w (seconds, most, of_recipients, turn)
    left join queues_grant g on g.account = %(account)s
        and (g.ended_at is null or g.ended_at > clock_timestamp() - w.seconds * interval '1 second')
    group by w.turn, w.most, w.seconds
), tightest as (
    select turn, wait, least(room, %(wanted)s)::int as room from used
    order by room > 0, case when room > 0 then room end, wait desc nulls last limit 1
), granted as (
    insert into queues_grant (account, worker, messages, recipients)
    select %(account)s, %(worker)s, room, room from tightest where room > 0 returning id)
select (select id from granted), room, wait::float8, turn::int from tightest

-- name: spent
select account, extract(epoch from now() - coalesce(ended_at, now()))::float8, messages, recipients from queues_grant
where account = any(%s) and (ended_at is null or ended_at > now() - interval '1 day')

-- name: waiting_for_connector
select count(*) from queues_recipient r
where r.status = 'ready' and r.next_hop in (select key from queues_nexthop where connector = %s)

-- name: settle
update queues_grant set messages = %s, recipients = %s, ended_at = clock_timestamp() where id = %s

-- name: settle_of
update queues_grant set ended_at = clock_timestamp() where ended_at is null and worker = any(%s)

-- name: forget_grants
delete from queues_grant where ended_at < now() - interval '25 hours' or (messages = 0 and ended_at is not null)

-- Who delivers.

-- name: hold_number
select pg_try_advisory_lock(%s, %s)

-- name: register_worker
insert into queues_worker (number, name, home) values (%s, %s, %s) on conflict (number) do nothing

-- name: other_workers
select number, name, home from queues_worker where number <> %s

-- name: dead_workers
-- Just after PostgreSQL started everybody has lost the lock: the living get time to come back. (When the clock was set
-- back, the start lies ahead.)
delete from queues_worker w
where now() - pg_postmaster_start_time() not between interval '0' and interval '5 seconds' and not exists (
    select from pg_locks where locktype = 'advisory' and classid = %s and objid = w.number::oid and granted
        and database = (select oid from pg_database where datname = current_database()))
returning number

-- name: free_leases_of
delete from queues_lease where worker = any(%s)

-- name: release_claims_of
-- An attempt that was cut short is an attempt, and its mail may have arrived.
update queues_recipient set claimed_by = null, attempts = attempts + 1, cut_short = cut_short + 1
where status = 'ready' and claimed_by = any(%s)

-- name: signing_keys
select domain, selector, algorithm, encrypted_key from dkim_key where state = 'active' order by domain, algorithm desc

-- What is set aside, and what was suspended for a while.

-- name: set_aside
with changed as (
    update queues_recipient set next_hop = %(poison)s, status = 'suspended', pinned = false,
        last_error = case when %(why)s = '' then last_error else %(why)s end
    where status = 'ready' and cut_short >= %(times)s and claimed_by is null
    returning id, message_id, address, last_error as status
), told as (
    @events
)
select id, message_id, address from changed

-- name: resume_hops
update queues_nexthop set suspended = false, suspended_for = '', suspended_until = null
where suspended and suspended_until <= now() returning key

-- name: resume_recipients
update queues_recipient set status = 'ready', held_for = '', held_until = null, due_at = now()
where status = 'suspended' and held_until <= now() returning next_hop

-- name: forget_flow
delete from queues_flow where at < now() - interval '2 minutes'

-- Delay and expiry.

-- name: due_notices
with chosen as (
    select id, accepted_at, expires_at from queues_message where id in (
        select message_id from queues_recipient
        where status = 'ready' and notice_at <= now() and claimed_by is null order by notice_at limit %s)
    for update skip locked)
select r.id, r.message_id, r.address, r.last_error, r.remote_host, @expiry <= now(), h.last_error,
    r.notify, r.orcpt, extract(epoch from @expiry)::float8, h.delivery_type
from chosen m join queues_recipient r on r.message_id = m.id left join queues_nexthop h on h.key = r.next_hop
where r.status = 'ready' and r.notice_at <= now() and r.claimed_by is null
order by r.id for update of r skip locked

-- name: expire
with changed as (
    update queues_recipient set status = 'failed', finished_at = now(),
        last_error = case when last_error = '' then %(error)s else last_error end
    where id = any(%(ids)s)
    returning id, message_id, address, concat_ws('; ', %(error)s::text, nullif(last_error, %(error)s::text)) as status
)
@events

-- name: delayed
update queues_recipient r
set notice_at = @expiry
from queues_message m, queues_nexthop h
where m.id = r.message_id and h.key = r.next_hop and r.id = any(%s)

-- name: clock
select extract(epoch from clock_timestamp())::float8

-- name: shorten_waits_of_hops
update queues_nexthop set retry_at = now() where retry_at > now() + %s * interval '1 second'

-- name: shorten_waits_of_recipients
update queues_recipient set due_at = now()
where status = 'ready' and claimed_by is null and due_at > now() + %s * interval '1 second'

-- Reports to senders.

-- name: originals
select m.id, @facts
from queues_message m
where m.id = any(%s) and m.sender <> '' and m.origin = 'received'

-- name: untried
-- Messages of which some recipient has not been tried: its sender will hear of all of them at once.
select distinct message_id from queues_recipient where message_id = any(%s) and status = 'ready' and attempts = 0

-- name: put_report_off
insert into queues_pendingreport (message_id, address, status, error, remote_host, notify, orcpt, due_at)
values (%s, %s, %s, %s, %s, %s, %s, now() + %s * interval '1 second')

-- name: take_put_off
delete from queues_pendingreport where message_id = any(%s)
returning message_id, address, status, error, remote_host, notify, orcpt

-- name: due_put_off
select message_id from queues_pendingreport p group by message_id
having min(due_at) <= now() or not exists (
    select from queues_recipient r where r.message_id = p.message_id and r.status = 'ready' and r.attempts = 0)
limit %s

-- name: insert_report
insert into queues_message (id, accepted_at, transport, connector, revision, session_id, client_address, helo, tls,
    principal, authenticated, sender, subject, message_id, size, body_type, smtp_utf8, origin, recipient_count,
    vouched, expires_at, about)
values (%s, %s, '', '', %s, '', '', '', false, '', false, '', %s, %s, %s, %s, %s, 'generated', 1, 'domains', %s, %s)

-- name: report_made
-- Of the report, and of the message that it is about: each names the other.
insert into tracking_event (event, source, message_id, recipients, statuses, context, reference)
values ('DSN', 'DSN', %(report)s, array[%(sender)s], '{}', %(original)s::text, %(original_name)s),
    ('DSN', 'DSN', %(original)s, %(recipients)s, %(statuses)s, %(report)s::text, %(report_name)s)

-- name: insert_content
insert into queues_content (message_id, number, chunk) values (%s, %s, %s)

-- name: copy_of_original
insert into queues_content (message_id, number, chunk, held)
select %(own)s, number + 2 - %(read)s, chunk, held from queues_content where message_id = %(original)s and number >= %(read)s

-- name: insert_recipient
insert into queues_recipient (message_id, address, next_hop, due_at, notice_at) values (%s, %s, %s, %s, %s)

-- name: remove
-- What an administrator takes out of the queue.
with changed as (
    update queues_recipient set status = 'removed', finished_at = now(), last_error = %(error)s
    where id = any(%(ids)s) and status in ('ready', 'suspended') and claimed_by is null
    returning id, message_id, address, remote_host, notify, orcpt, last_error as status
), told as (
    @events
)
select message_id, address, remote_host, notify, orcpt from changed

-- Mail that came out of a backup.

-- name: hold_restored
-- Nobody knows what became of it since.
update queues_recipient set status = 'suspended', claimed_by = null, held_for = %(why)s, held_until = null
where status in ('ready', 'suspended')

-- name: nobody_at_work
-- Who was, before the backup, is no more; what was under way with accounts has ended.
with leases as (delete from queues_lease), workers as (delete from queues_worker), links as (delete from queues_link),
    flow as (delete from queues_flow)
update queues_grant set ended_at = now() where ended_at is null

-- name: no_more_tls_reports
-- Of days of before the backup: their domains may have been told.
insert into tls_sentreport (day, domain, due_at, next_try, ended_at, words)
select distinct day, domain, now(), now(), now(), %(why)s from tls_result
on conflict (day, domain) do update set ended_at = now(), words = excluded.words where tls_sentreport.ended_at is null

-- name: give_time
-- Once somebody released it: as much as it would have, had it come now.
with chosen as (
    select r.id, m.id as message, now() - m.accepted_at as late
    from queues_recipient r join queues_message m on m.id = r.message_id where r.id = any(%(ids)s) and r.held_for = %(why)s
), messages as (
    update queues_message m set expires_at = m.expires_at + c.late
    from (select distinct message, late from chosen) c where m.id = c.message and m.expires_at < now() + c.late
)
update queues_recipient r set notice_at = r.notice_at + c.late from chosen c where r.id = c.id

-- Routing anew.

-- name: newest_recipient
select coalesce(max(id), 0) from queues_recipient

-- name: waiting_alike
-- Those for one domain whose messages are alike in all that a connector asks for; mostly that is their size alone.
select r.next_hop, max(h.expires_after), max(h.delayed_after), bool_or(h.kept), array_agg(r.id),
    lower(split_part(r.address, '@', -1)), case when %(by_sender)s then m.sender else '' end,
    case when %(by_principal)s then m.principal else '' end, max(m.size),
    case when %(by_connector)s then m.connector else '' end
from queues_recipient r join queues_nexthop h on h.key = r.next_hop join queues_message m on m.id = r.message_id
where r.status in ('ready', 'suspended') and h.delivery_type <> all(%(settled)s) and not r.pinned
    and r.id > %(behind)s
group by 1, 6, 7, 8, 10, width_bucket(m.size, %(sizes)s::int8[])

-- name: change_times
-- Before these go to another next hop, or theirs gets other times: whoever heard of the delay hears next of the end.
update queues_recipient r set notice_at = m.accepted_at + case
    when r.notice_at >= @expiry
        then coalesce(v.expires * interval '1 second', m.expires_at - m.accepted_at)
    else least(coalesce(v.expires * interval '1 second', m.expires_at - m.accepted_at),
        coalesce(v.delayed, %(usual_delay)s) * interval '1 second') end
from unnest(%(ids)s::bigint[], %(expires)s::int[], %(delayed)s::int[]) as v (id, expires, delayed),
    queues_message m, queues_nexthop h
where r.id = v.id and r.status in ('ready', 'suspended') and m.id = r.message_id and h.key = r.next_hop
    and (h.expires_after, h.delayed_after) is distinct from (v.expires, v.delayed)

-- name: let_go
-- What is not kept any more.
update queues_nexthop set kept = false where kept and key = any(%s)

-- name: move_recipients
with changed as (
    update queues_recipient set next_hop = %(new)s, due_at = now()
    where id = any(%(ids)s) and next_hop = %(old)s and status in ('ready', 'suspended') and claimed_by is null
        and not pinned
    returning id, message_id, address, next_hop as status
), told as (
    @events
)
select id from changed

-- name: addresses_of
select r.id, r.address, m.sender, m.principal, m.size, m.connector
from queues_recipient r join queues_message m on m.id = r.message_id
where r.id = any(%s) and r.status = 'ready' and r.claimed_by is null order by r.id for update of r

-- name: readdress
-- The report, if one comes, names the recipient that the sender wrote to.
with former as (
    select id, address from queues_recipient where id = any(%(ids)s)
), changed as (
    update queues_recipient r set orcpt = case when orcpt = '' then 'rfc822;' || r.address else orcpt end,
        address = %(address)s, pinned = false
    from former where r.id = former.id returning r.id, r.message_id, r.address, former.address as status
)
@events

-- name: put
with changed as (
    update queues_recipient r set next_hop = v.next_hop, pinned = %(pinned)s
    from unnest(%(ids)s::bigint[], %(keys)s::text[], %(words)s::text[]) as v (id, next_hop, words)
    where r.id = v.id returning r.id, r.message_id, r.address, v.words as status
)
@events

-- name: unpin
-- The Send connector that an administrator chose is no more.
update queues_recipient r set pinned = false from queues_nexthop h
where h.key = r.next_hop and r.pinned and r.status in ('ready', 'suspended') and h.connector <> all(%s)

-- Forgetting.

-- name: finished_messages
select m.id from queues_message m where m.accepted_at < now() - %s * interval '1 day' and not exists (
    select from queues_recipient r where r.message_id = m.id and r.status in ('ready', 'suspended'))
limit %s

-- name: delete_content
delete from queues_content where message_id = any(%s)

-- name: delete_events
with gone as (delete from tracking_search where message_id = any(%(ids)s))
delete from tracking_event where message_id = any(%(ids)s)

-- name: delete_messages
delete from queues_message where id = any(%s)

-- name: retire
with gone as (
    delete from queues_recipient r using queues_message m where m.id = r.message_id and m.id = any(%(ids)s)
    returning r.status, m.origin
), sums as (
    select status as outcome, count(*) as n from gone group by status
    union all select 'generated', count(*) from gone where origin = 'generated' having count(*) > 0
)
insert into queues_retired (outcome, recipients) select outcome, n from sums
on conflict (outcome) do update set recipients = queues_retired.recipients + excluded.recipients

-- name: lock_next_hops
-- Waits for every transaction that may be adding mail for a next hop, and holds up new ones for a moment.
lock table queues_nexthop in exclusive mode

-- name: forget_idle_hops
delete from queues_nexthop h where not suspended and delivery_type = any(%s) and not exists (
    select from queues_recipient r where r.next_hop = h.key and r.status = 'ready')
and not exists (select from queues_recipient r where r.next_hop = h.key and r.status = 'suspended')

-- Links that are not always up.

-- name: link
select state, extract(epoch from since)::float8, extract(epoch from used_at)::float8, failures, words
from queues_link where name = %s

-- name: link_used
update queues_link set used_at = now() where name = %s and state = 'up'

-- name: take_link
-- Whoever has it is at work on the link, until its connection ends.
select pg_try_advisory_lock(hashtextextended('link ' || %s, 0))

-- name: lock_link
-- Whoever changes what is written down of it, one after the other.
select pg_advisory_xact_lock(hashtextextended('state of link ' || %s, 0))

-- name: write_link
insert into queues_link (name, state, since, used_at, failures, words)
values (%(name)s, %(state)s, to_timestamp(%(since)s), to_timestamp(%(used_at)s), %(failures)s, %(words)s)
on conflict (name) do update set state = excluded.state, since = excluded.since, used_at = excluded.used_at,
    failures = excluded.failures, words = excluded.words

-- name: links_at_work
select name from queues_link where state <> 'down' order by name

-- name: connectors_at_work
select distinct connector from queues_lease where hop <> ''

-- name: end_waits
delete from queues_hold where connector = any(%s) and account = '' and exists (
    select from unnest(%s::text[]) as beginning where starts_with(words, beginning))

-- name: kept_for_a_link
select key from queues_nexthop where delivery_type = %s and exists (
    select from unnest(%s::text[]) as beginning where starts_with(last_error, beginning))

-- Signing in to smart hosts.

-- name: account
select id, name, kind, user_name, tenant, client_id, encrypted from credentials_credential where lower(name) = lower(%s)

-- name: credentials_changed
select array_agg(extract(epoch from changed_at)::float8 order by id) from credentials_credential
where lower(name) = any(%s)

-- name: token
select token, token_renew_at <= now() from credentials_credential where id = %s and token_expires_at > now()

-- name: ask_for_token
select pg_advisory_xact_lock(%s, %s::bigint::int)

-- name: keep_token
update credentials_credential set token = %(token)s, token_renew_at = now() + %(renew)s * interval '1 second',
    token_expires_at = now() + %(expires)s * interval '1 second', problem = '',
    encrypted = coalesce(%(secrets)s, encrypted)
where id = %(id)s and encrypted = %(sealed)s

-- name: no_token
update credentials_credential set problem = %s where id = %s

-- TLS with next hops (tables of the console's app tls).

-- name: sts_kept
select policy_id, mode, mx, max_age,
    coalesce(fetched_at + max_age * interval '1 second' > now(), false), next_try <= now(), last_error
from tls_stspolicy where domain = %s

-- name: sts_fetched
insert into tls_stspolicy (domain, policy_id, mode, mx, max_age, fetched_at, last_error, next_try)
values (%(domain)s, %(id)s, %(mode)s, %(mx)s, %(max_age)s, now(), '', now() + %(wait)s * interval '1 second')
on conflict (domain) do update set policy_id = excluded.policy_id, mode = excluded.mode, mx = excluded.mx,
    max_age = excluded.max_age, fetched_at = excluded.fetched_at, last_error = '', next_try = excluded.next_try

-- name: sts_failed
-- The policy that was fetched before keeps its id: the new one is tried for again.
insert into tls_stspolicy (domain, policy_id, last_error, next_try)
values (%(domain)s, %(id)s, %(error)s, now() + %(wait)s * interval '1 second')
on conflict (domain) do update set last_error = excluded.last_error, next_try = excluded.next_try,
    policy_id = case when tls_stspolicy.fetched_at is null then excluded.policy_id else tls_stspolicy.policy_id end

-- name: sts_due
-- Taken by one worker at a time: who fails is tried again after an hour, in the next turn.
update tls_stspolicy set next_try = now() + interval '1 hour' where domain in (
    select domain from tls_stspolicy where next_try <= now() and fetched_at is not null
    order by next_try limit %s for update skip locked)
returning domain, policy_id

-- name: sts_forget
-- Policies that hold no longer, and failures of a day ago.
delete from tls_stspolicy
where coalesce(fetched_at + max_age * interval '1 second', next_try + interval '1 day') < now()

-- name: count_tls_results
insert into tls_result (day, key, domain, policy, policy_lines, policy_hosts, result, host, address, words, sessions)
select * from unnest(%s::date[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
    %s::text[], %s::text[], %s::bigint[])
on conflict (day, key) do update set sessions = tls_result.sessions + excluded.sessions

-- name: forget_tls_results
delete from tls_result where day < current_date - %s::int

-- name: plan_tls_reports
-- A report for each domain and finished day, at some time within four hours (RFC 8460 §4.1), not before all has been
-- counted.
insert into tls_sentreport (day, domain, due_at, next_try)
select day, domain, due, due
from (
    select day, domain, (day + 1)::timestamp at time zone 'utc' + (120 + random() * 14280) * interval '1 second' as due
    from (
        select distinct day, domain from tls_result
        where day between (now() at time zone 'utc')::date - 2 and (now() at time zone 'utc')::date - 1
    ) as counted
) as planned
on conflict (day, domain) do nothing

-- name: claim_tls_report
-- Taken by one worker: should it die, another one goes on after an hour.
update tls_sentreport set next_try = now() + interval '1 hour' where id = (
    select id from tls_sentreport where ended_at is null and next_try <= now()
    order by next_try limit 1 for update skip locked)
returning id, day, domain, due_at < now() - interval '1 day'

-- name: tls_results_of
select policy, policy_lines, policy_hosts, result, host, address, max(words), sum(sessions)::bigint
from tls_result where day = %s and domain = %s
group by policy, policy_lines, policy_hosts, result, host, address order by policy, policy_lines, result, host, address
limit %s

-- name: end_tls_report
update tls_sentreport set ended_at = now(), words = %s where id = %s and ended_at is null

-- name: tls_report_failed
update tls_sentreport set words = %s where id = %s and ended_at is null

-- name: forget_sent_tls_reports
delete from tls_sentreport where day < current_date - %s::int

-- name: forget_tls_reports
delete from tls_receivedreport where received_at < now() - %s * interval '1 day'
