#!/usr/bin/python3
"""The services that messages go to, on loopback, strict about what they take.

Prints its port on a line and ends when its standard input is closed. Each
service has its own first segment of the path (/slack/...), and answers as the
real one does when all is well; what the real one would not take gets status
400 with the reason, and so does what nobody should send.

  POST /control {"service": S, "how": HOW, "times": N}
      the next N requests to S are treated so:
      hang reset close drip huge     no answer, or a broken one
      lost                           done, but the answer never comes
      stuck                          done, but the answer takes 30 seconds
      echo                           status 401, with all that was asked
      blind                          nothing is found (Jira's search)
      redirect                       to somewhere else
      429 429-after 500 503 ...      that status, with "Retry-After: 7"
  GET /seen/S                        what S has taken, as a list of JSON
  GET /asked                         how many requests came for services
  GET /tried/S                       those that came for S, "METHOD PATH" each

With the names of a certificate and a key as arguments it speaks TLS.

With a file's name in CHAT_LOG, every request for a service becomes a line of
JSON in it: service, method, path, query, headers, body.
"""
import base64
import hashlib
import hmac
import html.parser
import http.server
import json
import os
import re
import socket
import ssl
import struct
import sys
import threading
import time
import urllib.parse
from email.utils import formatdate

lock = threading.Lock()
seen = {}       # service -> list of what it took
plans = {}      # service -> [how, times]
tried = {}      # service -> list of "METHOD PATH"
asked = 0
services = {}   # service -> list of (method, pattern, function)
log = None      # the file that every request is written to


class Bad(Exception):
    """The request is not one that the service takes."""


class Answer(Exception):
    def __init__(self, status, body=b"", headers=()):
        self.status, self.headers = status, list(headers)
        self.body = (body if isinstance(body, bytes)
                     else json.dumps(body).encode())


def need(true, what):
    if not true:
        raise Bad(what)


def route(method, pattern):
    def add(function):
        name = function.__name__.split("_")[0]
        services.setdefault(name, []).append(
            (method, re.compile(pattern + r"\Z"), function))
        return function
    return add


def only(obj, allowed, where):
    need(isinstance(obj, dict), f"{where} is no object")
    more = set(obj) - set(allowed)
    need(not more, f"{where} has {sorted(more)}")


def units(text):
    return len(text.encode("utf-16-le")) // 2


def text_of(obj, key, most, least=1):
    value = obj.get(key)
    need(isinstance(value, str), f"{key} is no text")
    need(least <= units(value) <= most, f"{key} has {units(value)} units")
    need(not re.search("[\x00-\x08\x0b-\x1f\x7f]", value), f"{key}: control")
    return value


def fences(text):
    need(text.count("```") % 2 == 0, "a block of code is not closed")


class Request:
    def __init__(self, handler, path):
        self.method = handler.command
        url = urllib.parse.urlsplit(path)
        self.path = url.path
        self.query = dict(urllib.parse.parse_qsl(url.query,
                                                 keep_blank_values=True))
        self.headers = handler.headers
        length = int(handler.headers.get("Content-Length") or 0)
        self.body = handler.rfile.read(length)

    def json(self):
        need((self.headers.get("Content-Type") or "").startswith(
            "application/json"), "Content-Type")

        def no_twins(pairs):
            need(len({k for k, _ in pairs}) == len(pairs), "a key twice")
            return dict(pairs)
        try:
            return json.loads(self.body.decode("utf-8"),
                              object_pairs_hook=no_twins)
        except ValueError as e:
            raise Bad(f"JSON: {e}") from e

    def bearer(self, token):
        if self.headers.get("Authorization") != f"Bearer {token}":
            raise Answer(401, {"errcode": "M_UNKNOWN_TOKEN", "error": "no"})

    def basic(self, user, password):
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {pair}":
            raise Answer(401, {"message": "Authenticate"})


def keep(service, what):
    with lock:
        seen.setdefault(service, []).append(what)
        return len(seen[service])


def note_down(service, r):
    if log:
        with lock:
            log.write(json.dumps({
                "service": service, "method": r.method, "path": r.path,
                "query": r.query, "headers": dict(r.headers.items()),
                "body": r.body.decode("utf-8", "replace")}) + "\n")
            log.flush()


