/**
 * Chooses the containers for tslxc-autostart, their order, and the reason for each choice: a pure
 * function of the configs.
 */
import type { State } from '../container/state/state.ts';

export type AutostartAction = 'start' | 'reboot' | 'shutdown' | 'kill';

/** The facts that decide about a container. */
export interface AutostartFacts {
  readonly name: string;
  readonly state: State;
  /** `lxc.start.auto`, `lxc.start.order`, `lxc.start.delay` (seconds), `lxc.group`. */
  readonly auto: boolean;
  readonly order: number;
  readonly delay: number;
  readonly groups: readonly string[];
}

export interface AutostartChoice {
  readonly action: AutostartAction;
  /** Groups in the order of the work; the empty name means the containers without a group. */
  readonly groups: readonly string[];
  /** Ignore the groups. */
  readonly all: boolean;
  /** Ignore `lxc.start.auto`. */
  readonly ignoreAuto: boolean;
}

export interface AutostartVerdict extends AutostartFacts {
  readonly chosen: boolean;
  /** Why the container is chosen, or why not. */
  readonly why: string;
}

/** The verdict on each container: the chosen ones first, in the order of the work. */
export function autostartVerdicts(
  containers: readonly AutostartFacts[],
  choice: AutostartChoice,
): AutostartVerdict[] {
  const left = new Set(containers);
  const chosen: AutostartVerdict[] = [];
  for (const pass of passes(choice))
    for (const container of inOrder([...left].filter(pass.has), choice.action)) {
      // A container of an earlier group is not looked at again.
      left.delete(container);
      const objection = objectionTo(container, choice);
      chosen.push({ ...container, chosen: objection === undefined, why: objection ?? pass.why(container) });
    }
  const others = inOrder([...left], choice.action).map((container) => ({
    ...container,
    chosen: false,
    why: groupsText(container, choice),
  }));
  return [...chosen.filter((one) => one.chosen), ...chosen.filter((one) => !one.chosen), ...others];
}

interface Pass {
  has(container: AutostartFacts): boolean;
  why(container: AutostartFacts): string;
}

function passes({ all, groups }: AutostartChoice): Pass[] {
  if (all) return [{ has: () => true, why: () => 'all containers were asked for' }];
  return groups.map((group) =>
    group === ''
      ? { has: (container) => container.groups.length === 0, why: () => 'it is in no group' }
      : { has: (container) => container.groups.includes(group), why: () => `it is in the group ${group}` },
  );
}

function inOrder(containers: readonly AutostartFacts[], action: AutostartAction): AutostartFacts[] {
  const sorted = containers.toSorted((a, b) => a.order - b.order || (a.name < b.name ? -1 : 1));
  return stops(action) ? sorted.reverse() : sorted;
}

export function stops(action: AutostartAction): boolean {
  return action === 'shutdown' || action === 'kill';
}

function objectionTo(
  { auto, state }: AutostartFacts,
  { ignoreAuto, action }: AutostartChoice,
): string | undefined {
  if (!auto && !ignoreAuto) return 'lxc.start.auto is not 1';
  if (action === 'start' && state !== 'STOPPED') return `it is ${state} already`;
  if (action !== 'start' && state === 'STOPPED') return 'it is STOPPED';
  return undefined;
}

function groupsText({ groups }: AutostartFacts, choice: AutostartChoice): string {
  const own = groups.length === 0 ? 'it is in no group' : `it is only in ${groups.join(', ')}`;
  const asked = choice.groups.map((group) => group || 'those without a group').join(', ');
  return `${own}; asked for: ${asked}`;
}

/**
 * The work in steps. Containers of one step may be handled at the same time. A step ends where the
 * order value changes, and behind a container with a delay.
 */
export function autostartSteps(
  verdicts: readonly AutostartVerdict[],
  { action, groups }: AutostartChoice,
): { readonly containers: readonly AutostartVerdict[]; readonly delay: number }[] {
  const pauses = !stops(action);
  const steps: { containers: AutostartVerdict[]; delay: number }[] = [];
  let open = false;
  for (const verdict of verdicts.filter(({ chosen }) => chosen)) {
    const step = steps.at(-1);
    const before = step?.containers.at(-1);
    // `why` differs between the passes of two groups.
    const together =
      open && before?.order === verdict.order && (groups.length < 2 || before.why === verdict.why);
    if (together) step!.containers.push(verdict);
    else steps.push({ containers: [verdict], delay: 0 });
    const delay = pauses ? verdict.delay : 0;
    steps.at(-1)!.delay = delay;
    open = delay === 0;
  }
  return steps;
}
