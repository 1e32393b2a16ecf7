#!/usr/bin/python3
"""Stands in for Airflow (stable REST API v1 and v2), YARN's ResourceManager, a
standalone Spark master and an ingestion server. Requests are held against the
published descriptions: method, path, headers and members of bodies; what is not
in them is answered with an error and noted.

Prints its port on a line and ends when its standard input is closed.

  GET /-/log       the requests so far, a JSON object a line; "wrong" says why
                   one is none that the real server would take
  GET /-/set?K=V   behaviour from now on: state=STATE of tasks and programs,
                   next=STATE after a change, status=CODE for changes, body=TEXT
                   in place of every answer, hang=1, paused=1
"""
import http.server
import json
import re
import sys
import threading
import time
import urllib.parse

ID = r"[A-Za-z0-9_.~+:@%-]+"
PROGRAM = r"application_\d+_\d+|driver-\d{14}-\d+"
STR, INT, BOOL, LIST, MAP = str, int, bool, list, dict
NONE = type(None)

CLEAR_V1 = {"dry_run": BOOL, "task_ids": LIST, "start_date": STR, "end_date": STR,
            "only_failed": BOOL, "only_running": BOOL, "include_subdags": BOOL,
            "include_parentdag": BOOL, "reset_dag_runs": BOOL, "dag_run_id": STR,
            "include_upstream": BOOL, "include_downstream": BOOL,
            "include_future": BOOL, "include_past": BOOL}
CLEAR_V2 = {k: v for k, v in CLEAR_V1.items() if "dag" not in k or "run" in k}
RUN_V1 = {"dag_run_id": STR, "logical_date": STR, "execution_date": STR,
          "data_interval_start": STR, "data_interval_end": STR, "conf": MAP, "note": STR}
RUN_V2 = {"dag_run_id": STR, "logical_date": (STR, NONE), "run_after": STR,
          "data_interval_start": STR, "data_interval_end": STR, "conf": MAP, "note": STR}
SUBMIT = {"action": STR, "appArgs": LIST, "appResource": STR, "clientSparkVersion": STR,
          "environmentVariables": MAP, "mainClass": STR, "sparkProperties": MAP}
YARN = {"application-id": STR, "application-name": STR, "application-type": STR,
        "am-container-spec": MAP, "resource": MAP, "queue": STR, "priority": INT,
        "unmanaged-AM": BOOL, "max-app-attempts": INT, "application-tags": MAP,
        "keep-containers-across-application-attempts": BOOL}

lock = threading.Lock()
log = []
issued = set()
how = {"state": "failed", "next": "running"}


class Wrong(Exception):
    pass


def members(body, known, required):
    if not isinstance(body, dict):
        raise Wrong("the body is no object")
    for key, value in body.items():
        if key not in known:
            raise Wrong("unknown member " + key)
        if not isinstance(value, known[key]):
            raise Wrong("type of " + key)
    for key in required:
        if key not in body:
            raise Wrong("lacks " + key)


def change():
    how["state"] = how.get("next", how["state"])


def clear(known, dag, body):
    members(body, known, ["dry_run", "task_ids", "dag_run_id"])
    if body["dry_run"]:
        raise Wrong("dry_run")
    change()
    return 200, {"task_instances": [{"dag_id": dag, "task_id": t} for t in body["task_ids"]],
                 "total_entries": len(body["task_ids"])}


def trigger(known, required, dag, body):
    members(body, known, required)
    how["state"] = "queued"
    return 200, {"dag_id": dag, "dag_run_id": "manual__1", "state": "queued"}


def submit_yarn(_, body):
    members(body, YARN, ["application-id", "application-name", "am-container-spec"])
    if body["application-id"] not in issued:
        raise Wrong("an application-id that was not issued")
    members(body["resource"], {"memory": INT, "vCores": INT}, ["memory", "vCores"])
    how["state"] = how["next"]
    return 202, None


def submit_spark(_, body):
    members(body, SUBMIT, SUBMIT)
    if body["action"] != "CreateSubmissionRequest":
        raise Wrong("action")
    if not all(isinstance(v, str) for v in body["sparkProperties"].values()):
        raise Wrong("sparkProperties are text")
    how["state"] = how["next"]
    return 200, {"action": "CreateSubmissionResponse", "message": "Driver successfully submitted",
                 "serverSparkVersion": "3.5.1", "submissionId": "driver-20240101000000-0001",
                 "success": True}


def new_application(*_):
    issued.add("application_1404198295326_%04d" % (len(issued) + 1))
    return 200, {"application-id": max(issued),
                 "maximum-resource-capability": {"memory": 8192, "vCores": 32}}


def kill_yarn(_, body):
    members(body, {"state": STR, "diagnostics": STR}, ["state"])
    if body["state"] != "KILLED":
        raise Wrong("only KILLED may be set")
    change()
    return 202, {"state": "ACCEPTED"}


