import type { Kernel } from '../kernel/kernel.ts';

/**
 * `struct termios` of glibc and musl, the same on x86-64 and arm64: four 32-bit flag words, the
 * line discipline in one byte at 16, the control characters from 17. The kernel's own structure has
 * fewer control characters; tcgetattr(3) translates.
 */
const IFLAG = 0;
const OFLAG = 4;
const CFLAG = 8;
const LFLAG = 12;
const CC = 17;
const VEOF = 4;
const VTIME = 5;
const VMIN = 6;

/**
 * Bits that cfmakeraw(3) clears: BRKINT, PARMRK, IGNBRK, ISTRIP, INLCR, IGNCR, ICRNL, IXON; below,
 * ECHO, ECHONL, ICANON, ISIG, IEXTEN.
 */
const INPUT_BITS = 0o2 | 0o10 | 0o1 | 0o40 | 0o100 | 0o200 | 0o400 | 0o2000;
const OPOST = 0o1;
const ICANON = 0o2;
const LOCAL_BITS = 0o10 | 0o100 | ICANON | 0o1 | 0o100000;
const CSIZE_PARENB = 0o60 | 0o400;
const CS8 = 0o60;

/** Returns `termios` as cfmakeraw(3) would change it. The argument is not modified. */
export function makeRaw(termios: Buffer): Buffer {
  const raw = Buffer.from(termios);
  const clear = (offset: number, bits: number, set = 0) =>
    raw.writeUInt32LE(((termios.readUInt32LE(offset) & ~bits) | set) >>> 0, offset);
  clear(IFLAG, INPUT_BITS);
  clear(OFLAG, OPOST);
  clear(LFLAG, LOCAL_BITS);
  clear(CFLAG, CSIZE_PARENB, CS8);
  raw[CC + VMIN] = 1;
  raw[CC + VTIME] = 0;
  return raw;
}

/** The end-of-file character of a terminal in line mode; undefined in other modes. */
export function endOfFileCharacter(termios: Buffer): number | undefined {
  return termios.readUInt32LE(LFLAG) & ICANON ? termios[CC + VEOF] : undefined;
}

const FATAL_SIGNALS = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'] as const;

/**
 * Puts a terminal into raw mode. The returned function restores it and may be called more than
 * once.
 *
 * Node's setRawMode is not used because it leaves output processing on: a line feed from the
 * container would get a carriage return that the container did not send.
 *
 * The terminal is restored as well when the process exits, by itself or because of an uncaught
 * exception, and when a signal is about to end the process. A signal with other listeners is left
 * to them; otherwise the signal has its default effect afterwards.
 */
export function enterRawMode(kernel: Kernel, fd: number, host: NodeJS.Process = process): () => void {
  const before = kernel.getTermios(fd);
  let raw = true;

  const restore = () => {
    if (!raw) return;
    raw = false;
    host.off('exit', restore);
    for (const signal of FATAL_SIGNALS) host.off(signal, onSignal);
    try {
      kernel.setTermios(fd, before);
    } catch {
      // The terminal's window was closed: there is nothing to restore.
    }
  };
  const onSignal = (signal: NodeJS.Signals) => {
    const others = host.listenerCount(signal) > 1;
    if (others) return;
    restore();
    host.kill(host.pid, signal);
  };

  kernel.setTermios(fd, makeRaw(before));
  host.on('exit', restore);
  for (const signal of FATAL_SIGNALS) host.on(signal, onSignal);
  return restore;
}
