/** What the host must have: a command (or a file) and the Debian package that brings it. */

/** The quickstart: a container on the default bridge. */
export const FOR_QUICKSTART = [
  ['ip', 'iproute2'],
  ['/usr/share/doc/busybox-static', 'busybox-static'],
  ['dnsmasq', 'dnsmasq-base'],
  ['nft', 'nftables'],
];

/**
 * The tests: the programs that tslxc uses, those that look at what it did, and LXC as the peer. The third word of a
 * row is part of the paths of the only test files that need it: an emulated machine takes minutes to install all.
 */
export const FOR_TESTS = [
  ...FOR_QUICKSTART,
  ['pgrep', 'procps'],
  ['iptables', 'iptables'],
  ['mmdebstrap', 'mmdebstrap', 'template'],
  ['debootstrap', 'debootstrap', 'template'],
  ['/usr/share/keyrings/debian-archive-keyring.gpg', 'debian-archive-keyring', 'template'],
  ['dnf', 'dnf', 'template'],
  ['rpmbuild', 'rpm', 'template'],
  ['createrepo_c', 'createrepo-c', 'template'],
  ['gpg', 'gnupg', 'template'],
  ['python3', 'python3'],
  ['lxc-start', 'lxc'],
  ['/usr/lib/python3/dist-packages/lxc', 'python3-lxc', 'lxc-socket'],
  ['/usr/share/lxc/templates/lxc-debian', 'lxc-templates'],
  ['openssl', 'openssl', 'template'],
  ['tmux', 'tmux'],
  ['setfacl', 'acl'],
  ['setfattr', 'attr'],
  ['capsh', 'libcap2-bin'],
  ['nsenter', 'util-linux'],
  ['findmnt', 'util-linux'],
  ['mount', 'mount'],
  ['script', 'bsdutils'],
  ['ping', 'iputils-ping'],
  ['rsync', 'rsync', 'template'],
  ['man', 'man-db', 'documentation'],
  ['shellcheck', 'shellcheck', 'template'],
  ['zsh', 'zsh', 'completion'],
  ['fish', 'fish', 'completion'],
  ['chattr', 'e2fsprogs'],
  ['strace', 'strace'],
  ['gcc', 'gcc', 'cve'],
  ['/usr/include/stdio.h', 'libc6-dev', 'cve'],
  ['mkfs.xfs', 'xfsprogs', 'storage'],
  ['btrfs', 'btrfs-progs', 'storage'],
  ['lvcreate', 'lvm2', 'storage'],
  ['thin_check', 'thin-provisioning-tools', 'storage'],
];
