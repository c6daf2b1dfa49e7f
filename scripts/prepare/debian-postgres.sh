# shellcheck shell=bash
# PostgreSQL of another release of Debian, with that release's C library, unpacked into a directory. Sourced.
#
# apt verifies everything by Debian's keys, as for this machine's own packages, and keeps its lists in the directory.
# shellcheck disable=SC2154

# The release (or two, of which the newest version counts) that has a major.
debian_releases() {
  case $1 in
    15) echo bookworm ;;
    17) echo trixie ;;
    18) echo forky sid ;;
  esac
}

debian_is_here() { command -v apt-get >/dev/null && grep -qx 'ID=debian' /etc/os-release; }

# debian_newest MAJOR DIRECTORY: the version that Debian has now.
debian_newest() {
  local apt=$2/apt version
  mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$apt/debs" && : >"$apt/status" &&
    debian_sources "$1" >"$apt/sources.list" || because "no mirror of Debian is among apt's sources" || return
  apt_beside "$apt" apt-get -q update >&2 || because "apt could not read the lists of $(debian_releases "$1"): see $step_log" || return
  version=$(apt_beside "$apt" apt-cache policy "postgresql-$1" | awk '/Candidate:/ {print $2}')
  [ -n "$version" ] || because "not in Debian $(debian_releases "$1") any more" || return
  echo "$version"
}

# debian_unpack MAJOR DIRECTORY FINAL: FINAL is where the directory will be, because programs know where their loader is.
debian_unpack() {
  local major=$1 tree=$2 final=$3 apt=$2/apt package libraries loader program
  (cd "$apt/debs" && apt_beside "$apt" apt-get -q download $(debian_packages "$major")) || return
  for package in "$apt"/debs/*.deb; do dpkg-deb -x "$package" "$tree" || return; done
  rm -rf "$apt" "$tree"/usr/share/{doc,man,locale} "$tree/usr/lib/postgresql/$major/lib"/{bitcode,llvmjit*}
  loader=$(cd "$tree" && find lib usr/lib -type f -name 'ld-linux*.so.*' 2>/dev/null | head -n 1)
  libraries=$(cd "$tree" && find lib usr/lib -maxdepth 1 -type d -name '*-linux-gnu*' 2>/dev/null)
  [ -n "$loader" ] || return
  for program in "$tree/usr/lib/postgresql/$major"/bin/*; do
    [ "$(head -c 4 "$program")" = $'\177ELF' ] || continue
    "$tree/$loader" --library-path "$(joined "$tree" $libraries)" "$tree/usr/bin/patchelf" \
      --set-interpreter "$final/$loader" --force-rpath --set-rpath "$(joined "$final" $libraries)" "$program" || return
  done
}

# Everything that PostgreSQL depends on, without what only a service or its just-in-time compiler needs.
debian_packages() {
  apt_beside "$apt" apt-get -q --simulate --no-install-recommends install "postgresql-$1" patchelf |
    awk '/^Inst / {print $2}' |
    grep -E '^(postgresql-(client-)?[0-9]+|lib.*|zlib1g|patchelf)$' |
    grep -vE 'perl|llvm|^libz3|^libpam-|-common$|-shared$|^libdb5|debconf'
}

# This machine's own mirrors: one that has its release, and one that has its security updates.
debian_sources() {
  local release keys mirror security
  keys=$(ls /usr/share/keyrings/debian-archive-keyring.{pgp,gpg} 2>/dev/null | head -n 1)
  mirror=$(apt_mirror "$(. /etc/os-release && echo "${VERSION_CODENAME:-sid}")")
  security=$(apt_mirror '.*-security')
  [ -n "$keys" ] && [ -n "$mirror" ] || return
  for release in $(debian_releases "$1"); do
    echo "deb [signed-by=$keys target=Packages] $mirror $release main"
    case $release in sid | forky) continue ;; esac
    [ -z "$security" ] || echo "deb [signed-by=$keys target=Packages] $security $release-security main"
  done
}

apt_mirror() {
  apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' | awk -v release="^$1\$" '$2 ~ release {print $1; exit}'
}

# apt_beside DIRECTORY COMMAND...: apt with no state of the system's.
apt_beside() {
  local apt=$1 command=$2
  shift 2
  "$command" -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null -o Dir::State="$apt" \
    -o Dir::State::lists="$apt/lists" -o Dir::State::status="$apt/status" -o Dir::Cache="$apt" \
    -o APT::Sandbox::User="$(id -un)" -o Acquire::Retries=2 "$@"
}

# joined ROOT DIRECTORY...: ROOT/DIRECTORY:ROOT/DIRECTORY...
joined() {
  local root=$1 each list=
  shift
  for each; do list=$list${list:+:}$root/$each; done
  echo "$list"
}
