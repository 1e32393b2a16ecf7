#!/usr/bin/python3
"""A stand-in on loopback for Elasticsearch and OpenSearch that is strict.

usage: elastic-server.py [--opensearch VERSION] [--auth HEADER] [--no-root]

Prints its port on a line and ends when its standard input is closed. Every
request is held against the published API: method, path, parameters, headers,
members of the body and their types, points in time that exist, sort values that
fit. What does not fit gets a 400 in the far side's shape and is a violation.

  POST /__control   {"now": MS}           the clock that documents arrive by
                    {"make": {...}}       documents, see make_documents()
                    {"docs": [{"index", "id", "ms", "at", "source"}]}
                    {"next": [FAULT...]}  for the next searches, in order
                    {"faults": {FAULT: PROBABILITY}, "seed": N}
                    {"open": [STATUS...]} for the next points in time
                    {"page_delay": MS}
  GET /__state      {"violations", "pits", "polls", "pages", "sizes", "reads"}

A FAULT is partial, timeout, duplicate, 429, 503, close, expire, garbage.
"""
import argparse
import bisect
import fnmatch
import json
import random
import re
import sys
import threading
import time
import urllib.parse
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SHARDS = 3
NANOS = 1000000
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
KEEP_ALIVE = re.compile(r"([0-9]+)(ms|s|m|h)")
UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
lock = threading.RLock()
options = None


class Refused(Exception):
    def __init__(self, status, kind, reason, violation=True):
        super().__init__(reason)
        self.status, self.kind, self.reason = status, kind, reason
        if violation:
            state.violations.append(reason)


class Dropped(Exception):
    """The connection is closed before the answer is whole."""


class State:
    def __init__(self):
        self.now = 0
        self.docs = []
        self.pits = {}
        self.serial = 0
        self.violations = []
        self.next, self.open = [], []
        self.faults, self.random = {}, random.Random(1)
        self.page_delay = 0
        self.polls = self.pages = 0
        self.reads = []  # of each page: from, size, hits
        self.roots = 0
        self.expired = set()


state = State()


class Document:
    def __init__(self, index, name, ns, at, source, odd, number):
        self.index, self.id, self.ns, self.at = index, name, ns, at
        self.source, self.odd = source, odd
        self.shard = number % SHARDS
        self.place = self.shard << 32 | number


def write_time(ns):
    text = datetime.fromtimestamp(ns // (1000 * NANOS), timezone.utc)
    text = text.strftime("%Y-%m-%dT%H:%M:%S")
    fraction = "%09d" % (ns % (1000 * NANOS))
    while len(fraction) > 3 and fraction.endswith("000"):
        fraction = fraction[:-3]
    return text + "." + fraction + "Z"


def read_time(text):
    match = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z",
                         text if isinstance(text, str) else "")
    if not match:
        raise Refused(400, "parse_exception",
                      "failed to parse date field [%s]" % (text,))
    at = datetime.strptime(match[1], "%Y-%m-%dT%H:%M:%S")
    seconds = int((at.replace(tzinfo=timezone.utc) - EPOCH).total_seconds())
    return seconds * 1000 * NANOS + int((match[2] or "0").ljust(9, "0"))


def make_documents(count, start, step=100, late_every=100, late_ms=600000,
                   pad=0, indices=3):
    """Several have the same time; one in late_every arrives late_ms late."""
    for i in range(count):
        ms = start + i // 3 * 3 * step
        at = ms + state.random.randrange(900)
        if i % late_every == late_every - 1:
            at = ms + late_ms
        ns = ms * NANOS + (i % 2) * 1234
        add_document("logs-%d" % (i % indices), "d/%06d \"ä\"" % i, ns, at, {
            "@timestamp": write_time(ns), "number": i, "late": at - ms > 900,
            "level": "ERROR" if i % 2 else "INFO",
            "message": "line %d" % i + "." * pad})


def add_document(index, name, ns, at, source):
    odd = isinstance(source, str)
    text = source if odd else json.dumps(source, indent=1)
    state.docs.append(Document(index, name, ns, at, text, odd,
                               len(state.docs)))


def control(order):
    for key, value in order.items():
        if key == "make":
            make_documents(**value)
        elif key == "docs":
            for d in value:
                add_document(d["index"], d["id"], d["ms"] * NANOS, d["at"],
                             d["source"])
        elif key == "seed":
            state.random = random.Random(value)
        else:
            setattr(state, key, value)


def require(condition, reason):
    if not condition:
        raise Refused(400, "illegal_argument_exception", reason)


def check_members(what, value, needed, allowed):
    require(isinstance(value, dict), "[%s] is no object" % what)
    for key in value:
        require(key in needed or key in allowed,
                "unknown key [%s] in [%s]" % (key, what))
    for key in needed:
        require(key in value, "[%s] lacks [%s]" % (what, key))


