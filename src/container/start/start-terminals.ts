import { closeSync } from 'node:fs';
import type { StartPlan } from '../plan/start-plan.ts';
import { keptPrefix, type StartHost, type ToKeep } from './start-host.ts';

/** A container's terminals, as descriptors of one process; -1 for what the container has not. */
export interface TerminalDescriptors {
  readonly devpts: number;
  readonly console: number;
  readonly ttys: readonly number[];
}

/**
 * The keeper's copies outlive this process; those returned are this process's. It remembers how
 * process `pid` ends, too.
 */
export async function keepTerminals(
  host: StartHost,
  plan: StartPlan,
  pid: number,
  ptys: TerminalDescriptors,
): Promise<TerminalDescriptors> {
  const prefix = keptPrefix(plan);
  const all: ToKeep[] = [
    { label: `${prefix}devpts`, fd: ptys.devpts },
    { label: `${prefix}console`, fd: ptys.console, drain: { log: plan.console.log } },
    ...ptys.ttys.map((fd, i) => ({ label: `${prefix}tty${i + 1}`, fd })),
  ];
  const present = all.filter(({ fd }) => fd >= 0);
  const copies = await host.keep(pid, present, true);
  const [devpts, console, ...ttys] = all.map((one) => copies[present.indexOf(one)] ?? -1);
  return { devpts: devpts!, console: console!, ttys };
}

/** Those of this process. */
export function closeTerminals({ devpts, console, ttys }: TerminalDescriptors): void {
  for (const fd of [devpts, console, ...ttys]) if (fd >= 0) closeSync(fd);
}
