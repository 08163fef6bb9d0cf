"""The transport's I/O on the way in: the only room with asyncio and aiosmtpd.

Reading order: in `clients` `wire` (the octets of one client) and `dialogue` (its states), `questions`, `sign_in` and
`handshake` (what its commands need), `incoming` and `accepting` (one message), `reception` (what all sessions share),
`listeners` and `tls_contexts` (what a revision opens); `journal.journal` and `journal.segment` (250 means on disk),
`forward` (from there to the queue), `feeds` (how the console's decisions arrive), `log`, `report` and `health` (what we
say of ourselves).
"""