def keep_alive(text):
    match = KEEP_ALIVE.fullmatch(text or "")
    require(match, "failed to parse setting [keep_alive] with [%s]" % text)
    return int(match[1]) * UNITS[match[2]]


def has_shard_doc():
    if not options.opensearch:
        return True
    major, minor = options.opensearch.split(".")[:2]
    return (int(major), int(minor)) >= (3, 3)


class Pit:
    def __init__(self, indices, seconds):
        self.docs = [d for d in state.docs if d.at <= state.now and any(
            fnmatch.fnmatch(d.index, p) for p in indices)]
        self.seconds = seconds
        self.until = time.monotonic() + seconds
        self.sorted_by = None

    def keys(self, fields):
        if self.sorted_by != fields:
            rest = [{"_shard_doc": lambda d: d.place, "_id": lambda d: d.id,
                     "_index": lambda d: d.index}[f] for f in fields[1:]]
            self.docs.sort(key=lambda d: (d.ns, *[f(d) for f in rest]))
            self.sort_keys = [(d.ns, *[f(d) for f in rest]) for d in self.docs]
            self.sorted_by = fields
        return self.sort_keys


def new_pit_id(pit):
    state.serial += 1
    name = "pit+/%d==" % state.serial
    state.pits[name] = pit
    return name


def find_pit(name):
    require(isinstance(name, str), "[pit.id] is no text")
    pit = state.pits.get(name)
    if pit and pit.until >= time.monotonic():
        return pit
    state.pits.pop(name, None)
    raise Refused(404, "search_context_missing_exception",
                  "No search context found for id [%s]" % name,
                  violation=name not in state.expired)


def check_sort(sort, field):
    """The fields that are sorted by."""
    require(isinstance(sort, list) and sort, "[sort] is no list")
    check_members("sort", sort[0], [field], [])
    allowed = ["order", "numeric_type", "mode", "missing", "unmapped_type"]
    check_members("sort." + field, sort[0][field], ["numeric_type"],
                  allowed + ([] if options.opensearch else ["format"]))
    first = sort[0][field]
    require(first["numeric_type"] == "date_nanos", "[numeric_type]")
    require(first.get("order", "asc") == "asc", "the stand-in sorts upwards")
    if not options.opensearch:
        require(first.get("format") == "strict_date_optional_time_nanos",
                "a date that is sorted by needs its [format] to be stable")
    ties = []
    for one in sort[1:]:
        require(isinstance(one, dict) and len(one) == 1, "[sort] element")
        name, order = list(one.items())[0]
        require(order in ("asc", {"order": "asc"}), "[sort.%s]" % name)
        require(name in ("_id", "_index") or
                (name == "_shard_doc" and has_shard_doc()),
                "No mapping found for [%s] in order to sort on" % name)
        ties.append(name)
    require(ties in (["_shard_doc"], ["_id", "_index"]),
            "the order of documents is not unique")
    return (field, *ties)


def check_after(values, fields):
    require(isinstance(values, list) and len(values) == len(fields),
            "search_after has %s value(s) but sort has %d." %
            (len(values) if isinstance(values, list) else "no", len(fields)))
    if options.opensearch:
        require(type(values[0]) is int, "search_after[0] is no number")
        key = [values[0]]
    else:
        key = [read_time(values[0])]
    for name, value in zip(fields[1:], values[1:]):
        kind = int if name == "_shard_doc" else str
        require(type(value) is kind, "search_after of [%s]" % name)
        key.append(value)
    return tuple(key)


def check_query(query):
    """The time field, from and up to which nanosecond, and a filter."""
    check_members("query", query, ["bool"], [])
    check_members("bool", query["bool"], ["filter"], [])
    filters = query["bool"]["filter"]
    require(isinstance(filters, list) and 1 <= len(filters) <= 2, "[filter]")
    check_members("filter", filters[0], ["range"], [])
    require(len(filters[0]["range"]) == 1, "[range] of one field")
    field, limits = list(filters[0]["range"].items())[0]
    check_members("range", limits, ["gte", "lt", "format"], ["lte"])
    require(limits["format"] in ("strict_date_optional_time",
                                 "strict_date_optional_time||epoch_millis"),
            "[range.format]")
    wanted = lambda d: True
    if len(filters) == 2:
        check_members("filter", filters[1], ["query_string"], [])
        check_members("query_string", filters[1]["query_string"], ["query"],
                      ["default_operator", "analyze_wildcard"])
        wanted = lucene(filters[1]["query_string"]["query"])
    return field, read_time(limits["gte"]), read_time(limits["lt"]), wanted


