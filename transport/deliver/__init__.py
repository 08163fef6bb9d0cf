"""How queued mail leaves. PostgreSQL is the truth; nothing is kept anywhere else. Whoever starts it (the console's
Celery tasks) says where PostgreSQL is (`database.address`), and the mailboxes (`mailboxes.root`).

Reading order: `rounds` (one next hop from first claim to last result), `claims` (what is taken and what became of it),
`ways_out` (how a next hop is spoken to), `mailboxes` and `smtp_relay` (those ways), `smtp_client` (the conversation
with one host), `host_lookup` (which hosts to try), `reports` (what the sender is told), `worker` (who delivers what,
and what wakes it).
"""
