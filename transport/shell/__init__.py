"""The transport's I/O: the only room with asyncio, aiosmtpd and psycopg.

Reading order: `smtp_protocol` (one client), `listeners` (sockets of one revision), `journal` and `segment` (250 means on disk),
`protocol_log`, `config_feed` and `recipient_index` (what the console decided), `tls_contexts`.
"""
