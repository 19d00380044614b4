import { BadValue } from './bad-value.ts';
import { passOver, type ValueType } from './value-type.ts';

/** A hardware address in which some digits may be left open. */
export interface MacPattern {
  /** Lower case, `x` for a digit to be drawn: `10:66:6a:xx:xx:xx`. */
  readonly pattern: string;
  /** No digit is open. */
  readonly fixed: boolean;
}

/** A byte may be one digit, and colons may be left out, as LXC has it. The rest is passed over. */
const MAC = /^([0-9a-fx]{1,2}(?::[0-9a-fx]{1,2}){5})(?:([\s:].*))?$|^([0-9a-fx]{12})$/;

export const macPattern: ValueType<MacPattern> = {
  name: 'MAC',
  valid: 'six pairs of hexadecimal digits with colons between; x for a digit to be drawn at random',
  parse(text, context) {
    const [, colons, rest, bare] = MAC.exec(text.toLowerCase()) ?? [];
    const address = colons ?? bare?.match(/../g)?.join(':');
    if (address === undefined) throw new BadValue(`"${text}" is not a hardware address`);
    if (rest?.trim()) passOver(context, `"${rest.trim()}" is passed over`, text.length - rest.trim().length);
    const pattern = address.replace(/(?<![0-9a-fx])[0-9a-fx](?![0-9a-fx])/g, '0$&');
    // The lowest bit of the first byte marks a group of stations; the kernel refuses it as an
    // interface's own.
    if (/^.[13579bdf]/.test(pattern)) {
      throw new BadValue(`"${text}" is a multicast address: its second digit must be even`, 1);
    }
    return { pattern, fixed: !pattern.includes('x') };
  },
};
