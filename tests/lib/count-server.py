#!/usr/bin/python3
"""A webhook that counts: takes POST of JSON objects with an Idempotency-Key.

usage: count-server.py DIRECTORY

Writes DIRECTORY/port when it listens, and a line "KEY TITLE" to DIRECTORY/got
before it answers. DIRECTORY/answer, read for each request, says how it answers:
"STATUS [SECONDS]" with a Retry-After where SECONDS is given, "hang", "cut" (it
hangs up without an answer), "drip"; no file: 200. A request that is not as it
must be is answered with 400 and noted in DIRECTORY/bad.
"""
import json
import os
import socket
import sys
import threading
import time

directory = sys.argv[1]
lock = threading.Lock()


def note(name, text):
    with lock, open(os.path.join(directory, name), "a", encoding="utf-8") as f:
        f.write(text + "\n")


def how():
    try:
        with open(os.path.join(directory, "answer"), encoding="utf-8") as f:
            return f.read().split() or ["200"]
    except FileNotFoundError:
        return ["200"]


def fault(line, headers, body):
    """What is wrong with a request, or None."""
    words = line.split(" ")
    if len(words) != 3 or words[0] != "POST" or words[2] != "HTTP/1.1":
        return "request line: " + line
    if not headers.get("idempotency-key"):
        return "no Idempotency-Key"
    if not headers.get("content-type", "").startswith("application/json"):
        return "content type"
    try:
        if not isinstance(json.loads(body), dict):
            return "not an object"
    except ValueError as error:
        return f"not JSON: {error}"
    return None


def respond(conn, status, more=""):
    conn.sendall(f"HTTP/1.1 {status} Said\r\nContent-Length: 2\r\n{more}\r\nok"
                 .encode())


def answer(conn, words):
    """False: the connection is to be closed."""
    if words[0] == "hang":
        time.sleep(3600)
    if words[0] == "cut":
        return False
    if words[0] == "drip":
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok":
            conn.sendall(bytes([byte]))
            time.sleep(0.01)
        return True
    more = f"Retry-After: {words[1]}\r\n" if len(words) > 1 else ""
    respond(conn, words[0], more)
    return True


def read_request(conn, rest):
    while b"\r\n\r\n" not in rest:
        data = conn.recv(65536)
        if not data:
            return None
        rest += data
    head, rest = rest.split(b"\r\n\r\n", 1)
    lines = head.decode("latin-1").split("\r\n")
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    length = int(headers.get("content-length", 0))
    while len(rest) < length:
        data = conn.recv(65536)
        if not data:
            return None
        rest += data
    return lines[0], headers, rest[:length], rest[length:]


def serve(conn):
    rest = b""
    conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        while True:
            request = read_request(conn, rest)
            if not request:
                return
            line, headers, body, rest = request
            wrong = fault(line, headers, body)
            if wrong:
                note("bad", wrong)
                respond(conn, 400)
                continue
            note("got", headers["idempotency-key"] + " "
                 + json.loads(body).get("title", ""))
            if not answer(conn, how()):
                return
    except OSError:
        pass
    finally:
        conn.close()


def main():
    server = socket.create_server(("127.0.0.1", 0), backlog=64)
    temporary = os.path.join(directory, "port.new")
    with open(temporary, "w", encoding="utf-8") as f:
        f.write(str(server.getsockname()[1]))
    os.rename(temporary, os.path.join(directory, "port"))
    while True:
        conn, _ = server.accept()
        threading.Thread(target=serve, args=(conn,), daemon=True).start()


main()
