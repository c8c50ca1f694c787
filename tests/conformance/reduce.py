#!/usr/bin/env python3
"""Writes the reduced conformance data beside this script, from the full data in the folder given.

    tests/conformance/reduce.py FOLDER

Takes the answers to the specs that were written for the purpose (`synthetic_*`), with fewer users in
the large files, and a part of the answers about addresses and user agents.
"""
import gzip
import json
import pathlib
import shutil
import sys

source = pathlib.Path(sys.argv[1])
target = pathlib.Path(__file__).resolve().parent / "data"

# Of these files every n-th line, of all others everything.
EVERY = {
    "expected/synthetic_cycles.jsonl.gz": 3,
    "expected/synthetic_entities.env_production.jsonl.gz": 10,
    "events/synthetic_entities.jsonl.gz": 2,
    "gcir/synthetic_entities.jsonl.gz": 7,
    "ip_country.jsonl": 6,
    "ua.jsonl.gz": 12,
}


def write(name, text):
    path = target / name
    path.parent.mkdir(parents=True, exist_ok=True)
    data = text.encode()
    if name.endswith(".gz"):
        # No time and no name, so that the same content is the same file.
        data = gzip.compress(data, 9, mtime=0)
    path.write_bytes(data)


def read(name):
    data = (source / name).read_bytes()
    return (gzip.decompress(data) if name.endswith(".gz") else data).decode()


def copy(name, to=None):
    lines = read(name).splitlines()
    write(to or name, "\n".join(lines[:: EVERY.get(name, 1)]) + "\n")


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


shutil.rmtree(target, ignore_errors=True)
cases = json.loads(read("cases.json"))
kept = {
    section: [case for case in found if "/synthetic_" in case["spec"]]
    for section, found in cases.items()
    if isinstance(found, list)
}
for case in (case for found in kept.values() for case in found):
    copy(case["file"])
    if "calls" in case:
        copy(case["calls"])
    if "values" in case and not (target / case["values"]).exists():
        copy(case["values"])
    spec = case["spec"]
    packed = spec if spec.endswith(".gz") else spec + ".gz"
    if not (target / packed).exists():
        copy(spec, packed)
    case["spec"] = packed
for name in ["synthetic_cycles", "synthetic_entities"]:
    copy(f"expected/{name}.meta.json")
for name in ["coercions.jsonl", "hash_vectors.jsonl", "ip_country.jsonl", "users.jsonl"]:
    copy(name, name + ".gz")
copy("ua.jsonl.gz")
copy("id_lists.json")
write("cases.json", json.dumps({"is_reduced": True, **kept}, indent=1) + "\n")


def synthetic(by_spec):
    return {spec: found for spec, found in by_spec.items() if spec.startswith("synthetic_")}


depends = json.loads(read("depends_on.json"))
write("depends_on.json", compact({kind: synthetic(found) for kind, found in depends.items()}))
times = json.loads(read("time_dependent.json"))
times["specs"] = synthetic(times["specs"])
write("time_dependent.json", compact(times))
size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
print(f"{size / 1000:.0f} kB")
