/**
 * What earlier managers left: containers that run or have ended since, and starts that were killed
 * half-way.
 */
import type { CgroupPlan } from '../../cgroup/container-cgroup.ts';
import { asPlan, loadPlan, type SavedPlan } from '../../container/plan/saved-plan.ts';
import { Journal, type JournalEntry, journaledContainers } from '../../container/start/journal.ts';
import { type ContainerRef, configFile } from '../../container/state/paths.ts';
import { type MarkedCgroup, markedContainers, readNote } from '../../container/state/run-mark.ts';
import { allRecords, asRecord, isAlive, type RuntimeRecord } from '../../container/state/runtime-record.ts';

/** A run to adopt. Its missing parts are described in words. */
export interface Leftover {
  readonly record: RuntimeRecord;
  readonly plan: SavedPlan | undefined;
  /** What has to be given back at its end, also where the journal's file is damaged or gone. */
  readonly journal: readonly JournalEntry[];
  readonly lost: readonly string[];
}

export interface Survey {
  readonly runs: readonly Leftover[];
  /** Starts that never came about: to be undone. */
  readonly halfDone: readonly { readonly ref: ContainerRef; readonly journal: readonly JournalEntry[] }[];
}

export const key = (ref: ContainerRef) => `${ref.lxcpath}|${ref.name}`;

/**
 * A run is found by its record, by the notes on its cgroup, or by its journal: a container with a
 * living init is found even if some of these are damaged or missing.
 */
export function survey(): Survey {
  const runs = new Map<string, { record: RuntimeRecord; from: 'record' | 'cgroup' | 'journal' }>();
  const halfDone = new Map<string, ContainerRef>();
  const cgroups = new Map(markedContainers().map((cgroup) => [key(cgroup.ref), cgroup]));
  for (const record of allRecords())
    if (record.init) runs.set(key(record), { record, from: 'record' });
    else halfDone.set(key(record), record);
  for (const [name, cgroup] of cgroups) {
    if (isAlive(runs.get(name)?.record.init)) continue;
    const record = asRecord(readNote(cgroup.path, 'record'));
    const known = runs.has(name) || halfDone.has(name);
    if (record?.init && (isAlive(record.init) || !known)) runs.set(name, { record, from: 'cgroup' });
    else if (!known) halfDone.set(name, cgroup.ref);
  }
  for (const ref of journaledContainers()) {
    if (runs.has(key(ref)) || halfDone.has(key(ref))) continue;
    const record = recordOfJournal(ref);
    if (record) runs.set(key(ref), { record, from: 'journal' });
    else halfDone.set(key(ref), ref);
  }
  for (const name of runs.keys()) halfDone.delete(name);
  return {
    runs: [...runs].map(([name, { record, from }]) => leftover(record, from, cgroups.get(name))),
    halfDone: [...halfDone].map(([name, ref]) => ({ ref, journal: journalNote(cgroups.get(name)) })),
  };
}

function leftover(record: RuntimeRecord, from: string, cgroup: MarkedCgroup | undefined): Leftover {
  const saved = loadPlan(record);
  const plan = saved ?? asPlan(cgroup && readNote(cgroup.path, 'plan'));
  const note = journalNote(cgroup);
  return {
    record,
    plan,
    journal: note.length > 0 ? note : entriesOf(record),
    lost: [
      ...(from === 'record' ? [] : [`its record (state.json) is damaged or gone: found by its ${from}`]),
      ...(saved ? [] : [`its plan (plan.json) is damaged or gone${plan ? ': found on its cgroup' : ''}`]),
    ],
  };
}

function journalNote(cgroup: MarkedCgroup | undefined): readonly JournalEntry[] {
  const note = cgroup && readNote(cgroup.path, 'journal');
  return Array.isArray(note) ? (note as JournalEntry[]) : [];
}

/** The entries that follow from a record. */
function entriesOf({ cgroup, hookCgroups, nics, overrides }: RuntimeRecord): JournalEntry[] {
  return [
    ...(overrides.pidFile ? [{ kind: 'file', path: overrides.pidFile } as const] : []),
    ...(hookCgroups ? [{ kind: 'hook-cgroups', plan: hookCgroups } as const] : []),
    ...(cgroup ? [{ kind: 'cgroup', plan: cgroup } as const] : []),
    ...nics.flatMap(({ host }) =>
      host === undefined ? [] : [{ kind: 'nic', claim: { type: 'veth', host } } as const],
    ),
  ];
}

/**
 * On a kernel that keeps no notes on cgroups, the record of a running container from its journal
 * alone. A start that was killed has a record, which says STARTING: a journal without one belongs
 * to a container that runs.
 */
function recordOfJournal(ref: ContainerRef): RuntimeRecord | undefined {
  const entries = new Journal(ref).entries();
  const find = <K extends JournalEntry['kind']>(kind: K) =>
    entries.find((entry) => entry.kind === kind) as Extract<JournalEntry, { kind: K }> | undefined;
  const init = find('process')?.process;
  const cgroup: CgroupPlan | undefined = find('cgroup')?.plan;
  if (!init || !isAlive(init)) return undefined;
  const hosts = entries.flatMap((entry) =>
    entry.kind === 'nic' && entry.claim.type === 'veth' ? [entry.claim.host] : [],
  );
  return {
    version: 1,
    ...ref,
    state: 'RUNNING',
    configFile: configFile(ref),
    overrides: { defines: [] },
    init,
    startedAt: new Date().toISOString(),
    ...(cgroup ? { cgroup } : {}),
    nics: hosts.map((host, index) => ({ index, type: 'veth', host })),
    ttys: 0,
    unprivileged: false,
  };
}
