/** Nics of a running container: added and removed as a start and a stop do it, but for scripts. */
import { ConfigTexts } from '../../config/config-texts.ts';
import { loadConfig } from '../../config/load-config.ts';
import { TslxcError, together } from '../../errors/tslxc-error.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { configureContainerSide } from '../../network/container-side.ts';
import { deleteLink } from '../../network/links.ts';
import { inNamespaceOf } from '../../network/namespace-visit.ts';
import { withNetlink } from '../../network/netlink.ts';
import { nicFaults, nicFaultsOnHost } from '../../network/nic-checks.ts';
import { hasInterface, type NicPlan, nameNics, type ResolvedNic } from '../../network/nic-plan.ts';
import type { NicClaim } from '../../network/nics/nic-driver.ts';
import { createNic, driverOf, planNic, resolveNic } from '../../network/nics/nics.ts';
import { portFaultsOnHost } from '../../network/ports/port-checks.ts';
import type { Attachable } from '../plan/attach-request.ts';
import { recordOf } from '../start/nic-record.ts';
import { publishPorts } from '../start/published-ports.ts';
import type { StartHost } from '../start/start-host.ts';
import { type ContainerRef, containerRunDirectory } from '../state/paths.ts';
import type { RecordedNic, RuntimeRecord } from '../state/runtime-record.ts';

export interface AttachNicRequest extends ContainerRef {
  /** N of `lxc.net.N`. */
  readonly index: number;
  /** `KEY=VALUE`, each KEY as it follows `lxc.net.N.`. */
  readonly settings: readonly string[];
}

export interface DetachNicRequest extends ContainerRef {
  /** N of `lxc.net.N`, or the name of the interface inside. */
  readonly nic: string;
}

/** A running container whose nics change. */
export interface NicOwner {
  attachable(): Attachable;
  claim(claim: NicClaim): void;
  /** Releases the chosen claims and forgets them. @throws TslxcError the first failure */
  unclaim(which: (claim: NicClaim) => boolean): Promise<void>;
  recordNics(nics: readonly RecordedNic[]): void;
}

/** @throws TslxcError every fault of the nic, and what the kernel says, with everything undone */
export async function attachNic(
  host: StartHost,
  owner: NicOwner,
  request: AttachNicRequest,
): Promise<RecordedNic> {
  const first = planOf(owner.attachable(), request);
  const bridge = driverOf(first).bridge(first);
  if (bridge !== undefined) await host.ensureBridge(bridge);
  // Another request may have taken the number or the name during the wait.
  const planned = planOf(owner.attachable(), request);
  const { record } = owner.attachable();
  const fault = together([
    ...nicFaults([planned]),
    ...nicFaultsOnHost(host.kernel, [planned]),
    ...portFaultsOnHost([planned], record),
  ]);
  if (fault) throw fault;
  const { nic, claims } = resolveNic(host.kernel, planned, containerRunDirectory(record));
  for (const claim of claims) owner.claim(claim);
  const made = recordOf(nic, planned);
  try {
    await make(host, owner, record, nic, claims);
  } catch (error) {
    await release(host.kernel, owner, record, made);
    throw error;
  }
  owner.recordNics([...record.nics, made]);
  return made;
}

/** @throws TslxcError CONFIG_VALUE for a nic that it does not have */
export async function detachNic(
  host: StartHost,
  owner: NicOwner,
  { nic: wanted }: DetachNicRequest,
): Promise<RecordedNic> {
  const { record } = owner.attachable();
  const nic = record.nics.find(({ index, name }) => name === wanted || String(index) === wanted);
  if (!nic || nic.type === 'none' || nic.type === 'empty')
    throw new TslxcError({
      code: 'CONFIG_VALUE',
      container: record.name,
      message: `it has no nic "${wanted}"`,
      hint: `its nics are ${record.nics.map(({ index, name }) => `${index} (${name})`).join(', ') || 'none'}`,
    });
  await release(host.kernel, owner, record, nic);
  owner.recordNics(record.nics.filter((other) => other !== nic));
  return nic;
}

function planOf({ record, plan }: Attachable, { index, settings }: AttachNicRequest): NicPlan {
  const refuse = (message: string, hint?: string) =>
    new TslxcError({ code: 'CONFIG_CONFLICT', container: record.name, message, hint });
  if (plan.nics.some(({ type }) => type === 'none') || plan.stage.joined.some(({ name }) => name === 'net'))
    throw refuse('its network is not its own, so it can have no nic');
  if (record.nics.some((nic) => nic.index === index)) throw refuse(`it has a nic ${index} already`);
  const text = typeFirst(settings)
    .map((setting) => `lxc.net.${index}.${setting.replace('=', ' = ')}\n`)
    .join('');
  const file = '/command-line';
  const texts = new ConfigTexts().give(file, text, '/');
  const [config] = loadConfig(file, { name: record.name, texts }).nics();
  if (!config) throw refuse('no setting of the nic is given', 'give at least type=TYPE');
  const there = record.nics.flatMap(({ type, name }) => (name && type !== 'empty' ? [name] : []));
  const placeholders = there.map((name, i): NicPlan => ({ ...PLACE, index: -1 - i, name }));
  const nic = nameNics([...placeholders, planNic(config)]).at(-1)!;
  if (!hasInterface(nic)) throw refuse(`a nic of type ${nic.type} is for a start only`);
  if (nic.scriptUp !== undefined || nic.scriptDown !== undefined)
    throw refuse('scripts of a nic run at a start only', 'leave script.up and script.down out');
  if (there.includes(nic.name!)) throw refuse(`it has an interface "${nic.name}" already`);
  return nic;
}

const PLACE = { type: 'macvlan', mode: 'private', up: false, ipv4: [], ipv6: [] } as const;

/** The settings of a nic as a config needs them: `type` drops the settings before it. */
export function typeFirst(settings: readonly string[]): string[] {
  const isType = (setting: string) => setting.startsWith('type=');
  return [...settings.filter(isType), ...settings.filter((setting) => !isType(setting))];
}

async function make(
  host: StartHost,
  owner: NicOwner,
  record: RuntimeRecord,
  nic: ResolvedNic,
  claims: readonly NicClaim[],
): Promise<void> {
  const { pid } = record.init!;
  createNic(host.kernel, nic, { pid }, claims);
  inNamespaceOf(host.kernel, `/proc/${pid}/ns/net`, () => configureContainerSide(host.kernel, [nic], true));
  await publishPorts(host, record, nic, pid, (claim) => owner.claim(claim));
}

/** Releases the claims of the nic, and removes an interface that exists inside only. */
async function release(
  kernel: Kernel,
  owner: NicOwner,
  record: RuntimeRecord,
  nic: RecordedNic,
): Promise<void> {
  const pin = `${containerRunDirectory(record)}/net${nic.index}`;
  const isOfNic = (claim: NicClaim): boolean => {
    if (claim.type === 'veth') return claim.host === nic.host;
    if (claim.type === 'ports') return claim.index === nic.index;
    return claim.type === 'lent' && claim.lent.pin === pin;
  };
  await owner.unclaim(isOfNic);
  if (nic.type === 'phys' || nic.type === 'veth' || nic.name === undefined) return;
  const { name } = nic;
  inNamespaceOf(kernel, `/proc/${record.init!.pid}/ns/net`, () =>
    withNetlink(kernel, (netlink) => deleteLink(netlink, name)),
  );
}
