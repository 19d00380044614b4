/** The control files of the Debian packages: dependencies, conffiles, maintainer scripts, checksums. */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ROOT } from '../test/setup/prepare.mjs';

const MAINTAINER = 'tslxc maintainers <maintainers@tslxc.invalid>';

const FIELDS = {
  tslxc: {
    Section: 'admin',
    Priority: 'optional',
    Depends: 'libc6 (>= 2.28), libstdc++6, iproute2, libseccomp2',
    Recommends: 'dnsmasq-base, nftables | iptables, busybox-static, mmdebstrap | debootstrap, lxcfs',
    Suggests: 'apparmor, btrfs-progs, lvm2, zfsutils-linux, gnupg, dnf, rsync, tslxc-lxc',
    Description: `system containers: full Linux machines that share the host's kernel
 tslxc boots whole distributions (their own init, users, services, network card
 and consoles) in containers. It reads LXC's configuration files and has LXC's
 commands under the names tslxc-*, with errors that name their cause, one
 configuration for every cgroup layout, cheap snapshots on a plain directory,
 and JSON.
 .
 The package brings a Node.js runtime of its own in /usr/lib/tslxc.`,
  },
  'tslxc-lxc': {
    Section: 'admin',
    Priority: 'optional',
    Depends: 'tslxc (= VERSION)',
    Conflicts: 'lxc, lxc-utils',
    Replaces: 'lxc, lxc-utils',
    Provides: 'lxc, lxc-utils',
    Description: `LXC's command and file names for tslxc
 With this package tslxc takes the place of LXC: the commands lxc-*, the units
 lxc.service, lxc@.service and lxc-net.service, the files below
 /usr/share/lxc, and the containers in /var/lib/lxc.`,
  },
};

const SCRIPTS = ['preinst', 'postinst', 'prerm', 'postrm'];

/** Paths of all files and links below the tree, in order, without a slash in front. */
function contents(tree) {
  const found = [];
  const walk = (folder) => {
    for (const entry of readdirSync(join(tree, folder), { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else found.push(path);
    }
  };
  walk('');
  return found.filter((path) => !path.startsWith('DEBIAN/')).sort();
}

/** Writes DEBIAN/ and the Debian changelog of package `name` into `tree`. @param epoch seconds since 1970 */
export function writeControl(tree, name, version, arch, epoch) {
  const changelog = `${name} (${version}) unstable; urgency=medium\n\n  * See NEWS.md.gz.\n\n -- ${MAINTAINER}  ${debianDate(epoch)}\n`;
  const doc = join(tree, 'usr/share/doc', name);
  mkdirSync(doc, { recursive: true });
  writeFileSync(join(doc, 'changelog.gz'), gzipSync(changelog, { level: 9 }), { mode: 0o644 });
  const control = join(tree, 'DEBIAN');
  mkdirSync(control, { mode: 0o755 });
  const files = contents(tree);
  const size = files.reduce((sum, path) => sum + Math.ceil(lstatSync(join(tree, path)).size / 1024), 0);
  const fields = {
    Package: name,
    Version: version,
    Architecture: arch,
    Maintainer: MAINTAINER,
    'Installed-Size': size,
    ...FIELDS[name],
  };
  const text = Object.entries(fields).map(
    ([key, value]) => `${key}: ${String(value).replace('VERSION', version)}\n`,
  );
  writeFileSync(join(control, 'control'), text.join(''), { mode: 0o644 });
  const conffiles = files.filter((path) => path.startsWith('etc/'));
  if (conffiles.length)
    writeFileSync(join(control, 'conffiles'), conffiles.map((path) => `/${path}\n`).join(''), {
      mode: 0o644,
    });
  const sums = files
    .filter((path) => !path.startsWith('etc/') && lstatSync(join(tree, path)).isFile())
    .map(
      (path) =>
        `${createHash('md5')
          .update(readFileSync(join(tree, path)))
          .digest('hex')}  ${path}\n`,
    );
  writeFileSync(join(control, 'md5sums'), sums.join(''), { mode: 0o644 });
  for (const script of SCRIPTS) {
    const from = join(ROOT, 'packaging/debian', `${name}.${script}`);
    if (!existsSync(from)) continue;
    writeFileSync(join(control, script), readFileSync(from));
    chmodSync(join(control, script), 0o755);
  }
}

/** `Mon, 30 Nov 2026 22:00:00 +0000`, as a Debian changelog has a time. */
function debianDate(epoch) {
  return new Date(epoch * 1000).toUTCString().replace('GMT', '+0000');
}
