#!/usr/bin/env python3
"""Labelled questions for retrieval, the answers of plain FTS5, and figures.

    retrieval.py prepare DATA SET DIR    writes docs.jsonl, questions.jsonl,
                                         wanted (ids, a line a question) and
                                         self (the id that asks, or nothing)
    retrieval.py fts5 DIR                answers as FTS5's BM25 gives them
    retrieval.py figures DIR <ANSWERS    recall@1, recall@5 and MRR

SET is duplicates (reports that were found to be one) or runbooks (alerts, and
the runbook of each, out of which the alert's name was taken). ANSWERS are ids
with tabs between, a line a question, the best first.
"""
import collections
import json
import os
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
            "title": title.group(1) if title else "",
            "description": text,
        }
        yield doc, None
        for text in alerts[b["name"]]:
            yield None, ({"title": "", "description": text}, [b["name"]], "")


def prepare(data, name, out):
    with open(f"{out}/docs.jsonl", "w") as docs, open(
        f"{out}/questions.jsonl", "w"
    ) as questions, open(f"{out}/wanted", "w") as wanted:
        for doc, question in {"duplicates": duplicates, "runbooks": runbooks}[
            name
        ](data):
            if doc:
                keep = {k: doc[k] for k in ("id", "title", "description")}
                docs.write(json.dumps(keep) + "\n")
            if question and question[1]:
                ask = {k: question[0][k] for k in ("title", "description")}
                questions.write(json.dumps(ask) + "\n")
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
        words = re.findall(r"\w+", (q["title"] + " " + q["description"]).lower())
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
    {"prepare": prepare, "fts5": fts5, "figures": figures}[sys.argv[1]](
        *sys.argv[2:]
    )


main()
