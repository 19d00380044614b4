/**
 * The memory in which a program finds its environment: /proc/PID/environ shows it to
 * every process that may look into this one.
 */
import type { Calls } from './binding.ts';
import { AT, O, SYS } from './constants.ts';
import { openHow } from './structs.ts';

/** Numbers of proc(5)'s fields in /proc/PID/stat, counted from the one after the command's name. */
const ENV_START = 50 - 3;
const ENV_END = 51 - 3;
const readOnly = openHow(O.RDONLY | O.CLOEXEC, 0, 0);

/** Fills it with zeros. Node's `process.env` is empty from then on. */
export function eraseEnvironment(calls: Calls): void {
  const text = Buffer.alloc(4096);
  const fd = calls.openat2(SYS.openat2, AT.FDCWD, '/proc/self/stat', readOnly, readOnly.length);
  const length = calls.read(fd, text, text.length);
  calls.close(fd);
  const stat = text.toString('latin1', 0, length);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [start, end] = [Number(fields[ENV_START]), Number(fields[ENV_END])];
  if (end > start) calls.fillMemory(start, 0, end - start);
}
