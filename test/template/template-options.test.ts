/** The command line, the messages and the mirrors of the shipped templates; nothing here needs root. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { execa } from 'execa';

const templates = resolve(import.meta.dirname, '../../templates');
const folder = mkdtempSync(join(tmpdir(), 'tslxc-options-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const filled = join(folder, 'filled');
mkdirSync(join(filled, 'something'), { recursive: true });

const TABLE = 'path= p P\nname= n N\nrelease= R RELEASE\nclean c CLEAN\nflush F FLUSH\nmask-tmp - MASK';

/** The variables that parse_options sets, or its complaint. */
async function parse(...args: string[]): Promise<string> {
  const code = [
    'set -e; TEMPLATE=x; . "$0/functions.sh"; parse_options "$TABLE" "$@"',
    'for name in P N RELEASE CLEAN FLUSH MASK; do eval "printf \'%s\\n\' \\"\\$$name\\""; done',
  ].join('\n');
  const { stdout, stderr } = await execa('dash', ['-c', code, templates, ...args], {
    reject: false,
    env: { TABLE },
  });
  return stderr || stdout.split('\n').filter(Boolean).join(' ');
}

async function sh(code: string, ...args: string[]): Promise<string> {
  const { stdout } = await execa('dash', ['-euc', `TEMPLATE=x; ${code}`, templates, ...args]);
  return stdout;
}

test('options come in every way that getopt knows', async () => {
  assert.equal(await parse('--path=/p', '--name', 'n', '-R', '19'), '/p n 19');
  assert.equal(await parse('-R19', '-cF', '--mask-tmp'), '19 1 1 1');
  assert.equal(await parse('-cR', '19', '--'), '19 1');
  assert.equal(await parse('--release='), '');
  assert.equal(await parse('--path=a b$(id)`id`'), 'a b$(id)`id`');
});

test('what is not understood is named', async () => {
  assert.match(await parse('--nonsense=1'), /^tslxc-x: unknown option --nonsense/);
  assert.match(await parse('-z'), /unknown option -z/);
  assert.match(await parse('-'), /unexpected argument -/);
  assert.match(await parse('--release'), /--release needs a value/);
  assert.match(await parse('--clean=1'), /--clean takes no value/);
  assert.match(await parse('word'), /unexpected argument word/);
  assert.match(await parse('--name=a\nb'), /line break/);
});

