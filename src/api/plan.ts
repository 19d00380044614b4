import { resolve } from 'node:path';
import { detectLayout } from '../cgroup/layout.ts';
import { planCgroup } from '../cgroup/plan.ts';
import { readGivenConfig, textsOf } from '../config/given-config.ts';
import { loadConfig } from '../config/load-config.ts';
import { configWarnings } from '../container/plan/config-warnings.ts';
import { planStart, type StartPlan } from '../container/plan/start-plan.ts';
import { sorted } from '../container/start/finding.ts';
import { startFindings } from '../container/start/start-checks.ts';
import { type ContainerRef, configFile } from '../container/state/paths.ts';
import { errorFromJSON, together } from '../errors/tslxc-error.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { linuxKernel } from '../kernel/linux.ts';
import { hostFacts } from '../manager/monitor/host-facts.ts';
import { readBridgeSettings } from '../network/bridge-settings.ts';
import { findLink } from '../network/links.ts';
import { withNetlink } from '../network/netlink.ts';
import { bridgesOf } from '../network/nics/nics.ts';
import type { RequestContext } from '../util/request-context.ts';
import type { PlanResult, StartOptions } from './options.ts';

/**
 * Plans a start and checks the plan as a start does. Changes nothing, so it needs neither the
 * manager nor root.
 * @throws TslxcError as a start throws before it changes anything
 */
export async function plan(
  context: RequestContext,
  ref: ContainerRef,
  options: StartOptions = {},
): Promise<PlanResult> {
  const kernel = linuxKernel();
  const layout = detectLayout();
  const given =
    options.rcfile === undefined
      ? undefined
      : await readGivenConfig(resolve(context.cwd, options.rcfile), context);
  const config = loadConfig(given?.file ?? configFile(ref), {
    name: ref.name,
    texts: given && textsOf(given),
    defines: options.defines,
    env: context.env,
    cwd: context.cwd,
  });
  const planned = planStart(ref, config, hostFacts({ kernel, layout }), options);
  const coming = comingBridges(kernel, planned);
  const there = sorted(startFindings(kernel, planned, coming));
  const fault = together(there.errors);
  if (fault) throw fault;
  const { hierarchies, skipped } = planCgroup(layout, ref.name, planned.cgroup);
  return {
    plan: planned,
    cgroups: hierarchies,
    warnings: [...configWarnings(config), ...planned.warnings.map(errorFromJSON), ...there.warnings],
    notes: [
      ...[...coming].map((name) => `the default bridge ${name} is not there; a start makes it`),
      ...skipped.map(({ id, reason }) => `the cgroup hierarchy ${id} is left out: ${reason}`),
    ],
  };
}

/** The default bridge, if a nic names it and it does not exist yet. */
export function comingBridges(kernel: Kernel, { nics }: StartPlan): Set<string> {
  const wanted = bridgesOf(nics);
  if (wanted.length === 0) return new Set();
  const { enabled, bridge } = readBridgeSettings();
  if (!enabled || !wanted.includes(bridge)) return new Set();
  return withNetlink(kernel, (netlink) => new Set(findLink(netlink, bridge) ? [] : [bridge]));
}
