/** dnsmasq on the bridge: addresses by DHCP, and names of containers by DNS. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TslxcError } from '../errors/tslxc-error.ts';
import { POLL, SIG } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { DhcpFiles, ServiceSettings } from './service-state.ts';
import { runTool } from './tool.ts';

export interface Lease {
  /** Seconds since 1970; 0 for one without end. */
  readonly expires: number;
  readonly mac: string;
  readonly address: string;
  /** Undefined when the container told none. */
  readonly name: string | undefined;
}

/**
 * A container whose name (and address) belong to a MAC, regardless of what its DHCP client says.
 */
export interface Reservation {
  readonly container: string;
  readonly mac: string;
  readonly address?: string | undefined;
}

/** dnsmasq reads packets from containers: it runs as one of these, the first that the host has. */
const USERS = ['tslxc-dnsmasq', 'lxc-dnsmasq', 'dnsmasq', 'nobody'];
const STOP_TIMEOUT_MS = 3000;
/** A name in DNS (RFC 1123); others are left out of it. */
const HOST_NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

function serverUser(): string {
  const names = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':')[0]);
  return USERS.find((user) => names.includes(user)) ?? 'root';
}

/** The command line. Pure. */
export function dnsmasqArguments(settings: ServiceSettings, files: DhcpFiles, user: string): string[] {
  const { bridge, address, dhcpRange, dhcpMax, domain, dhcpPing, dhcpConfigFile, ipv6 } = settings;
  return [
    // Nothing of the host's own dnsmasq, and not its /etc/hosts: 127.0.1.1 means something else in
    // a container.
    `--conf-file=${dhcpConfigFile ?? '/dev/null'}`,
    '--no-hosts',
    `--user=${user}`,
    `--pid-file=${files.pidFile}`,
    // This bridge and no other interface; other DNS servers of the host keep theirs.
    '--bind-interfaces',
    `--interface=${bridge}`,
    '--except-interface=lo',
    `--listen-address=${address}`,
    '--strict-order',
    '--domain-needed',
    ...(domain === '' ? [] : [`--domain=${domain}`, `--local=/${domain}/`]),
    '--dhcp-authoritative',
    '--dhcp-no-override',
    // A clone has its original's machine id, and with it the same client id: the MAC is what tells
    // them apart.
    '--dhcp-ignore-clid',
    `--dhcp-range=${dhcpRange.join(',')}`,
    `--dhcp-lease-max=${dhcpMax}`,
    `--dhcp-leasefile=${files.leaseFile}`,
    `--dhcp-hostsdir=${files.hostsDirectory}`,
    ...(dhcpPing ? [] : ['--no-ping']),
    ...(ipv6 ? [`--listen-address=${ipv6.address}`, `--dhcp-range=${ipv6.address},ra-only`] : []),
  ];
}

function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/**
 * Pid of our dnsmasq, or undefined: the pid in the file may be dead (a zombie has no command line),
 * or another's.
 */
export function dhcpServerPid({ pidFile }: DhcpFiles): number | undefined {
  let content: string;
  try {
    content = readFileSync(pidFile, 'utf8');
  } catch {
    return undefined;
  }
  const pid = /^\d+\s*$/.test(content) ? Number(content) : 0;
  return pid > 1 && commandLine(pid).includes(`--pid-file=${pidFile}`) ? pid : undefined;
}

/**
 * Pids of all dnsmasq that were started for these files, in our network namespace. One whose
 * starter was killed has no pid file yet; its command line is there from the first moment (and
 * until then it holds the service's lock).
 */
function allServers({ pidFile }: DhcpFiles): number[] {
  const namespace = (pid: number | 'self') => readlinkSync(`/proc/${pid}/ns/net`);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return commandLine(pid).includes(`--pid-file=${pidFile}`) && namespace(pid) === namespace('self');
      } catch {
        return false; // ended while we looked
      }
    });
}

