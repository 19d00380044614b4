/** The login shell of a user inside a container. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { O, SIG } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { DEFAULT_PATH } from '../util/search-path.ts';

const FALLBACK = '/bin/sh';
/** More than any user database has; the guest may have made the file. */
const LARGEST = 1 << 20;

/**
 * From the container's passwd, read as text; else from `getent`, run inside (other user databases);
 * else /bin/sh. To be called when the process is what the program will be but for what `confine`
 * does: getent is the guest's.
 */
export function loginShell(kernel: Kernel, uid: number, confine: () => void): string {
  return shellIn(readPasswd(), uid) ?? shellIn(askGetent(kernel, uid, confine), uid) ?? FALLBACK;
}

function shellIn(text: string, uid: number): string | undefined {
  const line = text
    .split('\n')
    .map((entry) => entry.split(':'))
    .find((fields) => fields[2] === String(uid));
  // An empty field means /bin/sh, as passwd(5) has it.
  return line && (line[6]?.trim() || FALLBACK);
}

/** Reads it without waiting at a fifo, and no more than its limit. */
function readPasswd(): string {
  try {
    const fd = openSync('/etc/passwd', O.RDONLY | O.NONBLOCK | O.NOCTTY | O.CLOEXEC);
    try {
      if (!fstatSync(fd).isFile()) return '';
      const buffer = Buffer.alloc(LARGEST);
      return buffer.subarray(0, readSync(fd, buffer)).toString('utf8');
    } finally {
      closeSync(fd);
    }
  } catch {
    return '';
  }
}

function askGetent(kernel: Kernel, uid: number, confine: () => void): string {
  const [read, write] = kernel.pipe();
  const pid = kernel.fork();
  if (pid === 0) becomeGetent(kernel, uid, write, confine);
  kernel.close(write);
  let output = '';
  const chunk = Buffer.alloc(4096);
  for (;;) {
    const length = kernel.read(read, chunk);
    if (length <= 0 || output.length > LARGEST) break;
    output += chunk.toString('utf8', 0, length);
  }
  kernel.close(read);
  return kernel.wait(pid, true)?.status.code === 0 ? output : '';
}

function becomeGetent(kernel: Kernel, uid: number, output: number, confine: () => void): never {
  kernel.dup2(output, 1);
  kernel.cloexecFrom(3);
  kernel.setCloexec(1, false);
  kernel.signal(SIG.PIPE, 'default');
  confine();
  for (const folder of DEFAULT_PATH.split(':'))
    try {
      kernel.exec(`${folder}/getent`, ['getent', 'passwd', String(uid)], [`PATH=${DEFAULT_PATH}`]);
    } catch {
      // Looked for in the next folder.
    }
  return kernel.exit(127);
}
