# shellcheck shell=sh
# Changes that make a distribution's systemd at home in a container. Sourced by the templates whose systems
# boot with systemd; all functions work on the directory that they get as $1.

# Units that serve hardware or the kernel, which are the host's business.
HOST_UNITS='systemd-udevd.service systemd-udevd-control.socket systemd-udevd-kernel.socket
  systemd-udev-trigger.service systemd-udev-settle.service udev.service
  systemd-modules-load.service systemd-hwdb-update.service systemd-remount-fs.service
  sys-kernel-config.mount sys-kernel-debug.mount sys-kernel-tracing.mount dev-hugepages.mount
  systemd-pstore.service e2scrub_reap.service e2scrub_all.timer fstrim.timer'

# unit_file DIR UNIT: where the distribution keeps the unit, as seen from inside.
unit_file() {
  for _folder in /lib/systemd/system /usr/lib/systemd/system; do
    if [ -e "$1$_folder/$2" ]; then
      printf '%s/%s\n' "$_folder" "$2"
      return 0
    fi
  done
  return 1
}

# enable_unit DIR UNIT TARGET [UNIT-FILE-NAME]: a no-op where the distribution has no such unit.
enable_unit() {
  _source=$(unit_file "$1" "${4:-$2}") || return 0
  mkdir -p "$1/etc/systemd/system/$3.wants"
  ln -sf "$_source" "$1/etc/systemd/system/$3.wants/$2"
}

mask_host_units() {
  mkdir -p "$1/etc/systemd/system"
  for _unit in $HOST_UNITS; do
    ln -sf /dev/null "$1/etc/systemd/system/$_unit"
  done
}

# Logins on tty1 to tty4. getty@.service waits for /dev/tty0, which says that there are virtual consoles; in a
# container each terminal stands for itself. The console has its login from systemd's own generator; so have the others
# where the container manager tells systemd of them (container_ttys), and two on one terminal hang each other up.
enable_logins() {
  mkdir -p "$1/etc/systemd/system/getty@.service.d"
  cat >"$1/etc/systemd/system/getty@.service.d/container.conf" <<'FILE'
[Unit]
ConditionPathExists=
ConditionPathExists=/dev/%I
ConditionPathExistsGlob=!/run/systemd/generator/getty.target.wants/container-getty@*
FILE
  for _tty in tty1 tty2 tty3 tty4; do
    enable_unit "$1" "getty@$_tty.service" getty.target getty@.service
  done
  ln -sf "$(unit_file "$1" multi-user.target || echo /lib/systemd/system/multi-user.target)" \
    "$1/etc/systemd/system/default.target"
}

# A copy of this system must not have the identity of the one that it was copied from.
remove_identity() {
  : >"$1/etc/machine-id"
  rm -f "$1/var/lib/dbus/machine-id" "$1/var/lib/systemd/random-seed" "$1"/etc/ssh/ssh_host_*
}

# Where there is an SSH server, every container makes its own host keys when it first boots.
make_host_keys_at_boot() {
  [ -x "$1/usr/sbin/sshd" ] || return 0
  cat >"$1/etc/systemd/system/ssh-host-keys.service" <<'FILE'
[Unit]
Description=Host keys of the SSH server
ConditionPathExists=!/etc/ssh/ssh_host_ed25519_key
Before=ssh.service ssh.socket sshd.service

[Service]
Type=oneshot
ExecStart=/usr/bin/ssh-keygen -A

[Install]
WantedBy=multi-user.target
FILE
  mkdir -p "$1/etc/systemd/system/multi-user.target.wants"
  ln -sf ../ssh-host-keys.service "$1/etc/systemd/system/multi-user.target.wants/ssh-host-keys.service"
}

# guard_network_service DIR UNIT: the unit is skipped where the interface may be the host's own. A container can
# be started with the host's network, and a DHCP client would then take the host off the net.
guard_network_service() {
  mkdir -p "$1/usr/local/lib/tslxc" "$1/etc/systemd/system/$2.d"
  cat >"$1/usr/local/lib/tslxc/own-network" <<'FILE'
#!/bin/sh
# Succeeds when eth0 is this container's: one end of a pair or the child of another interface, with no address
# from another machine at boot. No eth0 at all is fine too: there is nothing to disturb.
known=/run/tslxc-own-network
[ ! -e "$known" ] || exit 0
device=/sys/class/net/eth0
if [ -e "$device/ifindex" ]; then
  [ "$(cat "$device/ifindex")" != "$(cat "$device/iflink")" ] || exit 1
  [ -z "$(ip -4 -o addr show dev eth0 2>/dev/null)" ] || exit 1
fi
# Remembered, because after the boot the address will be our own.
: >"$known"
FILE
  chmod 0755 "$1/usr/local/lib/tslxc/own-network"
  # The "+" runs it as root, outside of the service's sandbox, where it may leave its mark.
  printf '[Service]\nExecCondition=+/usr/local/lib/tslxc/own-network\n' >"$1/etc/systemd/system/$2.d/own-network.conf"
}

# configure_networkd DIR: DHCP on eth0 by systemd-networkd, names by systemd-resolved.
configure_networkd() {
  guard_network_service "$1" systemd-networkd.service
  # With a writable /sys networkd waits for udev to announce the interface, and a container has no udev.
  printf '[Service]\nReadOnlyPaths=/sys\n' >"$1/etc/systemd/system/systemd-networkd.service.d/no-udev.conf"
  mkdir -p "$1/etc/systemd/network"
  printf '[Match]\nName=eth0\n\n[Network]\nDHCP=yes\n' >"$1/etc/systemd/network/80-container-eth0.network"
  enable_unit "$1" systemd-networkd.service multi-user.target
  if unit_file "$1" systemd-resolved.service >/dev/null; then
    enable_unit "$1" systemd-resolved.service multi-user.target
    ln -sf ../run/systemd/resolve/stub-resolv.conf "$1/etc/resolv.conf"
  fi
}
