#!/usr/bin/env bash
# Prepares, then tells the whole story on this machine. Arguments go to scripts/demo/main.ts.
set -euo pipefail
CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
. scripts/prepare/prepare.sh

prepare
exec node scripts/demo/main.ts "$@"
