/** Numbers of the kernel's in the words that their manual pages have for them. */
import { constants } from 'node:os';
import type { PlanResult } from '../../api/options.ts';
import { CLONE, MS } from '../../kernel/constants.ts';
import { hasInterface, nicName } from '../../network/nic-plan.ts';
import { driverOf } from '../../network/nics/nics.ts';

type Plan = PlanResult['plan'];
type Mount = Plan['stage']['mounts'][number];
type Nic = Plan['nics'][number];

const SIGRTMIN = 34;

export function signalName(number: number): string {
  if (number >= SIGRTMIN) return number === SIGRTMIN ? 'SIGRTMIN' : `SIGRTMIN+${number - SIGRTMIN}`;
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? String(number);
}

/** `NEWNS` is the mount namespace's historical name; the others speak for themselves. */
export function namespaceWords(flags: number, user: boolean): string {
  const names = Object.entries(CLONE)
    .filter(([, bit]) => (flags & bit) !== 0)
    .map(([name]) => (name === 'NEWNS' ? 'mnt' : name.slice('NEW'.length).toLowerCase()));
  return [...(user ? ['user'] : []), ...names].join(' ');
}

const flagWords = (flags: number) =>
  Object.entries(MS)
    .filter(([, bit]) => (flags & bit) !== 0)
    .map(([name]) => (name === 'RDONLY' ? 'ro' : name.toLowerCase()));

/** `proc on /proc type proc (nosuid,nodev)`, as mount(8) lists it. */
export function mountText(mount: Mount): string {
  const target = `/${mount.target}`;
  const options = [
    ...flagWords(mount.flags),
    ...(mount.data ? [mount.data] : []),
    ...flagWords(mount.propagation),
    ...(mount.create ? [`create=${mount.create}`] : []),
    ...(mount.optional ? ['optional'] : []),
    ...(mount.idmap ? [`idmap=${mount.idmap}`] : []),
    ...(mount.kind === 'inner' ? ['relative'] : []),
  ];
  const tail = options.length > 0 ? ` (${options.join(',')})` : '';
  if (mount.kind === 'readonly') {
    const except = (mount.except ?? []).map((path) => `/${path}`).join(', ');
    return `${target} read-only${except ? ` but ${except}` : ''}${mount.optional ? ' (optional)' : ''}`;
  }
  const type = mount.kind === 'filesystem' ? ` type ${mount.fstype}` : '';
  return `${mount.source} on ${target}${type}${tail}`;
}

export function nicText(nic: Nic): string {
  if (!hasInterface(nic)) return `${nic.index}: ${nic.type}`;
  const addresses = [...nic.ipv4, ...nic.ipv6].map(({ address, prefix }) => `${address}/${prefix}`);
  const gateways = [nic.ipv4Gateway, nic.ipv6Gateway].filter((gateway) => gateway !== undefined);
  return [
    `${nic.index}: ${nic.type} ${nicName(nic)}`,
    ...driverOf(nic).describe(nic),
    ...(nic.hwaddr ? [nic.hwaddr] : []),
    ...(nic.mtu === undefined ? [] : [`mtu ${nic.mtu}`]),
    ...addresses,
    ...gateways.map((gateway) => `gateway ${gateway}`),
    nic.up ? 'up' : 'down',
    ...(nic.scriptUp ? [`script.up ${nic.scriptUp}`] : []),
    ...(nic.scriptDown ? [`script.down ${nic.scriptDown}`] : []),
  ].join(', ');
}
