/**
 * The certified fork (docs/design.md, section 4). V8 maps its heap MADV_DONTFORK, so a plain fork crashes in the child.
 * We lift that from every mapping, fork, and look whether a mapping appeared in between that the child now lacks; if
 * one did, the child (still blocked in read) is killed and we try again. A child that gets the go byte is complete.
 */
import { openSync } from 'node:fs';
import type { Calls } from './binding.ts';
import { MADV_DOFORK, O, SIG, SYS } from './constants.ts';
import { openHow } from './structs.ts';

/** /proc/self/maps is read into memory that is there already: allocating would change what is being read. */
const text = [Buffer.alloc(1 << 18), Buffer.alloc(1 << 18)] as const;
const ranges = [new Float64Array(8192), new Float64Array(8192)] as const;
const byte = Buffer.alloc(1);
const pipeFds = Buffer.alloc(8);
const status = Buffer.alloc(4);
const readOnly = openHow(O.RDONLY | O.CLOEXEC, 0, 0);

/**
 * The host's procfs, opened before any namespace is entered: a stage that has joined a container forks too, and must
 * not look at the guest's /proc (rule R2), where it is not even listed. Close-on-exec like everything of ours.
 */
let proc = -1;

const DASH = 45;
const SPACE = 32;
const NEWLINE = 10;
const NINE = 57;

/** Reads the mappings into slot 0 (before) or 1 (after); returns how many numbers (two a mapping) were written. */
function readMappings(calls: Calls, slot: 0 | 1): number {
  const buffer = text[slot];
  const out = ranges[slot];
  const fd = calls.openat2(SYS.openat2, proc, 'self/maps', readOnly, readOnly.length);
  let length = 0;
  for (;;) {
    const n = calls.read(fd, buffer.subarray(length), buffer.length - length);
    if (n === 0) break;
    length += n;
  }
  calls.close(fd);
  let at = 0;
  let count = 0;
  while (at < length) {
    for (const end of [DASH, SPACE]) {
      let address = 0;
      while (buffer[at] !== end) {
        const digit = buffer[at++]!;
        address = address * 16 + (digit <= NINE ? digit - 48 : digit - 87);
      }
      at++;
      out[count++] = address;
    }
    while (buffer[at] !== NEWLINE) at++;
    at++;
  }
  return count;
}

/** Whether every mapping seen after the fork lies within those seen before it. */
function covered(before: number, after: number): boolean {
  const [old, now] = ranges;
  let i = 0;
  for (let j = 0; j < after; j += 2) {
    let start = now[j]!;
    while (start < now[j + 1]!) {
      while (i < before && old[i + 1]! <= start) i += 2;
      if (i >= before || old[i]! > start) return false;
      start = old[i + 1]!;
    }
  }
  return true;
}

/** Forks that had to be tried again since the process began: a measure of how quiet the heap is. */
export let forkRetries = 0;

const ATTEMPTS = 1000;

/** The heap did not hold still: no child is left, and another attempt may succeed. */
export class UncertifiedFork extends Error {}

/**
 * Forks; 0 in the child, the child's pid in the parent. See the head of the file.
 * @throws UncertifiedFork after `attempts`
 */
export function certifiedFork(calls: Calls, attempts = ATTEMPTS): number {
  if (proc < 0) proc = openSync('/proc', O.PATH | O.DIRECTORY | O.CLOEXEC);
  for (let attempt = 0; attempt < attempts; attempt++) {
    calls.pipe2(pipeFds, 0);
    const goRead = pipeFds.readInt32LE(0);
    const goWrite = pipeFds.readInt32LE(4);
    const before = readMappings(calls, 0);
    const old = ranges[0];
    for (let i = 0; i < before; i += 2) {
      try {
        calls.madvise(old[i]!, old[i + 1]! - old[i]!, MADV_DOFORK);
      } catch {
        // [vvar] and [vdso] refuse advice (EINVAL); the kernel copies them anyway.
      }
    }
    const pid = calls.fork();
    if (pid === 0) {
      calls.close(goWrite);
      // The end of the pipe instead of the byte: the parent died or did not certify us.
      if (readByte(calls, goRead) !== 1) calls.exit(9);
      calls.close(goRead);
      return 0;
    }
    const after = readMappings(calls, 1);
    const certified = covered(before, after);
    if (certified) calls.write(goWrite, byte, 1);
    else endIncomplete(calls, pid);
    calls.close(goRead);
    calls.close(goWrite);
    if (certified) return pid;
    forkRetries++;
  }
  throw new UncertifiedFork(`no certified fork in ${attempts} attempts: the heap does not hold still`);
}

function readByte(calls: Calls, fd: number): number {
  try {
    return calls.read(fd, byte, 1);
  } catch {
    return -1;
  }
}

/** It may have crashed on the page that it lacks; and where SIGCHLD is ignored the kernel has reaped it already. */
function endIncomplete(calls: Calls, pid: number): void {
  try {
    calls.kill(pid, SIG.KILL);
    calls.waitpid(pid, status, 0);
  } catch {}
}
