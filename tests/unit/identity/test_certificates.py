"""Which certificates stand for whom."""

from collections.abc import Mapping, Sequence

import pytest

from server.adapters.identity.certificates import CertificatePrincipals
from server.domain.ids import UserId
from server.domain.principal import Principal
from server.domain.roles import Role

BOOKING = Principal(UserId("svc-booking"), Role.SYSTEM)
BILLING = Principal(UserId("svc-billing"), Role.SYSTEM)
KNOWN = CertificatePrincipals({"spiffe://rodistaa/booking": BOOKING, "billing": BILLING})


@pytest.mark.parametrize(
    ("auth_context", "expected"),
    [
        ({}, None),
        ({"transport_security_type": [b"ssl"]}, None),
        ({"transport_security_type": [b"ssl"], "x509_common_name": [b"billing"]}, BILLING),
        ({"transport_security_type": [b"ssl"], "x509_common_name": [b"spiffe://rodistaa/booking"]}, None),
        ({"transport_security_type": [b"ssl"], "x509_subject_alternative_name": [b"billing"]}, None),
        (
            {
                "transport_security_type": [b"ssl"],
                "x509_subject_alternative_name": [b"localhost", b"spiffe://rodistaa/booking"],
                "x509_common_name": [b"billing"],
            },
            BOOKING,
        ),
        ({"transport_security_type": [b"insecure"], "x509_common_name": [b"billing"]}, None),
        ({"x509_common_name": [b"billing"]}, None),
        ({"transport_security_type": [b"ssl"], "x509_common_name": [b"\xff\xfe"]}, None),
    ],
)
def test_by_uri_then_by_common_name(auth_context: Mapping[str, Sequence[bytes]], expected: Principal | None) -> None:
    assert KNOWN.principal_from_certificate(auth_context) is expected
