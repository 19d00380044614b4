/** Limits that contradict each other: known before anything is made. */
import type { TslxcError } from '../errors/tslxc-error.ts';
import { settingError } from './setting.ts';
import type { CgroupWrite } from './translate.ts';
import { parseBytes } from './values.ts';

const MEMORY = 'memory.limit_in_bytes';
const MEMORY_AND_SWAP = 'memory.memsw.limit_in_bytes';

/** v1 limits memory and swap together: the kernel refuses less than the limit of memory alone. */
export function contradictions(writes: readonly CgroupWrite[]): TslxcError[] {
  const [memory, both] = [MEMORY, MEMORY_AND_SWAP].map((name) => writes.find(({ file }) => file === name));
  if (!memory || !both) return [];
  const [least, asked] = [parseBytes(memory.value), parseBytes(both.value)];
  if (typeof asked !== 'bigint' || (typeof least === 'bigint' && asked >= least)) return [];
  const message = `memory and swap together may not be limited to less than memory alone (${memory.setting.key} = ${memory.setting.value})`;
  return [
    settingError('CGROUP_VALUE', both.setting, message, {
      hint: 'the value is the sum of memory and swap: raise it, or lower the limit of memory',
    }),
  ];
}
