/**
 * The default bridge: made when the first container that names it starts, with DHCP, DNS and NAT,
 * and gone when told.
 *
 * Everything is in the state file before it is made. A start brings the host to what the state
 * says, however much of it is there; so a start after a crash, or after a kill of dnsmasq,
 * repairs. A stop undoes what the state says.
 */
import { existsSync } from 'node:fs';
import { TslxcError } from '../errors/tslxc-error.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { applyBridge, portsOf, undoBridge } from './bridge-link.ts';
import { type BridgeService, planService } from './bridge-plan.ts';
import { type BridgeStatus, bridgeStatus } from './bridge-status.ts';
import {
  addReservation,
  dhcpServerPid,
  type Reservation,
  removeReservation,
  startDhcpServer,
  stopDhcpServer,
} from './dhcp-server.ts';
import { FIREWALLS } from './firewall.ts';
import { findLink, isBridge } from './links.ts';
import { withNetlink } from './netlink.ts';
import { portSysctls, publishedNics, savePortSysctls } from './ports/port-registry.ts';
import {
  readState,
  removeState,
  type ServiceState,
  serviceDirectory,
  withServiceLock,
  writeState,
} from './service-state.ts';
import { applySysctls, restoreSysctls } from './sysctl.ts';

async function applyState(kernel: Kernel, state: ServiceState): Promise<void> {
  applyBridge(kernel, state);
  applySysctls(state.sysctls);
  await FIREWALLS[state.firewall].apply(state.settings);
  await startDhcpServer(kernel, state.settings, state.dhcp);
}

/** Undoes all that the state names, whether it is there or not; the state goes last. */
async function undoState({ kernel, runDirectory }: BridgeService, state: ServiceState): Promise<void> {
  await stopDhcpServer(kernel, state.dhcp);
  await FIREWALLS[state.firewall].remove(state.settings);
  undoBridge(kernel, state);
  // Published ports go on needing them, and restore them at their end.
  if (publishedNics().length > 0) savePortSysctls([...portSysctls(), ...state.sysctls]);
  else restoreSysctls(state.sysctls);
  removeState(runDirectory);
}

/**
 * Starts the service, or repairs the missing parts of a started one. Safe to call at any time from
 * anywhere. With USE_TSLXC_BRIDGE=false it does nothing. When a first start fails, what it made is
 * undone.
 */
export async function startBridge(service: BridgeService): Promise<BridgeStatus> {
  const { kernel, settings, runDirectory } = service;
  if (settings.enabled)
    await withServiceLock(kernel, runDirectory, async () => {
      const before = readState(runDirectory);
      if (before && before.settings.bridge !== settings.bridge)
        throw new TslxcError({
          code: 'CONFIG_CONFLICT',
          message: `the bridge service runs "${before.settings.bridge}", and TSLXC_BRIDGE is "${settings.bridge}" now`,
          hint: 'run `tslxc-net stop`, then `tslxc-net start`',
        });
      const state = before ?? (await planService(service));
      if (!before) writeState(runDirectory, state);
      try {
        await applyState(kernel, state);
      } catch (error) {
        // The first error is the one to tell.
        if (!before) await undoState(service, state).catch(() => {});
        throw error;
      }
    });
  return bridgeStatus(service);
}

/**
 * Stops the service and undoes exactly what it made. False when it was not started. With containers
 * on the bridge it refuses, unless forced: they would lose their network without a word.
 */
export async function stopBridge(
  service: BridgeService,
  options: { force?: boolean } = {},
): Promise<boolean> {
  const { kernel, runDirectory } = service;
  if (!existsSync(serviceDirectory(runDirectory))) return false;
  return withServiceLock(kernel, runDirectory, async () => {
    const state = readState(runDirectory);
    if (!state) return false;
    const ports = state.createdBridge ? portsOf(kernel, state.settings.bridge) : [];
    if (ports.length > 0 && !options.force)
      throw new TslxcError({
        code: 'HAS_DEPENDANTS',
        message: `bridge "${state.settings.bridge}" is in use by ${ports.join(', ')}`,
        hint: 'stop the containers on it first, or force it',
      });
    await undoState(service, state);
    return true;
  });
}

/**
 * For a start: makes sure that the bridge is there if it is the default one. False when `name` is
 * some other bridge, or the service is switched off. Costs two look-ups when all is well.
 */
export async function ensureBridge(service: BridgeService, name: string): Promise<boolean> {
  const { kernel, settings, runDirectory } = service;
  if (!settings.enabled || name !== settings.bridge) return false;
  const state = readState(runDirectory);
  const link = withNetlink(kernel, (netlink) => findLink(netlink, name));
  // The bridge is not ours: made by hand, or served from another run directory. It is used as it
  // is.
  if (!state && link?.up && isBridge(link)) return false;
  if (!state || !link?.up || dhcpServerPid(state.dhcp) === undefined) await startBridge(service);
  return true;
}

/**
 * Ties a container's name to its MAC in DHCP and DNS, while the service runs. False when it cannot.
 */
export function reserveName({ runDirectory }: BridgeService, reservation: Reservation): boolean {
  const state = readState(runDirectory);
  return state ? addReservation(state.dhcp, reservation) : false;
}

export function releaseName({ kernel, runDirectory }: BridgeService, container: string): void {
  const state = readState(runDirectory);
  if (state) removeReservation(kernel, state.dhcp, container);
}
