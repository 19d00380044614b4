import { BadValue } from './bad-value.ts';
import { wholeNumber } from './number.ts';
import { type ValueType, words } from './value-type.ts';

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

function counter(field: { text: string; offset: number } | undefined): number {
  if (!field) return 0;
  const number = wholeNumber(field.text);
  if (number === undefined || number < 0) throw new BadValue(`"${field.text}" is not a number`, field.offset);
  return number;
}

/** LXC's own options with a value; all others are the file system's business. */
function checkOptions({ text, offset }: { text: string; offset: number }): void {
  let at = offset;
  for (const option of text.split(',')) {
    const [, name, value = ''] = /^(create|idmap)=(.*)$/.exec(option) ?? [];
    if (name === 'create' && value !== 'dir' && value !== 'file')
      throw new BadValue(`"${option}" is neither create=dir nor create=file`, at);
    if (name === 'idmap' && value !== 'container' && !value.startsWith('/'))
      throw new BadValue(`"${option}": "${value}" is neither "container" nor a path`, at);
    at += option.length + 1;
  }
}

export function parseMountEntry(text: string): MountEntry {
  const [source, target, fstype, options, dump, pass, extra] = words(text);
  if (!source || !target) throw new BadValue('the target is missing', text.length);
  if (!fstype) throw new BadValue('the type of the filesystem is missing', text.length);
  if (extra) throw new BadValue(`"${extra.text}" is one field too many`, extra.offset);
  if (options) checkOptions(options);
  return {
    source: unescapeOctal(source.text),
    target: unescapeOctal(target.text),
    fstype: fstype.text,
    options: (options?.text ?? '').split(',').filter((option) => option !== ''),
    dump: counter(dump),
    pass: counter(pass),
  };
}

export const mountEntry: ValueType<MountEntry> = {
  name: 'FSTAB-LINE',
  valid: 'a line as in fstab: SOURCE TARGET TYPE [OPTIONS [DUMP [PASS]]]; a blank in a name is \\040',
  parse: parseMountEntry,
};
