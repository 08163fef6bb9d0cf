"""Secrets as the database and pages keep them: Fernet tokens, made with the installation's secret."""

from cryptography.fernet import Fernet
from django.conf import settings


def sealed(content: bytes) -> str:
    """A token that nobody reads or changes without the secret."""
    return _fernet().encrypt(content).decode()


def opened(token: str, seconds: int | None = None) -> bytes:
    """What a token holds. Raises InvalidToken when it was made with another secret, damaged, or is older than that."""
    return _fernet().decrypt(token.encode(), ttl=seconds)


def _fernet() -> Fernet:
    return Fernet(settings.GATEPOST_SECRET_KEY)
