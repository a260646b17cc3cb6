"""A server's certificate for localhost and 127.0.0.1, and clients that believe in it."""

import ssl
from pathlib import Path

from server.adapters.notifying.timed_sockets import client_tls
from tests.unit.api.certificates import authority, server_certificate


class Tls:
    """Both sides' contexts."""

    def __init__(self, directory: Path) -> None:
        issuer = authority()
        certificate = server_certificate(issuer)
        chain, key = directory / "chain.pem", directory / "key.pem"
        chain.write_bytes(certificate.pem)
        key.write_bytes(certificate.key_pem)
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.load_cert_chain(chain, key)
        self.client = client_tls()
        self.client.load_verify_locations(cadata=issuer.pem.decode())
