"""The rules of the ticket system. Standard library only: no grpc, protobuf, SQL, Celery or Redis."""
