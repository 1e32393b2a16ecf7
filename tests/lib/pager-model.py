#!/usr/bin/env python3
"""pager-model.py SEED STEPS - lives random hours with the pager.

Random people and machines open, acknowledge, resolve, reopen, raise, merge,
move, silence and purge incidents at random times; a tick follows, and what it
writes is held against what the store says and what people have read so far:

  nobody is unpaged   what is open and not muted is told within group_wait and
                      group_interval, and somebody is called for it
  nobody is bothered  what is acknowledged, muted or over calls nobody; a second
                      tick at the same time says nothing
  what was told       as open is told as over

It is run in an empty directory with ONCALL_STORE and ONCALL_CONFIG set. What it
did is in the file `deeds`; a failure names the last ones. The seed is printed.
"""
import json
import os
import random
import re
import sqlite3
import subprocess
import sys
from datetime import datetime, timedelta, timezone

WAIT, INTERVAL, REPEAT = 30, 300, 4 * 3600
SECOND_CALL = timedelta(seconds=900)  # after the first
LIVE = ('open', 'acknowledged', 'investigating', 'mitigated')
SERVICES, HOSTS = ('web', 'db'), ('a', 'b')
SEVERITIES = ('low', 'medium', 'high', 'critical')
HIGH, PER_DAY = 3, 10 ** 7  # as the store has them
LINE = re.compile(r'^(INC-\d{8}-\d{4,}) (\w+) (\w+)(?:, \d+ times)?: ')
GROUPINGS = (('service', 'category'), ('host',), ('severity',), ('id',), ())


class Wrong(Exception):
    pass


class Incident:
    def __init__(self, name):
        self.name = name
        self.needs = None   # since which tick somebody should look at it
        self.opened = None  # when it was opened last
        self.read = None    # when people read last that it is live
        self.known = False  # what they know: it is live
        self.over = None    # since when it is over
        self.merged = False