def kept(service):
    with lock:
        return list(seen.get(service, []))


# ---- webhook ----

@route("POST", "/hook")
@route("PUT", "/hook")
def webhook_take(r):
    key = r.headers.get("Idempotency-Key")
    need(key, "Idempotency-Key")
    want = "sha256=" + hmac.new(b"signing key", r.body,
                                hashlib.sha256).hexdigest()
    got = r.headers.get("X-Oncall-Signature-256")
    need(got is None or hmac.compare_digest(got, want), "signature")
    for old in kept("webhook"):
        need(old["key"] != key or old["body"] == r.body.decode(),
             "another text with the same key")
    keep("webhook", {"key": key, "body": r.body.decode(),
                     "signed": got is not None, "method": r.method,
                     "headers": dict(r.headers.items())})
    return Answer(200, b"thanks")


# ---- Matrix ----

TAGS = set("""del h1 h2 h3 h4 h5 h6 blockquote p a ul ol sup sub li b i u
strong em s code hr br div table thead tbody tr th td caption pre span img
details summary""".split())


def no_floats(value):
    need(not isinstance(value, float), "a float")
    for v in (value.values() if isinstance(value, dict)
              else value if isinstance(value, list) else ()):
        no_floats(v)


class Checker(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        need(tag in TAGS, f"tag {tag}")
        need(all(k in ("href", "class") for k, _ in attrs), f"{attrs}")
        if tag not in ("br", "hr", "img"):
            self.open.append(tag)
        need(len(self.open) <= 100, "nesting")

    def handle_endtag(self, tag):
        need(self.open and self.open.pop() == tag, f"</{tag}>")


def matrix_texts(content, where):
    need(content.get("msgtype") == "m.text", f"{where}: msgtype")
    need(isinstance(content.get("body"), str) and content["body"], "body")
    if "formatted_body" in content:
        need(content.get("format") == "org.matrix.custom.html", "format")
        checker = Checker()
        checker.feed(content["formatted_body"])
        checker.close()
        need(not checker.open, "open tags")
    need(content.get("m.mentions") == {}, f"{where}: m.mentions")


def matrix_relation(content, events):
    relation = content.get("m.relates_to")
    if relation is None:
        return
    to = next((e for e in events if e["id"] == relation.get("event_id")), None)
    need(to, "it relates to nothing")
    if relation["rel_type"] == "m.thread":
        need("m.relates_to" not in to["content"], "no root of a thread")
        need(relation["is_falling_back"] is True, "is_falling_back")
        need(any(e["id"] == relation["m.in_reply_to"]["event_id"]
                 for e in events), "m.in_reply_to")
    else:
        need(relation["rel_type"] == "m.replace", "rel_type")
        need((to["content"].get("m.relates_to") or {}).get("rel_type")
             != "m.replace", "an edit of an edit")
        need(content["body"].startswith("* "), "* ")
        matrix_texts(content["m.new_content"], "m.new_content")


@route("PUT", "/_matrix/client/v3/rooms/([^/]+)/send/m.room.message/([^/]+)")
def matrix_send(r, room, txn):
    r.bearer("matrix-token")
    content = r.json()
    need(re.fullmatch(r"%21[A-Za-z0-9]+%3A[a-z.]+", room), f"room {room}")
    need(re.fullmatch(r"[A-Za-z0-9.-]{1,64}", txn), "transaction")
    no_floats(content)
    need(len(json.dumps(content, ensure_ascii=False).encode()) <= 64000,
         "too large")
    matrix_texts(content, "content")
    events = kept("matrix")
    for old in events:
        if old["txn"] == txn and old["room"] == room:
            need(old["content"] == content, "another text, same transaction")
            return Answer(200, {"event_id": old["id"]})
    matrix_relation(content, events)
    event = f"$event{len(events) + 1}"
    keep("matrix", {"id": event, "txn": txn, "room": room,
                    "content": content})
    return Answer(200, {"event_id": event})


@route("GET", "/_matrix/client/v3/rooms/([^/]+)/state/m.room.encryption")
def matrix_encryption(r, room):
    r.bearer("matrix-token")
    if "secret" in room:
        return Answer(200, {"algorithm": "m.megolm.v1.aes-sha2"})
    if "foreign" in room:
        return Answer(403, {"errcode": "M_FORBIDDEN", "error": "not in room"})
    return Answer(404, {"errcode": "M_NOT_FOUND", "error": "none"})


@route("GET", "/_matrix/client/v3/account/whoami")
def matrix_whoami(r):
    r.bearer("matrix-token")
    return Answer(200, {"user_id": "@oncall:example.org"})


# ---- Slack ----

def mrkdwn(text):
    plain = re.sub(r"<https?://[^|<>\s]+\|[^<>\n]*>", "", text)
    need(not re.search(r"[<>]", plain), "'<' or '>' is not escaped")
    need(not re.search(r"&(?!amp;|lt;|gt;)", text), "'&' is not escaped")
    fences(text)


def slack_blocks(blocks):
    need(isinstance(blocks, list) and 1 <= len(blocks) <= 50, "blocks")
    total = 0
    for b in blocks:
        if b["type"] == "header":
            only(b, ("type", "text"), "header")
            need(b["text"]["type"] == "plain_text", "header's text")
            total += len(text_of(b["text"], "text", 150))
        elif b["type"] == "section":
            only(b, ("type", "text"), "section")
            need(b["text"]["type"] == "mrkdwn", "section's text")
            total += len(text_of(b["text"], "text", 3000))
            mrkdwn(b["text"]["text"])
        elif b["type"] == "actions":
            need(1 <= len(b["elements"]) <= 25, "elements")
            for e in b["elements"]:
                only(e, ("type", "action_id", "text", "value"), "button")
                text_of(e, "action_id", 255)
                text_of(e, "value", 2000)
                text_of(e["text"], "text", 75)
        else:
            raise Bad(f"block {b['type']}")
    need(total <= 9500, "msg_blocks_too_long")


def slack_message(m, more):
    only(m, ("text", "attachments", "unfurl_links", "unfurl_media") + more,
         "message")
    text_of(m, "text", 4000)
    mrkdwn(m["text"])
    need(len(m["attachments"]) == 1, "attachments")
    a = m["attachments"][0]
    only(a, ("color", "fallback", "blocks"), "attachment")
    need(re.fullmatch("#[0-9a-f]{6}", a["color"]), "color")
    slack_blocks(a["blocks"])
    need(len(json.dumps(m, ensure_ascii=False).encode()) <= 20000, "size")


def slack_token(r):
    if r.headers.get("Authorization") != "Bearer xoxb-slack-token":
        raise Answer(200, {"ok": False, "error": "invalid_auth"})


@route("POST", "/services/T/B/hook")
def slack_hook(r):
    m = r.json()
    slack_message(m, ())
    keep("slackhook", m)
    return Answer(200, b"ok")


@route("POST", "/chat.postMessage")
def slack_post(r):
    slack_token(r)
    m = r.json()
    if m.get("channel") == "nowhere":
        return Answer(200, {"ok": False, "error": "channel_not_found"})
    slack_message(m, ("channel", "thread_ts", "metadata"))
    only(m["metadata"], ("event_type", "event_payload"), "metadata")
    old = kept("slack")
    if "thread_ts" in m:
        need(any(o["ts"] == m["thread_ts"] and "thread_ts" not in o
                 for o in old), "thread_ts is no parent")
    m["ts"] = f"{int(time.time())}.{len(old) + 1:06d}"
    keep("slack", m)
    return Answer(200, {"ok": True, "channel": "C0123456", "ts": m["ts"]})


@route("POST", "/chat.update")
def slack_update(r):
    slack_token(r)
    m = r.json()
    need(m.get("channel") == "C0123456", "channel is no id")
    ts = m.pop("ts")
    slack_message(m, ("channel", "metadata"))
    for old in kept("slack"):
        if old.get("ts") == ts:
            with lock:
                old.update(m)
            return Answer(200, {"ok": True, "channel": "C0123456", "ts": ts})
    return Answer(200, {"ok": False, "error": "message_not_found"})


@route("GET", "/conversations.(history|replies)")
def slack_history(r, what):
    slack_token(r)
    need(re.fullmatch("C[A-Z0-9]+", r.query["channel"]), "channel is no id")
    need(r.query["include_all_metadata"] == "true", "metadata")
    need(1 <= int(r.query["limit"]) <= 999, "limit")
    found = [m for m in kept("slack")
             if float(m["ts"]) >= float(r.query["oldest"])
             and m.get("thread_ts") == (r.query["ts"] if what == "replies"
                                        else None)]
    return Answer(200, {"ok": True, "messages": found, "has_more": False})


@route("POST", "/auth.test")
def slack_test(r):
    slack_token(r)
    return Answer(200, {"ok": True, "team": "Example", "user": "oncall"})


# ---- Teams ----

@route("POST", "/workflows/1/triggers/manual/paths/invoke")
def teams_take(r):
    need(r.query.get("sig") == "teams-secret", "sig")
    need(len(r.body) <= 20000, f"{len(r.body)} bytes")
    m = r.json()
    only(m, ("type", "attachments"), "message")
    need(m["type"] == "message" and len(m["attachments"]) == 1, "message")
    a = m["attachments"][0]
    only(a, ("contentType", "contentUrl", "content"), "attachment")
    need(a["contentType"] == "application/vnd.microsoft.card.adaptive"
         and a["contentUrl"] is None, "contentType")
    card = a["content"]
    only(card, ("$schema", "type", "version", "body", "actions", "msteams"),
         "card")
    need(card["type"] == "AdaptiveCard" and card["version"] == "1.2", "card")
    for e in card["body"]:
        if e["type"] == "FactSet":
            need(e["facts"], "facts")
            for f in e["facts"]:
                only(f, ("title", "value"), "fact")
                need(f["title"] and isinstance(f["value"], str), "fact")
        else:
            only(e, ("type", "text", "wrap", "weight", "size", "color",
                     "fontType"), "TextBlock")
            need(e["type"] == "TextBlock" and e["text"], "TextBlock")
            need(e.get("color", "Good") in ("Attention", "Good", "Warning",
                                            "Default"), "color")
    for e in card.get("actions", []):
        only(e, ("type", "title", "url"), "action")
        need(e["type"] == "Action.OpenUrl", "action")
    keep("teams", m)
    return Answer(202)


# ---- Discord ----

def discord_message(m):
    only(m, ("content", "embeds", "allowed_mentions"), "message")
    text_of(m, "content", 2000)
    need(m["allowed_mentions"] == {"parse": []}, "allowed_mentions")
    need(1 <= len(m["embeds"]) <= 10, "embeds")
    total = 0
    for e in m["embeds"]:
        only(e, ("color", "description", "timestamp", "fields"), "embed")
        need(0 <= e["color"] <= 0xffffff, "color")
        if "description" in e:
            total += units(text_of(e, "description", 4096))
            fences(e["description"])
        need(len(e.get("fields", [])) <= 25, "fields")
        for f in e.get("fields", []):
            only(f, ("name", "value", "inline"), "field")
            total += units(text_of(f, "name", 256))
            total += units(text_of(f, "value", 1024))
    need(total <= 6000, f"{total} units in all embeds")


@route("POST", "/api/webhooks/1/discord-token")
def discord_post(r):
    need(r.query.get("wait") == "true", "wait")
    m = r.json()
    discord_message(m)
    m["id"] = str(1000000 + len(kept("discord")))
    keep("discord", m)
    return Answer(200, {"id": m["id"], "channel_id": "5"})


@route("PATCH", "/api/webhooks/1/discord-token/messages/([0-9]+)")
def discord_edit(r, ident):
    m = r.json()
    discord_message(m)
    for old in kept("discord"):
        if old["id"] == ident:
            with lock:
                old.update(m)
            return Answer(200, {"id": ident})
    return Answer(404, {"message": "Unknown Message"})


@route("GET", "/api/webhooks/1/discord-token")
def discord_get(r):
    return Answer(200, {"id": "1", "name": "on call"})


# ---- PagerDuty ----

@route("POST", "/v2/enqueue")
def pagerduty_enqueue(r):
    need("Authorization" not in r.headers, "Authorization")
    need(len(r.body) <= 512 * 1024, "size")
    m = r.json()
    if m.get("routing_key") != "0123456789abcdef0123456789abcdef":
        return Answer(400, {"status": "invalid event",
                            "errors": ["routing_key"]})
    need(m["event_action"] in ("trigger", "acknowledge", "resolve"), "action")
    text_of(m, "dedup_key", 255)
    if m["event_action"] == "trigger":
        only(m, ("routing_key", "event_action", "dedup_key", "payload",
                 "client", "client_url", "links", "images"), "event")
        p = m["payload"]
        only(p, ("summary", "source", "severity", "timestamp", "component",
                 "group", "class", "custom_details"), "payload")
        text_of(p, "summary", 1024)
        text_of(p, "source", 255)
        need(p["severity"] in ("critical", "error", "warning", "info"),
             "severity")
        need(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
                          p["timestamp"]), "timestamp")
        for link in m["links"]:
            only(link, ("href", "text"), "link")
    else:
        only(m, ("routing_key", "event_action", "dedup_key"), "event")
    keep("pagerduty", m)
    return Answer(202, {"status": "success", "message": "Event processed",
                        "dedup_key": m["dedup_key"]})


