#!/usr/bin/python3
"""Writes logs that rotate while what reads them is killed again and again.

usage: rotate.py [--seconds N] [--files N] [--rate N] [--seed N] DIRECTORY

Writes --rate lines a second into --files files DIRECTORY/*.log for --seconds.
Half of the files are rotated by rename, the others by copytruncate; some appear
late. Meanwhile `oncall-monitor --follow --cursor main | oncall-incident open`,
with the rules of rules.tsv, runs between two calls of kill -9 to both, a few
hundred milliseconds each, and in the end until it has told everything. What
passes from the one to the other is read on the way: each line must be told, and
under one id that no other line has. Prints the number of lines; the status is 1
when one of them was lost or has two ids.
"""
import argparse
import array
import collections
import multiprocessing
import os
import random
import re
import select
import shutil
import subprocess
import sys
import time

KEPT = 20           # rotated files of each name
ROTATE = (0.5, 6)   # seconds between rotations of one of so many files
FILES = 40
EARLY = 0.8         # of the files are there at the start
KILL = (0.1, 0.9)   # seconds between kills
HASTE = 4           # seconds at the start when nothing is saved for long yet
HASTY = 0.15        # of those pauses is what they are then
TICK = 0.02         # seconds between rounds of writing
PATIENCE = 60       # seconds that the last run may take to tell the rest
AFTERWARDS = 1.5    # seconds in which it might tell something twice
SHOWN = 10          # mistakes that are printed
TOLD = re.compile(
    rb'\{"type":"detection","id":"([^"]+)".*?"message":"[^"]*boom (\d+)')


def pause(seconds, begin):
    """A random pause, short at the start."""
    haste = HASTY if time.monotonic() - begin < HASTE else 1
    return random.uniform(*seconds) * haste


class Log:
    """One file that is written to; rotated while nobody writes."""

    def __init__(self, path, copies, begin, rotate_after):
        self.path = path
        self.rotate_after = rotate_after
        self.copies = copies
        self.begin = begin
        self.due = begin + pause(self.rotate_after, begin)
        self.file = None
        self.old = None     # a renamed file that is still written to
        self.half = b""     # the rest of a line of which a part is there

    def write(self, lines):
        self.file = self.file or open(self.path, "ab", buffering=0)
        data = self.half + lines
        # Sometimes half a line stands there for a while.
        cut = len(data) - (random.randrange(60) if not random.randrange(9)
                           else 0)
        (self.old or self.file).write(data[:cut])
        self.half = data[cut:]

    def whole(self):
        if self.half:
            (self.old or self.file).write(self.half)
            self.half = b""

    def turn_old(self):
        """Everything goes to the file that has the name now."""
        if self.old:
            self.whole()
            self.old.close()
            self.old = None

    def rotate(self):
        self.due = time.monotonic() + pause(self.rotate_after, self.begin)
        if not self.file:
            return
        self.turn_old()
        for i in range(KEPT - 1, 0, -1):
            if os.path.exists(f"{self.path}.{i}"):
                os.rename(f"{self.path}.{i}", f"{self.path}.{i + 1}")
        if self.copies:
            self.whole()
            shutil.copyfile(self.path, f"{self.path}.1")
            os.truncate(self.path, 0)
            return
        os.rename(self.path, f"{self.path}.1")
        self.old, self.file = self.file, open(self.path, "ab", buffering=0)
        # Some writers notice at once, others a little later.
        if random.randrange(2):
            self.turn_old()


def write(args, count, known):
    """The process that writes; count is the number of lines so far. What was
    rotated before anybody looked is not followed, so nothing is until then."""
    random.seed(args.seed)
    begin = time.monotonic()
    rotate_after = [t * max(1, args.files / FILES) for t in ROTATE]
    logs = [Log(f"{args.directory}/app{i:03}.log", i % 2, begin, rotate_after)
            for i in range(args.files)]
    while (now := time.monotonic()) < begin + args.seconds:
        here = EARLY + (1 - EARLY) * 2 * (now - begin) / args.seconds
        here = max(1, min(args.files, int(here * args.files)))
        due = collections.defaultdict(list)
        for number in range(count.value, int((now - begin) * args.rate)):
            due[random.randrange(here)].append(
                b"2026-11-20T10:00:00Z web1 app: boom %08d of many lines\n"
                % number)
            count.value += 1
        for i, lines in due.items():
            logs[i].write(b"".join(lines))
        for log in logs if known.is_set() else []:
            if now >= log.due:
                log.rotate()
            elif log.old and not random.randrange(10):
                log.turn_old()
        time.sleep(TICK)
    for log in logs:
        log.turn_old()
        if log.file:
            log.whole()


