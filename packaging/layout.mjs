/** Where each file of the checkout goes in the Debian packages. */
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ROOT } from '../test/setup/prepare.mjs';
import { runCommand } from '../test/setup/run-command.mjs';

/** The package's own folder, as npm would install it; everything that depends on the architecture is here. */
const LIBRARY = 'usr/lib/tslxc';
const SHARE = 'usr/share/tslxc';
const UNITS = 'lib/systemd/system';

/** The bundles of dist; compiled code and packages made earlier stay out. */
const DIST = ['cli.cjs', 'resident.cjs', 'tslxcd.cjs', 'manager.cjs', 'build-id'];

/** Unit files and completions name the checkout's paths; these are the package's. */
const UNIT_PATHS = [[`/${SHARE}/bin/`, '/usr/bin/']];

const commands = () => readdirSync(join(ROOT, 'bin')).filter((name) => name.startsWith('tslxc'));

/** The commands of containers: without the launcher's own name and the daemon's. */
const lxcCommands = () => commands().filter((name) => name.startsWith('tslxc-'));

/** Copies a file of the checkout to `to`, with the mode that Debian wants. */
function install(tree, from, to, mode = 0o644) {
  const target = join(tree, to);
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(join(ROOT, from), target);
  chmodSync(target, mode);
}

function installText(tree, text, to, mode = 0o644) {
  const target = join(tree, to);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text, { mode });
  chmodSync(target, mode);
}

/** A link as Debian wants it: relative within a top folder. */
function link(tree, at, target) {
  mkdirSync(dirname(join(tree, at)), { recursive: true });
  const sameTop = at.split('/')[0] === target.split('/')[0];
  symlinkSync(sameTop ? relative(dirname(at), target) : `/${target}`, join(tree, at));
}

const read = (file) => readFileSync(join(ROOT, file), 'utf8');

/** Every file below a folder of the checkout, as paths from the checkout's root. */
function filesBelow(folder) {
  return readdirSync(join(ROOT, folder), { recursive: true })
    .map((file) => join(folder, file))
    .filter((file) => statSync(join(ROOT, file)).isFile())
    .sort();
}

/** The npm package `name` in the version that is pinned, for the npm architecture `cpu`; its folder. */
async function npmPackage(name, scratch) {
  const installed = join(ROOT, 'node_modules', name);
  if (existsSync(join(installed, 'package.json'))) return installed;
  const { packages } = JSON.parse(read('package-lock.json'));
  const { version } = packages[`node_modules/${name}`];
  const file = (await runCommand('npm', ['pack', '--silent', `${name}@${version}`], { cwd: scratch })).trim();
  const folder = join(scratch, name.replaceAll('/', '-'));
  mkdirSync(folder);
  await runCommand('tar', ['-xzf', join(scratch, file), '-C', folder, '--strip-components=1']);
  return folder;
}

