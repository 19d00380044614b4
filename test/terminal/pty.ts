/** Real ptys and small programs on them, for the tests of this folder. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync } from 'node:fs';
import { PassThrough, type Readable } from 'node:stream';
import { linuxKernel } from '../../src/kernel/linux.ts';

export const kernel = linuxKernel();

export function openPty(): { master: number; slave: number } {
  const master = openSync('/dev/ptmx', constants.O_RDWR | constants.O_NOCTTY);
  return { master, slave: kernel.openPtyPeer(master) };
}

/** Python 3 as the program on the slave: it has `tty` and does not touch the terminal by itself. The slave is closed here. */
export function python(slave: number, script: string, ...args: string[]): ChildProcess {
  const child = spawn('python3', ['-c', script, ...args], { stdio: [slave, slave, 'inherit'] });
  closeSync(slave);
  return child;
}

/** Collects all bytes of a stream. */
export function collect(stream: Readable): { bytes: () => Buffer; until: (text: string) => Promise<void> } {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  const bytes = () => Buffer.concat(chunks);
  const until = async (text: string) => {
    while (!bytes().includes(text)) await once(stream, 'data', { signal: AbortSignal.timeout(30_000) });
  };
  return { bytes, until };
}

export const sink = () => new PassThrough({ highWaterMark: 1 << 16 });

export const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));