# ---- ntfy ----

@route("POST", "/?")
def ntfy_publish(r):
    r.bearer("tk_ntfy")
    m = r.json()
    only(m, ("topic", "title", "message", "priority", "tags", "click"), "ntfy")
    need(re.fullmatch("[-_A-Za-z0-9]{1,64}", m["topic"]), "topic")
    need(0 < len(m["message"].encode()) <= 4096, "message")
    need(m["priority"] in (1, 2, 3, 4, 5), "priority")
    text_of(m, "title", 250)
    m["id"] = f"ntfy{len(kept('ntfy'))}"
    m["time"] = int(time.time())
    m["event"] = "message"
    keep("ntfy", m)
    return Answer(200, m)


@route("GET", "/([-_A-Za-z0-9]+)/json")
def ntfy_poll(r, topic):
    r.bearer("tk_ntfy")
    need(r.query["poll"] == "1", "poll")
    found = [m for m in kept("ntfy") if m["topic"] == topic
             and m["time"] >= int(r.query["since"])]
    return Answer(200, "".join(json.dumps(m) + "\n" for m in found).encode())


@route("GET", "/([-_A-Za-z0-9]+)/auth")
def ntfy_auth(r, topic):
    r.bearer("tk_ntfy")
    return Answer(200, {"success": True})


