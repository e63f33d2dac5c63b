"""A client as thin as it can be: one kept-alive connection, prepared requests, and no patience with errors."""

import re
import socket
from collections.abc import Iterator
from time import perf_counter

LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding: chunked", re.IGNORECASE)


class Refused(Exception):
    """An answer that is no success: the whole run is void."""


class Client:
    """Speaks to one server with one API key."""

    def __init__(self, port: int, key: str) -> None:
        self.port, self.key = port, key
        self.connect()

    def connect(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=120)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""

    def request(self, method: str, path: str, body: bytes = b"") -> bytes:
        """A request ready to be sent any number of times."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", f"Authorization: ApiKey {self.key}"]
        if body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        return "\r\n".join([*lines, "", ""]).encode() + body

    def send(self, request: bytes) -> tuple[bytes, bytes]:
        """Head and body of the answer; raises Refused unless it is a success."""
        head, parts = self.answer(request)
        body = b"".join(parts)
        if not head.startswith(b"HTTP/1.1 2"):
            raise Refused(head.split(b"\r\n")[0].decode() + " " + body[:500].decode(errors="replace"))
        return head, body

    def seconds(self, requests: list[bytes]) -> float:
        """How long it takes to have them answered, one after the other; long answers are dropped as they come."""
        self.socket.close()
        self.connect()  # while others had their turn, the server may have given the idle connection up
        begin = perf_counter()
        for request in requests:
            head, parts = self.answer(request)
            for _ in parts:
                pass
            if not head.startswith(b"HTTP/1.1 2"):
                raise Refused(head.split(b"\r\n")[0].decode())
        return perf_counter() - begin

    def answer(self, request: bytes) -> tuple[bytes, Iterator[bytes]]:
        """The head of the answer, and its body in parts that have to be read before the next request."""
        self.socket.sendall(request)
        head = self.read_until(b"\r\n\r\n")
        if found := LENGTH.search(head):
            return head, iter([self.read(int(found[1]))])
        return head, self.chunks() if CHUNKED.search(head) else iter(())

    def chunks(self) -> Iterator[bytes]:
        while size := int(self.read_until(b"\r\n"), 16):
            yield self.read(size)
            self.read(2)
        self.read_until(b"\r\n")

    def read_until(self, mark: bytes) -> bytes:
        while mark not in self.rest:
            self.receive()
        head, _, self.rest = self.rest.partition(mark)
        return head + mark

    def read(self, size: int) -> bytes:
        parts, missing = [self.rest], size - len(self.rest)
        while missing > 0:
            part = self.socket.recv(min(1 << 20, max(missing, 65_536)))
            if not part:
                raise ConnectionError("The server closed the connection.")
            parts.append(part)
            missing -= len(part)
        whole = b"".join(parts)
        self.rest = whole[size:]
        return whole[:size]

    def receive(self) -> None:
        part = self.socket.recv(65_536)
        if not part:
            raise ConnectionError("The server closed the connection.")
        self.rest += part
