import { resolve } from 'node:path';
import { type CgroupLayout, detectLayout } from '../cgroup/layout.ts';
import { absentMembers, limitFaults, unknownFiles } from '../cgroup/limits.ts';
import { planCgroup } from '../cgroup/plan.ts';
import { ConfigTexts } from '../config/config-texts.ts';
import { readGivenConfig, textsOf } from '../config/given-config.ts';
import { type LoadOptions, readConfig } from '../config/load-config.ts';
import { configWarnings } from '../container/plan/config-warnings.ts';
import type { HostFacts } from '../container/plan/host-facts.ts';
import { planStart, type StartPlan } from '../container/plan/start-plan.ts';
import { type Finding, sorted } from '../container/start/finding.ts';
import { missingFiles } from '../container/start/missing-files.ts';
import { reachWarnings } from '../container/start/rootfs-checks.ts';
import { startFindings } from '../container/start/start-checks.ts';
import { isDefined, noSuchContainer } from '../container/state/list.ts';
import { type ContainerRef, configFile } from '../container/state/paths.ts';
import { MOST_FAULTS } from '../errors/map-all.ts';
import { errorFromJSON, TslxcError, toTslxcError } from '../errors/tslxc-error.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { linuxKernel } from '../kernel/linux.ts';
import { hostFacts } from '../manager/monitor/host-facts.ts';
import type { RequestContext } from '../util/request-context.ts';
import type { CheckResult, StartOptions } from './options.ts';
import { comingBridges } from './plan.ts';

/**
 * Finds everything that prevents a start on this host, as far as it is known without starting, and
 * everything else that a user should know of the config. Changes nothing.
 * @throws TslxcError CONTAINER_UNKNOWN, or for the system file
 */
export async function check(
  context: RequestContext,
  ref: ContainerRef,
  options: StartOptions = {},
): Promise<CheckResult> {
  if (options.rcfile === undefined && !isDefined(ref)) throw noSuchContainer(ref);
  const kernel = linuxKernel();
  const layout = detectLayout();
  const facts = hostFacts({ kernel, layout });
  const { cwd, env } = context;
  const given =
    options.rcfile === undefined ? undefined : await readGivenConfig(resolve(cwd, options.rcfile), { cwd });
  const file = given?.file ?? configFile(ref);
  const texts = given ? textsOf(given) : new ConfigTexts();
  const load: LoadOptions = { name: ref.name, defines: options.defines, env, cwd, texts };
  const { config, errors } = readConfig(file, load);
  const { plan, faults } = planned(ref, file, load, facts);
  const there = sorted(plan ? hostFindings(kernel, plan) : []);
  const named = (list: readonly TslxcError[]) => list.map((error) => error.with({ container: ref.name }));
  return {
    errors: named([...errors, ...faults, ...there.errors, ...(plan ? cgroupFaults(layout, plan) : [])]),
    warnings: named([
      ...configWarnings(config),
      ...(plan?.warnings ?? []).map(errorFromJSON),
      ...there.warnings,
      ...(plan ? reachWarnings(kernel, plan) : []),
    ]),
  };
}

/** Finds what a start would miss on this host, and which hook may provide it. */
export function hostFindings(kernel: Kernel, plan: StartPlan): Finding[] {
  return [...startFindings(kernel, plan, comingBridges(kernel, plan)), ...missingFiles(plan)];
}

function cgroupFaults(layout: CgroupLayout, plan: StartPlan): TslxcError[] {
  const cgroups = planCgroup(layout, plan.name, plan.cgroup);
  return [
    ...limitFaults(cgroups, plan.limits),
    ...unknownFiles(cgroups, plan.limits),
    ...absentMembers(cgroups, plan.limits),
  ];
}

/** How long further faults are looked for, milliseconds. */
const PATIENCE = 1000;

/**
 * Planning ends at a fault, or at several of one kind. To find further ones, it is repeated without
 * the lines at fault, until there is a plan or a fault without a line.
 */
function planned(
  ref: ContainerRef,
  file: string,
  load: LoadOptions,
  facts: HostFacts,
): { plan?: StartPlan; faults: TslxcError[] } {
  const faults: TslxcError[] = [];
  const without = new Set<string>();
  const end = performance.now() + PATIENCE;
  while (faults.length < MOST_FAULTS && (faults.length === 0 || performance.now() < end)) {
    try {
      return { plan: planStart(ref, readConfig(file, { ...load, without }).config, facts), faults };
    } catch (thrown) {
      const error = toTslxcError(thrown);
      const found = [error, ...error.also];
      const lines = found.flatMap(({ file, line }) => (line === undefined ? [] : [`${file}:${line}`]));
      // A fault that appears only because another line was left out is no fault of the config.
      if (faults.length === 0) faults.push(...found.map(alone));
      else faults.push(...found.filter(({ line }) => line !== undefined).map(alone));
      if (lines.length < found.length || lines.every((line) => without.has(line))) break;
      for (const line of lines) without.add(line);
    }
  }
  return { faults };
}

/** An error without those that were found with it. */
const alone = (error: TslxcError) => new TslxcError({ ...error.toJSON(), also: [], cause: error.cause });