# ---- Twilio ----

@route("POST", "/2010-04-01/Accounts/(AC[0-9a-f]{32})/Messages.json")
def sms_send(r, account):
    r.basic(account, "twilio-token")
    need(r.headers.get("Content-Type") == "application/x-www-form-urlencoded",
         "Content-Type")
    form = urllib.parse.parse_qs(r.body.decode(), strict_parsing=True)
    only(form, ("To", "From", "Body"), "form")
    need(re.fullmatch(r"\+[1-9]\d{1,14}", form["To"][0]), "To")
    need(re.fullmatch(r"\+[1-9]\d{1,14}", form["From"][0]), "From")
    need(0 < units(form["Body"][0]) <= 1600, "Body")
    sid = "SM%032x" % len(kept("sms"))
    keep("sms", {"sid": sid, "to": form["To"][0], "from": form["From"][0],
                 "body": form["Body"][0], "date_created": formatdate()})
    return Answer(201, {"sid": sid, "status": "queued"})


@route("GET", "/2010-04-01/Accounts/(AC[0-9a-f]{32})/Messages.json")
def sms_list(r, account):
    r.basic(account, "twilio-token")
    return Answer(200, {"messages": [m for m in kept("sms")
                                     if m["to"] == r.query["To"]]})


@route("GET", "/2010-04-01/Accounts/(AC[0-9a-f]{32}).json")
def sms_account(r, account):
    r.basic(account, "twilio-token")
    return Answer(200, {"status": "active"})


