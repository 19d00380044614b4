import { BadValue } from './bad-value.ts';
import { wholeNumber } from './number.ts';
import { type ParseContext, passOver, type Token, type ValueType, words } from './value-type.ts';

/** A line of fstab(5). */
export interface MountEntry {
  readonly source: string;
  /** Below the root filesystem of the container, whether it starts with a slash or not. */
  readonly target: string;
  readonly fstype: string;
  /** As written, LXC's own (`optional`, `create=dir` …) among them. */
  readonly options: readonly string[];
  readonly dump: number;
  readonly pass: number;
}

/** fstab(5) writes blanks and backslashes in names as three octal digits. */
function unescapeOctal(text: string): string {
  if (!text.includes('\\')) return text;
  // The digits stand for bytes, and several bytes may make one character.
  const bytes = Buffer.from(text.replace(/\\[0-3][0-7]{2}/g, (code) => `\\x${code.slice(1)}`));
  const out: number[] = [];
  for (let i = 0; i < bytes.length; i++) {
    const escaped = bytes[i] === 0x5c && bytes[i + 1] === 0x78;
    const octal = escaped ? /^[0-3][0-7]{2}$/.exec(bytes.toString('latin1', i + 2, i + 5)) : null;
    out.push(octal ? Number.parseInt(octal[0], 8) : (bytes[i] ?? 0));
    if (octal) i += 4;
  }
  return Buffer.from(out).toString();
}

/** Nothing here goes by dump(8) and fsck(8). */
function counters(
  dump: Token | undefined,
  pass: Token | undefined,
  context: ParseContext,
): Pick<MountEntry, 'dump' | 'pass'> {
  const number = (field: Token | undefined) => (field ? (wholeNumber(field.text) ?? -1) : 0);
  const stray = [dump, pass].find((field) => number(field) < 0);
  if (stray) passOver(context, `"${stray.text}" is not a number; 0 is taken`, stray.offset);
  return { dump: Math.max(0, number(dump)), pass: Math.max(0, number(pass)) };
}

/** `create=dir` and what begins so; LXC looks no further. */
const CREATE = /^create=(dir|file)?(.*)$/;

/** The options, of LXC's own those with a meaning; all others are the file system's business. */
function optionsOf({ text, offset }: Token, context: ParseContext): string[] {
  const options: string[] = [];
  let at = offset;
  for (const option of text.split(',')) {
    const [, kind, more] = CREATE.exec(option) ?? [];
    if (more) passOver(context, `"${option}" is ${kind ? `taken for create=${kind}` : 'passed over'}`, at);
    const idmap = option.startsWith('idmap=') ? option.slice('idmap='.length) : 'container';
    if (idmap !== 'container' && !idmap.startsWith('/'))
      throw new BadValue(`"${option}": "${idmap}" is neither "container" nor a path`, at);
    if (kind) options.push(`create=${kind}`);
    else if (option !== '' && !option.startsWith('create=')) options.push(option);
    at += option.length + 1;
  }
  return options;
}

export function parseMountEntry(text: string, context: ParseContext): MountEntry {
  const [source, target, fstype, options, dump, pass, extra] = words(text);
  if (!source || !target) throw new BadValue('the target is missing', text.length);
  if (!fstype) throw new BadValue('the type of the filesystem is missing', text.length);
  if (extra) passOver(context, `"${text.slice(extra.offset)}" is passed over`, extra.offset);
  return {
    source: unescapeOctal(source.text),
    target: unescapeOctal(target.text),
    fstype: fstype.text,
    options: options ? optionsOf(options, context) : [],
    ...counters(dump, pass, context),
  };
}

/** A line of fstab that is a comment is no entry. */
export function mountEntries(text: string): Token[] {
  return text.startsWith('#') ? [] : [{ text, offset: 0 }];
}

export const mountEntry: ValueType<MountEntry> = {
  name: 'FSTAB-LINE',
  valid: 'a line as in fstab: SOURCE TARGET TYPE [OPTIONS [DUMP [PASS]]]; a blank in a name is \\040',
  parse: parseMountEntry,
};
