/**
 * A small, signed repository of RPM packages with the names that the fedora template installs, made on the spot:
 * a busybox that calls itself systemd is enough for a system that boots.
 */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';
import { execa } from 'execa';

export interface RpmRepository {
  /** Address to give as --mirror: Fedora's layout is below it. */
  readonly mirror: string;
  /** File with the public key that signs the good packages. */
  readonly key: string;
  readonly requests: string[];
  close(): Promise<void>;
}

const SPEC = `
%define debug_package %{nil}
%define __strip /bin/true
%define __brp_mangle_shebangs /bin/true
Name: fedora-release
Version: 19
Release: 1
Summary: Test system
License: none
AutoReqProv: no
%description
Test system.
%package -n bash
Summary: Shell and tools
AutoReqProv: no
Requires: fedora-release
%description -n bash
Shell and tools.
%package -n systemd
Summary: Init
AutoReqProv: no
Requires: bash
%description -n systemd
Init.
%package -n passwd
Summary: Users
AutoReqProv: no
%description -n passwd
Users.
%package -n yum
Summary: Package manager
AutoReqProv: no
%description -n yum
Package manager.
%package -n hello
Summary: More
AutoReqProv: no
%description -n hello
More.
%package -n evil
Summary: Signed by somebody else
AutoReqProv: no
%description -n evil
Signed by somebody else.
%install
cd %{buildroot}
mkdir -p usr/bin usr/sbin usr/lib/systemd/system etc/init.d root proc sys dev run tmp var/log
ln -s usr/bin bin
ln -s usr/sbin sbin
ln -s usr/lib lib
cp %{busybox} usr/bin/busybox
for name in sh bash ls cat ps mount sleep id hostname poweroff; do ln -s busybox usr/bin/$name; done
ln -s ../bin/busybox usr/sbin/init
ln -s ../bin/busybox usr/sbin/getty
ln -s busybox usr/bin/login
printf '::respawn:/sbin/getty -L console 115200 vt100\\n' >etc/inittab
printf 'NAME=Fedora\\nID=fedora\\nVERSION_ID=19\\n' >usr/lib/os-release
printf '[Unit]\\nDescription=Login\\n' >usr/lib/systemd/system/getty@.service
printf '[Unit]\\nDescription=All\\n' >usr/lib/systemd/system/multi-user.target
printf 'root:x:0:0:root:/root:/bin/sh\\n' >etc/passwd
printf 'root:*:1:0:99999:7:::\\n' >etc/shadow
echo hello >usr/bin/hello
echo evil >usr/bin/evil
echo yum >usr/bin/yum
%files
/bin
/sbin
/lib
/usr/lib/os-release
%dir /root
%dir /run
%dir /tmp
%dir /var/log
%files -n bash
/usr/bin/*
%exclude /usr/bin/hello
%exclude /usr/bin/evil
%exclude /usr/bin/yum
%files -n systemd
/usr/sbin/*
/usr/lib/systemd
/etc/inittab
%files -n passwd
/etc/passwd
%attr(0600,root,root) /etc/shadow
%files -n yum
/usr/bin/yum
%files -n hello
/usr/bin/hello
%files -n evil
/usr/bin/evil
`;

/** Builds the repository below `folder` and serves it on the loopback address. */
export async function makeRpmRepository(folder: string, release: number): Promise<RpmRepository> {
  const arch = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  const home = join(folder, 'home');
  const repository = join(folder, `linux/releases/${release}/Everything/${arch}/os`);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  mkdirSync(repository, { recursive: true });
  writeFileSync(join(home, 'system.spec'), SPEC);
  // rpm keeps its database in HOME on Debian; the machine's own is none of this test's business.
  const env = { HOME: home, GNUPGHOME: home, LC_ALL: 'C.UTF-8' };
  const busybox = (await execa('sh', ['-c', 'command -v busybox'])).stdout;
  await execa(
    'rpmbuild',
    ['-bb', '--target', arch, '-D', `_topdir ${home}`, '-D', `busybox ${busybox}`, join(home, 'system.spec')],
    { env },
  );
  for (const who of ['good', 'bad']) {
    await execa('gpg', ['--batch', '--passphrase', '', '--quick-gen-key', `${who}@test.invalid`, 'rsa2048'], {
      env,
    });
  }
  const built = join(home, 'RPMS', arch);
  for (const file of readdirSync(built)) {
    const who = file.startsWith('evil') ? 'bad' : 'good';
    await execa(
      'rpmsign',
      ['--addsign', '-D', '__gpg /usr/bin/gpg', '-D', `_gpg_name ${who}@test.invalid`, join(built, file)],
      { env },
    );
    copyFileSync(join(built, file), join(repository, file));
  }
  await execa('createrepo_c', ['--quiet', repository], { env });
  const key = join(folder, 'key');
  writeFileSync(key, (await execa('gpg', ['--armor', '--export', 'good@test.invalid'], { env })).stdout);
  await execa('gpgconf', ['--kill', 'all'], { env });
  const requests: string[] = [];
  const server = await serve(folder, requests);
  const { port } = server.address() as AddressInfo;
  return {
    mirror: `http://127.0.0.1:${port}`,
    key,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(folder: string, requests: string[]): Promise<Server> {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname);
    requests.push(path);
    try {
      response.end(readFileSync(join(folder, path)));
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
