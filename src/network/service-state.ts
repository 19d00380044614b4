/**
 * What the bridge service made, on disk: `state.json` is written before anything is made, and
 * removed after everything is undone. After a crash the next process finds in it all that may be
 * there.
 */
import {
  closeSync,
  constants,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TslxcError } from '../errors/tslxc-error.ts';
import { LOCK } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { BridgeSettings } from './bridge-settings.ts';
import { holdingLock } from './tool.ts';

export type FirewallKind = 'nft' | 'iptables';

export interface SysctlChange {
  readonly path: string;
  readonly before: string;
  readonly value: string;
}

/** Settings with nothing left open. */
export interface ServiceSettings extends BridgeSettings {
  readonly address: string;
  readonly dhcpRange: readonly [string, string];
}

export interface DhcpFiles {
  readonly pidFile: string;
  readonly leaseFile: string;
  /**
   * A file for each container whose name is tied to a MAC. dnsmasq's own user must be able to
   * read it.
   */
  readonly hostsDirectory: string;
}

export interface ServiceState {
  readonly version: 1;
  readonly settings: ServiceSettings;
  /** False: the bridge was there before us and stays. */
  readonly createdBridge: boolean;
  /** False: the bridge had that address before us. */
  readonly addedAddress: boolean;
  readonly firewall: FirewallKind;
  readonly sysctls: readonly SysctlChange[];
  readonly dhcp: DhcpFiles;
}

const LOCK_TRIES_MS = 20;
const LOCK_TIMEOUT_MS = 60_000;

export function serviceDirectory(runDirectory: string): string {
  return join(runDirectory, 'net');
}

const stateFile = (runDirectory: string) => join(serviceDirectory(runDirectory), 'state.json');

/** The state, or undefined when the service is not started. */
export function readState(runDirectory: string): ServiceState | undefined {
  const file = stateFile(runDirectory);
  try {
    const state = JSON.parse(readFileSync(file, 'utf8')) as ServiceState;
    if (state.version === 1) return state;
    throw new Error(`version ${state.version} is not known`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new TslxcError({
      code: 'NETWORK_FAILED',
      message: `the state of the bridge service cannot be read: ${(error as Error).message}`,
      file,
      cause: error,
    });
  }
}

/** Puts the state there whole or not at all. */
export function writeState(runDirectory: string, state: ServiceState): void {
  const file = stateFile(runDirectory);
  const fd = openSync(`${file}.new`, 'w', 0o600);
  try {
    writeSync(fd, `${JSON.stringify(state, null, 2)}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(`${file}.new`, file);
}

export function removeState(runDirectory: string): void {
  rmSync(stateFile(runDirectory), { force: true });
}

/**
 * Does `work` while neither another process nor another call in this one starts or stops the
 * service. flock(2) is asked without waiting, again and again: a waiting call would stop the
 * manager's event loop.
 */
export async function withServiceLock<T>(
  kernel: Kernel,
  runDirectory: string,
  work: () => Promise<T>,
): Promise<T> {
  const directory = serviceDirectory(runDirectory);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const { O_CREAT, O_RDWR, O_NOFOLLOW } = constants;
  const fd = openSync(join(directory, 'lock'), O_CREAT | O_RDWR | O_NOFOLLOW, 0o600);
  try {
    const deadline = Date.now() + LOCK_TIMEOUT_MS;
    while (!kernel.flock(fd, LOCK.EX | LOCK.NB)) {
      if (Date.now() > deadline)
        throw new TslxcError({
          code: 'NETWORK_FAILED',
          message: 'another process has been starting or stopping the bridge for a minute',
          file: join(directory, 'lock'),
        });
      await sleep(LOCK_TRIES_MS);
    }
    // Left by a process that was killed while writing; no other process writes now.
    rmSync(`${stateFile(runDirectory)}.new`, { force: true });
    return await holdingLock(fd, work);
  } finally {
    closeSync(fd); // lets the lock go
  }
}
