/**
 * Faults of a plan on this host that can be known before anything is made. Each is one error that
 * names the thing, the config line and a remedy. A check whose subject a hook of the container may
 * change waits until that hook has run.
 */

import { errorFromJSON, TslxcError, together } from '../../errors/tslxc-error.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { nicFaults, nicFaultsOnHost } from '../../network/nic-checks.ts';
import { bridgesOf } from '../../network/nics/nics.ts';
import { portFaultsOnHost } from '../../network/ports/port-checks.ts';
import { availableIds, mapFault } from '../../security/id-map.ts';
import type { HookCommand } from '../../stage/plan.ts';
import { peerFault } from '../../terminal/console-peer.ts';
import type { StartPlan } from '../plan/start-plan.ts';
import { type Finding, finding } from './finding.ts';
import { checkInit, checkMountPoint, checkReach, checkRootfs } from './rootfs-checks.ts';
import type { StartHost } from './start-host.ts';

/** What a check looks at. */
interface Subject {
  readonly kernel: Kernel;
  readonly plan: StartPlan;
  /** Bridges that a start makes: they need not be there for a dry run. */
  readonly coming: ReadonlySet<string>;
}

interface Row {
  /** Returns faults, or throws one. */
  readonly faults: (subject: Subject) => readonly TslxcError[] | undefined;
  /** Types of hooks that may change what the check looks at, in the order in which they run. */
  readonly makers: readonly string[];
}

const check = (look: (kernel: Kernel, plan: StartPlan) => void): Row['faults'] => {
  return ({ kernel, plan }) => {
    look(kernel, plan);
    return undefined;
  };
};

/** The maker of what nics behind a nic with a script need. */
const SCRIPT_UP = 'script.up';

/** Nics up to the first one with a script, that one included. */
const beforeScripts = ({ nics }: StartPlan) => nics.slice(0, afterFirstScript(nics));
const behindScripts = ({ nics }: StartPlan) => nics.slice(afterFirstScript(nics));

function afterFirstScript(nics: StartPlan['nics']): number {
  const first = nics.findIndex(({ scriptUp }) => scriptUp !== undefined);
  return first < 0 ? nics.length : first + 1;
}

const CHECKS: readonly Row[] = [
  { faults: check(checkConsole), makers: ['pre-start'] },
  { faults: check(checkRootfs), makers: ['pre-start', 'pre-mount'] },
  { faults: check(checkReach), makers: ['pre-start', 'pre-mount'] },
  { faults: check(checkMountPoint), makers: ['pre-start'] },
  { faults: check(checkIdMap), makers: [] },
  { faults: check(checkInit), makers: ['pre-start', 'pre-mount', 'mount', 'autodev'] },
  { faults: ({ plan }) => nicFaults(plan.nics), makers: [] },
  { faults: ({ plan }) => portFaultsOnHost(plan.nics, plan), makers: [] },
  {
    faults: ({ kernel, plan, coming }) => nicFaultsOnHost(kernel, beforeScripts(plan), coming),
    makers: ['pre-start'],
  },
  {
    faults: ({ kernel, plan, coming }) => nicFaultsOnHost(kernel, behindScripts(plan), coming),
    makers: ['pre-start', SCRIPT_UP],
  },
];

/** The first hook or script of the container that may change what a check looks at. */
function makerOf({ makers }: Row, plan: StartPlan): HookCommand | undefined {
  const hooks = [...plan.hostHooks, ...plan.stage.hooks, ...upScripts(plan)];
  return makers.map((maker) => hooks.find(({ type }) => type === maker)).find((hook) => hook !== undefined);
}

function upScripts({ nics, configFile }: StartPlan): HookCommand[] {
  return nics.flatMap(({ scriptUp, origins }) =>
    scriptUp === undefined
      ? []
      : [
          {
            type: SCRIPT_UP,
            command: scriptUp,
            origin: origins?.['script.up'] ?? { file: configFile, line: 1 },
          },
        ],
  );
}

/**
 * Everything that is known to be wrong before the first hook runs.
 * @throws TslxcError the first fault of the plan on this host, with the others
 */
export async function checkStart(
  { kernel, ensureBridge }: Pick<StartHost, 'kernel' | 'ensureBridge'>,
  plan: StartPlan,
): Promise<void> {
  await makeBridges({ ensureBridge }, plan);
  refuse(kernel, plan, (row) => makerOf(row, plan) === undefined);
}

/** The default bridge is made when the first container names it; a hook may make any other. */
export async function makeBridges(
  { ensureBridge }: Pick<StartHost, 'ensureBridge'>,
  { nics }: StartPlan,
): Promise<void> {
  for (const bridge of bridgesOf(nics)) await ensureBridge(bridge);
}

/**
 * What had to wait for the pre-start hooks. Hooks in the stage may change more: the start itself
 * finds out then.
 * @throws TslxcError the first fault of the plan on this host, with the others
 */
export async function checkAfterPreStart(
  { kernel }: Pick<StartHost, 'kernel'>,
  plan: StartPlan,
): Promise<void> {
  const later = new Set([...plan.stage.hooks, ...upScripts(plan)].map(({ type }) => type));
  refuse(
    kernel,
    plan,
    (row) => makerOf(row, plan)?.type === 'pre-start' && !row.makers.some((maker) => later.has(maker)),
  );
}

function refuse(kernel: Kernel, plan: StartPlan, applies: (row: Row) => boolean): void {
  const subject = { kernel, plan, coming: new Set<string>() };
  const fault = together(faultsOf(CHECKS.filter(applies), subject));
  if (fault) throw fault;
}

/**
 * Everything that is wrong with the plan on this host now, and which hook may change that. For a
 * dry run.
 */
export function startFindings(kernel: Kernel, plan: StartPlan, coming: ReadonlySet<string>): Finding[] {
  const subject = { kernel, plan, coming };
  const preStart = plan.hostHooks.find(({ type }) => type === 'pre-start');
  const awaited = (plan.awaited ?? []).map((error) => finding(errorFromJSON(error), preStart));
  return [
    ...awaited,
    ...CHECKS.flatMap((row) => {
      const maker = makerOf(row, plan);
      return faultsOf([row], subject).map((error) => finding(error, maker));
    }),
  ];
}

function faultsOf(rows: readonly Row[], subject: Subject): TslxcError[] {
  const faults: TslxcError[] = [];
  for (const row of rows)
    try {
      faults.push(...(row.faults(subject) ?? []));
    } catch (error) {
      if (!(error instanceof TslxcError)) throw error;
      faults.push(error);
    }
  return faults;
}

function checkConsole(_kernel: Kernel, { console }: StartPlan): void {
  const fault = console.path === undefined ? undefined : peerFault(console.path);
  if (fault === undefined) return;
  throw new TslxcError({
    code: 'CONFIG_VALUE',
    message: `${console.path} cannot be the console: ${fault}`,
    ...console.pathOrigin,
    hint: 'name a file or a terminal, or "none" for no console',
  });
}

function checkIdMap(_kernel: Kernel, plan: StartPlan): void {
  if (plan.stage.idmap.length === 0) return;
  const fault = mapFault(plan.stage.idmap, { u: availableIds('u'), g: availableIds('g') }, plan.stage.init);
  if (!fault) return;
  throw new TslxcError({
    code: 'IDMAP_UNAVAILABLE',
    message: `lxc.idmap: ${fault.message}`,
    ...(fault.entry.origin ?? { file: plan.configFile }),
    hint: 'a map is written `lxc.idmap = u 0 100000 65536` and again with g; its host ids must exist and not overlap',
  });
}
