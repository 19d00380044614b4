/**
 * `npm run deb`: the Debian packages tslxc (programs, a Node of its own, units, manual) and tslxc-lxc (LXC's names
 * for them), written to dist/.
 *   --arch amd64|arm64   architecture of the package tslxc; this machine's by default
 *   --output FOLDER      where the packages go
 *   --built              takes dist as it is
 *   --quick              stores the files uncompressed: half a minute less, three times the size
 * Plain JavaScript on the system's Node (18 or later). Files of another architecture come from the npm registry.
 */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import {
  buildProgram,
  explain,
  installDebianPackages,
  installNpmPackages,
  ROOT,
} from '../test/setup/prepare.mjs';
import { red, step } from '../test/setup/progress.mjs';
import { runCommand } from '../test/setup/run-command.mjs';
import { writeControl } from './control.mjs';
import { stageLxcPackage, stageTslxcPackage } from './layout.mjs';

/** Debian's name of an architecture, and npm's. */
export const ARCHITECTURES = { amd64: 'x64', arm64: 'arm64' };

/** The commands that building needs, with the Debian packages that bring them. */
const FOR_PACKAGES = [
  ['dpkg-deb', 'dpkg'],
  ['strip', 'binutils'],
];

const HOST = process.arch === 'arm64' ? 'arm64' : 'amd64';

function options() {
  const { values } = parseArgs({
    options: {
      arch: { type: 'string', default: HOST },
      output: { type: 'string', default: join(ROOT, 'dist') },
      built: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
    },
  });
  if (!(values.arch in ARCHITECTURES))
    throw new Error(`--arch ${values.arch}: there are ${Object.keys(ARCHITECTURES).join(' and ')}`);
  return { ...values, output: resolve(values.output) };
}

/** The time of the last commit, so that the same sources give the same package. */
async function sourceDate() {
  if (process.env.SOURCE_DATE_EPOCH) return Number(process.env.SOURCE_DATE_EPOCH);
  const time = await runCommand('git', ['-C', ROOT, 'log', '-1', '--format=%ct']).catch(() => '');
  return Number(time) || Math.floor(Date.now() / 1000);
}

async function makePackage(name, arch, { output, quick, epoch }, stage) {
  const tree = mkdtempSync(join(tmpdir(), `tslxc-deb-${name}-`));
  try {
    chmodSync(tree, 0o755);
    await stage(tree);
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    writeControl(tree, name, version, arch, epoch);
    const file = join(output, `${name}_${version}_${arch}.deb`);
    const compression = quick ? ['-Znone'] : ['-Zxz', '-z1'];
    await runCommand('dpkg-deb', ['--root-owner-group', ...compression, '--build', tree, file], {
      env: { ...process.env, SOURCE_DATE_EPOCH: String(epoch) },
    });
    return file;
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

try {
  const { arch, output, built, quick } = options();
  await installNpmPackages();
  if (process.getuid() === 0) await installDebianPackages(FOR_PACKAGES);
  if (!built) await buildProgram();
  mkdirSync(output, { recursive: true });
  const how = { output, quick, epoch: await sourceDate() };
  const made = [];
  await step(`package tslxc (${arch})`, async () => {
    made.push(await makePackage('tslxc', arch, how, (tree) => stageTslxcPackage(tree, ARCHITECTURES[arch])));
  });
  await step('package tslxc-lxc', async () => {
    made.push(await makePackage('tslxc-lxc', 'all', how, stageLxcPackage));
  });
  for (const file of made) console.log(file);
} catch (error) {
  console.error(red(explain(error)));
  process.exitCode = 1;
}