async function installRuntime(tree, cpu) {
  const scratch = mkdtempSync(join(tmpdir(), 'tslxc-deb-npm-'));
  try {
    const node = join(tree, LIBRARY, `node_modules/node-linux-${cpu}`);
    const from = await npmPackage(`node-linux-${cpu}`, scratch);
    mkdirSync(join(node, 'bin'), { recursive: true });
    copyFileSync(join(from, 'bin/node'), join(node, 'bin/node'));
    chmodSync(join(node, 'bin/node'), 0o755);
    copyFileSync(join(from, 'package.json'), join(node, 'package.json'));
    const koffi = await npmPackage(`@koromix/koffi-linux-${cpu}`, scratch);
    const to = join(tree, LIBRARY, `node_modules/@koromix/koffi-linux-${cpu}`);
    for (const file of ['package.json', `linux_${cpu}/koffi.node`]) {
      mkdirSync(dirname(join(to, file)), { recursive: true });
      cpSync(join(koffi, file), join(to, file));
      chmodSync(join(to, file), 0o644);
    }
    // Only the symbols that nothing loads by name go: V8's own stay usable for a core dump by offsets.
    if (cpu === process.arch)
      for (const file of [join(node, 'bin/node'), join(to, `linux_${cpu}/koffi.node`)])
        await runCommand('strip', [
          '--strip-unneeded',
          '--remove-section=.comment',
          '--remove-section=.note',
          file,
        ]);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function installManual(tree) {
  for (const file of filesBelow('man')) {
    const section = file.split('.').at(-1);
    const to = `usr/share/man/man${section}/${basename(file)}.gz`;
    installText(tree, gzipSync(read(file), { level: 9 }), to);
  }
}

/** bash and fish load a completion by the name of its command; zsh reads the names from the file. */
function installCompletions(tree) {
  const bash = 'usr/share/bash-completion/completions';
  const fish = 'usr/share/fish/vendor_completions.d';
  install(tree, 'config/completions/tslxc.bash', `${bash}/tslxc`);
  install(tree, 'config/completions/tslxc.fish', `${fish}/tslxc.fish`);
  install(tree, 'config/completions/_tslxc', 'usr/share/zsh/vendor-completions/_tslxc');
  for (const name of commands().filter((command) => command !== 'tslxc')) {
    link(tree, `${bash}/${name}`, `${bash}/tslxc`);
    link(tree, `${fish}/${name}.fish`, `${fish}/tslxc.fish`);
  }
}

function installDocuments(tree, name) {
  const doc = `usr/share/doc/${name}`;
  installText(tree, read('packaging/debian/copyright'), `${doc}/copyright`);
  if (name !== 'tslxc') return;
  installText(tree, gzipSync(read('CHANGELOG.md'), { level: 9 }), `${doc}/NEWS.md.gz`);
  install(tree, 'README.md', `${doc}/README.md`);
  for (const file of filesBelow('docs').filter((path) => path.endsWith('.md')))
    install(tree, file, `${doc}/${file}`);
}

/** A unit with the package's paths instead of those of a linked checkout. */
function unit(file) {
  let text = read(file).replace(/^# Copy .*\n/m, '');
  for (const [from, to] of UNIT_PATHS) text = text.replaceAll(from, to);
  return text;
}

/** The package tslxc, below `tree`. @param cpu npm's name of the architecture: x64 or arm64 */
export async function stageTslxcPackage(tree, cpu) {
  for (const file of DIST)
    if (existsSync(join(ROOT, 'dist', file))) install(tree, `dist/${file}`, `${LIBRARY}/dist/${file}`);
  install(tree, 'package.json', `${LIBRARY}/package.json`);
  install(tree, 'bin/tslxc', `${LIBRARY}/bin/tslxc`, 0o755);
  await installRuntime(tree, cpu);
  for (const name of commands()) {
    if (name !== 'tslxc') link(tree, `${LIBRARY}/bin/${name}`, `${LIBRARY}/bin/tslxc`);
    link(tree, `usr/bin/${name}`, `${LIBRARY}/bin/tslxc`);
  }
  for (const file of filesBelow('templates'))
    install(tree, file, `${SHARE}/${file}`, statSync(join(ROOT, file)).mode & 0o111 ? 0o755 : 0o644);
  for (const file of filesBelow('config').filter(
    (path) => !/^config\/(completions|systemd|tslxc-net)/.test(path),
  ))
    install(tree, file, `${SHARE}/${file}`);
  for (const folder of ['config', 'templates']) link(tree, `${LIBRARY}/${folder}`, `${SHARE}/${folder}`);
  install(tree, 'config/default.conf', 'etc/tslxc/default.conf');
  install(tree, 'config/tslxc-net', 'etc/default/tslxc-net');
  for (const file of filesBelow('config/systemd'))
    installText(tree, unit(file), `${UNITS}/${basename(file)}`);
  for (const folder of ['var/lib/tslxc', 'var/cache/tslxc', 'var/log/tslxc'])
    mkdirSync(join(tree, folder), { recursive: true });
  chmodSync(join(tree, 'var/lib/tslxc'), 0o711);
  installManual(tree);
  installCompletions(tree);
  installDocuments(tree, 'tslxc');
  installText(tree, read('packaging/debian/tslxc.lintian-overrides'), 'usr/share/lintian/overrides/tslxc');
}

/** LXC's names of the units, and the units that they are. */
const LXC_UNITS = {
  'lxc.service': 'tslxc.service',
  'lxc@.service': 'tslxc@.service',
  'lxc-net.service': 'tslxc-net.service',
};

/** The package tslxc-lxc, below `tree`: LXC's names for what the package tslxc brings. */
export function stageLxcPackage(tree) {
  for (const name of lxcCommands())
    link(tree, `usr/bin/${name.replace(/^tslxc/, 'lxc')}`, `${LIBRARY}/bin/tslxc`);
  for (const [name, from] of Object.entries(LXC_UNITS))
    installText(
      tree,
      unit(`config/systemd/${from}`).replaceAll('tslxc-net.service', 'lxc-net.service'),
      `${UNITS}/${name}`,
    );
  install(tree, 'packaging/lxc/tslxc.conf', 'etc/tslxc/tslxc.conf');
  mkdirSync(join(tree, 'var/lib/lxc'), { recursive: true });
  for (const file of filesBelow('man').filter((path) => /\.1$/.test(path))) {
    const page = basename(file);
    link(tree, `usr/share/man/man1/${page.replace(/^tslxc/, 'lxc')}.gz`, `usr/share/man/man1/${page}.gz`);
  }
  installDocuments(tree, 'tslxc-lxc');
}
