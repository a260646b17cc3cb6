#!/bin/sh
# Installs what the tools and tests of the admin UI and of the TypeScript client need, and beside the latter the generator
# of its types of HTTP, unless they are there already.
set -eu
cd "$(dirname "$0")/../clients/typescript"
../../.venv/bin/python ../../scripts/admin_ui.py packages
npm=$PWD/../../scripts/npm.sh
for place in . http-types; do
    (
        cd "$place"
        cmp -s package-lock.json node_modules/.installed-lock.json && exit
        "$npm" ci --no-audit --no-fund --loglevel=error
        cp package-lock.json node_modules/.installed-lock.json
    )
done
