#!/usr/bin/env python3
"""A second verifier of CertFunctions evidence bundles, archives and exports, written from docs/ledger-format.md.

It shares no code with the service and needs nothing beyond the Python 3 standard library, and the modules beside it.

    proofs.py bundle  FILE [--key VKEY ...]                       an evidence bundle
    proofs.py archive FOLDER --org ORG [--key VKEY ...] [--checkpoint NOTE ...]
    proofs.py export  FILE --org ORG [--mac ID=HEX ...] [--key VKEY ...] [--checkpoint NOTE ...]

Keys given are the log's and are believed; without any, signatures are held against what the source brings along. Prints one JSON object; exit 0 means valid.
"""
import argparse
import hashlib
import json
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import ledger
from ledger import sha256
from notes import Wrong, b64, parse_checkpoint, parse_note, signed_by
from rotations import Keys, rotation

# The tree (RFC 6962, 2.1; RFC 9162, 2.1.3.2)

def node(left, right):
    return sha256(b"\1", left, right)

class Tree:
    """The roots of the whole subtrees so far, the largest first, with their sizes."""
    def __init__(self):
        self.size, self.peaks = 0, []

    def push(self, leaf_hash):
        self.size += 1
        self.peaks.append((1, leaf_hash))
        while len(self.peaks) > 1 and self.peaks[-2][0] == self.peaks[-1][0]:
            (n, right), (_, left) = self.peaks.pop(), self.peaks.pop()
            self.peaks.append((2 * n, node(left, right)))

    def root(self):
        if not self.peaks:
            return sha256()
        found = self.peaks[-1][1]
        for _, left in reversed(self.peaks[:-1]):
            found = node(left, found)
        return found

def included(leaf_hash, index, size, path, root):
    fn, sn, found = index, size - 1, leaf_hash
    if not 0 <= index < size:
        return False
    for sibling in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            found = node(sibling, found)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            found = node(found, sibling)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and found == root

# An evidence bundle

EVENT = re.compile(r'\{"index":(0|[1-9][0-9]*),"event":')
ROTATION = re.compile(r'\{"rotation":(0|[1-9][0-9]*),"event":')
PROOF = re.compile(r'(?:,"salt":"([0-9a-f]{64})")?,"proof":\[((?:"[A-Za-z0-9+/]{43}=",?)*)\]\}')

def bundle(data, keys):
    lines = data.split(b"\n")
    if not lines[0]:
        raise Wrong("incomplete", "there is no whole line in it")
    if lines.pop():
        raise Wrong("incomplete", "the last line is cut off")
    try:
        manifest = json.loads(lines[0])
        subject = manifest["subject"]
        if json.dumps(manifest, separators=(",", ":"), ensure_ascii=False).encode() != lines[0] or list(manifest) != [
                "certfn_evidence", "origin", "ledger", "project", "subject", "size", "first_seq", "last_seq", "count"] or manifest["certfn_evidence"] != 1:
            raise ValueError("other members or another spelling")
        first, last, size = manifest["first_seq"], manifest["last_seq"], manifest["size"]
        if first < 1 or manifest["count"] != last - first + 1 or last < first:
            raise ValueError("it does not add up")
        second = json.loads(lines[1])
        if json.dumps(second, separators=(",", ":"), ensure_ascii=False).encode() != lines[1] or list(second) != ["checkpoint", "keys"]:
            raise ValueError("not a checkpoint and keys")
        note = parse_note(second["checkpoint"])
        checkpoint = parse_checkpoint(note[0])
        own = signed_by(note, second["keys"])
    except IndexError:
        raise Wrong("incomplete", "it has no checkpoint") from None
    except (ValueError, KeyError, TypeError) as error:
        raise Wrong("tampered", "manifest or checkpoint: %s" % error) from None
    if (checkpoint["origin"], checkpoint["size"]) != (manifest["origin"], size):
        raise Wrong("tampered", "the manifest is of another checkpoint")
    followed, pinned, last_rotation = Keys(keys), None, -1
    seq, last_index, ended = first, -1, False
    address = (manifest["ledger"], manifest["project"], subject["kind"], subject["id"])
    for number, line in enumerate(lines[2:], 3):
        if ended:
            raise Wrong("tampered", "something follows the last line")
        if pinned is None and line.startswith(b'{"rotation":'):
            event, index = check_event(line, number, checkpoint, size, ROTATION)
            leaf = line[line.index(b"{", 1):line.rindex(b',"proof":')]
            if not rotation(leaf) or event["org_id"] != manifest["ledger"] or index <= last_rotation:
                raise Wrong("tampered", "line %d is no rotation of this log's key, or out of its order" % number, index)
            followed.push(index, leaf)
            last_rotation = index
            continue
        if pinned is None and not (number == 3 and line.startswith(b'{"time_stamp":')):
            pinned = followed.sign(note, size) if keys else own
        if line.startswith(b'{"sha256":'):
            ended = True
            if seq <= last:
                raise Wrong("incomplete", "the event with seq %d is missing" % seq)
            if line != b'{"sha256":"%s"}' % hashlib.sha256(b"".join(l + b"\n" for l in lines[:number - 1])).hexdigest().encode():
                raise Wrong("tampered", "the digest is not that of the lines")
        elif number == 3 and line.startswith(b'{"time_stamp":'):
            if not re.fullmatch(rb'\{"time_stamp":"[A-Za-z0-9+/]+=*"\}', line):
                raise Wrong("tampered", "the time stamp's line is not one")
        else:
            event, index = check_event(line, number, checkpoint, size)
            if (event["org_id"], event["project_id"], event["subject"]["kind"], event["subject"]["id"]) != address:
                raise Wrong("tampered", "line %d is of another subject" % number, index)
            if event["seq"] > seq:
                raise Wrong("incomplete", "the event with seq %d is missing" % seq)
            if event["seq"] < seq or index <= last_index or seq > last:
                raise Wrong("tampered", "seq %d is out of its order" % event["seq"], index)
            seq, last_index = seq + 1, index
    pinned = pinned if pinned is not None else followed.sign(note, size) if keys else own
    if seq <= last:
        raise Wrong("incomplete", "the event with seq %d is missing" % seq)
    if not ended:
        raise Wrong("incomplete", "the last line is missing")
    if first > 1:
        raise Wrong("incomplete", "it begins at seq %d" % first)
    if not pinned:
        raise Wrong("unverifiable", "no known key has signed the checkpoint")
    return {"verdict": "valid", "entries": last - first + 1}

