import { statistics } from '../../cgroup/container-cgroup.ts';
import { activeContainers } from '../state/list.ts';
import { liveRecord } from '../state/runtime-record.ts';
import type { State } from '../state/state.ts';
import { currentState } from './info.ts';

/**
 * What a running container has used since its start, and what memory it holds now. 0 is also what
 * the host cannot tell.
 */
export interface ContainerUsage {
  readonly name: string;
  readonly state: State;
  readonly cpuNanoseconds: number;
  readonly cpuUserNanoseconds: number;
  readonly cpuSystemNanoseconds: number;
  readonly blockIoBytes: number;
  readonly blockReadBytes: number;
  readonly blockWriteBytes: number;
  readonly blockIoOperations: number;
  readonly memoryBytes: number;
  /** Memory and swap space. */
  readonly memorySwapBytes: number;
  readonly kernelMemoryBytes: number;
  readonly pids: number;
}

/** The usage of all running containers of a directory, by name. */
export function containersUsage(lxcpath: string): ContainerUsage[] {
  return activeContainers(lxcpath).flatMap((name) => {
    const record = liveRecord({ name, lxcpath });
    if (!record?.cgroup) return [];
    const used = statistics(record.cgroup);
    const number = (value: bigint | undefined) => Number(value ?? 0n);
    return {
      name,
      state: currentState(record),
      cpuNanoseconds: number(used.cpuNs),
      cpuUserNanoseconds: number(used.cpuUserNs),
      cpuSystemNanoseconds: number(used.cpuSystemNs),
      blockIoBytes: number(used.blockIoBytes),
      blockReadBytes: number(used.blockReadBytes),
      blockWriteBytes: number(used.blockWriteBytes),
      blockIoOperations: number(used.blockIoOperations),
      memoryBytes: number(used.memoryBytes),
      memorySwapBytes: number(used.memoryBytes) + number(used.swapBytes),
      kernelMemoryBytes: number(used.kernelMemoryBytes),
      pids: number(used.pids),
    };
  });
}
