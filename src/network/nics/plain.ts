/**
 * Nics without an interface: `empty`, a network namespace with loopback only, and `none`, the
 * host's network.
 */
import type { EmptyNic, NicPlan, NoneNic } from '../nic-plan.ts';
import type { NicDriver } from './nic-driver.ts';

const WITHOUT_INTERFACE = {
  faults: () => [],
  faultsOnHost: () => [],
  bridge: () => undefined,
  claims: () => [],
  create: () => {},
  hostInterface: () => undefined,
  describe: () => [],
};

const named = <Nic extends NicPlan>(nic: Nic) => ({ ...nic, name: nic.name ?? `eth${nic.index}` });

export const EMPTY: NicDriver<EmptyNic> = {
  ...WITHOUT_INTERFACE,
  type: 'empty',
  scripts: { up: true, down: false },
  parse: (_config, { index, name, scriptUp, scriptDown, origins }) => ({
    type: 'empty',
    index,
    name,
    scriptUp,
    scriptDown,
    origins,
  }),
  resolve: (_netlink, nic) => named(nic),
};

export const NONE: NicDriver<NoneNic> = {
  ...WITHOUT_INTERFACE,
  type: 'none',
  scripts: { up: false, down: false },
  parse: (_config, { index, origins }) => ({ type: 'none', index, origins }),
  resolve: (_netlink, nic) => named(nic),
};
