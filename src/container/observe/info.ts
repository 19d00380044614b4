/**
 * Facts about a container: read from its config, its runtime record and the kernel. Starts
 * and changes nothing.
 */
import { readFileSync } from 'node:fs';
import { isFrozen, statistics } from '../../cgroup/container-cgroup.ts';
import type { ContainerConfig } from '../../config/container-config.ts';
import type { TslxcError } from '../../errors/tslxc-error.ts';
import { startedSinceBoot } from '../state/last-run.ts';
import { isDefined } from '../state/list.ts';
import type { ContainerRef } from '../state/paths.ts';
import { liveRecord, type RuntimeRecord, sinceBoot } from '../state/runtime-record.ts';
import type { State } from '../state/state.ts';
import { addressesOf, type ContainerAddress, interfacesOf } from './addresses.ts';

export interface NicStatistics {
  /** Host end. */
  readonly host: string;
  /** Bytes as the container sees them. */
  readonly txBytes: number;
  readonly rxBytes: number;
}

/** Everything that `tslxc-info` and `tslxc-ls` show. */
export interface ContainerInfo {
  readonly name: string;
  readonly state: State;
  readonly pid?: number;
  readonly ips: ContainerAddress[];
  readonly autostart: boolean;
  readonly groups: readonly string[];
  readonly interfaces: readonly string[];
  readonly unprivileged: boolean;
  readonly cpuNanoseconds?: number;
  readonly blockIoBytes?: number;
  readonly memoryBytes?: number;
  readonly kernelMemoryBytes?: number;
  readonly swapBytes?: number;
  readonly oomKills?: number;
  readonly links: readonly NicStatistics[];
  /** Why the config could not be read, where it could not. */
  readonly fault?: TslxcError;
}

/** What costs more than a glance is found out only when asked for. */
export interface InfoWanted {
  readonly statistics?: boolean;
  readonly addresses?: boolean;
  /**
   * What the config file says (true unless given): autostart, groups, whether it is readable at
   * all.
   */
  readonly config?: boolean;
  /**
   * Names of the directory's containers that run, where the caller knows: a list of thousands does
   * not look for each of them among the cgroups.
   */
  readonly active?: ReadonlySet<string>;
}

export async function containerInfo(ref: ContainerRef, wanted: InfoWanted = {}): Promise<ContainerInfo> {
  const record = mayRun(ref, wanted.active) ? liveRecord(ref) : undefined;
  const report = (wanted.config ?? true) ? await configReport(ref, record) : undefined;
  const config = report?.config;
  const pid = record?.init?.pid;
  return {
    name: ref.name,
    state: currentState(record),
    ...(pid === undefined ? {} : { pid }),
    ips: pid !== undefined && wanted.addresses ? addressesOf(pid) : [],
    autostart: config?.get('lxc.start.auto')?.value === true,
    groups: config?.getAll('lxc.group').map(({ value }) => value) ?? [],
    interfaces: pid === undefined ? [] : interfacesOf(pid),
    unprivileged: record?.unprivileged ?? (config !== undefined && config.getAll('lxc.idmap').length > 0),
    ...(record?.cgroup && wanted.statistics ? counters(record.cgroup, sinceBoot(record.init)) : {}),
    links: record && wanted.statistics ? links(record) : [],
    ...(report?.errors[0] ? { fault: report.errors[0] } : {}),
  };
}

/** If the record is damaged, the history tells that the container was started and has not ended. */
const mayRun = (ref: ContainerRef, active: ReadonlySet<string> | undefined) =>
  active === undefined || active.has(ref.name) || startedSinceBoot(ref);

/**
 * The state now: what the manager wrote, unless another program has frozen or thawed the cgroup
 * since.
 */
export function currentState(record: RuntimeRecord | undefined): State {
  if (!record) return 'STOPPED';
  if ((record.state !== 'RUNNING' && record.state !== 'FROZEN') || !record.cgroup) return record.state;
  return isFrozen(record.cgroup) ? 'FROZEN' : 'RUNNING';
}

/**
 * A running container's config is the one that it was started with; one without any is shown all
 * the same.
 */
async function configReport(
  ref: ContainerRef,
  record: RuntimeRecord | undefined,
): Promise<{ config: ContainerConfig; errors: readonly TslxcError[] } | undefined> {
  if (!record && !isDefined(ref)) return undefined;
  const { configInForce } = await import('./config-of-run.ts');
  return configInForce(ref, record);
}

type Counters = Pick<
  ContainerInfo,
  'cpuNanoseconds' | 'blockIoBytes' | 'memoryBytes' | 'kernelMemoryBytes' | 'swapBytes' | 'oomKills'
>;

/** `since`: as for `statistics`. */
export function counters(cgroup: NonNullable<RuntimeRecord['cgroup']>, since?: number): Counters {
  const used = statistics(cgroup, since);
  const values: Record<keyof Counters, bigint | undefined> = {
    cpuNanoseconds: used.cpuNs,
    blockIoBytes: used.blockIoBytes,
    memoryBytes: used.memoryBytes,
    kernelMemoryBytes: used.kernelMemoryBytes,
    swapBytes: used.swapBytes,
    oomKills: used.oomKills,
  };
  const known = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known.map(([name, value]) => [name, Number(value)]));
}

/** Counted at the host's end, where sent and received change places. */
function links(record: RuntimeRecord): NicStatistics[] {
  return record.nics.flatMap(({ host }) => {
    if (host === undefined) return [];
    const counter = (name: string) =>
      Number(readFileSync(`/sys/class/net/${host}/statistics/${name}`, 'utf8'));
    try {
      return { host, txBytes: counter('rx_bytes'), rxBytes: counter('tx_bytes') };
    } catch {
      return [];
    }
  });
}
