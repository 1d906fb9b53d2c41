#!/usr/bin/env python3
"""Computes the golden vectors anew, and what a test asks for, from docs/ledger-format.md and docs/cursor-format.md. Shares no code with the service.

    vectors.py check FILE ...                        every golden vector of a file; exit 1 names the first that differs
    vectors.py canonical-lines                       RFC 8785 of one JSON value a line, "refused" where there is no canonical form
    vectors.py leaf-hash                             leaf bytes on stdin, hex on stdout
    vectors.py cursor-encode --key HEX --seq N       the query on stdin
    vectors.py cursor-decode CURSOR --key HEX        the query on stdin
"""
import argparse
import base64
import datetime
import decimal
import hashlib
import hmac
import json
import re
import struct
import sys

from verify import check_lines, entry_hash, genesis, leaf_hash, sha256

MAX_DEPTH = 32  # of one value at the door; a leaf nests its payload a little deeper

class Refused(ValueError):
    """Input that has no canonical form."""

# RFC 8785

def es6(value):
    """ECMAScript's Number::toString: s are the shortest digits that give the double back, n says where their point stands."""
    if value == 0:
        return "0"
    _, digits, exponent = decimal.Decimal(repr(abs(value))).as_tuple()
    n = len(digits) + exponent
    s = "".join(map(str, digits)).rstrip("0")
    k, sign = len(s), "-" if value < 0 else ""
    if k <= n <= 21:
        return sign + s + "0" * (n - k)
    if 0 < n <= 21:
        return sign + s[:n] + "." + s[n:]
    if -6 < n <= 0:
        return sign + "0." + "0" * -n + s
    return sign + s[0] + ("." + s[1:] if k > 1 else "") + "e" + "-+"[n > 0] + str(abs(n - 1))

def number(token):
    value = float(token)
    if value - value != 0 or decimal.Decimal(token) != decimal.Decimal(es6(value)):
        raise Refused("a double does not give these digits back: " + token)
    return value

def members(pairs):
    if len(dict(pairs)) < len(pairs):
        raise Refused("a member comes twice")
    return dict(pairs)

DECODER = json.JSONDecoder(object_pairs_hook=members, parse_float=number, parse_int=number, parse_constant=number)

def parse(data):
    try:
        text = data.decode("utf-8", "strict").strip(" \t\r\n")
        value, end = DECODER.raw_decode(text)
    except (ValueError, RecursionError, decimal.InvalidOperation) as error:
        raise Refused(str(error)) from None
    if end != len(text):
        raise Refused("more than one value")
    return value

ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}

def string(text):
    if any("\ud800" <= c <= "\udfff" for c in text):
        raise Refused("lone surrogate")
    return '"' + "".join(ESCAPES.get(c) or ("\\u%04x" % ord(c) if c < " " else c) for c in text) + '"'

def printed(value, room):
    if isinstance(value, (dict, list)) and room == 0:
        raise Refused("nested too deep")
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return string(value)
    if isinstance(value, (int, float)):
        return es6(float(value))
    if isinstance(value, list):
        return "[" + ",".join(printed(item, room - 1) for item in value) + "]"
    names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
    return "{" + ",".join(string(name) + ":" + printed(value[name], room - 1) for name in names) + "}"

def canonical(value, room=MAX_DEPTH):
    return printed(value, room).encode("utf-8")

# Leaf, personal part, cursor

def mac(key, message):
    return hmac.new(key, message, hashlib.sha256).digest()

def utc(text):
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?([Zz]|[+-]\d\d:\d\d)", text)
    if not match:
        raise Refused("not an RFC 3339 time: " + text)
    date, time, fraction, zone = match.groups()
    moment = datetime.datetime.fromisoformat(date + "T" + time + ("+00:00" if zone in "Zz" else zone))
    fraction = (fraction or "").rstrip("0")
    return moment.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S") + ("." + fraction if fraction else "") + "Z"

def leaf_and_personal_part(event, catalogue, given):
    """From the event as submitted, what the catalogue says of its type, and what the service adds."""
    data, actor, subject = event.get("data", {}), event["actor"], event["subject"]
    hidden = {name: data[name] for name in data if name in catalogue["personal"]}
    who = {name: actor[name] for name in ("id", "name") if name in actor}
    personal = canonical({"actor": who, **({"data": hidden} if hidden else {})}, MAX_DEPTH + 3)
    leaf = {"actor": {"type": actor["type"]}, "data": {name: data[name] for name in data if name not in hidden},
            "id": event["id"], "module": catalogue["module"], "occurred_at": utc(event.get("occurred_at", given["recorded_at"])),
            "org_id": given["org_id"], "personal": sha256(bytes.fromhex(given["salt"]), personal).hex(),
            "project_id": given["project_id"], "recorded_at": utc(given["recorded_at"]), "seq": given["seq"],
            "severity": event.get("severity", catalogue["severity"]), "status": event.get("status", catalogue["status"]),
            "subject": {"id": subject["id"], "kind": subject["kind"]}, "type": catalogue["type"], "v": 1}
    if event["type"] != catalogue["type"]:
        leaf["submitted_type"] = event["type"]
    optional = {"correlation_id": event.get("correlation_id"), "traceparent": given.get("traceparent")}
    leaf.update({name: value for name, value in optional.items() if value is not None})
    return canonical(leaf, MAX_DEPTH + 3), personal

