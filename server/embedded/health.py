"""Is the server, or the gateway, ready? For `tickets up` and health checks: python -m server.embedded.health TARGET,
where the target is host:port of the server or http://host:port of the gateway."""

from __future__ import annotations

import sys
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

READY_SERVICE = "rodistaa.tickets.v1.TicketService"


def is_serving(target: str) -> bool:
    """Whether the health service, without TLS, says SERVING for the ticket service within a second."""
    with grpc.insecure_channel(target) as channel:
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(  # type: ignore[attr-defined]  # the stubs leave it out
                health_pb2.HealthCheckRequest(service=READY_SERVICE), timeout=1.0
            )
        except grpc.RpcError:
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


def gateway_answers(url: str) -> bool:
    """Whether the gateway at http://host:port says within a second that it works."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=1.0)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    target = sys.argv[1]
    sys.exit(0 if (gateway_answers if target.startswith("http://") else is_serving)(target) else 1)
