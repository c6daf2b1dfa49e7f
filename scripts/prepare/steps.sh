# shellcheck shell=bash
# How a step reports, fails and becomes root. Sourced by prepare.sh from its directory (`here`).
# shellcheck disable=SC2154

step_log=.understudy/prepare.log

say() { printf 'prepare: %s\n' "$*" >&2; }

fail() {
  say "$@"
  exit 1
}

# step LABEL COMMAND...: one line with the seconds it took. What the command printed goes to the log, and the gist
# of it to the screen if it failed.
step() {
  local label=$1 began=$SECONDS
  shift
  printf 'prepare: %s ... ' "$label" >&2
  if "$@" >"$step_log" 2>&1 </dev/null; then
    printf '%s s\n' "$((SECONDS - began))" >&2
  else
    printf 'failed after %s s; from %s:\n' "$((SECONDS - began))" "$step_log" >&2
    gist "$step_log" | without_hosts >&2
    return 1
  fi
}

# npm says it first, apt and pip last.
gist() {
  if grep -qiE '^E:|error' "$1"; then grep -iE '^E:|error.*[a-z]' "$1" | head -n 8; else tail -n 8 "$1"; fi
}

# Package managers name their registries when they fail, and a private one's name must not be shown.
without_hosts() {
  LC_ALL=C sed -E \
    -e 's#[a-z+]+://[^[:space:]"'\'']+#<url>#g' \
    -e 's#(host=|ENOTFOUND |EAI_AGAIN |ECONNREFUSED |resolve |Connecting to |connect to )[^ ,;]+#\1<host>#g' \
    -e 's#([A-Za-z0-9-]+\.)+(com|org|net|io|dev|cloud|internal|local|lan)(:[0-9]+)?#<host>#g' \
    -e 's#[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+#<address>#g'
}

can_apt() {
  command -v apt-get >/dev/null && { is_root || sudo -n true 2>/dev/null; }
}

# Nothing it installs is started, and no cluster is made.
apt_install() {
  if is_root; then bash "$here/apt-install.sh" "$@"; else sudo -n bash "$here/apt-install.sh" "$@"; fi
}

is_root() { [ "$(id -u)" = 0 ]; }
