"""Is the server ready? For `tickets up`, and for health checks: python -m server.embedded.health TARGET."""

from __future__ import annotations

import sys

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


if __name__ == "__main__":
    sys.exit(0 if is_serving(sys.argv[1]) else 1)