def check_event(line, number, checkpoint, size, opening=EVENT):
    index = None
    try:
        text = line.decode("utf-8", "strict")
        start = opening.match(text)
        leaf, event, end = ledger.object_at(text, start.end())
        part = None
        if text.startswith(',"personal":', end):
            part, _, end = ledger.object_at(text, end + len(',"personal":'))
        tail = PROOF.fullmatch(text, end)
        index = int(start.group(1))
        salt, path = tail.group(1), [b64(item[1:-1]) for item in tail.group(2).split(",") if item]
        if '",]' in text[end:] or '""' in text[end:] or (salt is None) != (part is None):
            raise ValueError("not an event's line")
    except (ValueError, AttributeError, RecursionError) as error:
        raise Wrong("tampered", "line %d: %s" % (number, error)) from None
    if not included(ledger.leaf_hash(leaf), index, size, path, checkpoint["root"]):
        raise Wrong("tampered", "line %d is not what the checkpoint commits to" % number, index)
    if part is not None and sha256(bytes.fromhex(salt), part).hex() != event["personal"]:
        raise Wrong("tampered", "line %d: personal part or salt is not what the event commits to" % number, index)
    return event, index

# Checkpoints held against leaves, and an archive

def hold(roots, count, notes, keys):
    """Roots by size, of as many leaves as there are, against checkpoints: (note text, kept where it cannot be changed)."""
    agreed, good = 0, not keys.pinned
    for text, kept in sorted(notes, key=lambda n: parse_checkpoint(parse_note(n[0])[0])["size"]):
        note = parse_note(text)
        checkpoint = parse_checkpoint(note[0])
        signed = keys.sign(note, checkpoint["size"])
        if not (signed or kept or not keys.pinned):
            continue
        good |= signed
        if checkpoint["size"] > count:
            raise Wrong("truncated", "a checkpoint names %d entries and %d are there" % (checkpoint["size"], count), count)
        if roots[checkpoint["size"]] != checkpoint["root"]:
            raise Wrong("forked", "the checkpoint of size %d is of another history" % checkpoint["size"], agreed)
        agreed = checkpoint["size"]
    if not good:
        raise Wrong("unverifiable", "there is no checkpoint under a known key")
    return {"verdict": "valid", "entries": count}

def sizes_of(notes):
    return {parse_checkpoint(parse_note(text)[0])["size"] for text, _ in notes}

def path_of(number):
    parts = ["%03d" % (number % 1000)]
    while number >= 1000:
        number //= 1000
        parts.insert(0, "x%03d" % (number % 1000))
    return os.path.join(*parts)

