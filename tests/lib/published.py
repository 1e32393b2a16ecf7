#!/usr/bin/python3
"""Validates requests by what the services themselves publish.

usage: published.py SCHEMAS LOG

SCHEMAS is what scripts/schemas has made, LOG what chat-server.py has written.
GitHub publishes OpenAPI; a request must be an operation of it, with its
parameters and its body. Adaptive Cards come with a parser, see
published-cards.js. Of the others there are types: a body becomes a constant of
its type, which the TypeScript compiler judges. Members that a description does
not know are errors. What is not described is passed over.

Prints "LINE: SERVICE: what is wrong", and last how many requests of each
service were validated. Status 1 when something is wrong, or nothing was there.
"""
import collections
import json
import pathlib
import re
import subprocess
import sys
import urllib.parse

import jsonschema

HERE = pathlib.Path(__file__).resolve().parent
TIME_LIMIT = 120  # seconds, of the compiler
OPENAPI = "@octokit/openapi/generated/api.github.com.json"
TWILIO = "twilio/lib/rest/api/v2010/account/message"
COMPILER = {
    "files": ["requests.ts"],
    "compilerOptions": {
        "noEmit": True, "strict": True, "skipLibCheck": True, "types": [],
        "target": "es2022", "module": "esnext", "moduleResolution": "node10"}}

# Members of enumerations are words in JSON. Where a type knows less than its
# service documents, it is widened by just that: a thread of Matrix says that it
# falls back, PagerDuty takes the name of a client, and a payload of "trigger"
# alone.
PRELUDE = f"""
import type {{ ChatPostMessageArguments, ChatUpdateArguments }}
    from "@slack/web-api/dist/types/request/chat";
import type {{ IncomingWebhookSendArguments }}
    from "@slack/webhook/dist/IncomingWebhook";
import type {{ RESTPostAPIWebhookWithTokenJSONBody,
    RESTPostAPIWebhookWithTokenQuery,
    RESTPatchAPIWebhookWithTokenMessageJSONBody }} from "discord-api-types/v10";
import type {{ EventPayloadV2 }} from "@pagerduty/pdjs/build/src/events";
import type {{ MessageListInstanceCreateOptions }} from "{TWILIO}";
import type {{ RoomMessageEventContent, RoomMessageTextEventContent }}
    from "matrix-js-sdk/lib/@types/events";
import type {{ RelationType }} from "matrix-js-sdk/lib/@types/event";
import type {{ IEventRelation }} from "matrix-js-sdk/lib/models/event";
type Wire<T> = T extends string ? `${{T}}`
    : T extends object ? {{ [K in keyof T]: Wire<T[K]> }} : T;
type Message = Wire<RoomMessageEventContent>;
type ThreadMessage = Wire<RoomMessageTextEventContent & {{ "m.relates_to":
    Required<Omit<IEventRelation, "key" | "rel_type">> &
    {{ rel_type: RelationType.Thread }} }}>;
type Trigger = EventPayloadV2 & {{ event_action: "trigger"; client?: string }};
type Change = Omit<EventPayloadV2, "payload" | "images" | "links"> &
    {{ event_action: "acknowledge" | "resolve" }};
"""


def slack(request):
    types = {"/chat.postMessage": "ChatPostMessageArguments",
             "/chat.update": "ChatUpdateArguments",
             "/services/T/B/hook": "IncomingWebhookSendArguments"}
    if request["path"] in types:
        yield types[request["path"]], json.loads(request["body"])


def discord(request):
    types = {"POST": "RESTPostAPIWebhookWithTokenJSONBody",
             "PATCH": "RESTPatchAPIWebhookWithTokenMessageJSONBody"}
    if request["method"] in types:
        yield types[request["method"]], json.loads(request["body"])
        yield "RESTPostAPIWebhookWithTokenQuery", {
            k: {"true": True, "false": False}.get(v, v)
            for k, v in request["query"].items()}


def pagerduty(request):
    body = json.loads(request["body"])
    yield "Trigger" if "payload" in body else "Change", body


def matrix(request):
    if request["method"] == "PUT":
        body = json.loads(request["body"])
        falls_back = "is_falling_back" in body.get("m.relates_to", {})
        yield "ThreadMessage" if falls_back else "Message", body


def twilio_names(schemas):
    """The parameters' names on the wire -> their names in the type."""
    text = (schemas / "node_modules" / f"{TWILIO}.js").read_text("utf-8")
    return dict(re.findall(r'data\["(\w+)"\] = [^;]*?params\["(\w+)"\]', text))


def sms(request, names):
    if request["method"] == "POST":
        form = urllib.parse.parse_qsl(request["body"], strict_parsing=True)
        yield "MessageListInstanceCreateOptions", {
            names.get(k, f"{k} is no parameter"): v for k, v in form}


