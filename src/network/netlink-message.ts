/**
 * Netlink messages as bytes: a 16-byte header, a fixed body, then attributes (length, type, value,
 * padded to 4). Pure; all numbers are in the host's order, which is little-endian on both
 * architectures that tslxc runs on.
 */
import { NLA_F_NESTED, NLA_TYPE_MASK } from './rtnetlink-numbers.ts';

const HEADER = 16;
const ATTRIBUTE_HEADER = 4;
const ALIGN = 4;
const aligned = (length: number): number => (length + ALIGN - 1) & ~(ALIGN - 1);

export interface Message {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  /** Port of the process that asked; the kernel copies it into its answers. */
  readonly port: number;
  /** What follows the header. */
  readonly body: Buffer;
}

/** An attribute; `value` is the encoded scalar or nest. */
export function attribute(type: number, value: Uint8Array): Buffer {
  const bytes = Buffer.alloc(aligned(ATTRIBUTE_HEADER + value.length));
  bytes.writeUInt16LE(ATTRIBUTE_HEADER + value.length, 0);
  bytes.writeUInt16LE(type, 2);
  bytes.set(value, ATTRIBUTE_HEADER);
  return bytes;
}

export function u8(type: number, value: number): Buffer {
  return attribute(type, Uint8Array.of(value));
}

export function u16(type: number, value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return attribute(type, bytes);
}

export function u32(type: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return attribute(type, bytes);
}

/** NUL-terminated, as the kernel's string policies want it. */
export function text(type: number, value: string): Buffer {
  return attribute(type, Buffer.from(`${value}\0`));
}

export function nested(type: number, ...parts: readonly Uint8Array[]): Buffer {
  return attribute(type | NLA_F_NESTED, Buffer.concat(parts));
}

export function encodeMessage({ type, flags, sequence, port, body }: Message): Buffer {
  const bytes = Buffer.alloc(aligned(HEADER + body.length));
  bytes.writeUInt32LE(HEADER + body.length, 0);
  bytes.writeUInt16LE(type, 4);
  bytes.writeUInt16LE(flags, 6);
  bytes.writeUInt32LE(sequence, 8);
  bytes.writeUInt32LE(port, 12);
  bytes.set(body, HEADER);
  return bytes;
}

/**
 * The messages of one datagram. Throws a RangeError where a length does not fit: never reads past
 * `datagram`.
 */
export function decodeMessages(datagram: Buffer): Message[] {
  const messages: Message[] = [];
  for (let at = 0; at + HEADER <= datagram.length; ) {
    const length = datagram.readUInt32LE(at);
    if (length < HEADER || at + length > datagram.length)
      throw new RangeError(`a netlink message claims ${length} bytes at ${at} of ${datagram.length}`);
    messages.push({
      type: datagram.readUInt16LE(at + 4),
      flags: datagram.readUInt16LE(at + 6),
      sequence: datagram.readUInt32LE(at + 8),
      port: datagram.readUInt32LE(at + 12),
      body: datagram.subarray(at + HEADER, at + length),
    });
    at += aligned(length);
  }
  return messages;
}

/** Attributes by type (flag bits taken off). Of repeated ones the last is kept. */
export function decodeAttributes(bytes: Buffer): Map<number, Buffer> {
  const attributes = new Map<number, Buffer>();
  for (let at = 0; at + ATTRIBUTE_HEADER <= bytes.length; ) {
    const length = bytes.readUInt16LE(at);
    if (length < ATTRIBUTE_HEADER || at + length > bytes.length)
      throw new RangeError(`a netlink attribute claims ${length} bytes at ${at} of ${bytes.length}`);
    attributes.set(
      bytes.readUInt16LE(at + 2) & NLA_TYPE_MASK,
      bytes.subarray(at + ATTRIBUTE_HEADER, at + length),
    );
    at += aligned(length);
  }
  return attributes;
}

/** A string attribute's value, without the NUL and what follows it. */
export function readText(value: Buffer | undefined): string {
  if (!value) return '';
  const end = value.indexOf(0);
  return value.toString('utf8', 0, end < 0 ? value.length : end);
}
