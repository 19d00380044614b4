/** Kernel switches that routing needs, set so that they can be put back. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { toTslxcError } from '../errors/tslxc-error.ts';
import type { SysctlChange } from './service-state.ts';

const IPV4_FORWARDING = '/proc/sys/net/ipv4/ip_forward';
const IPV6_FORWARDING = '/proc/sys/net/ipv6/conf/all/forwarding';

const read = (path: string): string => readFileSync(path, 'utf8').trim();

/** What must change for packets to be passed on; empty when it is so already. Changes nothing. */
export function forwardingChanges(withIpv6: boolean): SysctlChange[] {
  return switchedOn([IPV4_FORWARDING, ...(withIpv6 ? [IPV6_FORWARDING] : [])]);
}

export const isForwarding = ({ path }: SysctlChange): boolean =>
  path === IPV4_FORWARDING || path === IPV6_FORWARDING;

/** What lets packets that come from 127.0.0.0/8 leave by a link (ip-sysctl, route_localnet). */
export function localnetChanges(link: string): SysctlChange[] {
  return switchedOn([`/proc/sys/net/ipv4/conf/${link}/route_localnet`]);
}

function switchedOn(paths: readonly string[]): SysctlChange[] {
  return paths
    .filter((path) => existsSync(path))
    .map((path) => ({ path, before: read(path), value: '1' }))
    .filter(({ before, value }) => before !== value);
}

export function applySysctls(changes: readonly SysctlChange[]): void {
  for (const { path, value } of changes) {
    if (read(path) === value) continue;
    try {
      writeFileSync(path, value);
    } catch (error) {
      throw toTslxcError(error, 'NETWORK_FAILED', { message: `set ${path} to ${value}` });
    }
  }
}

/**
 * Restores values that are still as we set them; a value changed since then belongs to the
 * administrator.
 */
export function restoreSysctls(changes: readonly SysctlChange[]): void {
  for (const { path, before, value } of changes)
    if (existsSync(path) && read(path) === value) writeFileSync(path, before);
}

/**
 * Sets a switch of one interface that goes with the interface; one that this kernel lacks is left.
 */
export function setInterfaceSysctl(family: 4 | 6, name: string, key: string, value: string): void {
  const path = `/proc/sys/net/ipv${family}/conf/${name}/${key}`;
  if (existsSync(path)) writeFileSync(path, value);
}
