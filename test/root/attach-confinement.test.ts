/** An attached program is no freer than init (rule R9): whatever made init what it is holds for it as well. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';

const host = new ContainerHost({ eachTest: true });
const busybox = new Busybox(host);
const INIT = ['--', '/bin/sleep', '1000'];
const MAP = 'lxc.include = /usr/share/tslxc/config/userns.conf\nlxc.idmap = b 0 100000 65536';

/** What a process is, read from inside: its own or of process N there. Cgroups without a leaf for attached programs. */
const LOOK = (pid: string) => `
grep -E '^(Uid|Gid|Groups|Cap...|NoNewPrivs|Seccomp|Umask):' /proc/${pid}/status
for n in user mnt pid uts ipc net cgroup time; do readlink /proc/${pid}/ns/$n; done
sed -e 's,/\\.tslxc$,/,' /proc/${pid}/cgroup
cat /proc/${pid}/limits /proc/${pid}/personality 2>/dev/null
readlink /proc/${pid}/root; readlink /proc/${pid}/cwd
`;

/** Starts it and compares an attached shell with init. Where /proc is the host's, init has another number. */
async function compare(short: string, config: string): Promise<string> {
  await busybox.start(short, config, INIT);
  const init = /namespace\.(keep|share\.pid)/.test(config) ? String(await host.initPid(short)) : '1';
  const look = (pid: string) =>
    host.ok('attach', ['-n', `@${short}`, '--', '/bin/sh', '-c', LOOK(pid)], { cwd: '/' });
  const [own, its] = [await look('$$'), await look(init)];
  assert.equal(own, its, short);
  return own;
}

test('privileged: with fewer capabilities, limits, a filter, no new privileges', { skip }, async () => {
  const policy = join(host.root, 'policy');
  writeFileSync(policy, '2\ndenylist\nmount errno 1\n');
  const text = await compare(
    'plain',
    `lxc.cap.drop =\nlxc.cap.keep = chown kill sys_chroot\nlxc.prlimit.nofile = 100:200\nlxc.prlimit.nproc = 500\nlxc.no_new_privs = 1\nlxc.seccomp.profile = ${policy}\nlxc.arch = i686`,
  );
  assert.match(text, /CapBnd:\s+0000000000040021\n/);
  assert.match(text, /CapEff:\s+0000000000040021\n/);
  assert.match(text, /NoNewPrivs:\s+1\n[\s\S]*Seccomp:\s+2\n/);
});

test('mapped', { skip }, async () => {
  assert.match(await compare('mapped', `${MAP}\nlxc.cap.drop = net_raw`), /Groups:\s*\n/);
});

test('with namespaces of the host’s and of others', { skip }, async () => {
  await compare('keeps', 'lxc.namespace.keep = net pid ipc');
  await compare('sharer', `${MAP}\nlxc.time.offset.boot = 1h`);
  await compare(
    'shares',
    ['user', 'net', 'uts']
      .map((kind) => `lxc.namespace.share.${kind} = ${host.name('sharer')}`)
      .concat('lxc.include = /usr/share/tslxc/config/userns.conf')
      .join('\n'),
  );
});
