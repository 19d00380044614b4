import type { Calls } from '../binding.ts';
import { O, TIOC } from '../constants.ts';
import type { Kernel } from '../kernel.ts';
import { readWinsize, winsize } from '../structs.ts';

const TCSANOW = 0;
/** Larger than any `struct termios` of libc. */
const TERMIOS_SIZE = 64;

export function terminalVerbs(c: Calls) {
  return {
    openPtyPeer(master) {
      c.ioctl(master, TIOC.SPTLCK, Buffer.alloc(4));
      return c.ioctlValue(master, TIOC.GPTPEER, O.RDWR | O.NOCTTY | O.CLOEXEC);
    },
    ptyNumber(master) {
      const number = Buffer.alloc(4);
      c.ioctl(master, TIOC.GPTN, number);
      return number.readInt32LE();
    },
    windowSize(fd) {
      const size = Buffer.alloc(8);
      c.ioctl(fd, TIOC.GWINSZ, size);
      return readWinsize(size);
    },
    setWindowSize: (fd, size) => void c.ioctl(fd, TIOC.SWINSZ, winsize(size)),
    setControllingTerminal: (fd) => void c.ioctlValue(fd, TIOC.SCTTY, 0),
    getTermios(fd) {
      const termios = Buffer.alloc(TERMIOS_SIZE);
      c.tcgetattr(fd, termios);
      return termios;
    },
    setTermios: (fd, termios) => void c.tcsetattr(fd, TCSANOW, termios),
  } satisfies Partial<Kernel>;
}