def typed(requests, schemas):
    """Yields the problems that the compiler finds."""
    names = twilio_names(schemas)
    kinds = {"slack": slack, "discord": discord, "pagerduty": pagerduty,
             "matrix": matrix, "sms": lambda r: sms(r, names)}
    text, owners = PRELUDE, {}
    for request in requests:
        for kind, value in kinds.get(request["service"], lambda r: ())(request):
            owners[text.count("\n") + 1] = request
            text += (f"export const c{len(owners)}: {kind} = "
                     f"{json.dumps(value)};\n")
    (schemas / "requests.ts").write_text(text, "utf-8")
    (schemas / "tsconfig.json").write_text(json.dumps(COMPILER), "utf-8")
    result = subprocess.run(
        ["node", "node_modules/typescript/lib/tsc.js", "--pretty", "false"],
        cwd=schemas, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        text=True, timeout=TIME_LIMIT, check=False)
    for line in result.stdout.splitlines():
        found = re.match(r"requests\.ts\((\d+),\d+\): error (.*)", line)
        if not line.startswith(" "):
            owner = owners.get(int(found[1])) if found else None
            yield owner, found[2] if owner else line
    for request in owners.values():
        request["validated"] = True


def closed(schema):
    """The same, that knows no other members than those it names; null is a
    type of its own in OpenAPI 3.0."""
    if isinstance(schema, list):
        return [closed(s) for s in schema]
    if not isinstance(schema, dict):
        return schema
    made = {k: closed(v) for k, v in schema.items()}
    if isinstance(made.get("properties"), dict):
        made.setdefault("additionalProperties", False)
    if made.pop("nullable", False) is True:
        made = {"anyOf": [{"type": "null"}, made]}
    return made


class OpenApi:
    def __init__(self, path):
        self.document = json.loads(path.read_text("utf-8"))

    def resolved(self, node):
        """With what it refers to in its place."""
        if isinstance(node, list):
            return [self.resolved(n) for n in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            target = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            return self.resolved(target)
        return {k: self.resolved(v) for k, v in node.items()
                if k not in ("example", "examples")}

    def operation(self, request):
        """The operation with fewest parameters in its path, and their values."""
        found = []
        for template, methods in self.document["paths"].items():
            names = re.findall(r"{(\w+)}", template)
            match = re.fullmatch(re.sub(r"{\w+}", "([^/]+)", template),
                                 request["path"])
            if match and request["method"].lower() in methods:
                found.append((len(names), dict(zip(names, match.groups())),
                              methods[request["method"].lower()]))
        return min(found, key=lambda f: f[0])[1:] if found else (None, None)

    @staticmethod
    def judge(value, schema, where):
        validator = jsonschema.Draft7Validator(
            closed(schema), format_checker=jsonschema.FormatChecker())
        for error in validator.iter_errors(value):
            at = "/".join([where, *map(str, error.absolute_path)])
            yield f"{at}: {error.message[:300]}"

    def problems(self, request):
        values, operation = self.operation(request)
        if operation is None:
            yield f"no operation {request['method']} {request['path']}"
            return
        operation = self.resolved(operation)
        query = dict(request["query"])
        for p in operation.get("parameters", []):
            given = {"path": values, "query": query}.get(p["in"], {})
            if p["name"] in given:
                yield from self.judge(
                    plain(given.pop(p["name"]), p["schema"]), p["schema"],
                    p["name"])
            elif p.get("required"):
                yield f"{p['name']}: is missing"
        if query or values:
            yield f"unknown parameters: {query} {values}"
        body = operation.get("requestBody")
        if body and (request["body"] or body.get("required")):
            schema = body["content"]["application/json"]["schema"]
            yield from self.judge(json.loads(request["body"]), schema, "body")
        elif request["body"]:
            yield "it has a body"


def plain(text, schema):
    """The value of a parameter, which stands as text in a URL."""
    numeric = schema.get("type") in ("integer", "number")
    return int(text) if numeric and re.fullmatch(r"-?\d+", text) else text


def github(requests, schemas):
    api = None
    for request in requests:
        if request["service"] != "github":
            continue
        api = api or OpenApi(schemas / "node_modules" / OPENAPI)
        request["validated"] = True
        for problem in api.problems(request):
            yield request, problem


def cards(requests, schemas):
    """Teams' messages, whose card is judged."""
    ours = [r for r in requests if r["service"] == "teams"]
    for request in ours:
        request["validated"] = True
    result = subprocess.run(
        ["node", HERE / "published-cards.js", schemas],
        input="".join(r["body"] + "\n" for r in ours), stdout=subprocess.PIPE,
        text=True, timeout=TIME_LIMIT, check=True)
    for line in result.stdout.splitlines():
        number, problem = line.split(": ", 1)
        yield ours[int(number)], problem


def main(arguments):
    schemas = pathlib.Path(arguments[0]).resolve()
    requests = []
    with open(arguments[1], encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            requests.append(dict(json.loads(line), line=number))
    bad = False
    for check in (github, cards, typed):
        for request, problem in check(requests, schemas):
            bad = True
            where = (f"{request['line']}: {request['service']}" if request
                     else "published.py")
            print(f"{where}: {problem[:600]}")
    counts = collections.Counter(r["service"] for r in requests
                                 if r.get("validated"))
    print("validated:", " ".join(f"{s} {n}" for s, n in sorted(counts.items())))
    return 1 if bad or not counts else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
