# shellcheck shell=bash
# PostgreSQL's server and client programs, of one directory so that their versions agree. Sourced.
#
# PG_BIN              the directory; if it is already set, it is used or refused, never replaced
# UNDERSTUDY_PG_USER  the account to run clusters as, because initdb refuses root; empty for any other user

prepare_postgres() {
  if [ -n "${PG_BIN:-}" ]; then
    has_postgres "$PG_BIN" || fail "PG_BIN=$PG_BIN does not have all of: $postgres_programs"
    PG_BIN=$(absolute "$PG_BIN")
    pg_given=$PG_BIN
  else
    PG_BIN=$(find_postgres) || install_postgres
  fi
  UNDERSTUDY_PG_USER=$(postgres_account)
  export PG_BIN UNDERSTUDY_PG_USER
}

postgres_programs='initdb postgres pg_ctl pg_dump pg_dumpall pg_restore pg_basebackup psql'

install_postgres() {
  if can_apt; then
    step 'installing PostgreSQL (apt, no cluster is created)' apt_install postgresql || fail 'PostgreSQL could not be installed'
    PG_BIN=$(find_postgres) || fail "PostgreSQL was installed and its programs were not found: set PG_BIN to their directory"
  elif command -v brew >/dev/null; then
    fail "PostgreSQL's programs were not found: brew install postgresql@17, or set PG_BIN to their directory"
  else
    fail "PostgreSQL's server and client programs were not found: install them (Debian: apt-get install postgresql) or set PG_BIN to their directory"
  fi
}

find_postgres() {
  local on_path
  if on_path=$(command -v initdb) && on_path=$(real_directory "$on_path") && has_postgres "$on_path"; then
    echo "$on_path"
  else
    installed_major '*'
  fi
}

# installed_major MAJOR: where packages of Debian, PGDG, Homebrew and Postgres.app put a major; '*' is the newest one.
installed_major() {
  # shellcheck disable=SC2086
  newest_postgres /usr/lib/postgresql/$1/bin || newest_postgres /usr/pgsql-$1/bin ||
    newest_postgres /opt/homebrew/opt/postgresql@$1/bin || newest_postgres /usr/local/opt/postgresql@$1/bin ||
    newest_postgres /Applications/Postgres.app/Contents/Versions/$1/bin
}

# A directory's major is the last number in its name.
newest_postgres() {
  local directory major newest=-1 best=
  for directory; do
    has_postgres "$directory" || continue
    major=$(printf '%s' "$directory" | sed -E 's#^.*[^0-9]([0-9]+)/bin$#\1#')
    if [ "$major" -gt "$newest" ]; then newest=$major best=$directory; fi
  done
  [ -n "$best" ] && echo "$best"
}

has_postgres() {
  local program
  for program in $postgres_programs; do [ -x "$1/$program" ] || return 1; done
}

# Debian's and Homebrew's links lead to a directory that has all programs; `readlink -f` is not on every macOS.
real_directory() {
  local file=$1 link
  while link=$(readlink "$file"); do
    case $link in /*) file=$link ;; *) file=$(dirname "$file")/$link ;; esac
  done
  absolute "$(dirname "$file")"
}

absolute() { (CDPATH='' cd -- "$1" 2>/dev/null && pwd -P); }

postgres_account() {
  is_root || return 0
  if id postgres >/dev/null 2>&1; then echo postgres; else echo nobody; fi
}
