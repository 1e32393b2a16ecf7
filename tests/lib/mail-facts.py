#!/usr/bin/python3
"""Reads one mail from standard input, as it arrived, and prints what a mail
program makes of it as JSON: headers, parts, and defects that it found."""
import email
import email.policy
import json
import re
import sys

raw = sys.stdin.buffer.read()
mail = email.message_from_bytes(raw, policy=email.policy.default)
parts = {p.get_content_type(): p.get_content().replace("\r\n", "\n")
         for p in mail.walk() if not p.is_multipart()}
defects = [type(d).__name__ for p in mail.walk() for d in p.defects]
defects += [f"{k}: {d}" for k, v in mail.items()
            if k.lower() not in ("received", "envelope-to")
            for d in getattr(v, "defects", ())]
head = re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[0]
if any(b > 126 for b in head):
    defects.append("a header that is not ASCII")
if any(len(line) > 998 for line in raw.splitlines()):
    defects.append("a line of more than 998 bytes")
if any(len(line) > 78 for line in raw.split(b"\n\n", 1)[-1].splitlines()):
    defects.append("a line of a body of more than 78 bytes")
json.dump({"headers": {k.lower(): str(v) for k, v in mail.items()},
           "names": [k.lower() for k in mail.keys()],
           "type": mail.get_content_type(), "parts": parts,
           "defects": defects}, sys.stdout, ensure_ascii=False)
print()
