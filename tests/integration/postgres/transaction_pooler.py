"""What PgBouncer does in transaction mode, in miniature, and with a sharp eye.

Clients get a server connection for one transaction; the next one runs on another. After each of them the
pooler looks at what it has left in the session, where the next client would find it.
"""

import queue
import socket
import struct
import threading
from contextlib import suppress
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

_VERSION_3 = 196608
_CANCEL, _SSL, _GSS = 80877102, 80877103, 80877104
_LEFT_BEHIND = r"""
    SELECT 'setting ' || name FROM pg_settings WHERE source = 'session' AND name NOT LIKE 'transaction\_%'
    UNION ALL SELECT 'context' WHERE current_setting('tickets.context', true) <> ''
    UNION ALL SELECT 'prepared statement ' || statement FROM pg_prepared_statements
    UNION ALL SELECT 'lock ' || locktype FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'
    UNION ALL SELECT 'temporary table ' || relname FROM pg_class WHERE relpersistence = 't'
"""


class TransactionPooler:
    """Listens on a TCP port and serves all clients with ``size`` connections, each transaction by the next of them."""

    def __init__(self, dsn: str, size: int) -> None:
        self.left_behind: set[str] = set()
        """What transactions have left in their sessions."""
        self._target = conninfo_to_dict(dsn)
        self._idle: queue.SimpleQueue[_Server] = queue.SimpleQueue()
        for _ in range(size):
            self._idle.put(_Server(str(self._target["host"]), str(self._target["dbname"])))
        self._clients: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept, name="pooler")]
        self._threads[0].start()

    @property
    def dsn(self) -> str:
        """For clients."""
        port = self._listener.getsockname()[1]
        return make_conninfo(host="127.0.0.1", port=port, user="postgres", dbname=str(self._target["dbname"]))

    def close(self) -> None:
        """Cut everybody off."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for client in self._clients:
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        while not self._idle.empty():
            self._idle.get().close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._clients.append(client)
            self._threads.append(threading.Thread(target=self._serve, args=(client,), name="pooler-client"))
            self._threads[-1].start()

    def _serve(self, client: socket.socket) -> None:
        server: _Server | None = None
        with client, suppress(EOFError, OSError):
            try:
                if not _greet(client):
                    return
                while True:
                    kind, message = _read(client)
                    if kind == b"X":
                        return
                    server = server or self._idle.get()
                    server.send(message)
                    if kind not in {b"Q", b"S"}:
                        continue
                    answer, over = server.answer()
                    if over:
                        # Before the client hears of the end, so that it can ask what was seen.
                        self.left_behind.update(server.ask(_LEFT_BEHIND))
                        self._idle.put(server)
                        server = None
                    client.sendall(answer)
            finally:
                if server is not None:
                    server.ask("ROLLBACK")
                    self._idle.put(server)


class _Server:
    """One connection to PostgreSQL's unix socket, where no password is asked for."""

    def __init__(self, directory: str, database: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(Path(directory) / ".s.PGSQL.5432"))
        options = f"user\0postgres\0database\0{database}\0client_encoding\0UTF8\0\0".encode()
        self._socket.sendall(struct.pack("!ii", len(options) + 8, _VERSION_3) + options)
        while _read(self._socket)[0] != b"Z":
            pass

    def send(self, message: bytes) -> None:
        self._socket.sendall(message)

    def answer(self) -> tuple[bytes, bool]:
        """All of the answer, and whether no transaction is open after it."""
        messages = []
        while True:
            kind, message = _read(self._socket)
            messages.append(message)
            if kind == b"Z":
                return b"".join(messages), message[5:6] == b"I"

    def ask(self, statement: str) -> list[str]:
        """The rows of a query of one text column."""
        query = statement.encode() + b"\0"
        self._socket.sendall(b"Q" + struct.pack("!i", len(query) + 4) + query)
        rows = []
        while True:
            kind, message = _read(self._socket)
            if kind == b"D":
                rows.append(message[11:].decode())
            elif kind == b"E":
                rows.append(f"error {message!r}")
            elif kind == b"Z":
                return rows

    def close(self) -> None:
        self._socket.close()


def _greet(client: socket.socket) -> bool:
    """Let the client in, as anybody; False for one who does not want to stay."""
    while True:
        (length,) = struct.unpack("!i", _exactly(client, 4))
        (code,) = struct.unpack("!i", _exactly(client, 4))
        _exactly(client, length - 8)
        if code in {_SSL, _GSS}:
            client.sendall(b"N")
            continue
        if code == _CANCEL:
            return False
        break
    settings = {
        "server_version": "18.0",
        "client_encoding": "UTF8",
        "server_encoding": "UTF8",
        "standard_conforming_strings": "on",
        "integer_datetimes": "on",
        "DateStyle": "ISO, MDY",
        "TimeZone": "UTC",
    }
    welcome = b"R" + struct.pack("!ii", 8, 0)
    for name, value in settings.items():
        status = f"{name}\0{value}\0".encode()
        welcome += b"S" + struct.pack("!i", len(status) + 4) + status
    client.sendall(welcome + b"K" + struct.pack("!iii", 12, 1, 1) + b"Z" + struct.pack("!i", 5) + b"I")
    return True


def _read(source: socket.socket) -> tuple[bytes, bytes]:
    """The kind of the next message, and all of it."""
    head = _exactly(source, 5)
    (length,) = struct.unpack("!i", head[1:])
    return head[:1], head + _exactly(source, length - 4)


def _exactly(source: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        chunk = source.recv(count - len(data))
        if not chunk:
            raise EOFError
        data += chunk
    return data
