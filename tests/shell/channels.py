"""What the binding of a client's sign-in (RFC 5929) to the connection's makes of it, whatever the mechanism."""

CHANNEL, OTHER = b"tls-server-end-point:" + b"x" * 32, b"tls-server-end-point:" + b"y" * 32
CASES = [
    (b"", CHANNEL, False, True),
    (CHANNEL, CHANNEL, False, True),
    (OTHER, CHANNEL, False, False),
    (b"", CHANNEL, True, False),
    (CHANNEL, CHANNEL, True, True),
    (OTHER, CHANNEL, True, False),
    (CHANNEL, b"", False, True),
    (CHANNEL, b"", True, False),
]
"""(what the client knows, what the connection has, whether it must know, whether it signs in)."""
