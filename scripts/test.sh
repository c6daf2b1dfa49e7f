#!/usr/bin/env bash
# Prepares, checks, packages and tests.
#
#   bash scripts/test.sh                        all tests on one major of PostgreSQL, then on each other supported major
#                                               those of test/every-major.txt, which depend on the server; those
#                                               of test/oldest-and-newest.txt not on the majors between
#   bash scripts/test.sh test/unit              these arguments go to jest, on one major
#   bash scripts/test.sh --major 17 [test/...]  on this major; without arguments, the tests of test/every-major.txt
#
# Every step runs, whatever became of the one before, and a step that broke counts as a failure. The last line
# printed is `N passed, N failed`, with `, N skipped` where some were. Nothing is left running.
set -euo pipefail
CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
. scripts/prepare/prepare.sh

passed=0 failed=0 skipped=0
complete=false

main() {
  local only='' bin
  if [ "${1:-}" = --major ]; then
    only=${2:?which major?}
    shift 2
  fi
  trap finish EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  prepare --tests
  make_room
  part check npm run --silent check || failed=$((failed + 1))
  part package package_deployment || failed=$((failed + 1))
  if [ -n "$only" ]; then
    bin=$(find_major "$only") || fail "PostgreSQL $only is not here"
    if [ $# != 0 ]; then test_on "$bin" "$@"; else test_data_on "$bin"; fi
  else
    test_on "$PG_BIN" "$@"
    [ $# != 0 ] || test_other_majors
  fi
  complete=true
}

package_deployment() {
  rm -rf .serverless
  npm run --silent package
}

# A major that is not here is a failure where all are promised.
test_other_majors() {
  local bin major
  for major in $(missing_majors); do
    if [ "${CI:-}" = true ]; then failed=$((failed + 1)); fi
    printf '\n== jest on PostgreSQL %s: did not run, it could not be prepared (see above)\n' "$major"
  done
  while read -r bin <&3; do
    # shellcheck disable=SC2046
    if is_between "$bin"; then
      test_on "$bin" $(paths_in every-major) --testPathIgnorePatterns $(paths_in oldest-and-newest)
    else test_data_on "$bin"; fi
  done 3< <(other_majors)
}

# shellcheck disable=SC2046 # a path has no spaces
test_data_on() { test_on "$1" $(paths_in every-major); }

paths_in() { grep -v '^#' "test/$1.txt"; }

is_between() {
  local major
  major=$(major_of "$1")
  [ "$major" != "${supported_majors%% *}" ] && [ "$major" != "${supported_majors##* }" ]
}

# test_on DIRECTORY [ARGUMENT...]: jest says the version beside the name of every file.
test_on() {
  local server results
  server="PostgreSQL $(version_of "$1")"
  results=.understudy/test/${server#* }.json
  if PG_BIN=$1 TEST_SERVER=$server part "jest on $server" run_jest "$@"; then count_results 0; else count_results 1; fi
}

# The cache has its own place, because the room is new every time.
run_jest() {
  shift
  mkdir -p "$(dirname "$results")"
  rm -f "$results"
  jest --json --outputFile="$results" --cacheDirectory=.understudy/jest "$@"
}

# count_results LEAST: a suite that could not run has no tests to fail; jest may also fail without any of them.
count_results() {
  local good bad none
  read -r good bad none < <(node -e '
    const r = JSON.parse(fs.readFileSync(process.argv[1], "utf8"));
    console.log(r.numPassedTests, r.numFailedTests + r.numRuntimeErrorTestSuites, r.numPendingTests + r.numTodoTests);
  ' "$results" 2>/dev/null) || good=0 bad=0 none=0
  passed=$((passed + good))
  failed=$((failed + (bad > $1 ? bad : $1)))
  skipped=$((skipped + none))
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
  # shellcheck disable=SC2086
  [ -z "${majors_jobs:-}" ] || kill $majors_jobs 2>/dev/null || true
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