class World:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.now = datetime(2026, 11, 20, 10, tzinfo=timezone.utc)
        self.incidents = {}
        self.silences = {}  # id: (test, ends)
        self.grouping = GROUPINGS[0]
        self.needed = {}    # group: since which tick it calls people
        self.called = {}    # group: when the last call was
        self.deeds = open('deeds', 'w')
        with open('roster', 'w') as f:
            f.write('zone UTC\n'
                    'rotation primary daily 09:00 from 2026-11-02: ana\n'
                    'rotation secondary daily 09:00 from 2026-11-02: ben\n')
        os.chmod('roster', 0o600)
        self.last_move = 0
        self.moved = False  # incidents to other groups, since the last tick
        self.configure()

    # ---- what is done ----

    def configure(self):
        with open(os.environ['ONCALL_CONFIG'], 'w') as f:
            f.write(f'roster: {os.getcwd()}/roster\n'
                    'incidents:\n  flapping_within: 0s\n'
                    f'  group_by: [{", ".join(self.grouping)}]\n'
                    'escalation:\n  urgent:\n'
                    '    match: {severity: [critical, high]}\n'
                    '    fallback: [ana]\n    steps:\n'
                    '      - after 0m to primary\n'
                    '      - after 15m to secondary\n')

    def run(self, *args, may_fail=False):
        at = self.now.strftime('%Y-%m-%dT%H:%M:%SZ')
        print(at, *args, file=self.deeds, flush=True)
        p = subprocess.run(['oncall-incident', *args],
                           env=dict(os.environ, ONCALL_NOW=at), text=True,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           timeout=60)
        if p.returncode not in ((0, 1) if may_fail else (0,)):
            raise Wrong(f'{args} ends with {p.returncode}: {p.stderr}')
        return p.stdout

    def rows(self, sql, *args):
        with sqlite3.connect(os.environ['ONCALL_STORE']) as db:
            db.row_factory = sqlite3.Row
            return db.execute(sql, args).fetchall()

    def pick(self, *statuses):
        rows = self.rows('SELECT * FROM incidents ORDER BY num')
        names = [name_of(r) for r in rows if r['status'] in statuses
                 and not r['merged_into']]
        return self.random.choice(names) if names else None

    def open(self):
        r = self.random
        self.run('open', '--title', f't{r.randrange(10 ** 6)}',
                 '--service', r.choice(SERVICES), '--host', r.choice(HOSTS),
                 '--severity', r.choice(SEVERITIES))

    def edit(self, verb, *statuses):
        name = self.pick(*statuses)
        if name:
            self.run(verb, name)

    def sever(self):
        name = self.pick(*LIVE)
        if name:
            self.run('severity', name, self.random.choice(SEVERITIES))
            self.moved |= 'severity' in self.grouping

    def merge(self):
        into, part = self.pick(*LIVE), self.pick(*LIVE)
        if into and part and into != part:
            self.run('merge', into, part)

    def silence(self):
        r = self.random
        seconds = r.choice((60, 600, 3600))
        if r.random() < .5:
            service = r.choice(SERVICES)
            words, test = [f'service={service}'], ('service', service)
        else:
            name = self.pick(*LIVE)
            if not name:
                return
            words, test = ['--incident', name], ('name', name)
        ends = self.now + timedelta(seconds=seconds)
        if test[0] == 'name' and r.random() < .5:
            words.append('--until-resolved')
            ends = None
        else:
            words += ['--for', f'{seconds}s']
        out = self.run('silence', 'add', '--note', 'model', '--json', *words)
        self.silences[json.loads(out)['id']] = (test, ends)

    def expire(self):
        live = sorted(i for i, (_, ends) in self.silences.items()
                      if not ends or ends > self.now)
        if live:
            name = self.random.choice(live)
            self.run('silence', 'expire', name, may_fail=True)
            del self.silences[name]

    def regroup(self):
        self.grouping = self.random.choice(GROUPINGS)
        self.configure()
        self.moved = True

    def send(self):
        with sqlite3.connect(os.environ['ONCALL_STORE']) as db:
            db.execute("UPDATE messages SET status = 'sent' "
                       "WHERE status = 'queued'")

    def deed(self):
        deeds = (
            (8, self.open),
            (4, lambda: self.edit('ack', 'open')),
            (1, lambda: self.edit('investigate', 'open', 'acknowledged')),
            (1, lambda: self.edit('mitigate', *LIVE[:3])),
            (6, lambda: self.edit('resolve', *LIVE)),
            (1, lambda: self.edit('close', *LIVE)),
            (4, lambda: self.edit('reopen', 'resolved', 'closed')),
            (2, self.sever), (1, self.merge), (2, self.silence),
            (2, self.expire), (1, self.regroup), (4, self.send),
            (1, lambda: self.run('purge', '--older-than', '30m')),
        )
        deed = self.random.choices([d for _, d in deeds],
                                   [w for w, _ in deeds])[0]
        deed()
        self.look()

    # ---- what is so ----

    def look(self):
        """What the deeds did to each incident."""
        self.facts = {name_of(r): r for r in
                      self.rows('SELECT * FROM incidents')}
        for name, fact in self.facts.items():
            i = self.incidents.setdefault(name, Incident(name))
            i.merged = bool(fact['merged_into'])
            if fact['status'] in LIVE:
                if i.over or not i.opened:
                    i.opened = self.now
                i.over = None
            elif not i.over:
                i.over = self.now
                self.silences = {
                    s: (t, e) for s, (t, e) in self.silences.items()
                    if e or t != ('name', name)}
        for name in set(self.incidents) - set(self.facts):
            i = self.incidents.pop(name)
            if i.known and not i.merged:
                raise Wrong(f'{name} is purged, and nobody heard of its end')

    def muted(self, name):
        fact = self.facts[name]
        mine = {('name', name), ('service', fact['service'])}
        return any(test in mine and (not ends or ends > self.now)
                   for test, ends in self.silences.values())

    def group(self, name):
        fact = self.facts[name]
        return tuple(str(name if f == 'id' else fact[f] or '')
                     for f in self.grouping)

    # ---- what people hear ----

    def hear(self, m):
        for text in m['text'].split('\n'):
            line = LINE.match(text)
            if not line:
                continue
            name, status = line[1], line[3]
            if name not in self.facts:
                raise Wrong(f'{name} is told, and is not there')
            if status != self.facts[name]['status']:
                raise Wrong(f'{name} is told to be {status}')
            if status in LIVE and self.muted(name):
                raise Wrong(f'{name} is muted, and told')
            if 'to' in m:
                continue
            i = self.incidents[name]
            i.known = status in LIVE
            if i.known:
                i.read = self.now
        if m['reason'] == 'escalation':
            if not self.needy(m['incident']):
                raise Wrong(f'{m["key"]} calls for nothing')
            self.called.setdefault(self.group(m['incident']), []).append(
                (self.now, m['to']))

    def needy(self, name):
        """Somebody is to be called for its group."""
        return self.group(name) in self.wanting()

    def wanting(self):
        return {self.group(n) for n, f in self.facts.items()
                if f['status'] == 'open' and f['severity'] >= HIGH
                and not self.muted(n)}

    def tick(self):
        text = self.run('tick')
        self.look()
        heard = [json.loads(line) for line in text.splitlines()]
        for m in heard:
            self.hear(m)
        again = self.run('tick')
        if again:
            raise Wrong(f'a second tick says {again}')
        self.judge_told()
        self.judge_called()
        self.moved = False
        if len({m['key'] for m in heard}) != len(heard):
            raise Wrong('a key comes twice')

    def judge_told(self):
        for name, i in self.incidents.items():
            open_now = (self.facts[name]['status'] == 'open'
                        and not self.muted(name))
            if not open_now:
                i.needs = None
            elif i.needs is None or i.needs < i.opened:
                i.needs = self.now
            late = timedelta(seconds=WAIT + INTERVAL)
            if open_now and self.now - i.needs >= late and \
                    (not i.read or i.read < i.needs):
                raise Wrong(f'{name} is open, and nobody was told')
            if i.known and i.over and not i.merged and \
                    self.now - i.over >= timedelta(seconds=INTERVAL):
                raise Wrong(f'{name} is over, and nobody was told')
        for name in self.incidents:
            mates = [i for n, i in self.incidents.items()
                     if self.group(n) == self.group(name)]
            if not any(self.facts[i.name]['status'] in LIVE for i in mates) \
                    and self.incidents[name].known \
                    and not self.incidents[name].merged:
                raise Wrong(f'{name} was the last one of its group, '
                            'and its end is not told at once')

    def judge_called(self):
        if self.moved:
            self.last_move = int(self.now.timestamp() * 1000)
        wanting = self.wanting()
        for group in set(self.needed) - wanting:
            del self.needed[group]
        for group in wanting:
            # Where a call was made for what moved, none is made again.
            since = None if self.moved else \
                self.needed.get(group, self.now)
            self.needed[group] = since
            if not since:
                continue
            calls = [(t, to) for t, to in self.called.get(group, ())]
            late = timedelta(seconds=WAIT + INTERVAL)
            for who in ('ana', 'ben'):
                times = [t for t, to in calls if t >= since and who in to]
                if not times and self.now - since >= late:
                    raise Wrong(f'nobody calls {who} for {group}, '
                                f'which is wanted since {since}')
                if times:
                    since, late = max(times), SECOND_CALL
        # What is in another group now has another thread.
        for m in self.rows("SELECT key, record FROM messages WHERE call = 1 "
                           "AND status = 'queued' AND made > ?",
                           self.last_move):
            record = json.loads(m['record'])
            names = record.get('incidents', [record['incident']])
            if not any(n in self.facts and self.facts[n]['status'] == 'open'
                       and not self.muted(n) for n in names) and \
                    not any(self.needy(n) for n in names if n in self.facts):
                raise Wrong(f'{m["key"]} waits, and calls for nothing')

    def live(self, steps):
        self.run('tick')
        for _ in range(steps):
            for _ in range(self.random.choice((0, 1, 1, 2, 3))):
                self.now += timedelta(seconds=self.random.choice(
                    (0, 1, 5, 20)))
                self.deed()
            self.now += timedelta(seconds=self.random.choice(
                (0, 10, 30, 60, 60, 300, 900, 5000)))
            self.look()
            self.tick()


def name_of(row):
    day, number = divmod(row['num'], PER_DAY)
    return f'INC-{day}-{number:04d}'


def main():
    seed, steps = int(sys.argv[1]), int(sys.argv[2])
    print(f'seed {seed}, {steps} steps')
    w = World(seed)
    try:
        w.live(steps)
    except Wrong as e:
        print(f'seed {seed}: {w.now}: {e}')
        print(subprocess.run(['tail', '-n', '25', 'deeds'], text=True,
                             stdout=subprocess.PIPE).stdout)
        sys.exit(1)


main()
