"""Delivery: how queued mail leaves. PostgreSQL is the truth; nothing is kept in Redis.

Reading order: `rounds` (one next hop from first claim to last result), `claims` (what is taken and what became of it),
`smtp_delivery` and `maildir` (the two ways out), `next_hop` (which hosts to try), `reports` (what the sender is told),
`worker` (who delivers what, and what wakes it).
"""
