#!/usr/bin/python3
"""The figures of incidents, computed once more from what `oncall-incident export`
writes, in another way than the program does it: for comparison.

usage: incident-figures.py FROM TO BY <export.jsonl

BY is day (in UTC), service, severity, category or nothing. Prints lines of
"group metric stat value", sorted; automation is not in the export.
"""
import json
import math
import sys
from datetime import datetime
from fractions import Fraction


def ms(text):
    return round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def show(value):
    return "null" if value is None else f"{float(value):.6f}"


def figures(group, incidents):
    real = [i for i in incidents if not i.get("false_positive")]
    over = [i for i in real if i["status"] in ("resolved", "closed")]
    again = [i for i in real
             if any(e["what"] == "reopened" for e in i["timeline"])]
    ended = {i["id"] for i in over + again}
    yield "incidents", "-", len(incidents)
    yield "incidents_false_positive", "-", len(incidents) - len(real)
    yield "incidents_resolved", "-", len(over)
    yield "incidents_ended", "-", len(ended)
    yield "incidents_reopened", "-", len(again)
    yield "reopen_rate", "-", Fraction(len(again), len(ended)) if ended else None
    times = {
        "time_to_detect": [ms(i["opened"]) - ms(i["first"]) for i in real],
        "time_to_acknowledge": [ms(i["acknowledged"]) - ms(i["opened"])
                                for i in real if i.get("acknowledged")],
        "time_to_resolve": [ms(i["resolved"]) - ms(i["opened"])
                            for i in over if i.get("resolved")],
    }
    for metric, values in times.items():
        values = sorted(max(v, 0) for v in values)
        yield metric, "count", len(values)
        yield metric, "mean", Fraction(sum(values), 1000 * len(values)) if values else None
        for name, share in ("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("max", 1):
            # The smallest value that so large a share of all does not exceed.
            rank = next((v for v in values if values.index(v) + values.count(v)
                         >= math.ceil(round(share * len(values), 6))), None)
            yield metric, name, None if rank is None else Fraction(rank, 1000)


def main():
    begin, end, by = ms(sys.argv[1]), ms(sys.argv[2]), sys.argv[3]
    chosen = [i for i in map(json.loads, sys.stdin)
              if begin <= ms(i["opened"]) < end and not i.get("merged_into")
              and not i.get("simulated")]
    groups = {None: chosen}
    for i in chosen if by else []:
        key = i["opened"][:10] if by == "day" else i.get(by) or ""
        groups.setdefault(key, []).append(i)
    print("\n".join(sorted(f"{'*' if name is None else name} {metric} {stat} {show(value)}"
                           for name, group in groups.items()
                           for metric, stat, value in figures(name, group))))


main()
