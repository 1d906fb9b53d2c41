#!/usr/bin/env python3
"""A second verifier of CertFunctions ledgers, evidence bundles and archives, written from docs/ledger-format.md and docs/evidence-format.md alone.

    verify.py SOURCE [--org ORG] [--key VKEY ...] [--mac ID=HEX ...] [--checkpoint NOTE ...]

SOURCE is an evidence bundle, a file of ledger lines (an export, a sink's file), or an archive's folder with the ledger of ORG. Keys given are believed; without
any, signatures are held against what the source brings along. Prints one JSON object; exit 0: valid. Shares no code with the service, needs openssl, reads a
source whole. Left out: cosignatures, what a rotation means (give the key in force), of a time stamp all but that it is over the checkpoint's text.
"""
import argparse
import base64
import collections
import contextlib
import functools
import hashlib
import hmac
import json
import pathlib
import re
import subprocess
import tempfile

class Verdict(ValueError):
    """What verification ends with: returned by who has checked everything, raised by who finds otherwise before."""
    def __init__(self, verdict, index=None, detail=None, entries=None):
        super().__init__(detail)
        self.verdict, self.index, self.detail, self.entries = verdict, index, detail, entries

def demand(condition, detail, verdict="tampered", index=None):
    if not condition:
        raise Verdict(verdict, index, detail)

@contextlib.contextmanager
def reading(what, index=None):
    """Whatever in there is not as the format says was altered."""
    try:
        yield
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Verdict("tampered", index, "%s: %s" % (what, error)) from None

# Hashes, the chain and the tree (ledger-format 3 and 5)
def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()

def leaf_hash(leaf):
    return sha256(b"\0", leaf)
def genesis(org):
    return sha256(b"CertFunctions/ledger/v1\0", org.encode("ascii"))
def entry_hash(index, previous, hash_of_leaf):
    return sha256(b"CertFunctions/chain/v1\0", index.to_bytes(8, "big"), previous, hash_of_leaf)

def tree(leaf_hashes):
    """MTH, as a function of where its leaves start and end. What several trees have in common is computed once."""
    @functools.lru_cache(maxsize=None)
    def root(start, end):
        if end - start < 2:
            return leaf_hashes[start] if end > start else sha256()
        half = start + (1 << (end - start - 1).bit_length() - 1)
        return sha256(b"\1", root(start, half), root(half, end))
    return root

def root_from(leaf, index, size, path):
    """Where an inclusion path leads, whose last hash is of the other half of the tree (RFC 9162, 2.1.3.1)."""
    demand(0 <= index < size and bool(path) == (size > 1), "its proof is of another length")
    if size == 1:
        return leaf
    half = 1 << (size - 1).bit_length() - 1
    if index < half:
        return sha256(b"\1", root_from(leaf, index, half, path[:-1]), path[-1])
    return sha256(b"\1", path[-1], root_from(leaf, index - half, size - half, path[:-1]))

# Keys, notes and checkpoints (ledger-format 7 and 8)
P256 = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")  # SubjectPublicKeyInfo up to x and y
SIGNATURE = re.compile("\u2014 ([^\\s+]+) ([^\\s=]{7}\\S+)")
CHECKPOINT = re.compile(r"([^\s+]+)\n(0|[1-9][0-9]*)\n(.{43}=)\nchain ([0-9a-f]{64})\ntime (\d{4}(?:-\d\d){2}T\d\d(?::\d\d){2}Z)\n(?:(?!chain |time ).+\n)*")
Checkpoint = collections.namedtuple("Checkpoint", "size time origin root chain text signatures")

def b64(text):
    data = base64.b64decode(text, validate=True)
    demand(base64.b64encode(data).decode() == text, "base64 of another spelling")
    return data

def parse_key(vkey):
    """Name, id and SubjectPublicKeyInfo; the last is None for a type of key that is not checked here."""
    name, key_id, encoded = vkey.split("+", 2)
    kind, key = b64(encoded)[:1], b64(encoded)[1:]
    demand(kind != b"\2" or len(key) == 91 and key.startswith(P256) and sha256(key)[:4].hex() == key_id, "not a P-256 key with its id")
    return name, key_id, key if kind == b"\2" else None

