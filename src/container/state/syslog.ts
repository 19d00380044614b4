import { LOG_LEVELS, type LogLevel } from '../../config/values/log.ts';
import { O } from '../../kernel/constants.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { unixAddress } from '../../kernel/structs.ts';

const UNIX = 1;
const DATAGRAM = 2;
const SOCKET = '/dev/log';
const DAEMON = 3;
const LOCAL0 = 16;
/** Severities of syslog(3), by our own level: TRACE and DEBUG are both debug. */
const SEVERITY: readonly number[] = [7, 7, 6, 5, 4, 3, 2, 1, 0];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `daemon`, `local0` … `local7`, as lxc.log.syslog has them. */
export function facilityNumber(name: string): number {
  return name === 'daemon' ? DAEMON : LOCAL0 + Number(name.slice('local'.length));
}

/** A message as the socket takes it: `<PRIORITY>Nov 25 00:19:01 tslxc[PID]: TEXT`. */
export function syslogMessage(facility: string, level: LogLevel, text: string, now: Date): string {
  const priority = facilityNumber(facility) * 8 + SEVERITY[LOG_LEVELS.indexOf(level)]!;
  const day = String(now.getDate()).padStart(2, ' ');
  const time = now.toTimeString().slice(0, 'hh:mm:ss'.length);
  return `<${priority}>${MONTHS[now.getMonth()]} ${day} ${time} tslxc[${process.pid}]: ${text}`;
}

/**
 * Sends one message to the host's system log. The daemon may be restarted at any time, so each
 * message is on its own; one that is too busy, or not there, loses it: nothing waits for a log.
 */
export function sendToSyslog(kernel: Kernel, facility: string, level: LogLevel, text: string): void {
  let fd: number | undefined;
  try {
    fd = kernel.socket(UNIX, DATAGRAM | O.CLOEXEC | O.NONBLOCK, 0);
    kernel.connect(fd, unixAddress(SOCKET));
    kernel.send(fd, Buffer.from(syslogMessage(facility, level, text, new Date())));
  } catch {
    // No system log here.
  } finally {
    if (fd !== undefined) kernel.close(fd);
  }
}