def kill_spark(name, body):
    if body is not None:
        raise Wrong("a body")
    change()
    return 200, {"action": "KillSubmissionResponse", "message": "Kill request submitted",
                 "serverSparkVersion": "3.5.1", "submissionId": name, "success": True}


def task(version, dag, run, name):
    return 200, {"dag_id": dag, "dag_run_id": run, "task_id": name, "state": how["state"]}


def runs(*_):
    return 200, {"dag_runs": [{"dag_run_id": "manual__1", "state": how["state"]}],
                 "total_entries": 1}


def ingest(_, body):
    members(body, {"job": STR}, ["job"])
    return 200, {"accepted": True}


AIRFLOW = "/api/(v1|v2)/dags/(%s)" % ID
ROUTES = [  # method, path, query, whether it needs Authorization, function
    ("POST", AIRFLOW + "/clearTaskInstances", {}, True,
     lambda b, v, d: clear(CLEAR_V1 if v == "v1" else CLEAR_V2, d, b)),
    ("GET", AIRFLOW + "/dagRuns/(%s)/taskInstances/(%s)" % (ID, ID), {}, True,
     lambda b, *a: task(*a)),
    ("GET", AIRFLOW + "/dagRuns", {"order_by": "-start_date", "limit": "1"}, True,
     lambda b, *a: runs()),
    ("POST", AIRFLOW + "/dagRuns", {}, True,
     lambda b, v, d: trigger(RUN_V1, [], d, b) if v == "v1"
     else trigger(RUN_V2, ["logical_date"], d, b)),
    ("GET", AIRFLOW, {}, True,
     lambda b, v, d: (200, {"dag_id": d, "is_paused": "paused" in how})),
    ("PUT", r"/ws/v1/cluster/apps/(%s)/state" % PROGRAM, {}, False,
     lambda b, a: kill_yarn(a, b)),
    ("GET", r"/ws/v1/cluster/apps/(%s)/state" % PROGRAM, {}, False,
     lambda b, a: (200, {"state": how["state"]})),
    ("POST", "/ws/v1/cluster/apps/new-application", {}, False, new_application),
    ("POST", "/ws/v1/cluster/apps", {}, False, lambda b: submit_yarn(None, b)),
    ("GET", "/ws/v1/cluster/info", {}, False,
     lambda b: (200, {"clusterInfo": {"id": 1, "state": "STARTED", "haState": "ACTIVE"}})),
    ("POST", r"/v1/submissions/kill/(%s)" % PROGRAM, {}, False,
     lambda b, a: kill_spark(a, b)),
    ("GET", r"/v1/submissions/status/(%s)" % PROGRAM, {}, False,
     lambda b, a: (200, {"action": "SubmissionStatusResponse", "driverState": how["state"],
                         "serverSparkVersion": "3.5.1", "submissionId": a, "success": True})),
    ("POST", "/v1/submissions/create", {}, False, lambda b: submit_spark(None, b)),
    ("POST", "/jobs/retry", {}, True, lambda b: ingest(None, b)),
]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, text):
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def control(self, url):
        if url.path == "/-/set":
            how.update(urllib.parse.parse_qsl(url.query))
            return self.reply(200, json.dumps(how))
        return self.reply(200, "".join(json.dumps(entry) + "\n" for entry in log))

    def look_up(self, url, body):
        query = dict(urllib.parse.parse_qsl(url.query, strict_parsing=bool(url.query)))
        for method, path, wanted, secret, answer in ROUTES:
            found = re.fullmatch(path, url.path)
            if method != self.command or not found:
                continue
            if query != wanted:
                raise Wrong("query")
            if secret and self.headers.get_all("Authorization") != ["Bearer good"]:
                return 401, {"detail": None, "status": 401, "title": "Unauthorized"}
            if body is not None and not self.headers.get("Content-Type", "").startswith("application/json"):
                raise Wrong("Content-Type")
            parts = [urllib.parse.unquote(part) for part in found.groups()]
            kind = "driver" if path.startswith("/ws/") else "application"
            if "none" in parts or parts and parts[0].startswith(kind):
                return 404, {"detail": "not found", "status": 404}
            if method != "GET" and "status" in how:
                return int(how["status"]), {"detail": "as was asked for"}
            return answer(body, *parts)
        raise Wrong("no such method and path")

    def handle_request(self):
        url = urllib.parse.urlsplit(self.path)
        if url.path.startswith("/-/"):
            return self.control(url)
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length).decode()
        entry = {"method": self.command, "target": self.path, "body": raw,
                 "headers": sorted(key.lower() for key in self.headers)}
        with lock:
            log.append(entry)
            try:
                status, reply = self.look_up(url, json.loads(raw) if raw else None)
            except (Wrong, ValueError) as why:
                entry["wrong"] = str(why)
                status, reply = 400, {"detail": str(why), "status": 400}
        if "hang" in how:
            time.sleep(60)
        self.reply(status, how.get("body") or ("" if reply is None else json.dumps(reply)))

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = handle_request


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


main()
