/** Export and import: a container comes back as it was, and a hostile archive gets nowhere. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { importContainer } from '../../src/container/archive/import.ts';
import { memberHeader, writeEnd, writeMember } from '../../src/container/archive/tar-container.ts';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { BIN, sh } from './harness/run-command.ts';
import { eventually } from './harness/slow.ts';

const host = new ContainerHost();
const busybox = new Busybox(host);
process.env.TSLXC_RUNDIR = host.rundir;
const directory = (short: string) => join(host.lxcpath, host.name(short));
const file = (name: string) => join(host.root, name);

const MAP = 'lxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 100000 65536';

test('a container comes back with all its files, and runs', { skip }, async () => {
  await busybox.make('web', `lxc.net.0.hwaddr = 00:16:3e:11:22:33\n${MAP}`);
  const rootfs = host.rootfs('web');
  mkdirSync(join(directory('web'), 'hooks'));
  writeFileSync(join(directory('web'), 'hooks/up'), '#!/bin/sh\n', { mode: 0o755 });
  appendFileSync(host.config('web'), `lxc.hook.pre-start = ${directory('web')}/hooks/up\n`);
  execFileSync('sh', [
    '-euc',
    `cd "$1"/root; echo a >plain; chown 1000:1001 plain; chmod 4751 plain; touch -d '2001-02-03 04:05:06.789' plain
     ln plain link; ln -s /etc/passwd symlink; truncate -s 8M sparse; mkfifo fifo; mknod null c 1 3
     python3 -c 'import os,socket
os.setxattr("plain","user.note",b"x"); os.setxattr("plain","security.capability",bytes.fromhex("0100000200200000000000000000000000000000"))
socket.socket(socket.AF_UNIX).bind("socket")'`,
    'sh',
    rootfs,
  ]);
  await host.ok('snapshot', ['-n', '@web']);
  const out = await host.tslxc('export', ['-n', '@web', '-o', file('web.tslxc')]);
  assert.equal(out.code, 0, out.stderr);
  assert.match(out.stderr, /a socket is not in the archive/);
  assert.equal(lstatSync(file('web.tslxc')).mode & 0o777, 0o600);
  const wary = await host.tslxc('import', [file('web.tslxc'), '-N', host.name('back')]);
  assert.match(wary.stderr, /lxc\.hook\.pre-start[\s\S]*--trust/);
  await host.ok('import', [file('web.tslxc'), '-N', host.name('back'), '--trust']);
  const back = join(host.rootfs('back'), 'root');
  const stat = lstatSync(join(back, 'plain'));
  assert.deepEqual([stat.uid, stat.gid, stat.mode & 0o7777, stat.nlink], [1000, 1001, 0o4751, 2]);
  assert.equal(stat.mtime.toISOString(), new Date('2001-02-03 04:05:06.789').toISOString());
  assert.ok(lstatSync(join(back, 'sparse')).blocks < 100);
  assert.ok(lstatSync(join(back, 'fifo')).isFIFO() && lstatSync(join(back, 'null')).rdev === 0x103);
  assert.ok(!existsSync(join(back, 'socket')));
  const attributes = execFileSync('getfattr', ['-d', '-m', '-', '--', 'plain'], {
    encoding: 'utf8',
    cwd: back,
  });
  assert.match(attributes, /security\.capability[\s\S]*user\.note="x"/);
  const config = readFileSync(host.config('back'), 'utf8');
  assert.ok(config.includes(`lxc.hook.pre-start = ${directory('back')}/hooks/up`));
  assert.equal(lstatSync(join(directory('back'), 'hooks/up')).mode & 0o777, 0o755);
  assert.doesNotMatch(config, /11:22:33|overlay:/);
  await host.ok('start', ['-n', '@back']);
  assert.equal(await host.inside('back', 'hostname; stat -c %u /root'), `${host.name('back')}\n0`);
  await host.kill('back');
});

test('a snapshot of a running container is refused and leaves nothing', { skip }, async () => {
  await host.ok('start', ['-n', '@web']);
  const running = await host.tslxc('export', ['-n', '@web', '-o', file('no.tslxc')]);
  assert.match(running.stderr, /it is running/);
  await host.ok('export', ['-n', '@web', '-s', 'snap0', '-o', file('snap.tslxc'), '--compress', 'gzip']);
  const again = await host.tslxc('export', ['-n', '@web', '-s', 'snap0', '-o', file('snap.tslxc')]);
  assert.match(again.stderr, /exists/);
  await host.kill('web');
  const taken = await host.tslxc('import', [file('snap.tslxc'), '--trust']);
  assert.match(taken.stderr, /already exists/);
  await host.ok('import', [file('snap.tslxc'), '-N', host.name('snap'), '--trust']);
  assert.ok(existsSync(join(host.rootfs('snap'), 'root/plain')));
  assert.deepEqual(
    readdirSync(host.root).filter((name) => /no\.tslxc|^\./.test(name)),
    [],
  );
});

test('the next export removes the file of a killed one, and no other file', { skip }, async () => {
  const place = file('backup');
  const tools = file('tools');
  for (const directory of [place, tools]) mkdirSync(directory);
  // A gzip that never gets anything done.
  writeFileSync(join(tools, 'gzip'), '#!/bin/sh\nexec sleep 30\n', { mode: 0o755 });
  const slow = spawn(
    join(BIN, 'tslxc-export'),
    ['-P', host.lxcpath, '-n', host.name('web'), '-o', join(place, 'slow.tslxc'), '--compress', 'gzip'],
    {
      env: { ...host.env, TSLXC_POOL: '0', PATH: `${tools}:${process.env.PATH}` },
      stdio: 'ignore',
      detached: true,
    },
  );
  try {
    const hidden = () =>
      readdirSync(place)
        .filter((name) => name.startsWith('.'))
        .sort();
    const large = () => hidden().some((name) => lstatSync(join(place, name)).size > 0);
    await eventually('it has begun', large);
    const [writing] = hidden();
    assert.match(writing!, /^\.slow\.tslxc\.creating-[0-9a-f]{8}$/);

    const others: Readonly<Record<string, (path: string) => void>> = {
      '.of-another.creating-00000001': (path) => chownSync(path, 1000, 1000),
      '.readable.creating-00000002': (path) => chmodSync(path, 0o644),
      '.no-archive.creating-00000003': (path) => writeFileSync(path, 'configuration'),
      '.twice.creating-00000004': (path) => linkSync(path, join(place, '.twice')),
      '.slow.tslxc.replaced-00000005': () => {},
      '.slow.tslxc.creating-6': () => {},
    };
    for (const [name, change] of Object.entries(others)) {
      writeFileSync(join(place, name), '', { mode: 0o600 });
      change(join(place, name));
    }
    mkdirSync(join(place, '.directory.creating-00000007'));
    symlinkSync('nowhere', join(place, '.symlink.creating-00000008'));
    execFileSync('mkfifo', ['-m', '600', join(place, '.fifo.creating-00000009')]);
    const before = hidden();

    const next = async (name: string) => {
      await host.ok('export', ['-n', '@back', '-o', join(place, name)]);
      return hidden();
    };
    assert.deepEqual(await next('living.tslxc'), before, 'its writer lives');
    writeFileSync(join(place, '.empty.creating-0000000a'), '', { mode: 0o600 });
    process.kill(-slow.pid!, 'SIGKILL');
    await once(slow, 'exit');
    assert.deepEqual(
      await next('dead.tslxc'),
      before.filter((name) => name !== writing),
    );
  } finally {
    if (slow.exitCode === null && slow.signalCode === null) process.kill(-slow.pid!, 'SIGKILL');
  }
});

interface Forged {
  readonly config?: string;
  /** Python that adds members to the tar `t` of the root filesystem. */
  readonly rootfs?: string;
  readonly more?: readonly (readonly [name: string, content: string])[];
  readonly metadata?: Record<string, unknown>;
  /** Bytes of the outer tar, after it is written. */
  readonly spoil?: (path: string) => void;
  /** Type of the outer member `files/x`. */
  readonly type?: string;
}

