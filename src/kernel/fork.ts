/**
 * The certified fork (docs/design.md, The fork). V8 maps its heap MADV_DONTFORK, so a plain fork
 * crashes in the child. We lift that from every mapping, fork, and look whether a mapping appeared
 * in between that the child now lacks; if one did, the child (still blocked in read) is killed and
 * we try again. A child that gets the go byte is complete.
 */
import type { Calls, KernelError } from './binding.ts';
import { AT, MADV_DOFORK, O, SIG, SYS } from './constants.ts';
import { SilentFork } from './silent-fork.ts';
import { openHow } from './structs.ts';

/**
 * /proc/self/maps is read into memory that is there already: allocating would change the list
 * while it is read.
 */
const text = [Buffer.alloc(1 << 18), Buffer.alloc(1 << 18)] as const;
const ranges = [new Float64Array(8192), new Float64Array(8192)] as const;
const byte = Buffer.alloc(1);
const pipeFds = Buffer.alloc(8);
const status = Buffer.alloc(4);
const readOnly = openHow(O.RDONLY | O.CLOEXEC, 0, 0);

/** Those who fork without the handlers of libuv, by the system calls that they use. */
const silent = new WeakMap<Calls, SilentFork>();

/** From now on this process forks as silent-fork.ts has it. While /proc is the host's. */
export function forkSilently(calls: Calls): void {
  if (silent.has(calls)) return;
  const length = readMappings(calls, 0);
  // System calls that do nothing leave no mappings.
  if (length > 0) silent.set(calls, new SilentFork(calls, bounds(length)));
}

const DASH = 45;
const SPACE = 32;
const NEWLINE = 10;
const ZERO = 48;
const NINE = 57;
/** The kernel's own pages, above everything else, which take no advice. */
const KERNEL_PAGES = ['[vvar', '[vdso]', '[vsyscall]'].map((name) => Buffer.from(name));

/** Reads the list of mappings into slot 0 (before) or 1 (after). @returns its length */
function readMappings(calls: Calls, slot: 0 | 1): number {
  const buffer = text[slot];
  const fd = calls.openat2(SYS.openat2, AT.FDCWD, '/proc/self/maps', readOnly, readOnly.length);
  let length = 0;
  for (;;) {
    const n = calls.read(fd, buffer.subarray(length), buffer.length - length);
    if (n === 0) break;
    length += n;
  }
  calls.close(fd);
  return length;
}

/** The number that begins at `at` in the list that was read before. */
function addressAt(at: number): number {
  const buffer = text[0];
  let address = 0;
  // A dash, a space: all that may follow lies below the digits.
  for (let i = at; buffer[i]! >= ZERO; i++) address = address * 16 + digit(buffer[i]!);
  return address;
}

const digit = (character: number) => (character <= NINE ? character - ZERO : character - 87);

/** Where the line that holds `at` begins. */
const lineOf = (at: number) => text[0].lastIndexOf(NEWLINE, at) + 1;

/**
 * Takes the bounds of all mappings out of a list. @returns how many numbers that is: two a mapping
 */
function parse(slot: 0 | 1, length: number): number {
  const buffer = text[slot];
  const out = ranges[slot];
  let at = 0;
  let count = 0;
  while (at < length) {
    for (const stop of [DASH, SPACE]) {
      let address = 0;
      while (buffer[at] !== stop) address = address * 16 + digit(buffer[at++]!);
      at++;
      out[count++] = address;
    }
    at = buffer.indexOf(NEWLINE, at) + 1;
  }
  return count;
}

/**
 * Whether every mapping seen after the fork lies within those seen before it; most often nothing
 * has changed at all.
 */
function covered(lengthBefore: number, lengthAfter: number): boolean {
  if (lengthBefore === lengthAfter && text[0].compare(text[1], 0, lengthAfter, 0, lengthBefore) === 0)
    return true;
  const before = parse(0, lengthBefore);
  const after = parse(1, lengthAfter);
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

/** Forks; 0 in the child, the child's pid in the parent. See the head of the file. */
export function certifiedFork(calls: Calls): number {
  const other = silent.get(calls);
  if (other) return other.fork();
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    calls.pipe2(pipeFds, 0);
    const goRead = pipeFds.readInt32LE(0);
    const goWrite = pipeFds.readInt32LE(4);
    const before = readMappings(calls, 0);
    allowFork(calls, before);
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
  throw new Error(`no certified fork in ${ATTEMPTS} attempts: the heap does not hold still`);
}

/** From the first mapping to the kernel's own pages: [start, length]. */
function bounds(length: number): readonly [number, number] {
  const start = addressAt(0);
  let end = 0;
  for (const name of KERNEL_PAGES) {
    const at = text[0].indexOf(name);
    if (at >= 0 && at < length && (end === 0 || addressAt(lineOf(at)) < end)) end = addressAt(lineOf(at));
  }
  // Without such pages all are ours, to the end of the last one.
  if (end === 0) end = addressAt(text[0].indexOf(DASH, lineOf(length - 2)) + 1);
  return [start, end - start];
}

/** Allows it for the whole list by one call: the kernel skips holes, and says ENOMEM in the end. */
function allowFork(calls: Calls, length: number): void {
  try {
    calls.madvise(...bounds(length), MADV_DOFORK);
  } catch (error) {
    if ((error as KernelError).code !== 'ENOMEM') throw error;
  }
}

function readByte(calls: Calls, fd: number): number {
  try {
    return calls.read(fd, byte, 1);
  } catch {
    return -1;
  }
}

/**
 * The child may have crashed on the page that it lacks; and where SIGCHLD is ignored the kernel has
 * reaped it already.
 */
function endIncomplete(calls: Calls, pid: number): void {
  try {
    calls.kill(pid, SIG.KILL);
    calls.waitpid(pid, status, 0);
  } catch {}
}
