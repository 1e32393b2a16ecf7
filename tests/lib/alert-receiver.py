#!/usr/bin/python3
"""A receiver of webhooks on loopback, and something to scrape.

alert-receiver.py FOLDER COMMAND...

Hands the body of each POST to COMMAND and keeps it as FOLDER/N.json; answers
500 when COMMAND fails, so that the sender tries again. GET /metrics says the
number that stands in FOLDER/trouble. Prints its port, and two ports that were
free, on a line; ends when its standard input is closed.
"""
import http.server
import pathlib
import socket
import subprocess
import sys
import threading

folder = pathlib.Path(sys.argv[1])
command = sys.argv[2:]
lock = threading.Lock()
count = 0


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        number = (folder / "trouble").read_text().strip()
        self.answer(200, f"trouble {number}\n".encode())

    def do_POST(self):
        global count
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with lock:
            done = subprocess.run(command, input=body, check=False, timeout=20)
            count += 1
            part = folder / f"{count}.part"
            part.write_bytes(body)
            part.rename(folder / f"{count}.json")
        self.answer(500 if done.returncode else 200, b"")

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_port, free_port(), free_port(), flush=True)
sys.stdin.read()
