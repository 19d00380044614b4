# shellcheck shell=sh
# What every template script shares: messages, the command line, the container's config file, running tools,
# the cache and its lock. Sourced, never run. Plain POSIX sh: no "local", no arrays, so helper variables that
# must not leak start with an underscore.
#
# A template sets TEMPLATE (its name), sources this file, and calls parse_options and check_target first.

# Where shipped config snippets are. The reader of config files maps this prefix to the package's own folder
# when tslxc is not installed system-wide, so the path is the same in every container.
SHIPPED_CONFIG=/usr/share/tslxc/config

LF='
'

# ---------------------------------------------------------------- messages

# A big step of the work; the caller shows these as progress.
step() { printf '==> %s\n' "$*"; }

# Something that the user should read when all is done.
note() { printf '%s\n' "$*"; }

# The one line on stderr that says why there will be no container.
fail() {
  printf 'tslxc-%s: %s\n' "$TEMPLATE" "$*" >&2
  exit 1
}

# need TOOL DEBIAN-PACKAGE [FEDORA-PACKAGE]
need() {
  command -v "$1" >/dev/null 2>&1 && return 0
  fail "$1 is not installed; it is in the package $2${3:+ (Fedora: $3)}"
}

# ---------------------------------------------------------------- the command line

# Options that tslxc-create passes to every template, in the form parse_options takes.
# shellcheck disable=SC2034 # used by the scripts that source this
COMMON_OPTIONS='
  path=       p  OPT_PATH
  name=       n  OPT_NAME
  rootfs=     -  OPT_ROOTFS
  mapped-uid= -  OPT_MAPPED_UID
  mapped-gid= -  OPT_MAPPED_GID
  verbose     v  OPT_VERBOSE
  help        h  OPT_HELP
'

# parse_options TABLE ARGUMENT...
# A row of the table is "long short variable"; "long=" takes a value; a short of "-" means that there is none.
# A flag's variable becomes 1. Accepts --opt=value, --opt value, -o value, -ovalue, and flags run together (-cF).
# Only variable names from the table reach eval, never what the user typed.
parse_options() {
  _table=$1
  shift
  while [ $# -gt 0 ]; do
    _value=
    _attached=
    case $1 in
      --) shift; break ;;
      --*=*) _option=${1%%=*}; _value=${1#*=}; _attached=long ;;
      --*) _option=$1 ;;
      -?) _option=$1 ;;
      -?*) _rest=${1#-?}; _option=${1%"$_rest"}; _value=$_rest; _attached=short ;;
      *) break ;;
    esac
    find_option "$_table" "$_option" || fail "unknown option $_option (--help lists them)"
    if [ -n "$_takes_value" ]; then
      if [ -z "$_attached" ]; then
        [ $# -gt 1 ] || fail "option $_option needs a value"
        _value=$2
        shift
      fi
      case $_value in
        *"$LF"*) fail "the value of $_option has a line break in it" ;;
      esac
      eval "$_variable=\$_value"
    else
      [ "$_attached" != long ] || fail "option $_option takes no value"
      eval "$_variable=1"
      if [ "$_attached" = short ]; then
        shift
        set -- "-$_rest" "$@"
        continue
      fi
    fi
    shift
  done
  [ $# -eq 0 ] || fail "unexpected argument $1"
}

# Looks OPTION up in TABLE; sets _variable and _takes_value.
find_option() {
  while read -r _long _short _variable; do
    [ -n "$_long" ] || continue
    case $_long in
      *=) _takes_value=1; _long=${_long%=} ;;
      *) _takes_value= ;;
    esac
    if [ "$2" = "--$_long" ] || { [ "$_short" != - ] && [ "$2" = "-$_short" ]; }; then
      return 0
    fi
  done <<TABLE
$1
TABLE
  return 1
}

# ---------------------------------------------------------------- the container to fill

