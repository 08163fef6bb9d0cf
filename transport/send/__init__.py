"""Where mail goes next, and what to make of what happens there. PURE.

`route` (which connector, which next hop), `mail_data` (a message as it stands on the wire), `remote_reply` (what the
answer of the next hop means), `retry` (when to try again), `dsn` (what the sender is told).
"""
