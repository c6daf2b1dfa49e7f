# shellcheck shell=bash
# Complete programs of every supported major of PostgreSQL, for the tests that depend on the server. Sourced.
#
# PG_BINS  their directories, oldest major first, joined by colons
#
# A major is installed on this machine, or unpacked into a directory, which does not change the system and needs no root. Once a day this looks for newer minors.

. "$here/debian-postgres.sh"
. "$here/registry-postgres.sh"

supported_majors='15 16 17 18'

# All majors at once, each with its own log. Reports what failed, and why.
prepare_majors() {
  local major job began=$SECONDS work
  work=$(mktemp -d) || fail 'cannot make a temporary directory'
  for major in $supported_majors; do
    (reason=$work/$major.reason && prepare_major "$major") >"$work/$major.log" 2>&1 </dev/null &
    majors_jobs="${majors_jobs:-} $!"
  done
  for job in $majors_jobs; do wait "$job" || true; done
  majors_jobs=
  cat "$work"/*.log >"$step_log"
  for major in $supported_majors; do
    [ ! -s "$work/$major.reason" ] || say "PostgreSQL $major $(state_of "$major"): $(without_hosts <"$work/$major.reason")"
  done
  rm -rf "$work"
  say "PostgreSQL $supported_majors ... $((SECONDS - began)) s"
}

state_of() {
  local bin
  if bin=$(find_major "$1"); then echo "stays at $(version_of "$bin")"; else echo 'is missing'; fi
}

# `looked` holds the newest version that there was, and is written last.
prepare_major() {
  local major=$1 place=$majors_place/$1 from=debian version
  if is_from_today "$place/looked" && ! is_older "$(find_major "$major")" "$(cat "$place/looked")"; then return; fi
  [ "$major" != 16 ] || from=registry
  if ! "${from}_is_here"; then
    find_major "$major" >/dev/null || because "$(how_to_install "$major")"
    return
  fi
  find "$place" -maxdepth 1 -name '.new.*' -mmin +60 -exec rm -rf {} + 2>/dev/null || true
  mkdir -p "$place" && tree=$(mktemp -d "$place/.new.XXXXXX") || because "cannot write into $place" || return
  trap 'rm -rf "$tree"' EXIT
  version=$("${from}_newest" "$major" "$tree") || return
  if is_older "$(find_major "$major")" "$version"; then
    "${from}_unpack" "$major" "$tree" "$place/$version" || because "$version could not be unpacked: see $step_log" || return
    keep_tree "$place/$version" || because "$version was unpacked and does not run here: see $step_log" || return
  fi
  printf '%s\n' "$version" >"$place/looked"
}

# Another run may have been faster, and its tree stays. A tree that was moved does not run: programs know their place.
keep_tree() {
  local bin old
  chmod -R a+rX "$tree"
  bin=$(CDPATH='' cd "$tree" && find . -name initdb -path '*/bin/*' | grep -v /clients/ | head -n 1)
  bin=$1/$(dirname "${bin#./}")
  runs_here "$bin" || { rm -rf "$1" && { mv -T "$tree" "$1" || true; } && runs_here "$bin"; } || return 1
  echo "$bin" >"$place/current.$$" && mv -f "$place/current.$$" "$place/current"
  for old in "$place"/[0-9]*; do
    [ "$old" = "$1" ] || is_in_use "$old" || rm -rf "$old"
  done
}

# A new cluster shows that every file is found, and that the account may read it.
runs_here() {
  local try result=0
  has_postgres "$1" && try=$(mktemp -d) || return 1
  [ -z "$UNDERSTUDY_PG_USER" ] || chown "$UNDERSTUDY_PG_USER" "$try"
  as_account "$1/initdb" -D "$try/data" --no-sync --auth=trust --encoding=UTF8 --locale=C.UTF-8 &&
    "$1/pg_dump" --version && "$1/pg_basebackup" --version || result=1
  rm -rf "$try"
  return $result
}

is_in_use() { ls -l /proc/[0-9]*/exe 2>/dev/null | grep -qF -- "-> $1/"; }

# The account that runs clusters has to reach it, wherever the repository lies.
find_majors_place() {
  if as_account test -x "$PWD/.understudy"; then echo "$PWD/.understudy/postgres"; else echo /var/cache/understudy/postgres; fi
}

as_account() {
  if [ -n "$UNDERSTUDY_PG_USER" ]; then runuser -u "$UNDERSTUDY_PG_USER" -- "$@"; else "$@"; fi
}

# PG_BIN keeps its major and takes the newest minor of it that is here, unless it was given.
choose_minors() {
  local major bin
  PG_BINS=
  for major in $supported_majors; do
    bin=$(find_major "$major") || continue
    PG_BINS=$PG_BINS${PG_BINS:+:}$bin
    [ "$major" != "$(major_of "$PG_BIN")" ] || PG_BIN=$bin
  done
  export PG_BIN PG_BINS
}

other_majors() {
  printf '%s\n' "$PG_BINS" | tr ':' '\n' | grep -vxF -- "$PG_BIN" || true
}

missing_majors() {
  local major
  for major in $supported_majors; do find_major "$major" >/dev/null || echo "$major"; done
}

# The newest minor of a major that is here, installed or unpacked; PG_BIN where it was given.
find_major() {
  local bin best=
  while read -r bin; do
    has_postgres "$bin" && [ "$(major_of "$bin")" = "$1" ] || continue
    if [ -z "$best" ] || { [ "$best" != "${pg_given:-}" ] && is_older "$best" "$(version_of "$bin")"; }; then best=$bin; fi
  done < <(
    echo "${pg_given:-}"
    installed_major "$1" || true
    cat "$majors_place/$1/current" 2>/dev/null
  )
  [ -n "$best" ] && echo "$best"
}

# is_older DIRECTORY VERSION: no directory is older than anything; a package's revision does not count.
is_older() {
  local have wanted=${2%%-*}
  have=$(version_of "$1") || return 0
  [ "$have" != "$wanted" ] && [ "$(printf '%s\n' "$have" "$wanted" | sort -V | head -n 1)" = "$have" ]
}

version_of() { [ -n "$1" ] && "$1/postgres" --version 2>/dev/null | awk '{print $3}' | grep .; }

major_of() { version_of "$1" | sed 's/[^0-9].*//'; }

how_to_install() {
  if command -v brew >/dev/null; then echo "brew install postgresql@$1"; else echo "install it from PostgreSQL's own repository for this system"; fi
}

is_from_today() { [ -n "$(find "$1" -mmin -1440 2>/dev/null)" ]; }

because() { [ -s "$reason" ] || printf '%s\n' "$*" >"$reason"; return 1; }
