import { BadValue } from './bad-value.ts';
import { wholeNumber } from './number.ts';
import { type ValueType, words } from './value-type.ts';

/**
 * A range of user (`u`), group (`g`) or both kinds (`b`) of ids of the container and the ids of the
 * host that they stand for.
 */
export interface IdMap {
  readonly type: 'u' | 'g' | 'b';
  /** First id inside the container. */
  readonly nsId: number;
  /** First id on the host. */
  readonly hostId: number;
  /** How many. */
  readonly range: number;
}

/** Ids are 32 bits wide and the last one means "none". */
const IDS = 0xffff_ffff;
const FIELDS = ['first id in the container', 'first id on the host', 'number of ids'] as const;

export const idMap: ValueType<IdMap> = {
  name: 'u|g|b NSID HOSTID RANGE',
  valid:
    'u, g or b (both), first id in the container, first id on the host, number of ids: "u 0 100000 65536"',
  parse(text) {
    const [type, ...fields] = words(text);
    if (type?.text !== 'u' && type?.text !== 'g' && type?.text !== 'b')
      throw new BadValue(`"${type?.text}" is neither u nor g nor b`);
    const [nsId = 0, hostId = 0, range = 0] = FIELDS.map((name, index) => {
      const field = fields[index];
      if (!field) throw new BadValue(`the ${name} is missing`, text.length);
      const number = wholeNumber(field.text);
      if (number === undefined || number < 0 || number > IDS) {
        throw new BadValue(`"${field.text}" is not an id`, field.offset);
      }
      return number;
    });
    const extra = fields[FIELDS.length];
    if (extra) throw new BadValue(`"${extra.text}" is one field too many`, extra.offset);
    if (range === 0) throw new BadValue('a range of 0 ids maps nothing', fields[2]?.offset);
    if (nsId + range > IDS || hostId + range > IDS) {
      throw new BadValue(`the range passes the last id, ${IDS - 1}`, fields[2]?.offset);
    }
    return { type: type.text, nsId, hostId, range };
  },
  print: ({ type, nsId, hostId, range }) => `${type} ${nsId} ${hostId} ${range}`,
};

/** The lines of the kernel's two maps: `b` stands for one in each. */
export function bothKinds({ type, ...ids }: IdMap): (IdMap & { readonly type: 'u' | 'g' })[] {
  return (type === 'b' ? (['u', 'g'] as const) : [type]).map((kind) => ({ type: kind, ...ids }));
}