# ---- GitHub ----

def github_head(r):
    r.bearer("ghp_token")
    need(r.headers.get("Accept") == "application/vnd.github+json", "Accept")
    need(r.headers.get("X-GitHub-Api-Version") == "2022-11-28", "version")
    need(r.headers.get("User-Agent"), "User-Agent")


def github_issue(number):
    issue = next((i for i in kept("github") if i["number"] == int(number)),
                 None)
    if not issue:
        raise Answer(404, {"message": "Not Found"})
    return issue


@route("POST", "/repos/example/web/issues")
def github_open(r):
    github_head(r)
    m = r.json()
    only(m, ("title", "body", "labels"), "issue")
    text_of(m, "title", 256)
    need(len(m["body"]) <= 65536, "body")
    fences(m["body"])
    number = 7 + len(kept("github"))
    keep("github", dict(m, number=number, state="open", comments=[]))
    return Answer(201, {"number": number})


@route("POST", "/repos/example/web/issues/([0-9]+)/comments")
def github_comment(r, number):
    github_head(r)
    m = r.json()
    only(m, ("body",), "comment")
    need(0 < len(m["body"]) <= 65536, "body")
    issue = github_issue(number)
    ident = 900 + len(issue["comments"])
    issue["comments"].append({"id": ident, "body": m["body"]})
    return Answer(201, {"id": ident})


