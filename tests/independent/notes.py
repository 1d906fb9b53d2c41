#!/usr/bin/env python3
"""Keys, signed notes and checkpoints (C2SP signed-note, tlog-checkpoint) and ECDSA over P-256, in the standard library alone. For proofs.py."""
import base64
import re

from ledger import sha256

class Wrong(Exception):
    """A verdict other than valid."""
    def __init__(self, verdict, detail, index=None):
        super().__init__(detail)
        self.report = {"verdict": verdict, "first_index": index, "detail": detail}

# ECDSA over P-256 with SHA-256 (FIPS 186-5, 6.4.2; SEC 2, 2.4.2)

P = 2 ** 256 - 2 ** 224 + 2 ** 192 + 2 ** 96 - 1
N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551
B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b
G = (0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296, 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5)
SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")

def add(a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % P == 0:
        return None
    slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, P) if a == b else (b[1] - a[1]) * pow(b[0] - a[0], -1, P)
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P

def times(k, point):
    total = None
    while k:
        if k & 1:
            total = add(total, point)
        point, k = add(point, point), k >> 1
    return total

def der_integers(data):
    """Two positive integers of a SEQUENCE, in the one way DER writes them; None where it is something else."""
    if len(data) < 8 or data[0] != 0x30 or data[1] != len(data) - 2:
        return None
    values, rest = [], data[2:]
    while rest:
        if len(rest) < 3 or rest[0] != 2 or rest[1] == 0 or rest[1] > len(rest) - 2:
            return None
        body, rest = rest[2:2 + rest[1]], rest[2 + rest[1]:]
        if body[0] & 0x80 or (len(body) > 1 and body[0] == 0 and not body[1] & 0x80):
            return None
        values.append(int.from_bytes(body, "big"))
    return values if len(values) == 2 else None

def ecdsa_is_right(spki, message, signature):
    point = int.from_bytes(spki[27:59], "big"), int.from_bytes(spki[59:], "big")
    pair = der_integers(signature)
    if not pair or not all(0 < value < N for value in pair):
        return False
    (r, s), e = pair, int.from_bytes(sha256(message), "big")
    w = pow(s, -1, N)
    found = add(times(e * w % N, G), times(r * w % N, point))
    return found is not None and found[0] % N == r

# Keys, notes and checkpoints (C2SP signed-note, tlog-checkpoint)

def b64(text):
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("base64 of another spelling")
    return data

def key_of(vkey):
    """Name, id and SubjectPublicKeyInfo; the last is None for a type of key that is not checked here."""
    name, key_id, encoded = vkey.split("+", 2)
    data = b64(encoded)
    if data[0] != 2:
        return name, key_id, None
    spki = data[1:]
    x, y = int.from_bytes(spki[27:59], "big"), int.from_bytes(spki[59:], "big")
    if len(spki) != 91 or not spki.startswith(SPKI) or (y * y - x * x * x + 3 * x - B) % P or sha256(spki)[:4].hex() != key_id:
        raise ValueError("not a P-256 key with its id")
    return name, key_id, spki

def parse_note(text):
    body, _, tail = text.rpartition("\n\n")
    signatures = []
    if not body or not tail.endswith("\n"):
        raise ValueError("not a signed note")
    for line in tail[:-1].split("\n"):
        dash, name, encoded = line.split(" ")
        blob = b64(encoded)
        if dash != "\u2014" or len(blob) < 5:
            raise ValueError("not a signature line")
        signatures.append((name, blob[:4].hex(), blob[4:]))
    return body + "\n", signatures

def parse_checkpoint(body):
    lines = body[:-1].split("\n")
    if len(lines) < 3 or not re.fullmatch("0|[1-9][0-9]*", lines[1]) or "" in lines:
        raise ValueError("not a checkpoint")
    root = b64(lines[2])
    if len(root) != 32:
        raise ValueError("its root is not 32 bytes")
    return {"origin": lines[0], "size": int(lines[1]), "root": root}

def signed_by(note, keys):
    """Whether one of the keys has signed it; Wrong where one is named and has not."""
    body, signatures = note
    good = False
    for name, key_id, spki in map(key_of, keys):
        for signer, signer_id, value in signatures:
            if (signer, signer_id) == (name, key_id) and spki:
                if not ecdsa_is_right(spki, body.encode(), value):
                    raise Wrong("tampered", "the signature by %s is not that key's" % name)
                good = True
    return good
