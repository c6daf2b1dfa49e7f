# shellcheck shell=bash
# moto's server (AWS on this machine) and cfn-lint, at these versions and no other. Sourced.
#
# MOTO_SERVER, CFN_LINT  absolute commands: the ones in PATH if their versions fit, else those of .understudy/venv
# BOTOCORE_DATA          the models of AWS' APIs that belong to the same Python as MOTO_SERVER

MOTO_VERSION=5.2.1
CFN_LINT_VERSION=1.51.0

prepare_python_tools() {
  local venv=$PWD/.understudy/venv
  MOTO_SERVER=$(find_tool moto_server moto "$MOTO_VERSION" flask_cors cfnlint) || MOTO_SERVER=
  CFN_LINT=$(find_tool cfn-lint cfn-lint "$CFN_LINT_VERSION") || CFN_LINT=
  if [ -z "$MOTO_SERVER" ] || { [ -z "$CFN_LINT" ] && "$1"; }; then
    make_venv
    [ -n "$MOTO_SERVER" ] || MOTO_SERVER=$venv/bin/moto_server
    [ -n "$CFN_LINT" ] || CFN_LINT=$venv/bin/cfn-lint
  fi
  BOTOCORE_DATA=$(botocore_data "$MOTO_SERVER") || fail 'the models of botocore were not found beside moto'
  export MOTO_SERVER CFN_LINT BOTOCORE_DATA
}

# find_tool PROGRAM PACKAGE VERSION [MODULE...]: its absolute path. The modules are those of the extras it must have
# been installed with.
find_tool() {
  in_path "$@" || { venv_is_complete && echo "$venv/bin/$1"; }
}

# A program installed by pip names its interpreter in its first line. A pyenv shim does not: there python3 is a shim
# too, and knows both the version and the program behind.
in_path() {
  local name=$1 program first
  shift
  program=$(command -v "$name") && read -r first <"$program" || return 1
  case $first in
    '#!'*python*) is_installed "${first#??}" "$@" ;;
    *) is_installed python3 "$@" && program=$(scripts_directory)/$name && [ -x "$program" ] ;;
  esac && echo "$program"
}

# is_installed INTERPRETER PACKAGE VERSION [MODULE...]: the interpreter may be two words (/usr/bin/env python3).
is_installed() {
  local python=$1
  shift
  $python -c '
import importlib.metadata, importlib.util, sys
package, version, *modules = sys.argv[1:]
sys.exit(importlib.metadata.version(package) != version or not all(map(importlib.util.find_spec, modules)))
' "$@" 2>/dev/null
}

# The interpreter is the one that moto's first line names; where that is a shell (a venv's path was too long), the one
# in the same directory.
botocore_data() {
  local first
  read -r first <"$1" || return 1
  case $first in '#!'*python*) first=${first#??} ;; *) first=$(dirname "$1")/python ;; esac
  $first -c 'import botocore, os; print(os.path.join(os.path.dirname(botocore.__file__), "data"))'
}

scripts_directory() { python3 -c 'import sysconfig; print(sysconfig.get_path("scripts"))'; }

make_venv() {
  local python
  if ! python=$(find_python) && can_apt; then
    step 'installing python3-venv (apt)' apt_install python3-venv && python=$(find_python) || python=
  fi
  [ -n "$python" ] || fail 'Python 3.10 to 3.14 with its venv module was not found: install it (Debian: apt-get install python3-venv, macOS: brew install python)'
  step "installing moto $MOTO_VERSION and cfn-lint $CFN_LINT_VERSION into .understudy/venv" fill_venv "$python" ||
    fail 'moto could not be installed'
}

# The stamp names the place too: a venv does not survive being moved with its repository.
fill_venv() {
  rm -rf "$venv" && "$1" -m venv "$venv" &&
    "$venv/bin/pip" install --disable-pip-version-check --no-input --prefer-binary -q \
      "moto[server]==$MOTO_VERSION" "cfn-lint==$CFN_LINT_VERSION" &&
    venv_stamp >"$venv/.understudy"
}

venv_is_complete() { [ "$(venv_stamp)" = "$(cat "$venv/.understudy" 2>/dev/null)" ]; }

venv_stamp() { echo "$venv moto $MOTO_VERSION cfn-lint $CFN_LINT_VERSION"; }

# What moto 5.2.1 supports; Debian leaves ensurepip out of its plain Python.
find_python() {
  local name
  for name in python3 /usr/bin/python3 python3.14 python3.13 python3.12 python3.11 python3.10; do
    if "$name" -c 'import ensurepip, sys, venv; sys.exit(not (3, 10) <= sys.version_info < (3, 15))' 2>/dev/null; then
      command -v "$name"
      return
    fi
  done
  return 1
}
