/** A container of the manager's as LXC's clients ask about it. */
import { isFrozen, v2Of } from '../../cgroup/container-cgroup.ts';
import { configInForce } from '../../container/observe/config-of-run.ts';
import { CLONE } from '../../kernel/constants.ts';
import type { ContainerMonitor } from '../monitor/container-monitor.ts';
import type { LxcTarget } from './lxc-requests.ts';

/** A client of the socket is root of the host: its own process is not known. */
const CLIENT = { uid: 0, pid: 0 } as const;

/** Init has had its signal long before, or never ends: LXC's own client waits no longer. */
const KILL_SECONDS = 60;

export function lxcTarget(monitor: ContainerMonitor): LxcTarget {
  const { ref, terminals } = monitor;
  return {
    ...ref,
    // LXC's own lxc-freeze writes to the cgroups of v1 by itself.
    state() {
      const { state } = monitor;
      const cgroup =
        state === 'RUNNING' || state === 'FROZEN' ? monitor.attachable().record.cgroup : undefined;
      return cgroup ? (isFrozen(cgroup) ? 'FROZEN' : 'RUNNING') : state;
    },
    initPid: () => monitor.initPid ?? -1,
    initPidfd: () => monitor.attachable().init,
    namespaces() {
      const { stage } = monitor.attachable().plan;
      return stage.namespaces | (stage.idmap.length > 0 ? CLONE.NEWUSER : 0);
    },
    cgroupPath(controller, part) {
      const plan = monitor.attachable().record.cgroup;
      const hierarchy =
        controller === undefined
          ? plan && v2Of(plan)
          : (plan?.hierarchies.find(({ controllers }) => controllers.includes(controller)) ??
            (plan && v2Of(plan)));
      if (!hierarchy) return undefined;
      return (part === 'limits' ? hierarchy.limit : hierarchy.inner).slice(hierarchy.mountpoint.length);
    },
    async configItem(key) {
      const value = configInForce(ref, monitor.attachable().record).config?.format(key);
      return value === '' ? undefined : value;
    },
    devpts: () => terminals.devpts,
    openTty(number) {
      const holder = {};
      const { tty, master } = terminals.lend(number, holder);
      return { tty, master, release: () => terminals.giveBack(holder) };
    },
    consoleLog({ clear }) {
      const log = terminals.consoleLog;
      if (clear) terminals.clearConsoleLog();
      return log;
    },
    async kill() {
      await monitor.stop({ ...ref, mode: 'kill', timeout: KILL_SECONDS, killAfter: true }, CLIENT);
    },
    freeze: () => monitor.freeze(),
    unfreeze: () => monitor.unfreeze(),
  };
}
