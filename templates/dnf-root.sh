# shellcheck shell=sh
# Installing RPM packages into a directory without the host's package database, configuration or plugins
# having a part in it. Sourced by the templates of RPM distributions; WORK is where our own configuration is.

# prepare_dnf_root DIR: the little that must be there before the first package.
prepare_dnf_root() {
  WORK=$1/.tslxc
  mkdir -p "$1/dev" "$1/proc" "$1/sys" "$1/etc" "$WORK/repos" "$WORK/cache" "$WORK/log" "$WORK/vars"
}

# Where the release keeps its package database. The host's rpm may have another opinion: Debian's keeps it in
# the home directory of the user.
database_path() {
  if is_before 36; then
    echo /var/lib/rpm
  else
    echo /usr/lib/sysimage/rpm
  fi
}

# write_dnf_config DIR: of REPOSITORY, UPDATES and KEY_URL.
write_dnf_config() {
  cat >"$WORK/dnf.conf" <<CONF
[main]
gpgcheck=1
localpkg_gpgcheck=1
install_weak_deps=False
tsflags=nodocs
keepcache=0
plugins=0
assumeyes=1
best=1
reposdir=$WORK/repos
cachedir=$WORK/cache
logdir=$WORK/log
varsdir=$WORK/vars
CONF
  write_repository fedora "$REPOSITORY" False
  [ -z "$UPDATES" ] || write_repository updates "$UPDATES" True
  cat >"$WORK/.rpmmacros" <<MACROS
%_dbpath $(database_path)
%_netsharedpath /dev:/proc:/sys
%_pkgverify_level all
MACROS
}

# write_repository NAME WHERE MAY-BE-MISSING
write_repository() {
  cat >"$WORK/repos/$1.repo" <<REPO
[$1]
name=$1
$2
enabled=1
gpgcheck=1
gpgkey=$KEY_URL
skip_if_unavailable=$3
REPO
}

# dnf_in_root DIR COMMAND...: dnf for the system in DIR. The packages' scripts find /proc, /sys and the devices
# that programs take for granted; these mounts are in a namespace of their own and go with it.
dnf_in_root() {
  _system=$1
  shift
  # shellcheck disable=SC2016 # the inner shell expands it
  isolated env HOME="$WORK" LC_ALL=C.UTF-8 sh -c '
    set -eu
    system=$1
    shift
    mount -t proc proc "$system/proc"
    mount --rbind /sys "$system/sys"
    mount -t tmpfs -o mode=0755,size=1m tmpfs "$system/dev"
    for node in null zero full random urandom tty; do
      : >"$system/dev/$node"
      mount --bind "/dev/$node" "$system/dev/$node"
    done
    ln -s /proc/self/fd "$system/dev/fd"
    ln -s fd/0 "$system/dev/stdin"
    ln -s fd/1 "$system/dev/stdout"
    ln -s fd/2 "$system/dev/stderr"
    exec "$@"
  ' sh "$_system" dnf --config="$WORK/dnf.conf" --installroot="$_system" --releasever="$RELEASE" \
    --forcearch="$ARCH" --setopt=reposdir="$WORK/repos" --setopt=cachedir="$WORK/cache" "$@"
}

# finish_dnf_root DIR
finish_dnf_root() {
  rm -rf "$WORK" "$1/var/cache/dnf" "$1"/var/log/dnf*
}
