/** Limits of controllers that many hosts lack: huge pages and the weight of disk accesses, read back from the cgroup. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { detectLayout, type Hierarchy } from '../../src/cgroup/layout.ts';
import { covers } from '../register/covers.ts';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';

const host = new ContainerHost({ eachTest: true });
const busybox = new Busybox(host);
const INIT = ['--', '/bin/sleep', '1000'];

const { hierarchies } = detectLayout();
const withController = (...names: string[]): Hierarchy | undefined =>
  hierarchies.find(({ controllers }) => names.some((name) => controllers.includes(name)));

/** The cgroup that the limits of a container are set on: the one above init's own. */
async function limitCgroup(name: string, { id, mountpoint }: Hierarchy): Promise<string> {
  const own = readFileSync(`/proc/${await host.initPid(name)}/cgroup`, 'utf8');
  const seen = detectLayout('/', own).hierarchies.find((one) => one.id === id);
  return join(mountpoint, dirname(seen!.own));
}

/** Bytes of a huge page, for each size that the kernel has, the smallest first. */
function pageSizes(): number[] {
  const folder = '/sys/kernel/mm/hugepages';
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names.map((name) => Number(/\d+/.exec(name)) * 1024).sort((a, b) => a - b);
}

/** As the files of the controller name it: 2MB, 1GB. */
function sizeName(bytes: number): string {
  const power = bytes >= 2 ** 30 ? 30 : bytes >= 2 ** 20 ? 20 : 10;
  return `${bytes / 2 ** power}${{ 10: 'KB', 20: 'MB', 30: 'GB' }[power]}`;
}

const hugetlb = withController('hugetlb');
const [page] = pageSizes();
const noHugetlb = (!hugetlb && 'no hugetlb controller here') || (page === undefined && 'no huge pages here');

test('a limit of huge pages, in the words of either version', { skip: skip || noHugetlb }, async () => {
  covers('lxc.cgroup.*', 'lxc.cgroup2.*');
  const size = sizeName(page!);
  const limits = {
    old: `lxc.cgroup.hugetlb.${size}.limit_in_bytes = ${2 * page!}`,
    new: `lxc.cgroup2.hugetlb.${size}.max = ${2 * page!}`,
  };
  for (const [name, line] of Object.entries(limits)) {
    await busybox.start(name, line, INIT);
    const file = `hugetlb.${size}.${hugetlb!.version === 1 ? 'limit_in_bytes' : 'max'}`;
    const set = readFileSync(join(await limitCgroup(name, hugetlb!), file), 'utf8');
    assert.equal(set.trim(), String(2 * page!));
    const told = await host.ok('cgroup', ['-n', `@${name}`, file]);
    assert.equal(told.trim(), String(2 * page!));
  }
});

const disk = withController('blkio', 'io');
/** Each scheduler has its own file, and none of them may be there. */
const WEIGHTS: Readonly<Record<string, string>> = {
  'io.weight': 'default 50',
  'io.bfq.weight': 'default 50',
  'blkio.weight': '250',
  'blkio.bfq.weight': '50',
};

test('the weight of disk accesses, in the words of either version', {
  skip: skip || (!disk && 'no io controller here'),
}, async (t) => {
  covers('lxc.cgroup.*', 'lxc.cgroup2.*');
  await busybox.start('plain', '', INIT);
  const plain = await limitCgroup('plain', disk!);
  const file = Object.keys(WEIGHTS).find((one) => existsSync(join(plain, one)));
  if (file === undefined) return t.skip('no scheduler here has weights');
  const lines = { old: 'lxc.cgroup.blkio.weight = 250', new: 'lxc.cgroup2.io.weight = 50' };
  for (const [name, line] of Object.entries(lines)) {
    await busybox.start(name, line, INIT);
    const set = readFileSync(join(await limitCgroup(name, disk!), file), 'utf8');
    assert.ok(set.split('\n').includes(WEIGHTS[file]!), `${line}: ${file} is ${set}`);
  }
});
