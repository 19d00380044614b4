import type { Kernel } from '../kernel/kernel.ts';

/**
 * glibc's and musl's `struct termios`, the same on x86-64 and arm64: four 32-bit flag words, one
 * byte of line discipline at 16, the control characters from 17. (The kernel's own struct has fewer
 * control characters; libc's tcgetattr translates.)
 */
const IFLAG = 0;
const OFLAG = 4;
const CFLAG = 8;
const LFLAG = 12;
const CC = 17;
const VEOF = 4;
const VTIME = 5;
const VMIN = 6;

/** Bits that cfmakeraw(3) clears. */
const INPUT_BITS = 0o2 | 0o10 | 0o1 | 0o40 | 0o100 | 0o200 | 0o400 | 0o2000; // BRKINT PARMRK IGNBRK ISTRIP INLCR IGNCR ICRNL IXON
const OPOST = 0o1;
const ICANON = 0o2;
const LOCAL_BITS = 0o10 | 0o100 | ICANON | 0o1 | 0o100000; // ECHO ECHONL ICANON ISIG IEXTEN
const CSIZE_PARENB = 0o60 | 0o400;
const CS8 = 0o60;

/** What cfmakeraw(3) makes of `termios`; the argument stays as it is. */
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

/** The end-of-file character of a terminal that collects lines; undefined for one that does not. */
export function endOfFileCharacter(termios: Buffer): number | undefined {
  return termios.readUInt32LE(LFLAG) & ICANON ? termios[CC + VEOF] : undefined;
}

const FATAL_SIGNALS = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'] as const;

/**
 * Puts a terminal into raw mode and returns the function that restores it, which may be called any
 * number of times.
 *
 * Node's own setRawMode is not used: it leaves output processing on, so that a line feed from the
 * container would get a carriage return that the container did not send.
 *
 * The terminal is restored as well when the process exits, by itself or because of an uncaught
 * exception, and when a signal is about to end it: a shell on a raw terminal is of no use to
 * anyone. A signal that somebody else listens to is theirs; otherwise it does what it would have
 * done without us.
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
      // The terminal is gone (its window was closed): there is nothing left to restore.
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
