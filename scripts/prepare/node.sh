# shellcheck shell=bash
# Node modules as the lock file has them, and Node 24, which is one of them, first in PATH. Sourced.

prepare_node() {
  local wanted version
  [ -r package-lock.json ] || fail "no package-lock.json in $PWD"
  wanted=$(sha256 package-lock.json)
  [ "$wanted" = "$(cat node_modules/.understudy-lock 2>/dev/null)" ] || install_modules "$wanted"
  export PATH="$PWD/node_modules/.bin:$PATH"
  version=$(node --version 2>/dev/null) || version=none
  case $version in
    v24.*) ;;
    *) fail "needs Node 24 and has $version: remove node_modules and try again with npm's install scripts allowed (they fetch Node), or install Node 24" ;;
  esac
}

# The stamp is the last thing written: an interrupted installation is done again.
install_modules() {
  command -v npm >/dev/null || fail 'npm was not found: install Node.js with npm (any version from Node 16 on brings up the rest)'
  step 'npm ci' npm ci --no-audit --no-fund --loglevel=error || fail 'the node modules could not be installed'
  echo "$1" >node_modules/.understudy-lock
}

sha256() {
  if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}