for (const name of ['busybox', 'debian', 'fedora']) {
  const script = join(templates, `tslxc-${name}`);

  test(`${name}: --help names every option, and nothing is done`, async () => {
    const { stdout, stderr } = await execa(script, ['-h']);
    assert.equal(stderr, '');
    for (const option of ['--path', '--name', '--rootfs', '--mapped-uid', '--help']) {
      assert(stdout.includes(option), option);
    }
  });

  test(`${name}: one line on stderr says what is wrong`, async () => {
    const cases: [string[], RegExp][] = [
      [['--name=x'], /--path is missing/],
      [['--path=/tmp'], /--name is missing/],
      [['--path=/nowhere', '--name=x'], /\/nowhere does not exist/],
      [['--path=relative', '--name=x'], /must be absolute/],
      [['--path=/tmp', '--name=a/b'], /not usable as a host name/],
      [['--path=/tmp', '--name=x', '--rootfs=/'], /cannot be \//],
      [['--path=/tmp', '--name=x', `--rootfs=${filled}`], /filled is not empty/],
    ];
    for (const [args, reason] of cases) {
      const { exitCode, stderr } = await execa(script, args, { reject: false });
      assert.equal(exitCode, 1, args.join(' '));
      assert.match(stderr, reason);
      assert.match(stderr, new RegExp(`^tslxc-${name}: [^\n]+$`));
    }
  });
}

test('a missing tool is named with the packages that bring it', async () => {
  const said = await execa(
    'dash',
    ['-c', 'TEMPLATE=x; . "$0/functions.sh"; need nosuchtool deb-package rpm-package', templates],
    { reject: false },
  );
  assert.match(
    said.stderr,
    /nosuchtool is not installed; it is in the package deb-package \(Fedora: rpm-package\)/,
  );
});

test("a Debian host's mirrors are found in both notations", async () => {
  const apt = join(folder, 'apt');
  mkdirSync(join(apt, 'sources.list.d'), { recursive: true });
  writeFileSync(
    join(apt, 'sources.list'),
    [
      '# deb http://commented.test/debian bookworm main',
      'deb-src http://source.test/debian bookworm main',
      'deb [arch=amd64 signed-by=/k] https://tool.test/linux bookworm main # not Debian',
      'deb [ arch=amd64 ] http://mirror.test/debian/ bookworm main contrib',
      'deb http://mirror.test/debian bookworm-updates main',
      'deb cdrom:[Debian]/ bookworm main',
    ].join('\n'),
  );
  writeFileSync(
    join(apt, 'sources.list.d/security.sources'),
    [
      'Enabled: no\nTypes: deb\nURIs: http://off.test/\nSuites: bookworm-security\nComponents: main\n',
      '# a comment\nTypes: deb deb-src\nURIs:\n http://sec.test/debian-security\nSuites: bookworm-security\nComponents: main\n contrib\nSigned-By:\n -----BEGIN\n .\n',
    ].join('\n'),
  );
  const ask = (what: string, codename = 'bookworm') =>
    sh('. "$0/debian-sources.sh"; host_mirror "$1" "$2" "$3"', what, codename, apt);
  assert.equal(await ask('main'), 'http://mirror.test/debian');
  assert.equal(await ask('security'), 'http://sec.test/debian-security');
  assert.equal(await ask('main', 'forky'), '');
});

test('a host without apt sources needs --mirror', async () => {
  assert.equal(await sh('. "$0/debian-sources.sh"; host_mirror main bookworm /nowhere'), '');
});

test('the config is appended to, once per key', async () => {
  const config = join(folder, 'config');
  writeFileSync(config, 'lxc.net.0.type = veth\nlxc.rootfs.path = dir:/r\n');
  await sh(
    '. "$0/functions.sh"; CONFIG=$1 ROOTFS=/r NAME=c1; echo "lxc.tty.max = 2" | write_config x86_64',
    config,
  );
  const { stdout } = await execa('cat', [config]);
  assert.equal(stdout.match(/lxc\.rootfs\.path/g)?.length, 1);
  for (const line of [
    'lxc.include = /usr/share/tslxc/config/common.conf',
    'lxc.tty.max = 2',
    'lxc.uts.name = c1',
    'lxc.arch = x86_64',
  ]) {
    assert(stdout.split('\n').includes(line), line);
  }
});

test("an unprivileged container's config includes userns.conf, one with the host's network is known", async () => {
  const config = join(folder, 'unprivileged');
  writeFileSync(config, 'lxc.idmap = u 0 100000 65536\nlxc.net.0.type = none\n');
  const code =
    '. "$0/functions.sh"; CONFIG=$1 ROOTFS=/r NAME=c1; write_config x86_64 </dev/null; shares_host_network && cat "$1"';
  const text = await sh(code, config);
  assert(text.includes('lxc.include = /usr/share/tslxc/config/userns.conf'));
  assert(text.includes('lxc.rootfs.path = dir:/r'));
});

test('shellcheck has nothing to say', async (t) => {
  const there = await execa('sh', ['-c', 'command -v shellcheck'], { reject: false });
  if (there.exitCode !== 0) return t.skip('shellcheck is not installed');
  const { exitCode, stdout } = await execa(
    'sh',
    [
      '-c',
      'cd "$1" && shellcheck -x -P SCRIPTDIR tslxc-busybox tslxc-debian tslxc-fedora *.sh',
      'sh',
      templates,
    ],
    { reject: false },
  );
  assert.equal(exitCode, 0, stdout);
});