def parse_checkpoint(note):
    demand(not re.search("[\0-\x09\x0b-\x1f]", note) and note.endswith("\n"), "it is not a note")
    text, _, tail = note.rpartition("\n\n")
    fields, lines = CHECKPOINT.fullmatch(text + "\n"), [SIGNATURE.fullmatch(line) for line in tail[:-1].split("\n")]
    demand(fields and all(lines), "it is not a signed checkpoint")
    origin, size, root, chain, time = fields.groups()
    signatures = tuple((line[1], b64(line[2])[:4].hex(), b64(line[2])[4:]) for line in lines)
    return Checkpoint(int(size), time, origin, b64(root), chain, text + "\n", signatures)

def openssl_verifies(key, text, signature):
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "key").write_text("-----BEGIN PUBLIC KEY-----\n%s-----END PUBLIC KEY-----\n" % base64.encodebytes(key).decode())
        pathlib.Path(folder, "signature").write_bytes(signature)
        command = ["openssl", "dgst", "-sha256", "-verify", "key", "-signature", "signature"]
        return subprocess.run(command, cwd=folder, input=text.encode(), capture_output=True, check=False).returncode == 0

def signed_by(checkpoint, keys):
    """Whether one of the keys has signed it; tampered where one is named and has not."""
    named = [(key, value) for name, key_id, key in keys for *signer, value in checkpoint.signatures if key and signer == [name, key_id]]
    for key, value in named:
        demand(openssl_verifies(key, checkpoint.text, value), "a signature on the checkpoint of size %d is not that key's" % checkpoint.size)
    return bool(named)

def hold(found, size, root, chain_at, archived, others, keys):
    """The report that was found, if the checkpoints agree. Those of an archive count whoever signed them."""
    signed, agreed = {c: signed_by(c, keys) for c in archived + others}, 0
    for c in sorted(c for c in signed if signed[c] or c in archived or not keys):
        demand(c.size <= size, "a checkpoint names %d entries and %d are there" % (c.size, size), "truncated", size)
        if root:
            same = root(0, c.size) == c.root and chain_at.get(c.size, c.chain) == c.chain
            demand(same, "the checkpoint of size %d is of another history" % c.size, "forked", agreed)
            agreed = c.size
    demand(found.verdict != "pruned" or agreed > found.index, "no checkpoint commits to what is gone and to what follows it", index=0)
    demand(found.verdict not in ("valid", "pruned") or not keys or any(signed.values()), "there is no checkpoint under a known key", "unverifiable")
    return found

# An event in its line (ledger-format 2 and 4; evidence-format)
PERSONAL, SALT, JSON = ',"personal":', re.compile(',"salt":"([0-9a-f]{64})"'), json.JSONDecoder()

def read_event(opening, line):
    """What the opening captures, the leaf to the byte, its members, and what follows. Personal part and salt must be those the leaf commits to."""
    text = line.decode()
    start = opening.match(text)
    demand(start, "it is not a line of this format")
    event, end = JSON.raw_decode(text, start.end())
    leaf = text[start.end():end].encode()
    demand(event["v"] == 1, "it holds no event of format 1")
    if text.startswith(PERSONAL, end):
        begin = end + len(PERSONAL)
        _, end = JSON.raw_decode(text, begin)
        salt = SALT.match(text, end)
        demand(salt and sha256(bytes.fromhex(salt[1]), text[begin:end].encode()).hex() == event["personal"], "personal part or salt is another")
        end = salt.end()
    return start.groups(), leaf, event, text[end:]

# Ledger lines (ledger-format 4 and 10)
LINE = re.compile('{"v":1,"ledger":"([A-Za-z0-9._-]+)","index":(0|[1-9][0-9]*),"previous_hash":"([0-9a-f]{64})","hash":"([0-9a-f]{64})",'
                  '"key_id":"([A-Za-z0-9._-]{1,32})","mac":"([0-9a-f]{64})","event":')

