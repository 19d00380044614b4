/** The cgroups of a container that starts, made as planned. */
import {
  applyLimits,
  type CgroupNote,
  type CgroupPlan,
  createCgroup,
  createHookCgroups,
  delegate,
  enterFiles,
  type MissingController,
  type PlannedHierarchy,
  planCgroup,
  planHookCgroups,
  v2Of,
} from '../../cgroup/container-cgroup.ts';
import { type CgroupLayout, detectLayout } from '../../cgroup/layout.ts';
import type { TslxcError } from '../../errors/tslxc-error.ts';
import { hostIdOf, ownerOf } from '../../security/id-map.ts';
import type { ToStage } from '../../stage/channel.ts';
import { claimCgroup, refuseSecondInit } from '../state/run-mark.ts';
import type { StartContext } from './start-context.ts';

const CLAIM_ATTEMPTS = 20;

/** The layout as the caller of the start sees it, where that matters. */
function layoutFor({ host, plan, overrides }: StartContext): CgroupLayout {
  if (!plan.cgroup.relative || overrides.callerCgroups === undefined) return host.layout;
  return detectLayout('/', overrides.callerCgroups);
}

/** Before the first hook is run. */
export function makeHookCgroups(context: StartContext): void {
  const { plan, journal, hooks } = context;
  const cgroups = planHookCgroups(layoutFor(context), plan.name, plan.cgroup);
  if (cgroups.length === 0) return;
  journal.add({ kind: 'hook-cgroups', plan: cgroups });
  createHookCgroups(cgroups);
  hooks.cgroups = cgroups;
}

/** A container's cgroups, of which those that come first are made. */
export interface ClaimedCgroups {
  readonly cgroup: CgroupPlan;
  /** v2 cgroup that init can be born in while the others are made; undefined: all are made. */
  readonly initCgroup: string | undefined;
  readonly missing: readonly MissingController[];
}

/**
 * Takes the container's name in the hierarchies. To be born in the v2 cgroup is cheapest for init,
 * but asks for rights over the one above, which a mapped root has not: with a user namespace the
 * stage enters all of them before it joins that. Another manager (of another run directory) may
 * take the name between our look and our mkdir: then the next one.
 */
export function claimCgroups(context: StartContext): ClaimedCgroups {
  const { plan, journal } = context;
  const layout = layoutFor(context);
  const mapped = plan.stage.idmap.length > 0;
  const attempts = plan.cgroup.container === undefined ? CLAIM_ATTEMPTS : 1;
  for (let attempt = 1; ; attempt++) {
    const cgroup = planCgroup(layout, plan.name, { ...plan.cgroup, devices: plan.devices });
    refuseSecondInit(plan, cgroup);
    const unified = mapped ? undefined : v2Of(cgroup);
    journal.add({ kind: 'cgroup', plan: cgroup });
    try {
      const missing = createCgroup(unified ? only(cgroup, unified) : cgroup, needed(context));
      claimCgroup(plan, cgroup);
      return { cgroup, initCgroup: unified?.inner, missing };
    } catch (error) {
      const exists = alreadyExists(error);
      // The cgroup is theirs: undoing our start must not touch it.
      if (exists) journal.retract();
      if (!exists || attempt === attempts) throw error;
    }
  }
}

/**
 * Makes those that are not made yet and sets the limits; device rules come later (applyDevices).
 */
export function completeCgroups(context: StartContext, claimed: ClaimedCgroups): readonly CgroupNote[] {
  const { plan, log, journal } = context;
  const { cgroup, initCgroup } = claimed;
  const missing = [...claimed.missing];
  if (initCgroup !== undefined)
    try {
      missing.push(...createCgroup(withoutInitCgroup(claimed), needed(context)));
    } catch (error) {
      if (alreadyExists(error)) {
        journal.retract();
        journal.add({ kind: 'cgroup', plan: only(cgroup, v2Of(cgroup)!) });
      }
      throw error;
    }
  for (const { controller, reason } of missing)
    log(`cgroup controller ${controller} is not handed to the container: ${reason}`);
  const notes = applyLimits(cgroup, plan.limits);
  const owner = ownerOf(plan.stage.idmap, plan.stage.init);
  const uid = hostIdOf(plan.stage.idmap, 'u', owner.uid);
  const gid = hostIdOf(plan.stage.idmap, 'g', owner.gid);
  // The host's root owns them as it is.
  if (uid !== undefined && gid !== undefined && uid + gid > 0) delegate(cgroup, uid, gid);
  return notes;
}

/** The files by which init, or the stage for it, enters those that it is not born in. */
export function entrance(claimed: ClaimedCgroups): Extract<ToStage, { type: 'cgroups' }> {
  return { type: 'cgroups', files: enterFiles(withoutInitCgroup(claimed)) };
}

function withoutInitCgroup({ cgroup, initCgroup }: ClaimedCgroups): CgroupPlan {
  return { ...cgroup, hierarchies: cgroup.hierarchies.filter(({ inner }) => inner !== initCgroup) };
}

const only = (cgroup: CgroupPlan, hierarchy: PlannedHierarchy) => ({ ...cgroup, hierarchies: [hierarchy] });

const alreadyExists = (error: unknown) => (error as TslxcError).errno === 'EEXIST';

/** Controllers that the config's limits are for. */
function needed({ plan }: StartContext): string[] {
  return [...new Set(plan.limits.map(({ controller }) => controller))].filter((name) => name !== 'cgroup');
}