@route("PATCH", "/repos/example/web/issues/([0-9]+)")
def github_patch(r, number):
    github_head(r)
    m = r.json()
    only(m, ("state", "state_reason"), "patch")
    need(m["state"] in ("open", "closed"), "state")
    github_issue(number)["state"] = m["state"]
    return Answer(200, {"number": int(number)})


@route("GET", "/repos/example/web/issues")
def github_list(r):
    github_head(r)
    need(int(r.query["per_page"]) <= 100, "per_page")
    return Answer(200, kept("github"))


@route("GET", "/repos/example/web/issues/([0-9]+)/comments")
def github_comments(r, number):
    github_head(r)
    return Answer(200, github_issue(number)["comments"])


@route("GET", "/repos/example/web")
def github_repository(r):
    github_head(r)
    return Answer(200, {"full_name": "example/web", "has_issues": True})


# ---- Jira ----

STATUSES = {"open": "new", "done": "done"}


def jira_head(r):
    r.basic("oncall@example.org", "jira-token")


def jira_issue(key):
    issue = next((i for i in kept("jira") if i["key"] == key), None)
    if not issue:
        raise Answer(404, {"errorMessages": ["Issue does not exist"]})
    return issue


def wiki(text):
    need(len(text) <= 32767, "too long")
    need(text.startswith("{noformat}\n") and text.endswith("\n{noformat}")
         and text.count("{noformat}") == 2, "markup")


@route("POST", "/rest/api/2/issue")
def jira_open(r):
    jira_head(r)
    m = r.json()
    only(m, ("fields",), "issue")
    f = m["fields"]
    only(f, ("project", "issuetype", "summary", "description", "labels"),
         "fields")
    need(f["project"] == {"key": "OPS"} and f["issuetype"]["name"], "project")
    text_of(f, "summary", 255)
    wiki(f["description"])
    need(all(re.fullmatch(r"\S{1,255}", x) for x in f["labels"]), "labels")
    key = f"OPS-{len(kept('jira')) + 1}"
    keep("jira", {"key": key, "fields": f, "status": "open", "comments": []})
    return Answer(201, {"id": "1", "key": key})


@route("POST", "/rest/api/2/issue/(OPS-[0-9]+)/comment")
def jira_comment(r, key):
    jira_head(r)
    m = r.json()
    only(m, ("body", "properties"), "comment")
    wiki(m["body"])
    issue = jira_issue(key)
    m["id"] = str(70 + len(issue["comments"]))
    issue["comments"].append(m)
    return Answer(201, {"id": m["id"]})


@route("GET", "/rest/api/2/issue/(OPS-[0-9]+)")
def jira_get(r, key):
    jira_head(r)
    issue = jira_issue(key)
    return Answer(200, {
        "fields": {"status": {"statusCategory":
                              {"key": STATUSES[issue["status"]]}}},
        "transitions": [{"id": "11", "to": {"statusCategory": {
                             "key": "indeterminate"}}},
                        {"id": "31", "to": {"statusCategory": {
                             "key": "done"}}}]})


@route("POST", "/rest/api/2/issue/(OPS-[0-9]+)/transitions")
def jira_move(r, key):
    jira_head(r)
    m = r.json()
    need(m == {"transition": {"id": "31"}}, "transition")
    issue = jira_issue(key)
    need(issue["status"] == "open", "it is done already")
    issue["status"] = "done"
    return Answer(204)


