#!/bin/sh
# Installs what the TypeScript client's tools and tests need, unless it is there already.
set -eu
cd "$(dirname "$0")/../clients/typescript"
cmp -s package-lock.json node_modules/.installed-lock.json && exit
../../scripts/npm.sh ci --no-audit --no-fund --loglevel=error
cp package-lock.json node_modules/.installed-lock.json
