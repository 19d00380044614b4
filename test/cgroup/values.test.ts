import assert from 'node:assert/strict';
import { test } from 'node:test';
import { equivalent } from '../../src/cgroup/limits.ts';
import { listText, parseBytes, parseList } from '../../src/cgroup/values.ts';

test('bytes, with the units that people write', () => {
  const good: [string, bigint | 'max'][] = [
    ['0', 0n], ['2000000000', 2000000000n], ['256M', 268435456n], ['256 MiB', 268435456n], ['1.5g', 1610612736n],
    ['2GB', 2147483648n], ['100B', 100n], ['-1', 'max'], ['max', 'max'], ['1E', 1152921504606846976n],
  ]; // biome-ignore format: a table
  for (const [text, value] of good) assert.equal(parseBytes(text), value, text);
  for (const text of ['', 'M', '1.5', '1,5G', '-2', '0x10', '1 2', '1Z', 'NaN'])
    assert.equal(parseBytes(text), undefined, text);
});

test('lists of CPUs', () => {
  assert.equal(listText(parseList('3,0-1,5-7')!), '0-1,3,5-7');
  assert.equal(parseList('')?.size, 0);
  for (const text of ['a', '1-', '3-1', '0-99999999', '1;2']) assert.equal(parseList(text), undefined, text);
});

test('what the kernel reads back in other words is no rounding', () => {
  const same: [asked: string, effective: string][] = [
    ['-1', '9223372036854771712'],
    ['max', 'max'],
    ['1,0', '0-1'],
    ['50000', '50000 100000'],
    ['8:0 rbps=100', '8:16 rbps=1 wbps=max riops=max wiops=max\n8:0 rbps=100 wbps=max riops=max wiops=max'],
    ['8:0 rbps=max', ''],
    ['8:0 0', ''],
    ['200', 'default 200\n8:0 100'],
  ];
  for (const [asked, effective] of same) assert.ok(equivalent(asked, effective), `${asked} / ${effective}`);
  const other: [asked: string, effective: string][] = [
    ['2000000000', '1999998976'],
    ['104857600', '9223372036854771712'],
    ['0-3', '0-1'],
    ['8:0 rbps=100', '8:0 rbps=50 wbps=max riops=max wiops=max'],
    ['8:0 rbps=100', ''],
  ];
  for (const [asked, effective] of other) assert.ok(!equivalent(asked, effective), `${asked} / ${effective}`);
});
