#!/usr/bin/env bash
# Prepares, then measures. Arguments go to scripts/bench/main.ts.
set -euo pipefail
CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
. scripts/prepare/prepare.sh

prepare
exec node scripts/bench/main.ts "$@"