# Checks --name, --path and --rootfs, and sets NAME, CONFIG and ROOTFS from them.
check_target() {
  [ -n "${OPT_NAME:-}" ] || fail "--name is missing"
  [ -n "${OPT_PATH:-}" ] || fail "--path is missing"
  NAME=$OPT_NAME
  case $NAME in
    .* | -* | *[!A-Za-z0-9_.-]*) fail "the name $NAME is not usable as a host name" ;;
  esac
  case $OPT_PATH in
    /*) ;;
    *) fail "--path must be absolute, and is $OPT_PATH" ;;
  esac
  [ -d "$OPT_PATH" ] || fail "the container's directory $OPT_PATH does not exist"
  CONFIG=$OPT_PATH/config
  ROOTFS=${OPT_ROOTFS:-$(configured_rootfs)}
  ROOTFS=${ROOTFS:-$OPT_PATH/rootfs}
  case $ROOTFS in
    / | //*) fail "the root filesystem cannot be $ROOTFS" ;;
    /*) ;;
    *) fail "--rootfs must be absolute, and is $ROOTFS" ;;
  esac
  MADE_ROOTFS=
  [ -d "$ROOTFS" ] || MADE_ROOTFS=1
  mkdir -p "$ROOTFS" || fail "$ROOTFS cannot be made"
  # A template that overwrote a filled directory could destroy a user's files. mkfs leaves lost+found.
  if [ -n "$(find "$ROOTFS" -mindepth 1 -maxdepth 1 ! -name lost+found | head -n 1)" ]; then
    fail "the root filesystem $ROOTFS is not empty"
  fi
  add_cleanup undo_on_failure
}

# What the config says already, without the storage type in front.
configured_rootfs() {
  [ -f "$CONFIG" ] || return 0
  sed -n 's/^[[:space:]]*lxc\.rootfs\(\.path\)\{0,1\}[[:space:]]*=[[:space:]]*//p' "$CONFIG" |
    sed -n '$ { s/^dir://; p; }'
}

# True when the container's root is not the host's root.
is_unprivileged() {
  [ -n "${OPT_MAPPED_UID:-}${OPT_MAPPED_GID:-}" ] && return 0
  grep -qs '^[[:space:]]*lxc\.id_\{0,1\}map[[:space:]]*=[[:space:]]*[^[:space:]]' "$CONFIG" && return 0
  in_user_namespace
}

# The initial user namespace maps every id, one to one.
in_user_namespace() {
  read -r _inside _outside _count </proc/self/uid_map || return 1
  [ "$_inside $_outside $_count" != "0 0 4294967295" ]
}

# True when the config lets the container use the host's own network: nothing in it may then touch an interface.
shares_host_network() {
  grep -Eqs '^[[:space:]]*lxc\.(net\.[0-9]+|network)\.type[[:space:]]*=[[:space:]]*none[[:space:]]*$' "$CONFIG"
}

# write_config ARCH: appends what every container has; lines of the template's own come on stdin. userns.conf is
# last of the includes, because it takes back what an unprivileged container may not ask for.
write_config() {
  {
    printf '\n# From the template %s\n' "$TEMPLATE"
    printf 'lxc.include = %s/common.conf\n' "$SHIPPED_CONFIG"
    cat
    if is_unprivileged; then
      printf 'lxc.include = %s/userns.conf\n' "$SHIPPED_CONFIG"
    fi
    if [ -z "$(configured_rootfs)" ]; then
      printf 'lxc.rootfs.path = dir:%s\n' "$ROOTFS"
    fi
    printf 'lxc.uts.name = %s\n' "$NAME"
    printf 'lxc.arch = %s\n' "$1"
  } >>"$CONFIG" || fail "$CONFIG cannot be written"
  # The config of an unprivileged container belongs to the user who made it, not to the container's root.
  if [ -n "${OPT_MAPPED_UID:-}" ]; then
    chown "$OPT_MAPPED_UID:${OPT_MAPPED_GID:-}" "$CONFIG" 2>/dev/null || :
  fi
}

# write_host_names FULL-NAME: the name of the machine, in the files that hold it.
write_host_names() {
  printf '%s\n' "$NAME" >"$ROOTFS/etc/hostname"
  {
    printf '127.0.0.1\tlocalhost\n127.0.1.1\t%s\n' "$1"
    printf '::1\tlocalhost ip6-localhost ip6-loopback\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n'
  } >"$ROOTFS/etc/hosts"
}

# ---------------------------------------------------------------- running tools

# Everything that must go away again however the script ends; filled by add_cleanup, last added goes first.
CLEANUP=

