#!/usr/bin/python3
"""A server on loopback that answers well or badly, as the path asks for.

Prints its port on a line and ends when its standard input is closed.
With --tls CERT KEY it speaks TLS.

  /echo                  the request as the server saw it
  /count?of=PATH         how often PATH was asked for
  /connections           how many connections were accepted
  /times/N/CODE/KEY      CODE for the first N requests, then 200
                         (?after=S or ?after=date: Retry-After)
  /redirect/CODE?to=URL  /loop redirects to itself
  /hold/MS               200 after a pause
  /hang /reset /close    no answer; /reset-once/KEY answers the second time
  /stale                 200, then closes at the next request, unanswered
  /mid-body /drip /huge /many-headers /long-header /garbage /interim
"""
import socket
import ssl
import struct
import sys
import threading
import time
import urllib.parse
from email.utils import formatdate

LONG_AGO = 1000000000  # the server's clock is wrong, as clocks are
TIMES_OUT = 30
lock = threading.Lock()
counts = {}
connections = 0


def count(path):
    with lock:
        counts[path] = counts.get(path, 0) + 1
        return counts[path]


class Reset(Exception):
    pass


class Close(Exception):
    pass


class Connection:
    def __init__(self, sock, number):
        self.sock = sock
        self.number = number
        self.stale = False
        self.file = sock.makefile("rb")

    def read_request(self):
        line = self.file.readline()
        if not line:
            raise Close
        self.method, self.target, _ = line.decode("latin-1").split(" ", 2)
        self.head = [line]
        length = 0
        while True:
            line = self.file.readline()
            if not line.strip():
                break
            self.head.append(line)
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        self.body = self.file.read(length)
        url = urllib.parse.urlsplit(self.target)
        self.path = url.path
        self.query = dict(urllib.parse.parse_qsl(url.query))
        self.seen = count(self.path)

    def send(self, data):
        self.sock.sendall(data)

    def answer(self, status, body=b"", headers=()):
        lines = ["HTTP/1.1 %d X" % status, "X-Connection: %d" % self.number,
                 "Content-Length: %d" % len(body)]
        head = "\r\n".join(lines + list(headers)) + "\r\n\r\n"
        if self.method == "HEAD":
            body = b""
        self.send(head.encode() + body)

    def serve(self):
        while True:
            self.read_request()
            if self.stale:
                raise Close
            name = self.path.split("/")[1].replace("-", "_")
            getattr(self, "do_" + name, self.do_unknown)(
                *self.path.split("/")[2:])

    def do_unknown(self, *_):
        self.answer(404)

    def do_echo(self):
        self.answer(200, b"".join(self.head) + b"\r\n" + self.body)

    def do_count(self):
        self.answer(200, b"%d" % counts.get(self.query["of"], 0))

    def do_connections(self):
        self.answer(200, b"%d" % connections)

    def do_times(self, n, code, *_):
        headers = []
        after = self.query.get("after")
        if after == "date":
            headers = ["Date: " + formatdate(LONG_AGO, usegmt=True),
                       "Retry-After: " + formatdate(LONG_AGO + 1, usegmt=True)]
        elif after:
            headers = ["Retry-After: " + after]
        if self.seen <= int(n):
            self.answer(int(code), b"not yet", headers)
        else:
            self.answer(200, b"now")

    def do_redirect(self, code):
        self.answer(int(code), b"", ["Location: " + self.query["to"]])

    def do_loop(self):
        self.answer(302, b"", ["Location: /loop"])

    def do_hold(self, ms):
        time.sleep(int(ms) / 1000)
        self.answer(200)

    def do_hang(self):
        self.file.read(1)
        raise Close

    def do_reset(self):
        raise Reset

    def do_reset_once(self, *_):
        if self.seen == 1:
            raise Reset
        self.answer(200, b"now")

    def do_close(self):
        raise Close

    def do_stale(self):
        self.stale = True
        self.answer(200)

    def do_mid_body(self):
        self.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\npart")
        raise Close

    def do_drip(self):
        self.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        for _ in range(1000):
            self.send(b".")
            time.sleep(0.02)

    def do_huge(self):
        self.send(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(10000):
            self.send(b"x" * 65536)

    def do_many_headers(self):
        self.send(b"HTTP/1.1 200 OK\r\n")
        for i in range(10000):
            self.send(b"X-Header-%d: value\r\n" % i)
        self.send(b"\r\n")

    def do_long_header(self):
        self.send(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 200000 + b"\r\n\r\n")

    def do_garbage(self):
        self.send(b"\x00\x01 what?\r\n\r\n" * 10)
        raise Close

    def do_interim(self):
        self.send(b"HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n")
        self.answer(200, b"", ["X-Late:   2 "])


def talk(sock, number, context):
    connection = None
    try:
        sock.settimeout(TIMES_OUT)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context:
            sock = context.wrap_socket(sock, server_side=True)
        connection = Connection(sock, number)
        connection.serve()
    except Reset:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                        struct.pack("ii", 1, 0))
    except (Close, OSError, ValueError):
        pass
    if connection:  # the file holds the socket open, too
        connection.file.close()
    sock.close()


def listen(context):
    global connections
    server = socket.create_server(("127.0.0.1", 0), backlog=128)
    sys.stdout.write("%d\n" % server.getsockname()[1])
    sys.stdout.flush()
    while True:
        sock, _ = server.accept()
        connections += 1
        threading.Thread(target=talk, args=(sock, connections, context),
                         daemon=True).start()


def main():
    context = None
    if sys.argv[1:2] == ["--tls"]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2], sys.argv[3])
    threading.Thread(target=listen, args=(context,), daemon=True).start()
    sys.stdin.read()


main()
