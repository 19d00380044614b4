import { readFile } from './files.ts';
import { parseOwnCgroups } from './layout.ts';

/** The cgroups of a process by the id of their hierarchy; none when it has gone. */
export function pathsOfProcess(pid: number): Map<string, string> {
  return parseOwnCgroups(readFile(`/proc/${pid}/cgroup`) ?? '');
}
