"""Secrets as PostgreSQL keeps them: Fernet tokens, made with the installation's secret."""

from collections.abc import Callable

from cryptography.fernet import Fernet, InvalidToken

from transport import node

secret: Callable[[], bytes] = node.secret
"""The installation's secret. Whoever starts delivery may know it otherwise. Raises OSError when it has been lost."""


class Locked(Exception):
    """A secret cannot be read here; the text says why."""


def closed(content: bytes) -> str:
    """The token that PostgreSQL keeps. Raises OSError, or ValueError where there is no secret."""
    return Fernet(secret()).encrypt(content).decode()


def opened(token: str) -> bytes:
    """What a token holds. Raises Locked."""
    try:
        return Fernet(secret()).decrypt(token.encode())
    except (InvalidToken, ValueError, OSError):
        raise Locked("it cannot be decrypted with this installation's secret.key") from None