def lucene(text):
    require(isinstance(text, str), "[query_string.query] is no text")
    match = re.fullmatch(r"(\w+):(\w+)", text)
    if not match:
        raise Refused(400, "query_shard_exception",
                      "Failed to parse query [%s]" % text, violation=False)
    return lambda d: json.loads(d.source).get(match[1]) == match[2]


def pick_fault():
    if state.next:
        return state.next.pop(0)
    for name, chance in state.faults.items():
        if state.random.random() < chance:
            return name
    return None


def find_hits(body, pit, fields, field, limits):
    start, end, wanted = limits
    keys = pit.keys(fields)
    first = bisect.bisect_left(keys, (start,))
    if "search_after" in body:
        first = max(first, bisect.bisect_right(
            keys, check_after(body["search_after"], fields)))
    found = []
    for key, d in zip(keys[first:], pit.docs[first:]):
        if d.ns >= end or len(found) == body["size"]:
            break
        if wanted(d):
            found.append((key, d))
    return found


def render_hit(key, d, with_source):
    sort = [key[0] if options.opensearch else write_time(key[0]), *key[1:]]
    source = ',"_source":' + d.source if with_source else ""
    return '{"_index":%s,"_id":%s,"_score":null%s,"sort":%s}' % (
        json.dumps(d.index), json.dumps(d.id), source, json.dumps(sort))


