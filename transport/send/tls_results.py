"""How an attempt to speak TLS ended, in the words of reports. Source: RFC 8460 §4.3."""

from __future__ import annotations

from enum import Enum


class Result(Enum):
    """A result type of RFC 8460 §4.3, and what Exchange Online calls it (Sending mail outward, section 1.6)."""

    SUCCESS = "successful"
    STARTTLS_NOT_SUPPORTED = "starttls-not-supported"
    HOST_MISMATCH = "certificate-host-mismatch"
    EXPIRED = "certificate-expired"
    NOT_TRUSTED = "certificate-not-trusted"
    VALIDATION_FAILURE = "validation-failure"
    TLSA_INVALID = "tlsa-invalid"
    DNSSEC_INVALID = "dnssec-invalid"
    DANE_REQUIRED = "dane-required"
    STS_FETCH_ERROR = "sts-policy-fetch-error"
    STS_POLICY_INVALID = "sts-policy-invalid"
    STS_WEBPKI_INVALID = "sts-webpki-invalid"


FAILURES = tuple(each for each in Result if each is not Result.SUCCESS)
_EXPIRED, _NOT_YET, _MISMATCH = 10, 9, 62


def of_certificate(verify_code: int) -> Result:
    """Of a certificate that OpenSSL does not verify, by its code (X509_V_ERR_…)."""
    if verify_code in (_EXPIRED, _NOT_YET):
        return Result.EXPIRED
    return Result.HOST_MISMATCH if verify_code == _MISMATCH else Result.NOT_TRUSTED


_OF_CERTIFICATES = (Result.HOST_MISMATCH, Result.EXPIRED, Result.NOT_TRUSTED)


def under(policy: str, result: Result) -> Result:
    """What a report counts: where no policy asks for a certificate, TLS with any of them is a success."""
    return Result.SUCCESS if policy == "no-policy-found" and result in _OF_CERTIFICATES else result
