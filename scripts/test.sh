#!/usr/bin/env bash
# Prepares, checks, packages and tests. Arguments go to jest: bash scripts/test.sh test/unit
#
# Every step runs, whatever became of the one before, and a step that broke counts as a failure. The last line
# printed is `N passed, N failed`, with `, N skipped` where some were. Nothing is left running.
set -euo pipefail
CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
. scripts/prepare/prepare.sh

results=.understudy/test/results.json
passed=0 failed=0 skipped=0
complete=false

main() {
  trap finish EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  prepare --tests
  make_room
  part check npm run --silent check || failed=$((failed + 1))
  part package package_deployment || failed=$((failed + 1))
  if part jest run_jest "$@"; then count_results 0; else count_results 1; fi
  complete=true
}

package_deployment() {
  rm -rf .serverless
  npm run --silent package
}

# The cache has its own place, because the room is new every time.
run_jest() {
  mkdir -p "$(dirname "$results")"
  rm -f "$results"
  jest --json --outputFile="$results" --cacheDirectory=.understudy/jest "$@"
}

# count_results LEAST: a suite that could not run has no tests to fail; jest may also fail without any of them.
count_results() {
  local now
  read -r passed now skipped < <(node -e '
    const r = JSON.parse(fs.readFileSync(process.argv[1], "utf8"));
    console.log(r.numPassedTests, r.numFailedTests + r.numRuntimeErrorTestSuites, r.numPendingTests + r.numTodoTests);
  ' "$results" 2>/dev/null) || passed=0 now=0 skipped=0
  failed=$((failed + (now > $1 ? now : $1)))
}

# What the tests make lies in one directory, so that what they forget is found. Its name is short (a socket's path
# has 107 characters) and it is open to the account that PostgreSQL runs as.
make_room() {
  TMPDIR=$(mktemp -d /tmp/understudy.XXXXXX)
  chmod 1777 "$TMPDIR"
  export TMPDIR
  room=$TMPDIR
}

# part NAME COMMAND...: in a process group of its own, so that `stop_leftovers` can tell our processes from others.
part() {
  printf '\n== %s\n' "$1"
  shift
  set -m
  "$@" </dev/null &
  set +m
  groups="${groups:-} $!"
  wait "$!"
}

finish() {
  trap - EXIT
  trap '' INT TERM HUP
  stop_leftovers
  "$complete" || failed=$((failed + 1))
  printf '\n%s passed, %s failed' "$passed" "$failed"
  [ "$skipped" = 0 ] || printf ', %s skipped' "$skipped"
  printf '\n'
  [ "$failed" = 0 ] && [ "$passed" != 0 ] && exit 0
  exit 1
}

# Process groups first; then servers, which leave them when they become daemons.
stop_leftovers() {
  local group file
  for group in ${groups:-}; do
    kill -TERM -- "-$group" 2>/dev/null || continue
    echo "test: stopping what was left running in group $group"
    for _ in 1 2 3 4 5 6 7 8 9 10; do
      sleep 0.3
      kill -0 -- "-$group" 2>/dev/null || continue 2
    done
    kill -KILL -- "-$group" 2>/dev/null || true
  done
  [ -n "${room:-}" ] || return 0
  find "$room" -name postmaster.pid 2>/dev/null | while read -r file; do
    echo "test: stopping the server left running in $(dirname "$file")"
    kill -QUIT "$(head -n 1 "$file")" 2>/dev/null || true
  done
  rm -rf "$room" || { sleep 1 && rm -rf "$room"; } || true
}

main "$@"
