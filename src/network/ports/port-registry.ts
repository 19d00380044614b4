/**
 * Which ports of the host lead to which container: a file for each nic below the run directory,
 * written before the firewall's rules and removed after them. All containers of a manager share
 * the directory, so that a clash names the other container.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PublishedPort } from '../../config/values/published-port.ts';
import { DEFAULT_RUN_DIRECTORY, ownRunDirectory } from '../bridge-plan.ts';
import { readState, type SysctlChange, serviceDirectory, writeState } from '../service-state.ts';
import { isForwarding, restoreSysctls } from '../sysctl.ts';

/** A nic with published ports. */
export interface PublishedNic {
  readonly name: string;
  readonly lxcpath: string;
  /** N of `lxc.net.N`. */
  readonly index: number;
  /** Pid of the container's init, on the host. */
  readonly pid: number;
  /** Name of the interface inside. */
  readonly interface: string;
  /** Interface of the host that leads to the container: the bridge, or the host's end. */
  readonly link: string;
  /** The host's end of the pair. */
  readonly pair?: string | undefined;
  readonly ports: readonly PublishedPort[];
  /** Addresses of the container that the ports lead to; undefined until it has one. */
  readonly target4?: string | undefined;
  readonly target6?: string | undefined;
}

export type NicId = Pick<PublishedNic, 'name' | 'lxcpath' | 'index'>;

/** What a nic is to publish, by what it publishes now; undefined changes nothing. */
export type PortUpdate = (now: PublishedNic | undefined) => PublishedNic | undefined;

/** The nftables table (family inet) of this run directory alone. */
export function portTable(): string {
  const run = ownRunDirectory();
  return run === DEFAULT_RUN_DIRECTORY ? 'tslxc_ports' : `tslxc_ports${run.replace(/[^A-Za-z0-9]/g, '_')}`;
}

const directory = () => join(serviceDirectory(ownRunDirectory()), 'ports');

function fileOf({ name, lxcpath, index }: NicId): string {
  const hash = createHash('sha256').update(`${lxcpath}|${name}|${index}`).digest('hex').slice(0, 24);
  return join(directory(), `${hash}.json`);
}

function read(file: string): PublishedNic | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as PublishedNic;
  } catch {
    return undefined;
  }
}

export function publishedNic(id: NicId): PublishedNic | undefined {
  return read(fileOf(id));
}

export function publishedNics(): PublishedNic[] {
  try {
    return readdirSync(directory())
      .filter((file) => /^[0-9a-f]+\.json$/.test(file))
      .flatMap((file) => read(join(directory(), file)) ?? []);
  } catch {
    return [];
  }
}

export function savePublished(nic: PublishedNic): void {
  mkdirSync(directory(), { recursive: true, mode: 0o700 });
  const file = fileOf(nic);
  writeFileSync(`${file}.new`, JSON.stringify(nic), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

export function forgetPublished(id: NicId): void {
  rmSync(fileOf(id), { force: true });
}

/** Kernel switches that the ports need, with their values from before. */
export function portSysctls(): SysctlChange[] {
  try {
    return JSON.parse(readFileSync(join(directory(), 'sysctls'), 'utf8')) as SysctlChange[];
  } catch {
    return [];
  }
}

export function savePortSysctls(changes: readonly SysctlChange[]): void {
  mkdirSync(directory(), { recursive: true, mode: 0o700 });
  writeFileSync(join(directory(), 'sysctls'), JSON.stringify(changes), { mode: 0o600 });
}

/**
 * Switches return to their values from before, at the end of the last port. While the bridge
 * service needs forwarding too, it gets the record of that, and restores it at its own end.
 */
export function restorePortSysctls(): void {
  const changes = portSysctls();
  const service = readState(ownRunDirectory());
  const shared = service ? changes.filter(isForwarding) : [];
  if (service && shared.length > 0)
    writeState(ownRunDirectory(), { ...service, sysctls: [...service.sysctls, ...shared] });
  restoreSysctls(changes.filter((change) => !shared.includes(change)));
  savePortSysctls([]);
}

/** The last port is gone. */
export function removeRegistry(): void {
  rmSync(directory(), { recursive: true, force: true });
}
