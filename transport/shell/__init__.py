"""The transport's I/O: the only room with asyncio, aiosmtpd and psycopg.

Reading order: `smtp_protocol` (one client), `incoming` (one message), `journal` and `segment` (250 means on disk),
`reception` (what all sessions share), `listeners` and `tls_contexts` (what a revision opens), `config_feed` and
`recipient_feed` (how the console's decisions arrive), `protocol_log`, `report` and `health` (what we say of ourselves).
"""
