#!/usr/bin/env python3
"""Labelled questions for retrieval, the answers of plain FTS5, and figures.

    retrieval.py prepare DATA SET DIR    writes docs.jsonl, questions.jsonl,
                                         wanted (ids, a line a question) and
                                         self (the id that asks, or nothing)
    retrieval.py variants DIR            the same two and self from DIR/entries,
                                         records of entries: their examples
                                         with what varies changed
    retrieval.py fts5 DIR                answers as FTS5's BM25 gives them
    retrieval.py figures DIR <ANSWERS    recall@1, recall@5 and MRR

SET is duplicates (reports that were found to be one) or runbooks (alerts, and
the runbook of each, out of which the alert's name was taken). ANSWERS are ids
with tabs between, a line a question, the best first.
"""
import collections
import json
import os
import random
import re
import sqlite3
import sys

ANSWERS = 21  # one more than counts, since who asks is among them


def lines(*path):
    with open(os.path.join(*path), encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def duplicates(data):
    reports = lines(data, "duplicates", "reports.jsonl")
    groups = collections.defaultdict(list)
    for r in reports:
        groups[r["group"]].append(r["id"])
    for r in reports:
        wanted = [i for i in groups[r["group"]] if i != r["id"]]
        yield r, (r, wanted, r["id"])


def heading(text):
    """The first line that says anything."""
    return next(l for l in re.findall(r"\w.*", text) if " " in l.strip())


def runbooks(data):
    books = lines(data, "alerts", "runbooks.jsonl")
    alerts = collections.defaultdict(list)
    for alert in lines(data, "alerts", "queries.jsonl"):
        alerts[alert["runbook"]].append(alert["text"])
    for b in books:
        text = b["text"].replace(b["name"], "")
        title = re.search(r"^title:\s*(.*)$", text, re.M)
        doc = {
            "id": b["name"],
            "title": title.group(1) if title else heading(text),
            "description": text,
        }
        yield doc, None
        for text in alerts[b["name"]]:
            yield None, ({"title": "", "description": text}, [b["name"]], "")


def ask(out, title, text):
    """A record that oncall-kb match answers."""
    record = {"type": "message", "id": "q", "time": "2026-11-20T00:00:00.000Z"}
    record.update(title=title, text=text)
    out.write(json.dumps(record) + "\n")


def vary(line, random):
    """The same message of another day, host, process and file."""

    def digits(m):
        return "".join(random.choice("123456789") for _ in m.group())

    def name(m):
        return m.group(1) + "".join(
            random.choice("abcdefghijk") if c.isalpha() else c
            for c in m.group(2)
        )

    line = re.sub(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,}\b", digits, line)
    line = re.sub(r"((?:^|[\s'\"=(:])/(?:[\w.-]+/)+)([\w-]+)", name, line)
    line = re.sub(r"\b\d{1,3}(?:\.\d{1,3}){3}\b", digits, line)
    line = re.sub(r"\b((?:web|db|app|node|host|shop|worker)-?)(\d+)\b",
                  lambda m: m.group(1) + digits(m), line)
    return re.sub(r"(?<![\w/.-])\d{3,}(?![\w/])", digits, line)


def variants(out):
    rnd = random.Random(1)
    with open(f"{out}/questions.jsonl", "w") as questions, open(
        f"{out}/wanted", "w"
    ) as wanted:
        for e in lines(out, "entries"):
            for example in e.get("examples", []):
                ask(questions, "", vary(example, rnd))
                wanted.write("\t" + e["id"] + "\n")


def prepare(data, name, out):
    with open(f"{out}/docs.jsonl", "w") as docs, open(
        f"{out}/questions.jsonl", "w"
    ) as questions, open(f"{out}/wanted", "w") as wanted:
        for doc, question in {"duplicates": duplicates, "runbooks": runbooks}[
            name
        ](data):
            if doc:
                keep = {k: doc[k] for k in ("id", "title", "description")}
                docs.write(json.dumps({"type": "entry", **keep}) + "\n")
            if question and question[1]:
                ask(questions, question[0]["title"], question[0]["description"])
                wanted.write("\t".join([question[2]] + question[1]) + "\n")


def fts5(out):
    db = sqlite3.connect(":memory:")
    db.execute(
        "CREATE VIRTUAL TABLE t USING fts5(id UNINDEXED, title, body,"
        " tokenize = 'porter unicode61')"
    )
    for d in lines(out, "docs.jsonl"):
        db.execute(
            "INSERT INTO t VALUES (?, ?, ?)",
            (d["id"], d["title"], d["description"]),
        )
    for q in lines(out, "questions.jsonl"):
        words = re.findall(r"\w+", (q["title"] + " " + q["text"]).lower())
        match = " OR ".join(f'"{w}"' for w in dict.fromkeys(words))
        rows = db.execute(
            "SELECT id FROM t WHERE t MATCH ? ORDER BY bm25(t, 0, 3, 1), rowid"
            " LIMIT ?",
            (match, ANSWERS),
        )
        print("\t".join(row[0] for row in rows))


def figures(out):
    first = five = count = 0
    reciprocal = 0.0
    with open(f"{out}/wanted", encoding="utf-8") as wanted:
        for want, answer in zip(wanted, sys.stdin):
            asks, *good = want.rstrip("\n").split("\t")
            ids = [i for i in answer.rstrip("\n").split("\t") if i != asks]
            rank = next((n for n, i in enumerate(ids, 1) if i in good), 0)
            count += 1
            first += rank == 1
            five += 0 < rank <= 5
            reciprocal += 1 / rank if rank else 0
    print(f"{first / count:.4f} {five / count:.4f} {reciprocal / count:.4f}")


def main():
    {
        "prepare": prepare,
        "variants": variants,
        "fts5": fts5,
        "figures": figures,
    }[sys.argv[1]](*sys.argv[2:])


main()