def check_lines(data, org, macs, checkpoints, keys):
    *lines, torn = data.split(b"\n")
    demand(lines, "there is no whole line in it", "incomplete")
    with reading("the first line", 0):
        (ledger, first, link, *_), *_ = read_event(LINE, lines[0])
    org, first = org or ledger, int(first)
    previous = bytes.fromhex(link) if first else genesis(org)
    leaf_hashes, chain_at, without_key = [], {first: previous.hex()}, None
    for index, line in enumerate(lines, first):
        with reading("entry %d" % index, index):
            (ledger, number, link, stated, key_id, mac), leaf, event, rest = read_event(LINE, line)
            demand(rest == "}" and ledger == event["org_id"] == org, "it is of another ledger")
            demand(int(number) == index and link == previous.hex(), "its index or previous_hash does not belong here")
            leaf_hashes.append(leaf_hash(leaf))
            previous = entry_hash(index, previous, leaf_hashes[-1])
            demand(previous.hex() == stated, "its hash does not follow from the event and the entry before")
            chain_at[index + 1] = stated
            if key_id in macs:
                demand(hmac.new(macs[key_id], previous, hashlib.sha256).hexdigest() == mac, "its mac was not made with key " + key_id)
            elif macs:
                without_key = without_key or Verdict("unverifiable", index, "there is no key " + key_id, len(lines))
    found = without_key or Verdict("valid", entries=len(lines))
    if not without_key and (torn or first):
        found = Verdict("incomplete", index + 1 if torn else 0, "the last line is cut off" if torn else "what came before the first is not in it", len(lines))
    return hold(found, index + 1, None if first else tree(leaf_hashes), chain_at, [], checkpoints, keys)

# An evidence bundle (evidence-format)
EVENT = re.compile('{"(index|rotation)":(0|[1-9][0-9]*),"event":')
MANIFEST = ["certfn_evidence", "origin", "ledger", "project", "subject", "size", "first_seq", "last_seq", "count"]

def spelled(line, names):
    value = JSON.decode(line.decode())
    demand(list(value) == names and json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode() == line, "other members or another spelling")
    return value

def check_bundle(data, pinned):
    *lines, torn = data.split(b"\n")
    demand(lines, "there is no whole line in it", "incomplete")
    with reading("the manifest"):
        manifest = spelled(lines[0], MANIFEST)
        version, *_, size, seq, last, count = manifest.values()
        demand(all(type(n) is int for n in (version, size, seq, last, count)) and version == 1 and 1 <= seq <= last == seq + count - 1, "it does not add up")
    demand(lines[1:], "it has no checkpoint", "incomplete")
    with reading("the checkpoint"):
        second = spelled(lines[1], ["checkpoint", "keys"])
        checkpoint, own = parse_checkpoint(second["checkpoint"]), [parse_key(key) for key in second["keys"]]
        demand((checkpoint.origin, checkpoint.size) == (manifest["origin"], size), "it is not the manifest's")
        by_own, by_pinned = signed_by(checkpoint, own), signed_by(checkpoint, pinned)
    digest, last_index = None, -1
    for number, line in enumerate(lines[2:], 2):
        digest = re.fullmatch(b'{"sha256":"([0-9a-f]{64})"}', line)
        if digest:
            break
        if number == 2 and line.startswith(b'{"time_stamp":'):
            with reading("the time stamp"):
                token, hashes = b64(spelled(line, ["time_stamp"])["time_stamp"]), (hashlib.sha256, hashlib.sha384, hashlib.sha512)
                demand(any(of(checkpoint.text.encode()).digest() in token for of in hashes), "it is over another text")
            continue
        index, found = check_event(line, number, manifest, checkpoint)
        if found is None and last_index < 0:
            continue
        demand(not found or found <= seq, "the event with seq %d is missing" % seq, "incomplete")
        demand(found == seq <= last and index > last_index, "seq %d is out of its order" % found, index=index)
        seq, last_index = seq + 1, index
    demand(seq > last, "the event with seq %d is missing" % seq, "incomplete")
    demand(digest and not torn, "its last line is missing or cut off", "incomplete")
    before = sha256(*(line + b"\n" for line in lines[:number])).hex().encode()
    demand(digest[1] == before and number == len(lines) - 1, "its digest is not that of the lines before, or something follows it")
    demand(count == last, "it begins after seq 1", "incomplete")
    demand(by_pinned if pinned else by_own, "no known key has signed the checkpoint", "unverifiable")
    return Verdict("valid", entries=count)