@route("GET", "/rest/api/2/issue/(OPS-[0-9]+)/comment")
def jira_comments(r, key):
    jira_head(r)
    need(r.query["expand"] == "properties", "expand")
    return Answer(200, {"comments": jira_issue(key)["comments"]})


@route("GET", "/rest/api/3/search/jql")
def jira_search(r):
    jira_head(r)
    label = re.fullmatch('labels="([^"]+)"', r.query["jql"]).group(1)
    return Answer(200, {"issues": [{"key": i["key"]} for i in kept("jira")
                                   if label in i["fields"]["labels"]
                                   and not r.blind]})


@route("GET", "/rest/api/2/project/OPS")
def jira_project(r):
    jira_head(r)
    return Answer(200, {"key": "OPS"})


# ---- the server ----

def serve(service, r):
    known = False
    for method, pattern, function in services.get(service, []):
        match = pattern.match(r.path)
        known = known or match
        if match and method == r.method:
            return function(r, *match.groups())
    raise Answer(405 if known else 404, b"no such thing here")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                   struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def write(self, answer):
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def misbehave(self, how):
        if how.isdigit():
            self.write(Answer(int(how), b'{"message":"made to fail"}'))
        elif how.endswith("-after"):
            self.write(Answer(int(how[:-6]), b"", [("Retry-After", "7")]))
        elif how == "redirect":
            self.write(Answer(302, b"", [("Location", "/elsewhere")]))
        elif how == "echo":
            self.write(Answer(401, b"you said " + str(self.headers).encode()
                              + self.path.encode()))
        elif how == "hang":
            time.sleep(30)
            self.close_connection = True
        elif how == "close":
            self.close_connection = True
        elif how == "mid-body":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{")
            self.close_connection = True
        elif how == "drip":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n")
            for _ in range(99):
                time.sleep(0.2)
                self.wfile.write(b"x")
        elif how == "huge":
            self.write(Answer(200, b"x" * (4 * 1024 * 1024)))
        else:
            self.reset()

    def plan(self, service, method):
        with lock:
            plan = plans.get(service)
            if not plan or plan[1] <= 0:
                return None
            if plan[0] in ("lost", "stuck") and method == "GET":
                return None  # nothing was done
            plan[1] -= 1
            return plan[0]

    def control(self, service, path):
        if service == "control":
            length = int(self.headers["Content-Length"])
            order = json.loads(self.rfile.read(length))
            with lock:
                plans[order["service"]] = [order["how"], order["times"]]
            return Answer(200, b"{}")
        if service == "seen":
            return Answer(200, kept(path.strip("/")))
        if service == "tried":
            return Answer(200, tried.get(path.strip("/"), []))
        return Answer(200, str(asked).encode())

    def handle_one(self):
        global asked
        _, service, path = (self.path.split("/", 2) + [""])[:3]
        service = service.split("?")[0]
        if service in ("control", "seen", "asked", "tried"):
            self.write(self.control(service, path))
            return
        with lock:
            asked += 1
            tried.setdefault(service, []).append(f"{self.command} /{path}")
        r = Request(self, "/" + path)
        note_down(service, r)
        how = self.plan(service, self.command)
        r.blind = how == "blind"
        if how and how not in ("lost", "stuck", "blind"):
            self.misbehave(how)
            return
        try:
            answer = serve(service, r)
        except Answer as e:
            answer = e
        except (Bad, KeyError, IndexError, TypeError, AttributeError,
                ValueError) as e:
            answer = Answer(400, f"{type(e).__name__}: {e}".encode())
        if how == "stuck":
            time.sleep(30)
        if how in ("lost", "stuck"):
            self.reset()
            return
        self.write(answer)

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.handle_one
        raise AttributeError(name)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def main():
    global log
    if os.environ.get("CHAT_LOG"):
        log = open(os.environ["CHAT_LOG"], "a", encoding="utf-8")
    server = Server(("127.0.0.1", 0), Handler)
    if len(sys.argv) > 2:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1], sys.argv[2])
        server.socket = context.wrap_socket(server.socket, server_side=True,
                                            do_handshake_on_connect=False)
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
