#!/usr/bin/env bash
# apt-install.sh PACKAGE...: installs Debian packages as root, starting no service and creating no database cluster.
#
# Two files of the system forbid that for as long as this runs. Both are put back on the way out, and by the next
# call should this one be killed in between.
set -euo pipefail

export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
policy=/usr/sbin/policy-rc.d
clusters=/etc/postgresql-common/createcluster.conf

main() {
  put_back
  trap put_back EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  forbid_starting
  case " $* " in *' postgresql '*) install postgresql-common && forbid_main_cluster ;; esac
  install "$@"
  case " $* " in *' pgbouncer '*) update-rc.d pgbouncer disable ;; esac # or it starts with the machine
}

# Lists of today, so that the newest minor release is installed. Lists that cannot be had may still be good enough.
# What is installed stays as it is: a server may be running.
install() {
  local options=(-y -q --no-install-recommends --no-upgrade -o DPkg::Lock::Timeout=120)
  [ -n "$(find /var/lib/apt/lists/partial -mmin -1440 2>/dev/null)" ] || apt-get update -q || true
  apt-get install "${options[@]}" "$@" || { apt-get update -q && apt-get install "${options[@]}" "$@"; }
}

forbid_starting() {
  [ ! -e "$policy" ] || return 0
  printf '#!/bin/sh\n# understudy, while it installs\nexit 101\n' >"$policy"
  chmod 755 "$policy"
}

forbid_main_cluster() {
  cp -p "$clusters" "$clusters.understudy"
  echo 'create_main_cluster = false' >>"$clusters"
}

put_back() {
  if grep -qs '^# understudy' "$policy"; then rm -f "$policy"; fi
  if [ -e "$clusters.understudy" ]; then mv "$clusters.understudy" "$clusters"; fi
}

main "$@"
