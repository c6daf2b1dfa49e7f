# shellcheck shell=bash
# A pooler, for the tests of what a pooler breaks. Sourced.
#
# PGBOUNCER  the program, or empty: those tests are then skipped and say so

prepare_pgbouncer() {
  PGBOUNCER=$(find_pgbouncer) || PGBOUNCER=
  if [ -z "$PGBOUNCER" ] && "$1"; then
    if can_apt && step 'installing PgBouncer (apt, its service stays off)' apt_install pgbouncer; then
      PGBOUNCER=$(find_pgbouncer) || PGBOUNCER=
    fi
    [ -n "$PGBOUNCER" ] || say 'no PgBouncer, so its tests will be skipped (Debian: apt-get install pgbouncer, macOS: brew install pgbouncer)'
  fi
  export PGBOUNCER
}

find_pgbouncer() {
  if [ -x /usr/sbin/pgbouncer ]; then echo /usr/sbin/pgbouncer; else command -v pgbouncer; fi
}
