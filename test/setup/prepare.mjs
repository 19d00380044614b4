/**
 * From a fresh clone to something that runs: npm packages, Debian packages, the build. Plain JavaScript without
 * dependencies: it runs on the Node that the system has (18 or later), before there is anything else.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { step } from './progress.mjs';
import { runCommand } from './run-command.mjs';

export const ROOT = resolve(fileURLToPath(import.meta.url), '../../..');
const MODULES = join(ROOT, 'node_modules');
const SEARCH = [...(process.env.PATH ?? '').split(':'), '/usr/local/sbin', '/usr/sbin', '/sbin'];

/** The Node that tslxc is pinned to, as npm installed it. */
export function pinnedNode() {
  const folders = existsSync(MODULES) ? readdirSync(MODULES) : [];
  const found = folders
    .filter((name) => name.startsWith('node-linux-'))
    .map((name) => join(MODULES, name, 'bin/node'))
    .find((file) => existsSync(file));
  if (!found) throw new Error(`there is no pinned Node in ${MODULES}: is this machine x86-64 or arm64?`);
  return found;
}

/** The npm that runs us, or the one on the PATH. */
function npm(...args) {
  const script = process.env.npm_execpath;
  const [command, first] = script?.endsWith('.js') ? [process.execPath, [script]] : ['npm', []];
  return runCommand(command, [...first, ...args], { cwd: ROOT });
}

const packagesOf = (file) => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : {});

/** Whether node_modules is what package-lock.json says; git gives files new dates, so that those tell nothing. */
function upToDate() {
  const installed = packagesOf(join(MODULES, '.package-lock.json'));
  return Object.entries(packagesOf(join(ROOT, 'package-lock.json'))).every(
    ([path, { version, optional }]) =>
      path === '' || (path in installed ? installed[path].version === version : optional),
  );
}

/** npm packages as the lock file has them, unless they are there already. */
export async function installNpmPackages() {
  if (upToDate()) return;
  await step('npm packages', async () => {
    try {
      await npm('ci', '--no-audit', '--no-fund');
    } catch {
      await npm('install', '--no-audit', '--no-fund');
    }
  });
}

const present = (what) =>
  what.startsWith('/') ? existsSync(what) : SEARCH.some((folder) => existsSync(join(folder, what)));

/** Debian packages for those commands of the table (debian-packages.mjs) that are not there. */
export async function installDebianPackages(table) {
  const missing = [...new Set(table.filter(([what]) => !present(what)).map(([, name]) => name))];
  if (missing.length === 0) return;
  if (process.getuid() !== 0) throw new Error(`run this as root, or install first: ${missing.join(' ')}`);
  if (!present('apt-get'))
    throw new Error(`this is no Debian; install what brings: ${table.map(([what]) => what).join(' ')}`);
  await step(`Debian packages: ${missing.join(' ')}`, () =>
    withServicesHeldBack(async () => {
      const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
      const lock = ['-o', 'DPkg::Lock::Timeout=300'];
      await runCommand('apt-get', [...lock, '-q', 'update'], { env });
      const install = ['install', '-q', '-y', '--no-install-recommends', ...missing];
      await runCommand('apt-get', [...lock, ...install], { env });
    }),
  );
  // Debian's LXC comes with a bridge and an autostart of its own; it is here to be compared with, not to run.
  if (missing.includes('lxc') && existsSync('/run/systemd/system'))
    await runCommand('systemctl', ['disable', '--now', '-q', 'lxc', 'lxc-net', 'lxc-monitord']).catch(
      () => {},
    );
}

const POLICY = '/usr/sbin/policy-rc.d';

/** Debian's own way of installing a service without starting it. */
async function withServicesHeldBack(work) {
  const ours = !existsSync(POLICY);
  if (ours) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    await work();
  } finally {
    if (ours) rmSync(POLICY, { force: true });
  }
}

/** The bundles in dist. */
export async function buildProgram() {
  await step('build', () => runCommand(pinnedNode(), ['build.mjs'], { cwd: ROOT }));
}

/** What a failed step has to say. */
export function explain(error) {
  const output = error.output?.trimEnd();
  return output ? `${error.message}\n${output.split('\n').slice(-40).join('\n')}` : error.message;
}
