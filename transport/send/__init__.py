"""Where mail goes next, and what to make of what happens there. PURE.

`route` (which connector, which next hop), `hosts` (which hosts), `parcel` (what is carried), `fitting` (as a host can
take it), `commands` (what is said to it), `mail_data` (a message as it stands on the wire), `remote_reply` (what an
answer means), `attempt` (what the end of a connection means), `retry` (when to try again), `dsn` (what the sender is
told).
"""