/** Starts the server unless it runs. */
export async function startDhcpServer(
  kernel: Kernel,
  settings: ServiceSettings,
  files: DhcpFiles,
): Promise<void> {
  if (dhcpServerPid(files) !== undefined) return;
  await endServers(kernel, files);
  mkdirSync(files.hostsDirectory, { recursive: true });
  chmodSync(files.hostsDirectory, 0o755); // despite the umask: dnsmasq's user reads it
  rmSync(files.pidFile, { force: true });
  const args = dnsmasqArguments(settings, files, serverUser());
  await runTool('dnsmasq', args, `start the DHCP server on ${settings.bridge}`);
  if (dhcpServerPid(files) === undefined)
    throw new TslxcError({
      code: 'NETWORK_FAILED',
      message: `the DHCP server on ${settings.bridge} went away at once`,
      file: files.pidFile,
    });
}

/** Whether the process behind `pidfd` ended within the time. It need not be our child. */
async function ended(kernel: Kernel, pidfd: number, timeout: number): Promise<boolean> {
  for (const deadline = Date.now() + timeout; ; await sleep(10)) {
    // A pidfd becomes readable when its process ends.
    if (kernel.poll([{ fd: pidfd, events: POLL.IN }], 0).length > 0) return true;
    if (Date.now() > deadline) return false;
  }
}

async function endServer(kernel: Kernel, files: DhcpFiles, pid: number): Promise<void> {
  let pidfd: number;
  try {
    pidfd = kernel.pidfdOpen(pid);
  } catch {
    return; // ESRCH: ended meanwhile
  }
  try {
    // Looked at once more with the descriptor in hand: from here on the pid cannot become
    // another's.
    if (!commandLine(pid).includes(`--pid-file=${files.pidFile}`)) return;
    for (const signal of [SIG.TERM, SIG.KILL]) {
      kernel.pidfdSignal(pidfd, signal);
      if (await ended(kernel, pidfd, STOP_TIMEOUT_MS)) return;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  } finally {
    kernel.close(pidfd);
  }
}

/**
 * Ends all of them. A server that is just becoming a daemon forks: so looked for again until there
 * is none.
 */
async function endServers(kernel: Kernel, files: DhcpFiles): Promise<void> {
  for (let pids = allServers(files); pids.length > 0; pids = allServers(files))
    for (const pid of pids) await endServer(kernel, files, pid);
}

/**
 * Ends the server and removes what it needed but the leases: a container finds its address again
 * next time.
 */
export async function stopDhcpServer(kernel: Kernel, files: DhcpFiles): Promise<void> {
  await endServers(kernel, files);
  rmSync(files.pidFile, { force: true });
  rmSync(files.hostsDirectory, { recursive: true, force: true });
}

/**
 * The leases, from dnsmasq's file: `EXPIRY MAC ADDRESS NAME CLIENT-ID`, `*` for an unknown field.
 */
export function readLeases({ leaseFile }: DhcpFiles): Lease[] {
  if (!existsSync(leaseFile)) return [];
  return readFileSync(leaseFile, 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter((words) => words.length >= 5 && /^\d+$/.test(words[0]!) && words[2]!.includes('.'))
    .map(([expires, mac, address, name]) => ({
      expires: Number(expires),
      mac: mac!,
      address: address!,
      name: name === '*' ? undefined : name,
    }));
}

const reservationFile = (files: DhcpFiles, container: string): string | undefined =>
  HOST_NAME.test(container) ? join(files.hostsDirectory, container) : undefined;

/**
 * Ties a container's name to its MAC, so that it resolves without the container's help and no other
 * guest else can take it. dnsmasq notices the file by itself. False for a name that DNS cannot
 * hold.
 */
export function addReservation(files: DhcpFiles, { container, mac, address }: Reservation): boolean {
  const file = reservationFile(files, container);
  if (file === undefined) return false;
  mkdirSync(files.hostsDirectory, { recursive: true, mode: 0o755 });
  writeFileSync(file, `${[mac, ...(address ? [address] : []), container].join(',')}\n`, { mode: 0o644 });
  return true;
}

/** Takes it back; dnsmasq forgets it on SIGHUP. */
export function removeReservation(kernel: Kernel, files: DhcpFiles, container: string): void {
  const file = reservationFile(files, container);
  if (file === undefined || !existsSync(file)) return;
  rmSync(file, { force: true });
  const pid = dhcpServerPid(files);
  if (pid !== undefined) kernel.kill(pid, SIG.HUP);
}
