"""Service callers that show a client certificate instead of a token."""

from collections.abc import Mapping, Sequence

from server.domain.principal import Principal


class CertificatePrincipals:
    """Maps names of certificates, which the TLS layer has verified, to service principals.

    A name with ``://`` in it is the certificate's URI (SPIFFE), any other its common name: a common name
    that looks like a URI stands for nobody.
    """

    def __init__(self, principals: Mapping[str, Principal]) -> None:
        self._by_uri = {name: principal for name, principal in principals.items() if "://" in name}
        self._by_common_name = {name: principal for name, principal in principals.items() if "://" not in name}

    def principal_from_certificate(self, auth_context: Mapping[str, Sequence[bytes]]) -> Principal | None:
        """By URI, else by common name; None when neither is known or the connection has no certificate."""
        if b"ssl" not in auth_context.get("transport_security_type", ()):
            return None
        # An alternative name of another kind (DNS, address, e-mail) cannot hold "://".
        for name in auth_context.get("x509_subject_alternative_name", ()):
            principal = self._by_uri.get(name.decode("utf-8", "replace"))
            if principal is not None:
                return principal
        for name in auth_context.get("x509_common_name", ()):
            principal = self._by_common_name.get(name.decode("utf-8", "replace"))
            if principal is not None:
                return principal
        return None
