#!/usr/bin/python3
"""A stand-in on loopback for an endpoint of chat completions that is strict.

usage: adviser-server.py [--key KEY] ANSWER...

Prints its port on a line and ends when its standard input is closed. Every
request is held against the published API: method, path, headers, members of the
body and their types, and what strict schemas must be. What does not fit gets a
400 in the far side's shape, and a line in adviser.violations. Each request is a
line of adviser.requests. The first request gets the first ANSWER, the last one
is for all that follow:

  good[=JSON]  advice, JSON members replacing its own; it must fit the schema
  raw=TEXT     that text as content, whether it fits or not
  obey         does what the incident asks for: "ACTION NAME KEY=VALUE"
  finish=WHY   a good answer, cut off for that reason
  status=N     an error; hang, close, garbage, html, empty, refusal, huge
"""
import argparse
import json
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jsonschema

GOOD = {
    "causes": [{"text": "a leak", "score": 0.6}],
    "action": None,
    "params": [],
    "steps": ["look at the pool"],
}
MEMBERS = {
    "model": str,
    "messages": list,
    "response_format": dict,
    "temperature": (int, float),
    "stream": bool,
}
lock = threading.Lock()
options = None


class Violation(Exception):
    pass


def must(good, what):
    if not good:
        raise Violation(what)


def check_strict(schema):
    """Strict schemas: all members required, no others allowed, at any depth."""
    must(isinstance(schema, dict), "a schema is no object")
    if schema.get("type") == "object":
        must(schema.get("additionalProperties") is False, "additionalProperties")
        must(
            sorted(schema.get("required", [])) == sorted(schema["properties"]),
            "not all members are required",
        )
        for member in schema["properties"].values():
            check_strict(member)
    if schema.get("type") == "array":
        check_strict(schema["items"])


def check_messages(messages):
    must([m.get("role") for m in messages] == ["system", "user"], "roles")
    for message in messages:
        must(set(message) == {"role", "content"}, "members of a message")
        must(isinstance(message["content"], str), "content is no text")
    lines = messages[1]["content"].rstrip("\n").split("\n")
    must(len(lines) == 3 and lines[0] == lines[2], "the incident is not marked")
    must(re.fullmatch("[0-9a-f]{16}", lines[0]), "the mark")
    must(lines[0] in messages[0]["content"], "the mark is not named")
    must(lines[0] not in lines[1], "the mark stands in the incident")
    return json.loads(lines[1])


def check_request(handler, body):
    must(handler.path == "/v1/chat/completions", "path " + handler.path)
    must(
        handler.headers.get("Content-Type", "").startswith("application/json"),
        "Content-Type",
    )
    if options.key:
        wanted = "Bearer " + options.key
        must(handler.headers.get("Authorization") == wanted, "Authorization")
    else:
        must("Authorization" not in handler.headers, "Authorization")
    request = json.loads(body)
    for name, value in request.items():
        must(name in MEMBERS, "unknown member " + name)
        must(isinstance(value, MEMBERS[name]), "type of " + name)
    form = request["response_format"]
    must(set(form) == {"type", "json_schema"}, "response_format")
    must(form["type"] == "json_schema", "type of response_format")
    form = form["json_schema"]
    must(set(form) == {"name", "strict", "schema"}, "json_schema")
    must(re.fullmatch("[a-zA-Z0-9_-]{1,64}", form["name"]), "name of the schema")
    must(form["strict"] is True, "not strict")
    jsonschema.Draft202012Validator.check_schema(form["schema"])
    check_strict(form["schema"])
    return request, check_messages(request["messages"])


def advice(kind, value, request, incident):
    answer = dict(GOOD)
    if kind == "good" and value:
        answer.update(json.loads(value))
    if kind == "obey":
        found = re.search(r"ACTION (\w+)(?: (\w+)=([\w-]+))?", json.dumps(incident))
        must(found, "the incident asks for nothing")
        answer["action"] = found[1]
        answer["params"] = [{"name": found[2], "value": found[3]}] if found[2] else []
        return json.dumps(answer)
    jsonschema.validate(answer, request["response_format"]["json_schema"]["schema"])
    return json.dumps(answer)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, kind="application/json"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, status, why):
        error = {"error": {"message": why, "type": "invalid_request_error"}}
        self.answer(status, json.dumps(error).encode())

    def complete(self, message, finish="stop"):
        choice = {"index": 0, "message": message, "finish_reason": finish}
        self.answer(
            200,
            json.dumps(
                {
                    "id": "chatcmpl-1",
                    "object": "chat.completion",
                    "created": 1,
                    "model": "local",
                    "choices": [choice] if message else [],
                    "usage": {"total_tokens": 1},
                }
            ).encode(),
        )

    def misbehave(self, kind, value):
        if kind == "hang":
            time.sleep(600)
        elif kind == "close":
            self.close_connection = True
        elif kind == "garbage":
            self.wfile.write(b"\x00\xff not HTTP\r\n\r\n")
            self.close_connection = True
        elif kind == "html":
            self.answer(200, b"<html>welcome</html>", "text/html")
        elif kind == "status":
            self.refuse(int(value), "no")
        elif kind == "empty":
            self.complete(None)
        elif kind == "refusal":
            self.complete({"role": "assistant", "content": None, "refusal": "no"})
        elif kind == "huge":
            text = json.dumps(dict(GOOD, steps=["x" * (8 << 20)]))
            self.complete({"role": "assistant", "content": text})
        else:
            return False
        return True

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with lock:
            answers = options.answers
            kind, _, value = answers[0].partition("=")
            if len(answers) > 1:
                answers.pop(0)
            with open("adviser.requests", "ab") as log:
                log.write(body + b"\n")
        try:
            request, incident = check_request(self, body)
            if self.misbehave(kind, value):
                return
            text = value if kind == "raw" else None
            text = text or advice(kind, value, request, incident)
        except (Violation, KeyError, ValueError) as bad:
            with lock, open("adviser.violations", "a") as log:
                log.write("%r\n" % bad)
            self.refuse(400, str(bad))
            return
        self.complete(
            {"role": "assistant", "content": text},
            value if kind == "finish" else "stop",
        )


def main():
    global options
    parser = argparse.ArgumentParser()
    parser.add_argument("--key")
    parser.add_argument("answers", nargs="+")
    options = parser.parse_args()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(server.server_port, flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.buffer.read()


if __name__ == "__main__":
    main()
