"""The transport's I/O: the only room with asyncio, aiosmtpd and psycopg.

Reading order: `connection` and `smtp_protocol` (one client), `questions`, `sign_in` and `handshake` (what its commands
need), `incoming` and `accepting` (one message), `journal` and `segment` (250 means on disk), `reception` (what all
sessions share), `listeners` and `tls_contexts` (what a revision opens), `config_feed` and `recipient_feed` (how the
console's decisions arrive), `session_log`, `protocol_log`, `report` and `health` (what we say of ourselves).
"""
