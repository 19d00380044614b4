import { detectLayout } from '../cgroup/layout.ts';
import { textsOf } from '../config/given-config.ts';
import { loadConfig } from '../config/load-config.ts';
import { configWarnings } from '../container/plan/config-warnings.ts';
import { planStart } from '../container/plan/start-plan.ts';
import { isUnsettled } from '../container/recovery/recover.ts';
import { sorted } from '../container/start/finding.ts';
import { reachWarningsOfStart } from '../container/start/rootfs-checks.ts';
import { startFindings } from '../container/start/start-checks.ts';
import { isDefined } from '../container/state/list.ts';
import { configFile } from '../container/state/paths.ts';
import { TslxcError } from '../errors/tslxc-error.ts';
import { linuxKernel } from '../kernel/linux.ts';
import { hostFacts } from '../manager/monitor/host-facts.ts';
import type { PreparedStart, StartRequest } from '../manager/wire/protocol.ts';
import type { RequestContext } from '../util/request-context.ts';
import { comingBridges } from './plan.ts';

/**
 * Reads the config, plans and checks, so that a file that blocks (of a server that is dead) blocks
 * this process and not the manager, which all containers share.
 * @returns undefined where something is wrong, or this process sees another host than the manager
 *   does: the manager finds out for itself then, and tells it in the container's log and history
 */
export function prepareStart(context: RequestContext, request: StartRequest): PreparedStart | undefined {
  if (!context.isInManagersPlace) return undefined;
  const { name, given, defines } = request;
  if (!request.rcfile && (!isDefined(request) || isUnsettled(request))) return undefined;
  try {
    const kernel = linuxKernel();
    const config = loadConfig(request.rcfile ?? configFile(request), {
      name,
      defines,
      env: context.env,
      cwd: context.cwd,
      texts: given && textsOf(given),
    });
    const plan = planStart(request, config, hostFacts({ kernel, layout: detectLayout() }), request);
    // Its hooks make what the plan has to be made of again, and they run at the manager.
    if (plan.awaited?.length) return undefined;
    if (sorted(startFindings(kernel, plan, comingBridges(kernel, plan))).errors.length > 0) return undefined;
    let toldOnce: TslxcError[] = [];
    const warnings = configWarnings(config, (all) => {
      toldOnce = all;
      return [];
    });
    const toJSON = (error: TslxcError) => error.toJSON();
    const { told, logged } = reachWarningsOfStart(kernel, plan);
    return { plan, logged, toldOnce: [...toldOnce, ...told].map(toJSON), warnings: warnings.map(toJSON) };
  } catch (error) {
    if (error instanceof TslxcError) return undefined;
    throw error;
  }
}