class Told:
    """Which lines were told, and under which ids."""

    def __init__(self, known):
        self.known = known  # set when something was told
        self.ids = array.array("q")
        self.lines = 0      # told at least once
        self.again = 0
        self.wrong = 0
        self.shown = {}     # of some lines the whole id

    def note(self, data):
        for name, number in TOLD.findall(data):
            number, key = int(number), hash(name) or 1
            self.known.set()
            if number >= len(self.ids):
                self.ids.extend([0] * (number + 1 - len(self.ids)))
            if not self.ids[number]:
                self.ids[number] = key
                self.lines += 1
            elif self.ids[number] == key:
                self.again += 1
            else:
                self.complain(f"line {number} has another id, {name.decode()}")

    def complain(self, text):
        self.wrong += 1
        if self.wrong <= SHOWN:
            print(f"rotate.py: {text}", file=sys.stderr)

    def judge(self, count):
        for number in range(count):
            if number >= len(self.ids) or not self.ids[number]:
                self.complain(f"line {number} was never told")
        known = sorted(self.ids)
        for a, b in zip(known, known[1:]):
            if a and a == b:
                self.complain("two lines have one id")


class Pipe:
    """The two programs, and what flows from the one to the other."""

    def __init__(self, args, told):
        self.told = told
        self.monitor = subprocess.Popen(
            ["oncall-monitor", "--no-default-packs", "--patterns", "rules.tsv",
             "--follow", "--cursor", "main", f"{args.directory}/*.log"],
            stdout=subprocess.PIPE)
        self.open = subprocess.Popen(
            ["oncall-incident", "open"], stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL)
        self.source = self.monitor.stdout.fileno()
        self.sink = self.open.stdin.fileno()
        os.set_blocking(self.source, False)
        os.set_blocking(self.sink, False)
        self.rest = b""     # a line of which only a part came
        self.waiting = b""  # for the second to take it

    def run(self, end, enough=lambda: False):
        while (left := end - time.monotonic()) > 0 and not enough():
            # What the second does not take is not read from the first.
            ready = select.select([] if self.waiting else [self.source],
                                  [self.sink] if self.waiting else [], [],
                                  min(left, 0.1))
            if ready[0]:
                self.take()
            if ready[1]:
                n = os.write(self.sink, self.waiting)
                self.waiting = self.waiting[n:]

    def take(self):
        data = os.read(self.source, 1 << 16)
        if not data:
            sys.exit(f"rotate.py: monitor ended: {self.monitor.wait()}")
        self.waiting = data
        whole, end, rest = (self.rest + data).rpartition(b"\n")
        self.rest = rest
        self.told.note(whole)

    def kill(self):
        for child in self.monitor, self.open:
            if child.poll() is not None:
                sys.exit(f"rotate.py: {child.args[0]} ended by itself: "
                         f"{child.returncode}")
            child.kill()
        self.reap()

    def reap(self):
        self.monitor.wait()
        self.open.wait()
        self.monitor.stdout.close()
        self.open.stdin.close()

    def end(self):
        """Clean, so that everything that was told is stored."""
        self.monitor.terminate()
        os.set_blocking(self.source, True)
        os.set_blocking(self.sink, True)
        while data := self.waiting or os.read(self.source, 1 << 16):
            self.open.stdin.write(data)
            self.waiting = b""
        self.open.stdin.close()
        self.reap()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--files", type=int, default=40)
    parser.add_argument("--rate", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=time.time_ns())
    parser.add_argument("directory")
    args = parser.parse_args()
    print(f"# rotate.py --seed {args.seed}", file=sys.stderr)
    known = multiprocessing.Event()
    count = multiprocessing.Value("q", 0)
    writer = multiprocessing.Process(target=write, args=(args, count, known))
    told = Told(known)
    writer.start()
    kills, begin = 0, time.monotonic()
    while writer.is_alive():
        pipe = Pipe(args, told)
        pipe.run(time.monotonic() + pause(KILL, begin))
        pipe.kill()
        kills += 1
    writer.join()
    begin = time.monotonic()
    pipe = Pipe(args, told)
    pipe.run(begin + PATIENCE, lambda: told.lines >= count.value)
    took = time.monotonic() - begin
    pipe.run(time.monotonic() + AFTERWARDS)
    pipe.end()
    told.judge(count.value)
    print(f"# {kills} kills; {count.value} lines, {count.value - told.lines} "
          f"of them lost, {told.again} told again, {told.wrong} mistakes; the "
          f"rest was told within {took:.1f} s", file=sys.stderr)
    print(count.value)
    return told.wrong > 0 or writer.exitcode != 0


if __name__ == "__main__":
    sys.exit(main())
