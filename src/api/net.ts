import { linuxKernel } from '../kernel/linux.ts';
import { bridgeService } from '../network/bridge-plan.ts';
import { startBridge, stopBridge } from '../network/bridge-service.ts';
import { type BridgeStatus, bridgeStatus } from '../network/bridge-status.ts';
import { requireRoot } from './manager.ts';

/**
 * The default bridge with DHCP, DNS and NAT. The first container that names the bridge starts it;
 * `stop` stops it.
 */
export const bridge = {
  async start(): Promise<BridgeStatus> {
    requireRoot('start the bridge');
    return startBridge(bridgeService(linuxKernel()));
  },
  /** Removes exactly what the start made. */
  async stop(options: { force?: boolean } = {}): Promise<void> {
    requireRoot('stop the bridge');
    await stopBridge(bridgeService(linuxKernel()), options);
  },
  status(): Promise<BridgeStatus> | BridgeStatus {
    return bridgeStatus(bridgeService(linuxKernel()));
  },
};
