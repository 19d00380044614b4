# shellcheck shell=sh
# The cache of built systems: CACHE/KEY is a complete root filesystem, or it is not there at all. A system is
# built under a hidden name and renamed when it is whole, so a killed build is never taken for a finished one.
# Sourced after functions.sh.

# open_cache DISTRIBUTION: sets CACHE to its folder and makes it. Other users may not enter it: old set-user-id
# programs with known holes lie around in there.
open_cache() {
  _base=${TSLXC_CACHE_PATH:-${LXC_CACHE_PATH:-}}
  if [ -z "$_base" ]; then
    if [ "$(id -u)" -ne 0 ] || in_user_namespace; then
      _base=${XDG_CACHE_HOME:-$HOME/.cache}/tslxc
    else
      _base=/var/cache/tslxc
    fi
  fi
  CACHE=$_base/$1
  mkdir -p "$_base" || fail "the cache folder $_base cannot be made"
  [ -d "$CACHE" ] || mkdir -m 0700 "$CACHE" 2>/dev/null || [ -d "$CACHE" ] ||
    fail "the cache folder $CACHE cannot be made"
  if [ -L "$CACHE" ] || [ -z "$(find "$CACHE" -maxdepth 0 -type d -user "$(id -u)" ! -perm /022)" ]; then
    fail "the cache folder $CACHE can be changed by others than user $(id -un): it must be a directory of that user, not writable by other users"
  fi
}

# lock_cache shared|exclusive KEY: holds descriptor 9 until unlock_cache or the end of the script.
lock_cache() {
  _flag=-x
  [ "$1" = exclusive ] || _flag=-s
  exec 9>"$CACHE/.$2.lock"
  flock -n "$_flag" 9 && return 0
  step "Waiting for another creation that is using the cache"
  flock "$_flag" 9
}

unlock_cache() { exec 9>&-; }

# discard KEY: renamed first, so that a half-removed system is not taken for a whole one.
discard() {
  [ ! -e "$CACHE/$1" ] || mv "$CACHE/$1" "$CACHE/.building-$1.$$-old" || fail "$CACHE/$1 cannot be removed"
  remove_leftovers "$1"
}

# What killed builds of KEY left. Called with the exclusive lock, so none of them is alive. Their mounts went
# with their mount namespace; --one-file-system is the second lock on that door.
remove_leftovers() {
  for _leftover in "$CACHE/.building-$1."*; do
    [ -e "$_leftover" ] || continue
    rm -rf --one-file-system "$_leftover" || fail "$_leftover cannot be removed"
  done
}

# fill_from_cache KEY BUILDER: copies CACHE/KEY into the root filesystem; if it is not there, BUILDER makes it
# first, in the directory that it gets as its argument.
fill_from_cache() {
  need flock util-linux
  while :; do
    lock_cache shared "$1"
    [ ! -d "$CACHE/$1" ] || break
    unlock_cache
    lock_cache exclusive "$1"
    if [ ! -d "$CACHE/$1" ]; then
      build_in_cache "$1" "$2"
    fi
    unlock_cache
  done
  step "Copying the system from the cache"
  run "copying $CACHE/$1" cp -a --reflink=auto "$CACHE/$1/." "$ROOTFS/"
  unlock_cache
}

build_in_cache() {
  remove_leftovers "$1"
  BUILDING=$CACHE/.building-$1.$$
  add_cleanup abandon_build
  mkdir "$BUILDING" || fail "$BUILDING cannot be made"
  "$2" "$BUILDING"
  chmod 0755 "$BUILDING"
  # The name must not reach the disk before the contents: a power cut would leave a cache of empty files.
  sync -f "$BUILDING"
  mv "$BUILDING" "$CACHE/$1" || fail "$CACHE/$1 cannot be made"
  BUILDING=
}

abandon_build() { [ -z "$BUILDING" ] || rm -rf --one-file-system "$BUILDING"; }

# clean_cache: removes every built system, each as soon as it is unused.
clean_cache() {
  need flock util-linux
  for _entry in "$CACHE"/* "$CACHE"/.building-*; do
    [ -e "$_entry" ] || continue
    _key=${_entry##*/}
    _key=${_key#.building-}
    case ${_entry##*/} in
      .building-*) _key=${_key%.*} ;;
    esac
    lock_cache exclusive "$_key"
    discard "$_key"
    unlock_cache
  done
}

# isolated COMMAND...: in mount and process namespaces of its own, and killed with this script, so that
# no mount and no process of it is left in any case. Without permission for namespaces, it is only killed with this script.
isolated() {
  if unshare --mount --pid --fork --mount-proc true 2>/dev/null; then
    set -- unshare --mount --pid --fork --kill-child --mount-proc -- "$@"
  fi
  if command -v setpriv >/dev/null 2>&1; then
    set -- setpriv --pdeathsig KILL -- "$@"
  fi
  "$@"
}
