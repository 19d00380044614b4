import type { Kernel } from '../../src/kernel/kernel.ts';

export interface RecordedCall {
  readonly verb: keyof Kernel;
  readonly args: readonly unknown[];
}

/** What a verb answers in the double: a value, or a function of the arguments (which may throw a KernelError). */
export type Script = {
  [V in keyof Kernel]?: ReturnType<Kernel[V]> | ((...args: Parameters<Kernel[V]>) => unknown);
};

/** Verbs that return descriptors: each gets a fresh number, so that a test can follow it. */
const DESCRIPTOR_VERBS = new Set<keyof Kernel>([
  'pidfdOpen',
  'pidfdGetfd',
  'openTree',
  'openat2',
  'dup',
  'openPtyPeer',
  'socket',
  'accept',
  'bpf',
]);

/**
 * A kernel that does nothing and writes down everything: for the unit tests of plans and stages.
 * `script` answers verbs whose result matters to the code under test.
 */
export function recordingKernel(script: Script = {}): { kernel: Kernel; calls: RecordedCall[] } {
  const calls: RecordedCall[] = [];
  let nextFd = 100;
  const kernel = new Proxy({} as Kernel, {
    get(_target, verb: string) {
      return (...args: unknown[]) => {
        const name = verb as keyof Kernel;
        calls.push({ verb: name, args });
        const scripted = script[name];
        if (typeof scripted === 'function') return (scripted as (...a: unknown[]) => unknown)(...args);
        if (scripted !== undefined) return scripted;
        if (DESCRIPTOR_VERBS.has(name)) return nextFd++;
        if (name === 'pipe' || name === 'socketpair') return [nextFd++, nextFd++];
        if (name === 'read' || name === 'recv' || name === 'fork') return 0;
        return undefined;
      };
    },
  });
  return { kernel, calls };
}
