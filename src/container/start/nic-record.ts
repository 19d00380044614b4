/** What the runtime record tells of a nic, and what a reboot takes from it. */
import { existsSync } from 'node:fs';
import { hasInterface, type NicPlan, type ResolvedNic } from '../../network/nic-plan.ts';
import { driverOf } from '../../network/nics/nics.ts';
import type { RecordedNic } from '../state/runtime-record.ts';

const hwaddrOf = (nic: NicPlan) => (hasInterface(nic) ? nic.hwaddr : undefined);

export function recordOf(nic: ResolvedNic, planned: NicPlan): RecordedNic {
  const { index, type, name, link } = nic;
  const pattern = hwaddrOf(planned);
  const hwaddr = hwaddrOf(nic);
  const host = driverOf(nic).hostInterface(nic);
  const drawn = pattern !== undefined && hwaddr !== undefined && pattern !== hwaddr;
  return {
    index,
    type,
    name,
    ...(link ? { link } : {}),
    ...(host ? { host } : {}),
    ...(host && link && !driverOf(nic).bridge(nic) ? { routed: true } : {}),
    ...(drawn ? { drawn: { pattern, hwaddr } } : {}),
  };
}

/** A reboot keeps what the run before it has drawn, where the config still leaves it open. */
export function keepDrawn<Nic extends NicPlan>(nic: Nic, previous: readonly RecordedNic[] = []): Nic {
  const before = previous.find(({ index, type }) => index === nic.index && type === nic.type);
  if (!before) return nic;
  const { host, drawn } = before;
  const isFree = host !== undefined && !existsSync(`/sys/class/net/${host}`);
  return {
    ...nic,
    ...(nic.type === 'veth' && nic.pair === undefined && isFree ? { pair: host } : {}),
    ...(drawn && hwaddrOf(nic) === drawn.pattern ? { hwaddr: drawn.hwaddr } : {}),
  };
}