# add_cleanup FUNCTION
add_cleanup() {
  CLEANUP="$1 $CLEANUP"
  trap run_cleanup EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

run_cleanup() {
  _status=$?
  trap - EXIT
  trap '' HUP INT TERM
  for _function in $CLEANUP; do
    "$_function" "$_status"
  done
  exit "$_status"
}

# A failed template leaves no half of a system behind. Only what was made after check_target found the root
# filesystem empty can be in it.
undo_on_failure() {
  [ "$1" -ne 0 ] || return 0
  find "$ROOTFS" -xdev -mindepth 1 -maxdepth 1 ! -name lost+found -exec rm -rf --one-file-system {} + 2>/dev/null || :
  [ -z "$MADE_ROOTFS" ] || rmdir "$ROOTFS" 2>/dev/null || :
}

# run WHAT COMMAND...: runs a tool, keeping what it says in a log (or showing it with --verbose). When it fails
# the line that tells most becomes the reason, and the end of the log explains it: indented lines behind the
# reason are shown with it, as its cause.
run() {
  _what=$1
  shift
  # Descriptor 9 is the lock of the cache: a daemon that a tool leaves behind must not keep it.
  if [ -n "${OPT_VERBOSE:-}" ]; then
    "$@" 9>&- && return 0
    fail "$_what failed (exit status $?)"
  fi
  open_log
  "$@" >&8 2>&8 8>&- 9>&- && return 0
  _code=$?
  printf 'tslxc-%s: %s failed: %s\n' "$TEMPLATE" "$_what" "$(telling_line "$LOG" "$_code")" >&2
  tail -n 20 "$LOG" | sed 's/^/    /' >&2
  exit 1
}

# An empty log on descriptor 8. The file has no name, so nothing has to remove it, not even after a kill -9.
open_log() {
  if [ -z "${LOG:-}" ]; then
    _file=$(mktemp "${TMPDIR:-/tmp}/tslxc-$TEMPLATE.XXXXXX") || fail "no temporary file can be made"
    exec 8>>"$_file"
    rm "$_file"
    LOG=/proc/self/fd/8
  fi
  : >"$LOG"
}

# telling_line LOG STATUS: the line of a log that says most. apt and debootstrap name the cause first and what
# follows from it after; dnf first tells of what it can live with, and ends with "Error: what it cannot".
telling_line() {
  if grep -q 'No space left on device' "$1"; then
    echo "No space left on device"
    return
  fi
  {
    grep -E '^(Public key for|Package .* is not signed|Problem opening package)' "$1" || :
    sed -n 's/^Error: //p' "$1" | tail -n 1
    grep -Ei '^(E:|fatal)|error:|unable to|could not|cannot|not found|no match' "$1" || :
    tail -n 1 "$1" | grep . || echo "exit status $2"
  } | head -n 1 | sed 's/^[[:space:]]*//' | cut -c 1-400
}

# ---------------------------------------------------------------- passwords

# hash_password: reads a password on stdin and prints its SHA-512 crypt; never on a command line, where ps
# shows it.
hash_password() {
  _busybox=${BUSYBOX:-$(command -v busybox || :)}
  if command -v openssl >/dev/null 2>&1; then
    openssl passwd -6 -stdin
  elif [ -n "$_busybox" ] && "$_busybox" mkpasswd --help >/dev/null 2>&1; then
    "$_busybox" mkpasswd -m sha512 -P 0
  elif [ -n "$_busybox" ] && "$_busybox" cryptpw --help >/dev/null 2>&1; then
    "$_busybox" cryptpw -m sha512 -P 0
  else
    fail "a password cannot be hashed: openssl is not installed (package openssl)"
  fi
}

# set_root_password PASSWORD [expired]: puts the hash into the new system's /etc/shadow. It is a file of ours
# still; no program of the new system runs for it. An expired password must be changed at the first login.
set_root_password() {
  _hash=$(printf '%s\n' "$1" | hash_password) || exit 1
  [ -n "$_hash" ] || fail "the root password could not be hashed"
  _day=$(($(date +%s) / 86400))
  [ "${2:-}" != expired ] || _day=0
  _others=$(grep -sv '^root:' "$ROOTFS/etc/shadow" || :)
  (umask 077 && printf 'root:%s:%s:0:99999:7:::\n' "$_hash" "$_day" >"$ROOTFS/etc/shadow.new")
  [ -z "$_others" ] || printf '%s\n' "$_others" >>"$ROOTFS/etc/shadow.new"
  # Keep owner and mode of the file that is there.
  if [ -f "$ROOTFS/etc/shadow" ]; then
    cat "$ROOTFS/etc/shadow.new" >"$ROOTFS/etc/shadow"
    rm "$ROOTFS/etc/shadow.new"
  else
    mv "$ROOTFS/etc/shadow.new" "$ROOTFS/etc/shadow"
  fi
}
