#!/usr/bin/python3
"""Is what make dist makes a distribution that PGXN takes?

    check_dist.py       makes one of what is committed, in a temporary directory

META.json is held against the specification of PGXN Meta 1.0.0 (https://pgxn.org/spec/), and the
archive against what META.json and the tree say.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]

# "Version": semver 2.0.0 without what is behind the numbers but a pre-release's name
VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-?[A-Za-z][-0-9A-Za-z.]*)?")
# "Term": at least two characters, no slashes, control characters or blanks
TERM = re.compile(r"[^\s/\\\x00-\x1f\x7f]{2,}")
TAG = re.compile(r"[^/\\\x00-\x1f\x7f]{1,256}")
URI = re.compile(r"[a-z][-+.a-z0-9]*:\S+")
LICENSES = ("agpl_3 apache_1_1 apache_2_0 artistic_1 artistic_2 bsd freebsd gfdl_1_2 gfdl_1_3 gpl_1 gpl_2 gpl_3"
            " lgpl_2_1 lgpl_3_0 mit mozilla_1_0 mozilla_1_1 openssl perl_5 postgresql qpl_1_0 ssleay sun zlib"
            " open_source restricted unrestricted unknown").split()
REQUIRED = "abstract license maintainer meta-spec name provides version".split()
OPTIONAL = "description generated_by no_index prereqs release_status resources tags".split()
PHASES = "configure build test runtime develop".split()
RELATIONS = "requires recommends suggests conflicts".split()


def is_text(value):
    return isinstance(value, str) and bool(value.strip())


def is_name(value):
    return isinstance(value, str) and TERM.fullmatch(value)


def is_version(value):
    return isinstance(value, str) and VERSION.fullmatch(value)


def is_range(value):
    """A version, some with comparisons and commas between them, or 0 for any."""
    if value in (0, "0"):
        return True
    return isinstance(value, str) and all(
        re.fullmatch(rf"(?:(?:[<>]=?|[!=]=)\s*)?{VERSION.pattern}", part.strip()) for part in value.split(","))


def is_some(value, is_one):
    return is_one(value) or isinstance(value, list) and value and all(map(is_one, value))


def is_license(value):
    if isinstance(value, dict):
        return value and all(is_text(name) and URI.fullmatch(url) for name, url in value.items())
    return is_some(value, lambda name: name in LICENSES)


def check_provides(provides, files):
    if not isinstance(provides, dict) or not provides:
        return ["provides nothing"]
    problems = []
    for name, part in provides.items():
        if not is_name(name):
            problems.append(f"provides: {name!r} is no term")
        if not is_version(part.get("version")):
            problems.append(f"provides: {name} has no version: {part.get('version')!r}")
        if "file" not in part:
            problems.append(f"provides: {name} has no file")
        problems += [f"provides: {name}: {part[key]} is not in the archive"
                     for key in ("file", "docfile") if key in part and part[key] not in files]
        problems += [f"provides: {name}: there is no field {key}"
                     for key in part if key not in ("file", "docfile", "version", "abstract") and key[:2].lower() != "x_"]
    return problems


def check_prereqs(prereqs):
    return [f"prereqs: {phase} {relation} {name} {version}"
            for phase, relations in prereqs.items() for relation, names in relations.items()
            for name, version in names.items()
            if phase not in PHASES or relation not in RELATIONS or not is_name(name) or not is_range(version)]


def check_meta(meta, files):
    """What is wrong with it, in words."""
    problems = [f"there is no {key}" for key in REQUIRED if key not in meta]
    problems += [f"there is no field {key}" for key in meta
                 if key not in REQUIRED + OPTIONAL and key[:2].lower() != "x_"]
    if problems:
        return problems
    checks = {
        "name": is_name(meta["name"]), "version": is_version(meta["version"]), "abstract": is_text(meta["abstract"]),
        "maintainer": is_some(meta["maintainer"], is_text), "license": is_license(meta["license"]),
        "meta-spec": is_version(meta["meta-spec"].get("version")) and meta["meta-spec"]["version"] == "1.0.0"
                     and URI.fullmatch(meta["meta-spec"].get("url", "x:x")),
        "description": is_text(meta.get("description", "-")),
        "generated_by": is_text(meta.get("generated_by", "-")),
        "release_status": meta.get("release_status", "stable") in ("stable", "testing", "unstable"),
        "tags": all(isinstance(tag, str) and TAG.fullmatch(tag) for tag in meta.get("tags", [])),
    }
    problems += [f"{key} is not valid: {meta.get(key)!r}" for key, is_valid in checks.items() if not is_valid]
    return problems + check_provides(meta["provides"], files) + check_prereqs(meta.get("prereqs", {}))


def check_archive(path):
    with zipfile.ZipFile(path) as archive:
        prefix = path.stem + "/"
        names = [name for name in archive.namelist() if not name.endswith("/")]
        outside = [f"{name} is not in {prefix}" for name in names if not name.startswith(prefix)]
        files = {name[len(prefix):] for name in names}
        meta = json.loads(archive.read(prefix + "META.json"))
    committed = subprocess.run(["git", "ls-tree", "-r", "--name-only", "-z", "HEAD"], cwd=ROOT, check=True,
                               capture_output=True, text=True).stdout.split("\0")
    problems = outside + check_meta(meta, files)
    problems += [f"{name} is missing" for name in committed if name and name not in files]
    if path.stem != f"{meta.get('name')}-{meta.get('version')}":
        problems.append(f"{path.name} is not for {meta.get('name')} {meta.get('version')}")
    return problems


def check_checks():
    """Each of these must be found."""
    good = {"name": "n1", "version": "1.0.0", "abstract": "a", "maintainer": "m", "license": "postgresql",
            "meta-spec": {"version": "1.0.0"}, "provides": {"n1": {"file": "f", "version": "1.0.0"}}}
    wrong = [{"name": "a b"}, {"version": "0.1"}, {"abstract": " "}, {"maintainer": []}, {"license": "pg"},
             {"meta-spec": {"version": "2.0.0"}}, {"provides": {}}, {"provides": {"n1": {"file": "g", "version": "1.0.0"}}},
             {"provides": {"n1": {"file": "f", "version": "1"}}}, {"release_status": "good"}, {"tags": ["a/b"]},
             {"unknown": 1}, {"prereqs": {"runtime": {"needs": {"PostgreSQL": "13.0.0"}}}},
             {"prereqs": {"runtime": {"requires": {"PostgreSQL": "13"}}}}]
    return (["a valid META.json is refused"] if check_meta(good, {"f"}) else []) \
        + [f"{change} is not found" for change in wrong if not check_meta({**good, **change}, {"f"})]


def main():
    with tempfile.TemporaryDirectory() as directory:
        shown = subprocess.run([ROOT / "packaging/dist.sh", directory], check=True, capture_output=True, text=True).stdout
        path = pathlib.Path(shown.strip())
        problems = check_checks() + check_archive(path)
    if problems:
        sys.exit("\n".join(problems))
    print(f"{path.name}: META.json is valid, and all files are there")


if __name__ == "__main__":
    main()
