/** A kernel double that speaks netlink: it keeps the requests and answers them from a table. */

import type { Kernel } from '../../src/kernel/kernel.ts';
import {
  decodeAttributes,
  decodeMessages,
  encodeMessage,
  type Message,
  nested,
  readText,
  text,
  u32,
} from '../../src/network/netlink-message.ts';
import { RTM } from '../../src/network/rtnetlink-numbers.ts';
import { recordingKernel } from '../kernel/double.ts';

export interface FakeLink {
  readonly index: number;
  readonly kind?: string;
  readonly mtu?: number;
}

export const errorBody = (errno: number, rest: Buffer = Buffer.alloc(0)): Buffer => {
  const number = Buffer.alloc(4);
  number.writeInt32LE(-errno);
  return Buffer.concat([number, rest]);
};

export const linkBody = (name: string, { index, kind = '', mtu = 1500 }: FakeLink): Buffer => {
  const info = Buffer.alloc(16);
  info.writeInt32LE(index, 4);
  return Buffer.concat([info, text(3, name), u32(4, mtu), ...(kind ? [nested(18, text(1, kind))] : [])]);
};

/** `answer` turns a request into the messages that come back, less sequence and port. */
export function fakeNetlink(answer: (request: Message) => { type: number; flags?: number; body: Buffer }[]): {
  kernel: Kernel;
  requests: Message[];
  closed: () => number;
} {
  const requests: Message[] = [];
  const waiting: Buffer[] = [];
  const { kernel, calls } = recordingKernel({
    poll: (fds) => (waiting.length > 0 ? fds.map(({ fd }) => ({ fd, events: 1 })) : []),
    send(_fd, bytes) {
      const [request] = decodeMessages(Buffer.from(bytes));
      requests.push(request!);
      const messages = answer(request!).map(({ type, flags = 0, body }) =>
        encodeMessage({ type, flags, sequence: request!.sequence, port: 4711, body }),
      );
      waiting.push(Buffer.concat(messages));
      return bytes.length;
    },
    recv(_fd, buffer) {
      const datagram = waiting.shift()!;
      buffer.set(datagram);
      return datagram.length;
    },
  });
  return { kernel, requests, closed: () => calls.filter(({ verb }) => verb === 'close').length };
}

/** A host that has these links and acknowledges every change. */
export function fakeHost(links: Readonly<Record<string, FakeLink>>): ReturnType<typeof fakeNetlink> {
  return fakeNetlink((request) => {
    if (request.type !== RTM.GETLINK) return [{ type: 2, body: errorBody(0) }];
    const name = readText(decodeAttributes(request.body.subarray(16)).get(3));
    const link = links[name];
    return [link ? { type: RTM.NEWLINK, body: linkBody(name, link) } : { type: 2, body: errorBody(19) }];
  });
}
