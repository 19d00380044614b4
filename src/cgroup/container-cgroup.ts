/** The cgroups of one container, from the plan to the removal: what the rooms above use. */
export type { MissingController } from './controllers.ts';
export { createCgroup, delegate } from './create.ts';
export { applyDevices } from './devices.ts';
export { freeze, isFrozen, unfreeze } from './freeze.ts';
export {
  createHookCgroups,
  type HookCgroup,
  hookFiles,
  planHookCgroups,
  removeHookCgroups,
} from './hook-cgroup.ts';
export { configKeyOf, getItem, setItem } from './items.ts';
export { applyLimits, type CgroupNote } from './limits.ts';
export { killedByOom, type OomKill, oomKills, oomKillsLogged } from './oom.ts';
export {
  type CgroupPlan,
  type Naming,
  type PlannedHierarchy,
  type PlanOptions,
  planCgroup,
  v2Of,
} from './plan.ts';
export { attachFiles, enterFiles, killAll } from './processes.ts';
export { pidsOf, removeCgroup, tryRemoveCgroup } from './remove.ts';
export { type CgroupStatistics, statistics } from './statistics.ts';