const digest = (content: Buffer) => createHash('sha256').update(content).digest('hex');
const HELPERS = `import io,sys,tarfile
t=tarfile.open(sys.argv[1],"w:gz",format=tarfile.PAX_FORMAT)
def add(name,type=tarfile.REGTYPE,link="",data=b"evil",mode=0o644,**k):
    i=tarfile.TarInfo(name); i.type=type; i.linkname=link; i.mode=mode
    for a in k: setattr(i,a,k[a])
    i.size=len(data) if type==tarfile.REGTYPE else 0
    t.addfile(i,io.BytesIO(data) if i.size else None)
`;

function forge({
  config = 'lxc.net.0.type = empty\n',
  rootfs,
  more = [],
  metadata,
  spoil,
  type,
}: Forged): string {
  const path = file(`forged.tslxc`);
  const members: [string, Buffer][] = [['config', Buffer.from(config)]];
  for (const [name, content] of more) members.push([name, Buffer.from(content)]);
  if (rootfs !== undefined) {
    execFileSync('python3', ['-c', `${HELPERS}${rootfs}\nt.close()`, file('inner.tar.gz')]);
    members.push(['rootfs.tar.gz', readFileSync(file('inner.tar.gz'))]);
  }
  const fd = openSync(path, 'w');
  let offset = 0;
  for (const [name, content] of members) {
    const header = memberHeader(name, content.length);
    const start = offset;
    offset = writeMember(fd, offset, name, content);
    if (type === undefined || !name.startsWith('files/')) continue;
    header.write(type, 156);
    header.write('        ', 148);
    const sum = header.reduce((a, b) => a + b, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    const rewrite = openSync(path, 'r+');
    writeAt(rewrite, header, start);
  }
  const told = {
    format: 'tslxc-export',
    version: 1,
    name: host.name('forged'),
    directory: '/var/lib/lxc/forged',
    architecture: 'x64',
    made: '',
    members: members.map(([name, content]) => ({ name, bytes: content.length, sha256: digest(content) })),
    ...metadata,
  };
  offset = writeMember(fd, offset, 'tslxc-export.json', Buffer.from(JSON.stringify(told)));
  writeEnd(fd, offset);
  closeSync(fd);
  spoil?.(path);
  return path;
}

function writeAt(fd: number, bytes: Buffer, position: number): void {
  execFileSync(
    'dd',
    [`of=/proc/self/fd/3`, 'bs=512', `seek=${position / 512}`, 'conv=notrunc', 'status=none'],
    {
      input: bytes,
      stdio: ['pipe', 'inherit', 'inherit', fd],
    },
  );
  closeSync(fd);
}

const HOSTILE: Readonly<Record<string, readonly [Forged, RegExp]>> = {
  'a path with ..': [{ rootfs: 'add("../../escaped")' }, /\.\./],
  'CVE-2018-15664: a file through a symlink that leads out': [
    { rootfs: 'add("out",tarfile.SYMTYPE,"/canary");add("out/escaped")' },
    /cannot be unpacked/,
  ],
  'CVE-2026-23954, 2026-48752: a file through a relative symlink': [
    { rootfs: 'add("out",tarfile.SYMTYPE,"../../..");add("out/escaped")' },
    /cannot be unpacked/,
  ],
  'a hard link to a file outside': [
    { rootfs: 'add("pw",tarfile.LNKTYPE,"/etc/passwd")' },
    /cannot be unpacked/,
  ],
  'an outer member that is a symlink': [{ more: [['files/x', '']], type: '2' }, /no plain file/],
  'an outer member that is a hard link': [{ more: [['files/x', '']], type: '1' }, /no plain file/],
  'an outer member that is a device': [{ more: [['files/x', '']], type: '3' }, /no plain file/],
  'an outer member that is a FIFO': [{ more: [['files/x', '']], type: '6' }, /no plain file/],
  'a file beside the container': [{ more: [['files/../../x', 'x']] }, /no place for a file/],
  'an absolute file': [{ more: [['/etc/x', 'x']] }, /no place for a file/],
  'a marker of ours': [{ more: [['files/restoring', '{}']] }, /no place for a file/],
  'another config': [{ more: [['files/config', '']] }, /no place for a file/],
  'the same member twice': [{ more: [['config', '']] }, /twice/],
  'a name that is a path': [{ metadata: { name: '../x' } }, /no name/],
  'a member that is not described': [
    { more: [['files/x', 'x']], metadata: { members: [] } },
    /something else/,
  ],
  'a future format': [{ metadata: { version: 2 } }, /format/],
  'a cut off archive': [{ spoil: (path) => truncateSync(path, 1300) }, /ends too early|is not in it/],
  'a changed config': [
    {
      spoil(path) {
        const bytes = readFileSync(path);
        bytes[520] = bytes[520]! ^ 1;
        writeFileSync(path, bytes);
      },
    },
    /digest/,
  ],
  'thousands of members': [
    { more: Array.from({ length: 5000 }, (_, i) => [`files/f${i}`, ''] as const) },
    /too many members|too large/,
  ],
  'a hook of the host': [{ config: 'lxc.hook.pre-start = /bin/true\n' }, /--trust/],
  'a script of a nic': [{ config: 'lxc.net.0.script.up = /bin/true\n' }, /--trust/],
  'a mount of the host': [{ config: 'lxc.mount.entry = /etc mnt none bind 0 0\n' }, /--trust/],
  'an include of the host': [{ config: 'lxc.include = /etc/shadow\n' }, /--trust/],
  'a log on the host': [{ config: 'lxc.log.file = /etc/cron.d/x\n' }, /--trust/],
  'a root filesystem of the host': [{ config: 'lxc.rootfs.path = dir:/\n' }, /lxc\.rootfs\.path/],
  'the namespaces of the host': [{ config: 'lxc.namespace.keep = net\n' }, /--trust/],
  'CVE-2026-48751: capabilities that were given back': [
    { config: 'lxc.cap.drop =\n' },
    /line 1: lxc\.cap\.drop.*--trust/s,
  ],
  'a kernel to write to': [{ config: 'lxc.mount.auto = proc:rw sys:rw\n' }, /--trust/],
  'a start with the host': [{ config: 'lxc.start.auto = 1\n' }, /--trust/],
  'all devices': [{ config: 'lxc.cgroup.devices.allow = a\n' }, /--trust/],
  'no system calls refused': [{ config: 'lxc.seccomp.profile =\n' }, /--trust/],
  'a config with a mistake': [{ config: 'lxc.nonsense = 1\n' }, /nonsense/],
};

for (const [what, [forged, message]] of Object.entries(HOSTILE))
  test(`refused, with nothing left: ${what}`, { skip }, async () => {
    const canary = file('canary');
    mkdirSync(canary, { recursive: true });
    const path = forge(forged);
    const before = readdirSync(host.lxcpath).sort();
    const refusal = await importContainer({ file: path, lxcpath: host.lxcpath }).then(
      () => 'nothing was wrong',
      (error: Error & { hint?: string }) => `${error.message} ${error.hint}`,
    );
    assert.match(refusal, message);
    assert.deepEqual(readdirSync(host.lxcpath).sort(), before);
    assert.deepEqual(readdirSync(canary), []);
    for (const place of [host.root, '/', '/var/tmp']) assert.ok(!existsSync(join(place, 'escaped')));
  });

/** Where a member's bytes are in the outer tar, and how many. */
function placeOf(path: string, name: string): { start: number; size: number } {
  const bytes = readFileSync(path);
  for (let at = 0; at < bytes.length; ) {
    const header = bytes.subarray(at, at + 512);
    const size = parseInt(header.toString('latin1', 124, 136), 8);
    if (header.toString('latin1', 0, name.length + 1) === `${name}\0`) return { start: at + 512, size };
    at += 512 + Math.ceil(size / 512) * 512;
  }
  throw new Error(`no member ${name}`);
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = bytes[at]! ^ 1;
  writeFileSync(path, bytes);
}

test('CVE-2026-33542, 2026-48769: the digest is of all bytes, and of those that are unpacked', {
  skip,
}, async () => {
  const rootfs = 'add("a",data=b"x"*200000)';
  const imported = (path: string, onStep?: (text: string) => void) =>
    importContainer({ file: path, lxcpath: host.lxcpath, ...(onStep ? { onStep } : {}) }).then(
      () => 'imported',
      (error: Error) => error.message,
    );
  const ways: readonly (readonly [member: string, at: (size: number) => number])[] = [
    ['config', (size) => size - 1],
    ['rootfs.tar.gz', () => 0],
    ['rootfs.tar.gz', (size) => size >> 1],
    ['rootfs.tar.gz', (size) => size - 1],
  ];
  for (const [member, at] of ways) {
    const path = forge({ rootfs });
    const { start, size } = placeOf(path, member);
    flip(path, start + at(size));
    assert.match(await imported(path), new RegExp(`digest of "${member}" is another one`));
  }
  // A beginning of the digest is not the digest.
  const short = forge({ rootfs });
  const { start, size } = placeOf(short, 'tslxc-export.json');
  const text = readFileSync(short).toString('latin1', start, start + size);
  const [told] = /(?<="sha256":")[0-9a-f]{64}/.exec(text)!;
  const bytes = readFileSync(short);
  bytes.write(text.replace(`"${told}"`, `"${told.slice(0, 12)}"`).padEnd(size, ' '), start, 'latin1');
  writeFileSync(short, bytes);
  assert.match(await imported(short), /digest of "config" is another one/);
  // Its owner changes the archive after it was verified. The last byte of gzip is one of the length.
  const late = forge({ rootfs });
  const packed = placeOf(late, 'rootfs.tar.gz');
  const change = (what: string) => {
    if (what.startsWith('Unpacking')) flip(late, packed.start + 4);
  };
  assert.match(await imported(late, change), /digest of "rootfs.tar.gz" is another one/);
  assert.ok(!existsSync(directory('forged')));
  assert.equal(await imported(forge({ rootfs })), 'imported', 'the control');
  await host.ok('destroy', ['-n', '@forged']);
});

test('CVE-2019-14271, 2026-41567: programs and libraries of an archive are not run', { skip }, async () => {
  const ran = file('ran-from-archive');
  const script = `#!/bin/sh\\ntouch ${ran}; touch /target/ran; true\\n`;
  const programs = ['usr/bin/tar', 'bin/sh', 'usr/bin/gzip', 'usr/bin/chroot'];
  const path = forge({
    rootfs: `for p in ${JSON.stringify(programs)}: add(p,mode=0o755,data=b"${script}")
add("etc/ld.so.preload",data=b"/usr/lib/evil.so\\n")
for d in ("usr/lib/x86_64-linux-gnu","lib/x86_64-linux-gnu","usr/lib"): add(d+"/libnss_files.so.2",mode=0o755); add(d+"/evil.so",mode=0o755)
add("etc/nsswitch.conf",data=b"passwd: files evil\\n")`,
  });
  await host.ok('import', [path]);
  const rootfs = host.rootfs('forged');
  assert.ok(!existsSync(ran) && !existsSync(join(rootfs, 'ran')));
  execFileSync('sh', [join(rootfs, 'usr/bin/tar')], { stdio: 'ignore' });
  assert.ok(existsSync(ran), 'the control: it would have been seen');
  await host.ok('destroy', ['-n', '@forged']);
});

test('what only looks like an escape stays inside', { skip }, async () => {
  const path = forge({
    rootfs: `add("/absolute")
add("dev/null",tarfile.CHRTYPE,devmajor=1,devminor=3)
add("link",tarfile.SYMTYPE,"/etc/shadow")
add("a"); add("b",tarfile.LNKTYPE,"a")
for i in range(2000): add("many/%d"%i,data=b"")`,
    config: `lxc.net.0.type = empty\nlxc.log.file = /var/lib/lxc/forged/log\n`,
  });
  await host.ok('import', [path]);
  const rootfs = host.rootfs('forged');
  assert.ok(!existsSync('/absolute'));
  assert.deepEqual(readdirSync(rootfs).sort(), ['a', 'absolute', 'b', 'dev', 'link', 'many']);
  assert.equal(lstatSync(join(rootfs, 'a')).nlink, 2);
  assert.equal(readdirSync(join(rootfs, 'many')).length, 2000);
  assert.ok(
    readFileSync(host.config('forged'), 'utf8').includes(`lxc.log.file = ${directory('forged')}/log`),
  );
});

test('with --trust the lines are taken', { skip }, async () => {
  const path = forge({
    config: 'lxc.hook.pre-start = /bin/true\n',
    metadata: { name: host.name('trusted') },
  });
  await host.ok('import', [path, '--trust']);
  assert.match(readFileSync(host.config('trusted'), 'utf8'), /pre-start = \/bin\/true/);
});

test('CVE-2026-48751, 2026-9640: an import without an id map gets one, its root is an ordinary id', {
  skip,
}, async () => {
  await busybox.make('model');
  const model = host.rootfs('model');
  execFileSync('sh', [
    '-euc',
    `mknod -m 666 "$1"/root/disk b 8 0; mknod -m 666 "$1"/root/mem c 1 1`,
    'sh',
    model,
  ]);
  await host.ok('export', ['-n', '@model', '-o', file('model.tslxc')]);
  const made = await host.tslxc('import', [file('model.tslxc'), '-N', host.name('wary')]);
  assert.equal(made.code, 0, made.stderr);
  assert.match(made.stderr, /no id map.*--trust/);
  assert.match(made.stderr, /device nodes.*\/root\/disk \(b 8:0\)/);
  assert.deepEqual(readdirSync(join(host.rootfs('wary'), 'root')), []);
  assert.ok(existsSync(join(model, 'root/disk')), 'a container that has them, to compare with');
  await host.ok('start', ['-n', '@wary']);
  const pid = await host.initPid('wary');
  const [inside, first] = readFileSync(`/proc/${pid}/uid_map`, 'utf8').trim().split(/\s+/).map(Number);
  assert.ok(inside === 0 && first! >= 65_536, `uid_map ${first}`);
  const probe =
    'echo x 2>&1 >/proc/sys/kernel/core_pattern && echo WRITTEN; grep Seccomp: /proc/self/status; ls -ld /root';
  const seen = await host.inside('wary', probe);
  assert.doesNotMatch(seen, /WRITTEN/);
  assert.match(seen, /Seccomp:\s+2/);
  await host.kill('wary');
  await host.ok('import', [file('model.tslxc'), '-N', host.name('third')]);
  const map = (name: string) => /lxc\.idmap = u 0 (\d+)/.exec(readFileSync(host.config(name), 'utf8'))?.[1];
  assert.notEqual(map('third'), map('wary'), 'each has ids of its own');
});

test('CVE-2026-41648, 2026-41685: what would fill the disk is stopped on the way, a full disk is called one', {
  skip,
}, async () => {
  await busybox.make('big');
  // Two files that pack to nothing.
  await sh(`cd ${host.rootfs('big')} && truncate -s 8M a && dd if=/dev/zero of=b bs=1M count=24 2>&1`);
  await host.ok('export', ['-n', '@big', '-o', file('big.tslxc')]);
  for (const [option, limit, words] of [
    ['--max-size', '20m', /unpacks to more than 20971520 bytes of files(.|\n)*--max-size 1g/],
    ['--max-files', '100', /unpacks to more than 100 files(.|\n)*--max-files 400/],
  ] as const) {
    const { code, stderr } = await host.tslxc('import', [file('big.tslxc'), '-N', '@bomb', option, limit]);
    assert.equal(code, 1);
    assert.match(stderr, words);
    assert.ok(!existsSync(directory('bomb')));
  }
  await host.ok('import', [file('big.tslxc'), '-N', '@bomb', '--max-size', '0', '--max-files', '0']);
  assert.equal(lstatSync(join(host.rootfs('bomb'), 'b')).size, 24 << 20);
  const small = join(host.root, 'small');
  await sh(`mkdir ${small} && mount -t tmpfs -o size=300k none ${small}`);
  try {
    const { code, stderr } = await host.tslxc('export', ['-n', '@big', '-o', join(small, 'big.tslxc')]);
    assert.equal(code, 1);
    assert.match(stderr, /the disk that holds .*big\.tslxc is full/);
    assert.deepEqual(readdirSync(small), []);
  } finally {
    await sh(`umount ${small}`);
  }
});
