#!/usr/bin/env bash
# Everything the tests and the demo need, found or installed: Node 24, PostgreSQL, PgBouncer, moto, cfn-lint.
#
#   bash scripts/prepare/prepare.sh [--tests]     or, from a script that stands at the root:
#   . scripts/prepare/prepare.sh && prepare [--tests]
#
# `--tests` also installs what only tests use (PgBouncer, cfn-lint, the other majors of PostgreSQL); without it they are
# found, never installed.
# Exports PG_BIN, PG_BINS, PGBOUNCER, MOTO_SERVER, BOTOCORE_DATA, CFN_LINT, UNDERSTUDY_PG_USER (each documented where it is
# found) and writes them to .understudy/tools.env. Prints on stderr: a line per piece of work, and a summary.

here=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
. "$here/steps.sh"
. "$here/node.sh"
. "$here/postgres.sh"
. "$here/majors.sh"
. "$here/pgbouncer.sh"
. "$here/python-tools.sh"

prepare() {
  local for_tests=false began=$SECONDS
  case "${1:-}" in
    --tests) for_tests=true ;;
    '') ;;
    *) fail "unknown option $1 (there is only --tests)" ;;
  esac
  mkdir -p .understudy || fail "cannot write here: $PWD"
  prepare_node
  prepare_postgres
  prepare_pgbouncer "$for_tests"
  prepare_python_tools "$for_tests"
  majors_place=$(find_majors_place)
  ! "$for_tests" || prepare_majors
  choose_minors
  write_tools
  say "ready in $((SECONDS - began)) s: $(summary)"
}

# Renamed into place: a reader sees the old list or the new one.
write_tools() {
  local name value new=.understudy/tools.env.$$
  for name in PG_BIN PG_BINS PGBOUNCER MOTO_SERVER BOTOCORE_DATA CFN_LINT UNDERSTUDY_PG_USER; do
    value=$(printf '%s' "${!name}" | sed "s/'/'\\\\''/g")
    printf "%s='%s'\n" "$name" "$value"
  done >"$new" || fail 'cannot write into .understudy'
  mv -f "$new" .understudy/tools.env
}

summary() {
  local bin
  printf 'Node %s, PostgreSQL %s' "$(node --version)" "$(version_of "$PG_BIN")"
  [ -z "$UNDERSTUDY_PG_USER" ] || printf ' (as %s)' "$UNDERSTUDY_PG_USER"
  while read -r bin; do printf ', %s' "$(version_of "$bin")"; done < <(other_majors)
  [ -z "$PGBOUNCER" ] || printf ', %s' "$("$PGBOUNCER" --version 2>&1 | head -n 1)"
  printf ', moto %s' "$MOTO_VERSION"
  if [ -n "$CFN_LINT" ]; then printf ', cfn-lint %s' "$CFN_LINT_VERSION"; fi
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  set -euo pipefail
  cd "$here/../.."
  prepare "$@"
fi
