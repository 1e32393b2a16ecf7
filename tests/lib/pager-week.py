#!/usr/bin/python3
"""Writes what happens in some days that a pager lives through.

usage: pager-week.py FOLDER DAYS INCIDENTS MINUTES

Every so many MINUTES, from 2026-11-16 (a Monday) on, is a step. FOLDER/steps
gets a line "NUMBER TIME" for each; NUMBER.open holds the detections of that
step, NUMBER.do the commands of oncall-incident, one a line. It is the same week
every time.
"""
import datetime
import json
import pathlib
import random
import sys

SERVICES = 40
SEVERITIES = ["low", "medium", "high", "critical"]
BEGIN = datetime.datetime(2026, 11, 16)


def life(chance, first, last):
    """What people do with an incident: (step, command), in order."""
    at = first
    for command in ("ack", "mitigate", "resolve"):
        at += chance.choice([1, 1, 2, 5, 20, 60])
        if at > last:
            return
        if command == "resolve" or chance.random() < 0.6:
            yield at, command
            if command == "mitigate" and chance.random() < 0.5:
                return


def main(folder, days, incidents, minutes):
    chance = random.Random(1)
    count = days * 24 * 60 // minutes
    opened = sorted(chance.randrange(count) for _ in range(incidents))
    opens = [[] for _ in range(count)]
    does = [[] for _ in range(count)]
    numbers = {}
    for index, step in enumerate(opened):
        time = BEGIN + datetime.timedelta(minutes=step * minutes)
        day = time.strftime("%Y%m%d")
        numbers[day] = numbers.get(day, 0) + 1
        name = f"INC-{day}-{numbers[day]:04d}"
        opens[step].append(json.dumps({
            "type": "detection", "id": f"d{index}",
            "time": time.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "pattern": f"p{index}", "title": f"trouble {index}",
            "severity": chance.choice(SEVERITIES),
            "service": f"s{chance.randrange(SERVICES)}"}))
        for at, command in life(chance, step, count - 1):
            does[at].append(f"{command} {name}")
    for step in range(0, count, 24 * 60 // minutes):
        until = BEGIN + datetime.timedelta(minutes=step * minutes, hours=9)
        does[step].append(f"silence add service=s{step % SERVICES} "
                          f"--until {until:%Y-%m-%dT%H:%M:%SZ} --note week")
    with open(folder / "steps", "w", encoding="utf-8") as steps:
        for step in range(count):
            time = BEGIN + datetime.timedelta(minutes=step * minutes)
            steps.write(f"{step} {time:%Y-%m-%dT%H:%M:%SZ}\n")
            for kind, lines in (("open", opens[step]), ("do", does[step])):
                if lines:
                    (folder / f"{step}.{kind}").write_text(
                        "\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), *map(int, sys.argv[2:5]))
