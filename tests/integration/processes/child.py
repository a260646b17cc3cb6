"""One server process of the tests: real settings, real shell, a servicer that says which process it is."""

import os
import sys
import time

import grpc

from rodistaa.tickets.v1 import directory_service_pb2 as pb
from rodistaa.tickets.v1 import directory_service_pb2_grpc as pb_grpc
from server.api.server import Registration
from server.serving import serve
from server.settings import Settings


class Directory(pb_grpc.DirectoryServiceServicer):
    def ListMembers(  # noqa: N802 - generated name
        self, request: pb.ListMembersRequest, context: grpc.ServicerContext
    ) -> pb.ListMembersResponse:
        """``page_size`` is how many milliseconds the answer takes: a call that is under way."""
        time.sleep(request.page_size / 1000)
        return pb.ListMembersResponse(next_page_token=str(os.getpid()))


if __name__ == "__main__":
    sys.exit(
        serve(
            Settings(),
            [
                Registration.of(
                    "rodistaa.tickets.v1.DirectoryService",
                    pb_grpc.add_DirectoryServiceServicer_to_server,
                    Directory(),  # type: ignore[abstract]  # the rest is UNIMPLEMENTED
                )
            ],
            ready=lambda: True,
        )
    )