def check_event(line, number, manifest, checkpoint):
    opening = EVENT.match(line.decode(errors="replace"))
    index = int(opening[2]) if opening else None
    with reading("line %d" % (number + 1), index):
        _, leaf, event, rest = read_event(EVENT, line)
        path = [b64(sibling) for sibling in spelled(rest.replace(",", "{", 1).encode(), ["proof"])["proof"]]
        demand(all(len(sibling) == 32 for sibling in path), "its proof is not of hashes")
        demand(root_from(leaf_hash(leaf), index, checkpoint.size, path) == checkpoint.root, "it is not what the checkpoint commits to")
        if opening[1] == "rotation" and (event["org_id"], event["type"]) == (manifest["ledger"], "ledger.key_rotated"):
            return index, None
        demand([event[name] for name in ("org_id", "project_id", "subject")] == list(manifest.values())[2:5], "it is of another subject")
        return index, int(event["seq"])

# An archive (ledger-format 6 and 9)
def read_tile(folder, level, first, width):
    """The tile or bundle that begins with that hash or leaf, or the full one in its place; None where neither is there."""
    digits = str(first // 256)
    *groups, last = re.findall("...", digits.zfill(len(digits) + -len(digits) % 3))
    full = folder.joinpath("tile", level, *("x" + group for group in groups), last)
    return next((path.read_bytes() for path in (full.with_name(last + ".p") / str(width), full) if path.is_file()), None)

def read_checkpoints(folder):
    for path in sorted(folder.glob("checkpoint/" + "/".join("*" * 8))):
        with reading(path.relative_to(folder)):
            checkpoint = parse_checkpoint(path.read_bytes().decode())
            demand("%018d%s" % (checkpoint.size, re.sub("[-T:]", "", checkpoint.time)) == "".join(path.parts[-8:]), "it is of another size or time")
        yield checkpoint

def check_archive(folder, org, others, keys):
    archived = list(read_checkpoints(folder))
    demand(archived, "there is no checkpoint in it", "incomplete")
    size, hashes, pruned = max(archived).size, [], 0
    for first in range(0, size, 256):
        width = min(256, size - first)
        tile, bundle = read_tile(folder, "0", first, width), read_tile(folder, "entries", first, width)
        # Where the first bundles were pruned, their hashes stand for them.
        demand(tile is not None and (bundle is not None or pruned == first and width == 256), "a tile or bundle is not there", "incomplete", first)
        demand(len(tile) >= 32 * width, "a tile is cut off", index=first)
        hashes += [tile[32 * i:32 * i + 32] for i in range(width)]
        pruned = first + width if bundle is None else pruned
        for index in range(max(first, pruned), first + width):
            with reading("entry %d of the bundles" % index, index):
                end = 2 + int.from_bytes(bundle[:2], "big")
                leaf, bundle = bundle[2:end], bundle[end:]
                demand(len(leaf) == end - 2 > 0 and json.loads(leaf)["org_id"] == org, "it is cut off, or of another ledger")
                demand(leaf_hash(leaf) == hashes[index], "its tile has the hash of another event")
    root = tree(hashes)
    for level in range(1, 8):
        span = 256 ** level
        for first in range(0, size // span, 256):
            computed = [root(n * span, (n + 1) * span) for n in range(first, min(first + 256, size // span))]
            tile = read_tile(folder, str(level), first, len(computed))
            demand(tile is not None, "a tile of level %d is not there" % level, "incomplete", first * span)
            demand(tile.startswith(b"".join(computed)), "a tile of level %d is not what those below it give" % level, index=first * span)
    return hold(Verdict("pruned" if pruned else "valid", pruned or None, entries=size - pruned), size, root, {}, archived, others, keys)

def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("--org", default="")
    parser.add_argument("--key", action="append", default=[], type=parse_key)
    parser.add_argument("--mac", action="append", default=[], type=lambda mac: (mac.split("=")[0], bytes.fromhex(mac.split("=")[1])))
    parser.add_argument("--checkpoint", action="append", default=[], type=lambda path: parse_checkpoint(pathlib.Path(path).read_bytes().decode()))
    given = parser.parse_args()
    try:
        if given.source.is_dir():
            found = check_archive(given.source / given.org, given.org, given.checkpoint, given.key)
        elif given.source.read_bytes().startswith(b'{"certfn_evidence":'):
            found = check_bundle(given.source.read_bytes(), given.key)
        else:
            found = check_lines(given.source.read_bytes(), given.org, dict(given.mac), given.checkpoint, given.key)
    except Verdict as verdict:
        found = verdict
    print(json.dumps({"verdict": found.verdict, "entries": found.entries, "first_index": found.index, "detail": found.detail}))
    return 0 if found.verdict == "valid" else 1

if __name__ == "__main__":
    raise SystemExit(main())
