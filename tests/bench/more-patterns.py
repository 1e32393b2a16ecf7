#!/usr/bin/env python3
"""more-patterns.py TSV LOG COUNT: the patterns of TSV, and copies of them in
which a word that must occur has given way to a rare word of the log, up to
COUNT. A copy that still matches what its pattern matched would only be the
same pattern twice."""
import collections
import random
import re
import sys

SAMPLE = 30_000_000
LOOKED_AT = 20_000
TRIES = 5
WORD = re.compile(r"(?<![\\<\[{A-Za-z])[A-Za-z]{4,}(?![\w]*>)")


def rare_words(text):
    counts = collections.Counter(re.findall(r"\b[A-Za-z]{5,12}\b", text))
    return sorted(w for w, n in counts.items() if n <= 20)


def changed(expr, words, lines):
    """A copy of expr that matches none of the lines."""
    found = list(WORD.finditer(expr))
    for _ in range(TRIES if found else 0):
        place = random.choice(found)
        copy = expr[:place.start()] + random.choice(words) + expr[place.end():]
        if not any(re.search(copy, line, re.IGNORECASE) for line in lines):
            return copy
    return random.choice(words) + " " + expr


def main():
    tsv, log, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    with open(tsv, encoding="utf-8") as f:
        rules = [line.rstrip("\n").split("\t", 2) for line in f]
    with open(log, "rb") as f:
        text = f.read(SAMPLE).decode("latin-1")
    words = rare_words(text)
    sample = text.split("\n", LOOKED_AT)[:LOOKED_AT]
    matched = [[line for line in sample
                if re.search(expr, line, re.IGNORECASE)][:20]
               for _, _, expr in rules]
    random.seed(1)
    made = 0
    for name, severity, expr in rules:
        print(name, severity, expr, sep="\t")
    while made + len(rules) < count:
        name, severity, expr = rules[made % len(rules)]
        expr = changed(expr, words, matched[made % len(rules)])
        print(f"{name}-{made}", severity, expr, sep="\t")
        made += 1


main()