def cursor_encode(key, query, seq):
    body = b"\1" + sha256(b"CertFunctions/cursor/v1\0", canonical(query))[:16] + seq.to_bytes(8, "big")
    return base64.urlsafe_b64encode(body + mac(key, body)[:16]).rstrip(b"=").decode()

def cursor_decode(key, query, cursor):
    """The seq; None where the cursor was altered or is another query's."""
    if not re.fullmatch("[A-Za-z0-9_-]{55}", cursor):
        return None
    seq = int.from_bytes(base64.urlsafe_b64decode(cursor + "=")[17:25], "big")
    return seq if cursor_encode(key, query, seq) == cursor else None

# Golden vectors: each function gives what must stand in the vector, member by member

def leaf_vector(v):
    leaf, personal = leaf_and_personal_part(v["submitted"], v["catalogue"], v["given"])
    return {"leaf": leaf.decode(), "personal": personal.decode(), "leaf_hash": leaf_hash(leaf).hex(),
            "commitment": sha256(bytes.fromhex(v["given"]["salt"]), personal).hex()}

def chain_vector(v):
    previous, entries, lines = genesis(v["ledger"]), [], []
    keys = {name: bytes.fromhex(key) for name, key in v["keys"].items()}
    for index, e in enumerate(v["entries"]):
        hash_of_leaf = leaf_hash(e["leaf"].encode())
        computed = entry_hash(index, previous, hash_of_leaf)
        stated = {"leaf_hash": hash_of_leaf.hex(), "previous_hash": previous.hex(), "hash": computed.hex(),
                  "mac": mac(keys[e["key_id"]], computed).hex()}
        kept = ',"personal":%s,"salt":"%s"' % (e["personal"], e["salt"]) if "personal" in e else ""
        lines.append('{"v":1,"ledger":"%s","index":%d,"previous_hash":"%s","hash":"%s","key_id":"%s","mac":"%s","event":%s%s}' % (
            v["ledger"], index, stated["previous_hash"], stated["hash"], e["key_id"], stated["mac"], e["leaf"], kept))
        entries.append({**e, **stated})
        previous = computed
    found = check_lines("".join(line + "\n" for line in lines).encode(), v["ledger"], keys, [], []).verdict if lines else "valid"
    return {"genesis": genesis(v["ledger"]).hex(), "entries": entries, "lines": lines, "verdict": found}

def cursor_vector(v):
    key, cursor = bytes.fromhex(v["key"]), cursor_encode(bytes.fromhex(v["key"]), v["query"], int(v["seq"]))
    return {"cursor": cursor, "seq": cursor_decode(key, v["query"], cursor)}

def canonical_vector(v):
    if "bits" in v:
        return {"canonical": es6(struct.unpack(">d", bytes.fromhex(v["bits"]))[0])}
    try:
        return {"canonical": canonical(parse(bytes.fromhex(v["hex"]) if "hex" in v else v["json"].encode())).decode()}
    except Refused:
        return {"canonical": None}

def check_vectors(path):
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    compute = globals()[document["format"] + "_vector"]
    for vector in document["vectors"]:
        computed = compute(vector)
        for name, value in computed.items():
            if vector.get(name, "nothing") != value:
                return "%s: %s: %s is %s, computed %s" % (path, vector["name"], name, vector.get(name), value)
    return None if document["vectors"] else path + ": no vectors"

def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", choices=["check", "canonical-lines", "leaf-hash", "cursor-encode", "cursor-decode"])
    parser.add_argument("given", nargs="*")
    parser.add_argument("--key", type=bytes.fromhex)
    parser.add_argument("--seq", type=int)
    a = parser.parse_args()
    if a.verb == "check":
        faults = [fault for fault in map(check_vectors, a.given) if fault]
        print(faults[0] if faults else "%d files agree" % len(a.given))
        return 1 if faults else 0
    given = sys.stdin.buffer.read()
    if a.verb == "leaf-hash":
        print(leaf_hash(given).hex())
    elif a.verb == "canonical-lines":
        for line in given.split(b"\n")[:-1]:
            sys.stdout.buffer.write((canonical_vector({"hex": line.hex()})["canonical"] or "refused").encode() + b"\n")
    elif a.verb == "cursor-encode":
        print(cursor_encode(a.key, parse(given), a.seq))
    else:
        seq = cursor_decode(a.key, parse(given), a.given[0])
        print("refused" if seq is None else seq)
        return int(seq is None)
    return 0

if __name__ == "__main__":
    try:
        sys.exit(main())
    except Refused as refusal:
        sys.exit("refused: %s" % refusal)
