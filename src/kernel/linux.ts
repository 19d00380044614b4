import { bindCalls, type Calls } from './binding.ts';
import type { Kernel } from './kernel.ts';
import { credentialVerbs } from './verbs/credentials.ts';
import { fileVerbs } from './verbs/files.ts';
import { namespaceVerbs } from './verbs/namespaces.ts';
import { processVerbs } from './verbs/processes.ts';
import { socketVerbs } from './verbs/sockets.ts';
import { storageVerbs } from './verbs/storage.ts';
import { terminalVerbs } from './verbs/terminals.ts';

let kernel: Kernel | undefined;

/** The real kernel. One binding a process. */
export function linuxKernel(): Kernel {
  kernel ??= kernelOver(bindCalls());
  return kernel;
}

/** The verbs over these C functions. */
export function kernelOver(calls: Calls): Kernel {
  return {
    ...processVerbs(calls),
    ...credentialVerbs(calls),
    ...namespaceVerbs(calls),
    ...fileVerbs(calls),
    ...terminalVerbs(calls),
    ...socketVerbs(calls),
    ...storageVerbs(calls),
  };
}
