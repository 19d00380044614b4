/** What the host must have: a command (or a file) and the Debian package that brings it. */

/** The quickstart: a container on the default bridge. */
export const FOR_QUICKSTART = [
  ['ip', 'iproute2'],
  ['/usr/share/doc/busybox-static', 'busybox-static'],
  ['dnsmasq', 'dnsmasq-base'],
  ['nft', 'nftables'],
];

/** The tests: the programs that tslxc uses, those that look at what it did, and LXC as the peer. */
export const FOR_TESTS = [
  ...FOR_QUICKSTART,
  ['pgrep', 'procps'],
  ['iptables', 'iptables'],
  ['mmdebstrap', 'mmdebstrap'],
  ['debootstrap', 'debootstrap'],
  ['/usr/share/keyrings/debian-archive-keyring.gpg', 'debian-archive-keyring'],
  ['dnf', 'dnf'],
  ['rpmbuild', 'rpm'],
  ['createrepo_c', 'createrepo-c'],
  ['gpg', 'gnupg'],
  ['python3', 'python3'],
  ['lxc-start', 'lxc'],
  ['/usr/share/lxc/templates/lxc-debian', 'lxc-templates'],
  ['openssl', 'openssl'],
  ['tmux', 'tmux'],
  ['setfacl', 'acl'],
  ['setfattr', 'attr'],
  ['capsh', 'libcap2-bin'],
  ['nsenter', 'util-linux'],
  ['findmnt', 'util-linux'],
  ['mount', 'mount'],
  ['script', 'bsdutils'],
  ['ping', 'iputils-ping'],
  ['rsync', 'rsync'],
  ['man', 'man-db'],
  ['shellcheck', 'shellcheck'],
  ['chattr', 'e2fsprogs'],
  ['strace', 'strace'],
];
