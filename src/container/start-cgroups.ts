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
  planCgroup,
  planHookCgroups,
} from '../cgroup/container-cgroup.ts';
import { type CgroupLayout, detectLayout } from '../cgroup/layout.ts';
import type { TslxcError } from '../errors/tslxc-error.ts';
import { hostIdOf, ownerOf } from '../security/id-map.ts';
import type { ToStage } from '../stage/channel.ts';
import type { StartContext } from './start.ts';

const CLAIM_ATTEMPTS = 20;

/** The layout as whoever asked for the start sees it, where that matters. */
function layoutFor({ services, plan, wishes }: StartContext): CgroupLayout {
  if (!plan.cgroup.relative || wishes.callerCgroups === undefined) return services.layout;
  return detectLayout('/', wishes.callerCgroups);
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

/** Makes the container's cgroups and sets its limits; device rules come later (applyDevices). */
export function makeCgroups(context: StartContext): {
  cgroup: CgroupPlan;
  notes: readonly CgroupNote[];
} {
  const { plan, log } = context;
  const needed = [...new Set(plan.limits.map(({ controller }) => controller))].filter(
    (name) => name !== 'cgroup',
  );
  const { cgroup, missing } = claimCgroups(context, needed);
  for (const { controller, reason } of missing)
    log(`cgroup controller ${controller} is not handed to the container: ${reason}`);
  const notes = applyLimits(cgroup, plan.limits);
  const owner = ownerOf(plan.stage.idmap, plan.stage.init);
  const uid = hostIdOf(plan.stage.idmap, 'u', owner.uid);
  const gid = hostIdOf(plan.stage.idmap, 'g', owner.gid);
  if (uid !== undefined && gid !== undefined) delegate(cgroup, uid, gid);
  return { cgroup, notes };
}

/**
 * How init gets into its cgroups. To be born in the v2 one is cheapest, but asks for rights over the cgroup above it,
 * which a mapped root has not: with a user namespace the stage moves before it joins that.
 */
export function entrance(cgroup: CgroupPlan, mapped: boolean): Extract<ToStage, { type: 'cgroups' }> {
  const unified = mapped ? undefined : cgroup.hierarchies.find(({ version }) => version === 2);
  const others = { ...cgroup, hierarchies: cgroup.hierarchies.filter((hierarchy) => hierarchy !== unified) };
  return { type: 'cgroups', files: enterFiles(others), birth: unified?.inner ?? null };
}

/** Another manager (of another run directory) may take the name between our look and our mkdir: then the next one. */
function claimCgroups(
  context: StartContext,
  needed: readonly string[],
): { cgroup: CgroupPlan; missing: MissingController[] } {
  const { plan, journal } = context;
  const layout = layoutFor(context);
  const attempts = plan.cgroup.container === undefined ? CLAIM_ATTEMPTS : 1;
  for (let attempt = 1; ; attempt++) {
    const cgroup = planCgroup(layout, plan.name, { ...plan.cgroup, devices: plan.devices });
    journal.add({ kind: 'cgroup', plan: cgroup });
    try {
      return { cgroup, missing: createCgroup(cgroup, needed) };
    } catch (error) {
      const taken = (error as TslxcError).errno === 'EEXIST';
      // It is theirs: undoing our start must not touch it.
      if (taken) journal.retract();
      if (!taken || attempt === attempts) throw error;
    }
  }
}
