/**
 * The outer tar of an exported container: a handful of plain files, one of which is the compressed
 * tar of its root filesystem. Written and read here, since their names and order are fixed and
 * nothing else is accepted.
 */
import { fstatSync, readSync, writeSync } from 'node:fs';
import { TslxcError } from '../../errors/tslxc-error.ts';

const BLOCK = 512;
const LARGEST_OCTAL = 8 ** 11;
/** More members than a config can name files. */
const MOST_MEMBERS = 4096;

export interface Member {
  readonly name: string;
  /** Where its bytes begin. */
  readonly offset: number;
  readonly size: number;
}

/**
 * The header of a plain file. A size that octal digits cannot hold is written as GNU and star do.
 */
export function memberHeader(name: string, size: number): Buffer {
  if (Buffer.byteLength(name) > 100)
    throw new TslxcError({ code: 'NOT_SUPPORTED', message: `the path ${name} is too long for the archive` });
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0);
  header.write('0000600\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  if (size < LARGEST_OCTAL) header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  else {
    header[124] = 0x80;
    header.writeBigUInt64BE(BigInt(size), 128);
  }
  header.write(
    `${Math.floor(Date.now() / 1000)
      .toString(8)
      .padStart(11, '0')}\0`,
    136,
  );
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  header.write(`${checksum(header).toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

/** Bytes after a member's own up to the next header. */
export function padding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

export function writeMember(fd: number, offset: number, name: string, content: Buffer): number {
  const bytes = Buffer.concat([
    memberHeader(name, content.length),
    content,
    Buffer.alloc(padding(content.length)),
  ]);
  for (let done = 0; done < bytes.length; )
    done += writeSync(fd, bytes, done, bytes.length - done, offset + done);
  return offset + bytes.length;
}

/** Two empty blocks. */
export function writeEnd(fd: number, offset: number): void {
  writeSync(fd, Buffer.alloc(2 * BLOCK), 0, 2 * BLOCK, offset);
}

/**
 * The members of an archive; their bytes are not read. @throws TslxcError STORAGE for anything that
 * is not exactly this
 */
export function readMembers(fd: number, file: string): Member[] {
  const end = fstatSync(fd).size;
  const members: Member[] = [];
  for (let offset = 0; ; ) {
    const header = readAt(fd, offset, BLOCK);
    if (header.length === BLOCK && header.every((byte) => byte === 0)) return members;
    if (header.length < BLOCK) throw noArchive(file, 'it ends too early');
    const stored = Number.parseInt(text(header, 148, 8), 8);
    if (text(header, 257, 5) !== 'ustar' || stored !== checksum(header))
      throw noArchive(file, `no tar header at byte ${offset}`);
    const type = header.toString('latin1', 156, 157);
    const member = { name: text(header, 0, 100), offset: offset + BLOCK, size: sizeOf(header) };
    if ((type !== '0' && type !== '\0') || text(header, 345, 155) !== '')
      throw noArchive(file, `"${member.name}" is no plain file`);
    if (!Number.isSafeInteger(member.size) || member.size < 0 || member.offset + member.size > end)
      throw noArchive(file, 'it ends too early');
    if (members.some(({ name }) => name === member.name))
      throw noArchive(file, `"${member.name}" is in it twice`);
    if (members.push(member) > MOST_MEMBERS) throw noArchive(file, 'it has too many members');
    offset = member.offset + member.size + padding(member.size);
  }
}

export function readAt(fd: number, offset: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  let done = 0;
  for (let got = 1; done < length && got > 0; done += got)
    got = readSync(fd, buffer, done, length - done, offset + done);
  return buffer.subarray(0, done);
}

export function noArchive(file: string, reason: string): TslxcError {
  return new TslxcError({
    code: 'STORAGE',
    message: `${file} is no archive of tslxc-export, or is damaged: ${reason}`,
    file,
  });
}

function sizeOf(header: Buffer): number {
  if (header[124] === 0x80) return Number(header.readBigUInt64BE(128));
  return Number.parseInt(text(header, 124, 12) || '0', 8);
}

/** The sum of all bytes, those of the sum itself taken for spaces. */
function checksum(header: Buffer): number {
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) sum += i >= 148 && i < 156 ? 32 : header[i]!;
  return sum;
}

function text(header: Buffer, start: number, length: number): string {
  const field = header.toString('utf8', start, start + length);
  return field.split('\0')[0]!.trim();
}
