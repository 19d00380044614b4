/** What vfork.test.ts watches, in a process that can be forked: argv[2] names the case. Tells what it sees by lines. */
import { openSync, writeSync } from 'node:fs';
import { PR } from '../../src/kernel/constants.ts';
import { linuxKernel } from '../../src/kernel/linux.ts';

const kernel = linuxKernel();
const say = (text: string) => writeSync(1, `${text}\n`);
const shell = (command: string) => ({ path: '/bin/sh', args: ['sh', '-c', command], env: ['WORD=given'] });
const never = () => kernel.exit(99);
const ended = (pid: number) => kernel.wait(pid, true)!.status;
// A spawner's child is its parent's: so the spawner is a child of ours here.
kernel.prctl(PR.SET_CHILD_SUBREAPER, 1);

/** Runs `work` in a forked child, whose status is told. */
function inSpawner(work: () => void): void {
  const spawner = kernel.fork();
  if (spawner === 0) {
    kernel.setCloexec(1, false);
    work();
    kernel.exit(0);
  }
  say(`spawner ${JSON.stringify(ended(spawner))}`);
  for (;;)
    try {
      say(`its child ${JSON.stringify(kernel.wait(-1, true)!.status)}`);
    } catch {
      return;
    }
}

const CASES: Record<string, () => void> = {
  program: () =>
    inSpawner(() => {
      let seen = 0;
      for (const round of [1, 2, 3])
        kernel.vfork(() => {
          seen += round;
          kernel.close(openSync('/dev/null', 'r'));
          return shell(`echo $WORD $0; exit ${round}`);
        }, never);
      say(`seen ${seen}`);
    }),
  pid: () =>
    inSpawner(() => {
      let inside = 0;
      const outside = kernel.vfork((pid) => {
        inside = pid;
        return undefined;
      }, never);
      say(`same pid ${inside === outside && inside > 0}`);
    }),
  refused: () =>
    inSpawner(() => {
      kernel.vfork(
        () => ({ path: '/proc/nothing', args: ['nothing'], env: [] }),
        (error) => {
          say((error as Error).message);
          kernel.exit(5);
        },
      );
      say('not here');
    }),
  'no child': () =>
    inSpawner(() => {
      try {
        kernel.vfork(() => shell('exit 1'), never, 12_345);
      } catch (error) {
        say((error as Error).message);
      }
      kernel.vfork(() => shell('exit 8'), never);
      say('goes on');
    }),
  killed: () =>
    inSpawner(() => {
      kernel.vfork(() => {
        kernel.kill(kernel.pid(), 9);
        return undefined;
      }, never);
      say('not here');
    }),
};

CASES[process.argv[2]!]!();