def read_tile(folder, level, number, width):
    for name in ([path_of(number)] if width == 256 else [path_of(number) + ".p/%d" % width, path_of(number)]):
        try:
            with open(os.path.join(folder, "tile", level, name), "rb") as file:
                return file.read()
        except FileNotFoundError:
            pass
    raise Wrong("incomplete", "the tile %s/%d of %d is not there" % (level, number, width), number * 256 if level in ("0", "entries") else None)

def archive(folder, org, notes, keys):
    kept, folder = [], os.path.join(folder, org)
    for parent, _, names in os.walk(os.path.join(folder, "checkpoint")):
        for name in names:
            with open(os.path.join(parent, name), encoding="utf-8", newline="") as file:
                text = file.read()
            try:
                if "%018d" % parse_checkpoint(parse_note(text)[0])["size"] != "".join(os.path.relpath(parent, folder).split(os.sep)[1:7]):
                    raise ValueError("of another size than its name says")
            except ValueError as error:
                raise Wrong("tampered", "%s: %s" % (name, error)) from None
            kept.append((text, True))
    if not kept:
        raise Wrong("incomplete", "there is no checkpoint in it")
    size, wanted, tree, roots, row, followed = max(sizes_of(kept)), sizes_of(kept + notes), Tree(), {0: sha256()}, [], Keys(keys)
    for number in range((size + 255) // 256):
        width = min(256, size - 256 * number)
        data, tile = read_tile(folder, "entries", number, width), read_tile(folder, "0", number, width)
        for i in range(width):
            length = int.from_bytes(data[:2], "big")
            leaf, data = data[2:2 + length], data[2 + length:]
            if len(leaf) != length or length == 0:
                raise Wrong("tampered", "the bundle %d is cut off" % number, 256 * number + i)
            if ledger.leaf_hash(leaf) != tile[32 * i:32 * i + 32]:
                raise Wrong("tampered", "tile and bundle %d differ" % number, 256 * number + i)
            tree.push(ledger.leaf_hash(leaf))
            followed.push(256 * number + i, leaf)
            if tree.size in wanted:
                roots[tree.size] = tree.root()
        if width == 256:
            row.append(tile[:8192])
    level = 1
    while row:
        hashes = []
        for tile in row:
            part = Tree()
            for i in range(256):
                part.push(tile[32 * i:32 * i + 32])
            hashes.append(part.root())
        row = []
        for number in range((len(hashes) + 255) // 256):
            computed = b"".join(hashes[256 * number:256 * number + 256])
            if read_tile(folder, str(level), number, len(computed) // 32)[:len(computed)] != computed:
                raise Wrong("tampered", "the tile %d/%d is not what those below it give" % (level, number), number << 8 * (level + 1))
            if len(computed) == 8192:
                row.append(computed)
        level += 1
    return hold(roots, size, kept + notes, followed)

def export(path, org, notes, keys, macs):
    with open(path, "rb") as file:
        data = file.read()
    found = ledger.verify(data, org, macs)
    if found["verdict"] != "valid" and found["verdict"] != "unverifiable":
        return found
    tree, wanted, followed = Tree(), sizes_of(notes), Keys(keys if notes else [])
    roots = {0: sha256()}
    for line in data.split(b"\n")[:-1]:
        text = line.decode()
        leaf = ledger.object_at(text, ledger.START.match(text).end())[0]
        followed.push(tree.size, leaf)
        tree.push(ledger.leaf_hash(leaf))
        if tree.size in wanted:
            roots[tree.size] = tree.root()
    held = hold(roots, tree.size, notes, followed)
    return found if found["verdict"] == "unverifiable" else held

def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["bundle", "archive", "export"])
    parser.add_argument("source")
    parser.add_argument("--org", default="")
    for option in ("--key", "--checkpoint", "--mac"):
        parser.add_argument(option, action="append", default=[])
    a = parser.parse_args()
    try:
        notes = []
        for path in a.checkpoint:
            with open(path, encoding="utf-8", newline="") as file:
                notes.append((file.read(), False))
        if a.kind == "bundle":
            with open(a.source, "rb") as file:
                report = bundle(file.read(), a.key)
        elif a.kind == "archive":
            report = archive(a.source, a.org, notes, a.key)
        else:
            report = export(a.source, a.org, notes, a.key, {name: bytes.fromhex(key) for name, _, key in (m.partition("=") for m in a.mac)})
    except Wrong as wrong:
        report = wrong.report
    print(json.dumps(report))
    return 0 if report["verdict"] == "valid" else 1

if __name__ == "__main__":
    sys.exit(main())
