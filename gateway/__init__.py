"""What speaks HTTP: today the signed URLs of the local store, and /healthz.

Issue 6 adds the HTTP/JSON and server-sent-events surface of the API here, made from the descriptors of the contract
(`google.api.http` options), and the files of the admin UI. It calls the gRPC server as any client does: no domain and
no SQL in this package.
"""
