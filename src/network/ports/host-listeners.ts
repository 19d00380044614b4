/** Programs of the host that listen on a port, from /proc/net. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { type PublishedPort, portsMeet } from '../../config/values/published-port.ts';
import { formatAddress } from '../ip-address.ts';

export interface Listener {
  /** Undefined: on all addresses. */
  readonly address?: string;
  readonly port: number;
  readonly inode: string;
}

/** States of /proc/net/tcp and udp in which a socket takes what comes from anywhere. */
const LISTENING = { tcp: '0A', udp: '07' } as const;

/** Reads a file of the form of /proc/net/tcp. Pure. */
export function parseListeners(text: string, state: string): Listener[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const fields = line.trim().split(/\s+/);
      const [hex, port] = fields[1]?.split(':') ?? [];
      if (!hex || !port || fields[3] !== state) return [];
      const bytes = Buffer.from(hex, 'hex');
      // Words of 32 bits in the order of the processor.
      for (let i = 0; i < bytes.length; i += 4) bytes.writeUInt32BE(bytes.readUInt32LE(i), i);
      const address = bytes.every((byte) => byte === 0) ? {} : { address: formatAddress(bytes) };
      return [{ ...address, port: Number.parseInt(port, 16), inode: fields[9]! }];
    });
}

/** The first program that listens where the port is to be published, or undefined. */
export function listenerOn(published: PublishedPort): { port: number; program: string } | undefined {
  const { protocol } = published;
  // /proc/net/sctp has another form, and the module is rarely there.
  if (protocol === 'sctp') return undefined;
  for (const file of [protocol, `${protocol}6`])
    for (const { address, port, inode } of parseListeners(
      read(`/proc/thread-self/net/${file}`),
      LISTENING[protocol],
    )) {
      const family = file === protocol ? 4 : 6;
      // A socket of IPv6 on all addresses serves IPv4 as well.
      if (family === 4 && published.address?.includes(':')) continue;
      if (family === 6 && address !== undefined && published.address?.includes('.')) continue;
      const socket = {
        ...(address === undefined ? {} : { address }),
        first: port,
        last: port,
        to: port,
        protocol,
      };
      if (portsMeet(published, socket)) return { port, program: programOf(inode) };
    }
  return undefined;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function programOf(inode: string): string {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
    try {
      for (const fd of readdirSync(`/proc/${pid}/fd`))
        if (readlinkSync(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`)
          return `${read(`/proc/${pid}/comm`).trim()} (pid ${pid})`;
    } catch {
      // Ended meanwhile, or of another user.
    }
  return 'a program of the host';
}
