#!/usr/bin/env python3
"""more-patterns.py TSV LOG COUNT: the patterns of TSV, and copies of them in
which a word has given way to a rare word of the log, up to COUNT."""
import collections
import random
import re
import sys

SAMPLE = 30_000_000
WORD = re.compile(r"(?<![\\<\[{A-Za-z])[A-Za-z]{4,}(?![\w]*>)")


def rare_words(path):
    with open(path, "rb") as log:
        text = log.read(SAMPLE).decode("latin-1")
    counts = collections.Counter(re.findall(r"\b[A-Za-z]{5,12}\b", text))
    return sorted(w for w, n in counts.items() if n <= 20)


def main():
    tsv, log, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    with open(tsv, encoding="utf-8") as f:
        rules = [line.rstrip("\n").split("\t", 2) for line in f]
    words = rare_words(log)
    random.seed(1)
    made = 0
    for name, severity, expr in rules:
        print(name, severity, expr, sep="\t")
    while made + len(rules) < count:
        name, severity, expr = rules[made % len(rules)]
        found = list(WORD.finditer(expr))
        if found:
            place = random.choice(found)
            expr = (expr[:place.start()] + random.choice(words)
                    + expr[place.end():])
        else:
            expr = random.choice(words) + " " + expr
        print(f"{name}-{made}", severity, expr, sep="\t")
        made += 1


main()
