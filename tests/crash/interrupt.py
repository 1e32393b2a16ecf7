#!/usr/bin/python3
"""Plays a monitor whose pipe is cut again and again.

usage: interrupt.py [--kills N] [--resume WHERE] [--seed N] INPUT COMMAND...

Feeds the records of the file INPUT to COMMAND in pieces, kills it (-9) at a
random moment, and does so again from WHERE, N times (200), at last without
killing it. The status is that of the last run. WHERE is
  output  behind the last cursor record that came out of COMMAND
  store   the cursor of each stream that the store at $ONCALL_STORE holds
  start   the beginning

Random moments lie between the start of the process and 50 ms after it could
have answered for the first time, so that a slow machine tests the same. Says
on standard error how many kills there were and how many found work done.
"""
import argparse
import json
import os
import random
import select
import subprocess
import sys
import tempfile
import time

AFTERWARDS = 0.050
PIECES = 4
PAUSE = 0.008
COLUMNS = "SELECT stream, cursor_position FROM streams " \
          "WHERE cursor_position IS NOT NULL"


class Record:
    def __init__(self, line):
        fields = json.loads(line)
        source = fields.get("source", {})
        self.line = line
        self.is_cursor = fields["type"] == "cursor"
        self.stream = source.get("stream")
        self.position = fields.get("position", source.get("offset"))


def ask_store(address):
    """The committed cursor of each stream."""
    if address.startswith("postgresql:"):
        command = ["psql", "-XqAtd", address, "-c", COLUMNS]
    elif os.path.exists(address):
        command = ["sqlite3", "-batch", address, COLUMNS]
    else:
        return {}
    asked = subprocess.run(
        command, capture_output=True, text=True,
        env=dict(os.environ, PGOPTIONS="-c search_path=oncall"))
    # Killed early, it has not made its tables yet.
    if asked.returncode and "streams" not in asked.stderr:
        sys.exit(f"interrupt.py: {asked.stderr}")
    pairs = (line.split("|") for line in asked.stdout.splitlines())
    return {stream: int(position) for stream, position in pairs}


class Monitor:
    def __init__(self, args, records):
        self.args = args
        self.records = records
        self.at = {r.line: i for i, r in enumerate(records) if r.is_cursor}
        self.resume_at = 0

    def rest(self):
        """The records that COMMAND is fed next."""
        if self.args.resume == "output":
            return self.records[self.resume_at:]
        if self.args.resume == "start":
            return self.records
        done = ask_store(os.environ["ONCALL_STORE"])
        return [r for r in self.records if r.stream not in done
                or r.position >= done[r.stream] + r.is_cursor]

    def heard(self, output):
        """Notes the cursors that came out; half a line is not there."""
        output.seek(0)
        found = 0
        for line in output.read().split(b"\n")[:-1]:
            i = self.at.get(line + b"\n")
            if i is not None:
                self.resume_at = max(self.resume_at, i + 1)
            found += 1
        return found

    def feed_and_kill(self, data, pieces, moment):
        """How many lines COMMAND wrote before it was killed."""
        end = time.monotonic() + moment
        cuts = sorted(random.randrange(len(data) + 1) for _ in range(pieces))
        with tempfile.TemporaryFile() as output, subprocess.Popen(
                self.args.command, stdin=subprocess.PIPE, stdout=output,
                bufsize=0) as child:
            os.set_blocking(child.stdin.fileno(), False)
            begin = 0
            for cut in cuts + [len(data)]:
                while begin < cut and time.monotonic() < end:
                    begin += write_some(child.stdin, data[begin:cut], end)
                wait(min(random.uniform(0, PAUSE), end - time.monotonic()))
            wait(end - time.monotonic())
            if child.poll() is not None:
                sys.exit(f"interrupt.py: ended by itself: {child.returncode}")
            child.kill()
            child.wait()
            return self.heard(output)

    def warm_up(self):
        """Seconds until COMMAND has dealt with one line."""
        begin = time.monotonic()
        with subprocess.Popen(self.args.command, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as child:
            child.stdin.write(self.records[0].line)
            child.stdin.flush()
            child.stdout.readline()
            needed = time.monotonic() - begin
            child.kill()
        return needed

    def run(self):
        kills, worked = self.args.kills, 0
        latest = self.warm_up() + AFTERWARDS
        for left in range(kills, 0, -1):
            rest = self.rest()
            # So much that there is work until the last kill.
            share = int(len(rest) / left * random.uniform(0, 3))
            if self.args.resume == "start":
                share = len(rest) * (kills - left + 1) // kills
            data = b"".join(r.line for r in rest[:share + 1])
            moment = random.uniform(0.001, latest)
            pieces = random.randrange(PIECES)
            worked += self.feed_and_kill(data, pieces, moment) > 0
        print(f"# {kills} kills within {latest * 1000:.0f} ms, {worked} of "
              f"them after some work; {len(self.rest())} of "
              f"{len(self.records)} records left", file=sys.stderr)
        last = subprocess.run(self.args.command, stdout=subprocess.DEVNULL,
                              input=b"".join(r.line for r in self.rest()))
        return last.returncode


def wait(seconds):
    if seconds > 0:
        time.sleep(seconds)


def write_some(pipe, data, end):
    """How many bytes went into the pipe before it was full or time was up."""
    left = max(0, end - time.monotonic())
    if not select.select([], [pipe], [], left)[1]:
        return 0
    try:
        return os.write(pipe.fileno(), data)
    except BrokenPipeError:
        sys.exit("interrupt.py: it has closed its input")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--resume", default="output",
                        choices=["output", "store", "start"])
    parser.add_argument("--seed", type=int, default=time.time_ns())
    parser.add_argument("input")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    args = parser.parse_args()
    print(f"# interrupt.py --seed {args.seed}", file=sys.stderr)
    random.seed(args.seed)
    with open(args.input, "rb") as lines:
        records = [Record(line) for line in lines]
    return Monitor(args, records).run()


if __name__ == "__main__":
    sys.exit(main())
