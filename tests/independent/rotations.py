#!/usr/bin/env python3
"""The log's keys, followed from those that are pinned through the leaves (docs/ledger-format.md, section 12). For proofs.py."""
import json

from notes import Wrong, key_of, parse_note, signed_by

ENDING = b',"type":"ledger.key_rotated","v":1}'

def rotation(leaf):
    """Old key, new key and the note of an event by which a log's signing key gives way; None for anything else."""
    if not leaf.endswith(ENDING):
        return None
    try:
        event = json.loads(leaf)
        data, org = event["data"], event["org_id"]
        if (event["type"], event["project_id"], event["subject"]) != ("ledger.key_rotated", "system", {"id": org, "kind": "ledger"}) or data["key_kind"] != "signing":
            return None
        text = "CertFunctions/key-rotation/v1\nledger %s\nkind signing\nold %s\nnew %s\n" % (org, data["old_key"], data["new_key"])
        return data["old_key"], data["new_key"], parse_note("%s\n%s\n" % (text, data["signature"]))
    except (ValueError, KeyError, TypeError):
        return None

class Keys:
    """From each pinned key, those that came after it, each with the smallest checkpoint it may sign."""
    def __init__(self, pinned):
        self.pinned, self.chains = pinned, [[(key, 0)] for key in pinned]

    def push(self, index, leaf):
        found = rotation(leaf)
        for chain in self.chains if found else []:
            old, new, note = found
            try:
                if old == chain[-1][0] and new not in [key for key, _ in chain] and key_of(new)[0] == key_of(old)[0] and signed_by(note, [old]):
                    chain.append((new, index + 1))
            except (Wrong, ValueError):
                pass

    def sign(self, note, size):
        """Whether one of the keys has signed a checkpoint of this size; Wrong where it was not in force there, or one is named and has not."""
        spans = {}
        for chain in self.chains:
            for (key, start), (_, end) in zip(chain, chain[1:] + [(None, None)]):
                spans[key] = max(start, spans.get(key, (0, None))[0]), end
        signers = [key for key in spans if signed_by(note, [key])]
        if signers and not any(start <= size and (end is None or size < end) for start, end in map(spans.get, signers)):
            start, end = spans[signers[0]]
            raise Wrong("tampered", "the checkpoint of size %d is signed with a key that was not in force" % size, (end if end is not None and size >= end else start) - 1)
        return bool(signers)