def spoil(found, fault):
    """What is left of the hits, how many shards failed, and the time-out."""
    if fault == "partial":
        return [(k, d) for k, d in found if d.shard], 1, False
    if fault == "timeout":
        return found[:len(found) // 2], 0, True
    if fault == "duplicate":
        return [h for h in found for _ in range(2)], 0, False
    return found, 0, False


def refuse_for(fault):
    if fault == "429":
        raise Refused(429, "es_rejected_execution_exception",
                      "rejected execution of search", violation=False)
    if fault == "503":
        raise Refused(503, "cluster_block_exception", "state not recovered",
                      violation=False)


def search(body):
    check_members("search", body, ["size", "query", "sort", "pit"],
                  ["search_after", "track_total_hits", "_source"])
    require(type(body["size"]) is int and 0 < body["size"] <= 10000, "[size]")
    for flag in ("track_total_hits", "_source"):
        require(type(body.get(flag, False)) is bool, "[%s]" % flag)
    check_members("pit", body["pit"], ["id"], ["keep_alive"])
    name = body["pit"]["id"]
    seconds = keep_alive(body["pit"].get("keep_alive", "1m"))
    field, start, end, wanted = check_query(body["query"])
    fields = check_sort(body["sort"], field)
    pit = find_pit(name)
    fault = pick_fault()
    if fault == "expire":
        state.pits.pop(name)
        state.expired.add(name)
        find_pit(name)
    refuse_for(fault)
    pit.until = time.monotonic() + max(seconds, pit.seconds)
    found = find_hits(body, pit, fields, field, (start, end, wanted))
    state.pages += 1
    state.reads.append([start // NANOS, body["size"], len(found)])
    hits, failed, late = spoil(found, fault)
    # Of an answer that cannot be read nobody learns the new one.
    if fault not in ("close", "garbage") and not any(
            d.odd for _, d in found):
        state.pits.pop(name)
        name = new_pit_id(pit)
    shards = {"total": SHARDS, "successful": SHARDS - failed, "skipped": 0,
              "failed": failed}
    if failed:
        shards["failures"] = [{"shard": 0, "index": "logs-0", "reason": {
            "type": "circuit_breaking_exception", "reason": "Data too large"}}]
    hits = ",\n".join(render_hit(k, d, body.get("_source", True))
                      for k, d in hits)
    text = ('{"pit_id":%s,"took":1,"timed_out":%s,"_shards":%s,"hits":'
            '{"max_score":null,"hits":[%s]}}' % (
                json.dumps(name), json.dumps(late), json.dumps(shards), hits))
    if fault == "close":
        raise Dropped(text)
    return "<html>down</html>" if fault == "garbage" else text


def open_pit(index, query):
    if options.opensearch:
        allowed = {"keep_alive", "allow_partial_pit_creation", "preference",
                   "routing", "expand_wildcards"}
        require(query.get("allow_partial_pit_creation") == "false",
                "a point in time may lack shards")
    else:
        allowed = {"keep_alive", "preference", "routing", "expand_wildcards",
                   "ignore_unavailable", "allow_partial_search_results"}
    for key in query:
        require(key in allowed, "contains unrecognized parameter: [%s]" % key)
    seconds = keep_alive(query.get("keep_alive"))
    indices = urllib.parse.unquote(index).split(",")
    for p in indices:
        if "*" not in p and not any(d.index == p for d in state.docs):
            raise Refused(404, "index_not_found_exception",
                          "no such index [%s]" % p, violation=False)
    if state.open:
        status = state.open.pop(0)
        if status != 200:
            raise Refused(status, "exception", "not now", violation=False)
    state.polls += 1
    name = new_pit_id(Pit(indices, seconds))
    shards = {"total": SHARDS, "successful": SHARDS, "skipped": 0, "failed": 0}
    if options.opensearch:
        return {"pit_id": name, "_shards": shards, "creation_time": 0}
    return {"id": name, "_shards": shards}


def close_pit(body):
    key = "pit_id" if options.opensearch else "id"
    check_members("close", body, [key], [])
    names = body[key]
    if options.opensearch:
        require(isinstance(names, list), "[pit_id] is no list")
    else:
        names = [names]
    for name in names:
        require(name in state.pits or name in state.expired,
                "closes a point in time that was never open")
        state.pits.pop(name, None)
    if options.opensearch:
        return {"pits": [{"successful": True, "pit_id": n} for n in names]}
    return {"succeeded": True, "num_freed": SHARDS}


def root():
    state.roots += 1
    if options.no_root:
        raise Refused(403, "security_exception",
                      "action [cluster:monitor/main] is unauthorized",
                      violation=False)
    version = {"number": options.opensearch or "8.17.0"}
    if options.opensearch:
        version["distribution"] = "opensearch"
    return {"name": "stand-in", "cluster_name": "c", "version": version}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def send(self, status, text, headers=()):
        data = text.encode() if isinstance(text, str) else text
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def refuse(self, why):
        cause = {"type": why.kind, "reason": why.reason}
        headers = [("Retry-After", "0")] if why.status == 429 else []
        self.send(why.status, json.dumps({
            "error": dict(cause, root_cause=[cause]), "status": why.status}),
            headers)

    def read_body(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if body and self.headers.get("Content-Type") != "application/json":
            raise Refused(406, "media_type_header_exception",
                          "Content-Type header is not supported")
        return body

    def check_auth(self):
        if options.auth and self.headers.get("Authorization") != options.auth:
            raise Refused(401, "security_exception",
                          "missing authentication credentials, or wrong ones: "
                          "[%s]" % self.headers.get("Authorization"),
                          violation=False)

    def route(self, method, url, body):
        """The answer to a request of the API, as text or as an object."""
        path = url.path
        query = dict(urllib.parse.parse_qsl(url.query, True, True))
        pit = "/_search/point_in_time" if options.opensearch else "/_pit"
        if method == "GET" and path == "/" and not query:
            require(not body, "GET / has a body")
            return root()
        if method == "POST" and re.fullmatch("/[^/]+" + pit, path):
            require(not body, "opening a point in time takes no body here")
            return open_pit(path.split("/")[1], query)
        require(not query or path.endswith("/_pit"), "unrecognized parameter")
        if method == "POST" and path == "/_search":
            time.sleep(state.page_delay / 1000)
            with lock:
                return search(json.loads(body))
        if method == "DELETE" and path == pit:
            return close_pit(json.loads(body))
        raise Refused(400, "illegal_argument_exception",
                      "no handler found for uri [%s] and method [%s]" %
                      (path, method), violation=not options.no_root)

    def state_text(self):
        return json.dumps({
            "violations": state.violations, "pits": len(state.pits),
            "polls": state.polls, "pages": state.pages, "roots": state.roots,
            "reads": state.reads[-20:]})

    def answer(self, method):
        url = urllib.parse.urlsplit(self.path)
        try:
            body = self.read_body()
            if url.path == "/__control":
                with lock:
                    control(json.loads(body))
                return self.send(200, "{}")
            if url.path == "/__state":
                return self.send(200, self.state_text())
            self.check_auth()
            reply = self.route(method, url, body)
            if not isinstance(reply, str):
                reply = json.dumps(reply)
            return self.send(200, reply)
        except Refused as why:
            return self.refuse(why)
        except ValueError as why:
            return self.refuse(Refused(400, "parsing_exception", str(why)))
        except Dropped as text:
            data = str(text).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[:len(data) // 2])
            self.close_connection = True

    def do_GET(self):
        self.answer("GET")

    def do_POST(self):
        self.answer("POST")

    def do_DELETE(self):
        self.answer("DELETE")


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):  # it has gone away
            super().handle_error(request, client_address)


def main():
    global options
    parser = argparse.ArgumentParser()
    parser.add_argument("--opensearch", metavar="VERSION")
    parser.add_argument("--auth", metavar="HEADER")
    parser.add_argument("--no-root", action="store_true")
    options = parser.parse_args()
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write("%d\n" % server.server_address[1])  # in one piece
    sys.stdout.flush()
    sys.stdin.read()


main()
