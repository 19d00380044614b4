import { TslxcError } from '../errors/tslxc-error.ts';
import { lookUpKey } from './key-lookup.ts';
import { KEY_TABLE, type SubtreePrefix } from './key-table.ts';
import type { KeyRow } from './keys/key-row.ts';
import type { FaultListener, Origin, RawSetting, Setting } from './setting.ts';
import { unknownKey } from './unknown-key.ts';
import { BadValue } from './values/bad-value.ts';
import type { ParseContext, Token } from './values/value-type.ts';

type Settings = readonly Setting<unknown>[];

/** A network interface as it is being read. */
export interface NicFields {
  readonly index: number;
  readonly origin: Origin;
  readonly fields: Map<string, Settings>;
  /**
   * Its type was given, but cannot be read: what depends on the type is not complained about as
   * well.
   */
  typeIsBad: boolean;
}

/** How many unknown keys of one config are told with the key that was meant. */
const MOST_SUGGESTIONS = 20;
const COMMENT_HINT = '; a comment needs a line of its own: here the # belongs to the value';
/** Fields that exist for one type of interface only are named after the type. */
const TYPES_WITH_FIELDS = ['veth', 'vlan', 'macvlan', 'ipvlan'];
/**
 * LXC keeps one list of capabilities and of namespaces, and with it whether to drop or keep;
 * emptying either empties it.
 */
const EMPTIED_TOGETHER: Readonly<Record<string, readonly string[]>> = {
  'lxc.cap.drop': ['lxc.cap.keep'],
  'lxc.cap.keep': ['lxc.cap.drop'],
};

/**
 * The configuration while it is being read: settings are applied in the order of the lines, later
 * ones replace, add to or empty earlier ones. Faults go to the listener and leave no trace in the
 * store.
 */
export class SettingStore {
  readonly keys = new Map<string, Settings>();
  readonly subtrees = new Map<SubtreePrefix, Settings>();
  readonly nics = new Map<number, NicFields>();
  /** In which order settings of the families were read, across families and files. */
  readonly #order = new WeakMap<Setting<unknown>, number>();
  #read = 0;
  /** Where in its family the setting of a key with one value stands. */
  readonly #places = new Map<string, number>();
  /**
   * Where in its list the setting of a slot stands: a list is as long as the file, and is not
   * searched for each line.
   */
  readonly #slots = new WeakMap<Settings, Map<string, number>>();
  #unknown = 0;
  /** Number of the last interface, where it is known. */
  #highest: number | undefined;
  readonly #fault: FaultListener;
  readonly #passedOver: FaultListener;
  readonly #context: ParseContext;

  /** @param passedOver told about each part of a value that is passed over */
  constructor(context: ParseContext, fault: FaultListener, passedOver: FaultListener) {
    this.#passedOver = passedOver;
    this.#context = context;
    this.#fault = fault;
  }

  apply(raw: RawSetting): void {
    const target = lookUpKey(raw.key);
    switch (target?.kind) {
      case undefined:
        this.#refuseUnknown(raw);
        break;
      case 'key':
        this.#applyKey(raw, target.row);
        break;
      case 'subtree':
        this.#applySubtree(raw, target.prefix, target.row);
        break;
      case 'nic':
        this.#applyNic(raw, target.index, target.field, target.row);
        break;
      case 'whole-subtree':
        if (this.#isEmptied(raw)) this.#setFamily(target.prefix, []);
        break;
      case 'whole-nic':
        if (this.#isEmptied(raw)) this.nics.delete(target.index);
        break;
      case 'all-nics':
        if (this.#isEmptied(raw)) this.nics.clear();
        break;
      case 'all-hooks':
        if (this.#isEmptied(raw)) this.#forgetHooks();
        break;
    }
  }

  /** Settings of open-ended families in the order in which they were read. */
  inOrder(settings: Settings): Setting<unknown>[] {
    const place = (setting: Setting<unknown>) => this.#order.get(setting) ?? 0;
    return [...settings].sort((a, b) => place(a) - place(b));
  }

  /** The number of the next interface: the highest so far and one. */
  get nextNic(): number {
    if (this.#highest === undefined || !this.nics.has(this.#highest)) {
      this.#highest = undefined;
      for (const number of this.nics.keys())
        if (this.#highest === undefined || number > this.#highest) this.#highest = number;
    }
    return (this.#highest ?? -1) + 1;
  }

  #applyKey(raw: RawSetting, row: KeyRow): void {
    if (raw.text === '') for (const key of EMPTIED_TOGETHER[raw.key] ?? []) this.keys.delete(key);
    const rival = row.excludes === undefined ? undefined : this.keys.get(row.excludes)?.[0];
    if (rival && raw.text !== '') {
      this.#fault(
        conflict(
          raw,
          `${raw.key} cannot be set together with ${rival.key}`,
          `"${rival.key} =" above this line undoes ${rival.origin.file}:${rival.origin.line}`,
        ),
      );
      return;
    }
    const added = this.#parsed(raw, row);
    if (added) this.keys.set(raw.key, this.#after(this.keys.get(raw.key) ?? [], raw, row, added));
  }

  #applySubtree(raw: RawSetting, prefix: SubtreePrefix, row: KeyRow): void {
    const added = this.#parsed(raw, row);
    if (!added) return;
    for (const setting of added) this.#order.set(setting, this.#read++);
    const all = this.subtrees.get(prefix) ?? [];
    const place = this.#places.get(raw.key);
    const [only] = added;
    if (!only)
      this.#setFamily(
        prefix,
        all.filter(({ key }) => key !== raw.key),
      );
    // A single value is replaced where it stands, as LXC does; the order shows in what `lxc-info
    // -c` prints.
    else if (!row.repeated && place !== undefined) (all as Setting<unknown>[])[place] = only;
    else {
      if (!row.repeated) this.#places.set(raw.key, all.length);
      this.subtrees.set(prefix, grown(all, added));
    }
  }

  /** Puts a family's settings in the place of what there was. */
  #setFamily(prefix: SubtreePrefix, settings: Settings): void {
    for (const { key } of this.subtrees.get(prefix) ?? []) this.#places.delete(key);
    for (const [place, { key }] of settings.entries()) this.#places.set(key, place);
    this.subtrees.set(prefix, settings);
  }

  /**
   * A key that is like it is looked for a few times only: a file of another program would take
   * minutes.
   */
  #refuseUnknown(raw: RawSetting): void {
    const likeness = this.#unknown++ < MOST_SUGGESTIONS;
    this.#fault(unknownKey(raw.key, { ...raw.origin, column: raw.keyColumn }, likeness));
  }

  #applyNic(raw: RawSetting, index: number, field: string, row: KeyRow): void {
    const existing = this.nics.get(index);
    const origin = { ...raw.origin, column: raw.keyColumn };
    const nic: NicFields = existing ?? { index, origin, fields: new Map(), typeIsBad: false };
    const type = nic.fields.get('type')?.[0]?.text;
    const wanted = TYPES_WITH_FIELDS.find((name) => field.startsWith(`${name}.`));
    if (wanted && type !== wanted) {
      if (!nic.typeIsBad) this.#fault(wrongNicType(raw, index, wanted, type));
      return;
    }
    const added = this.#parsed(raw, row);
    const next = added && this.#after(nic.fields.get(field) ?? [], raw, row, added);
    if (field === 'type') nic.typeIsBad = next === undefined;
    // Another type makes another interface: LXC forgets everything that the nic had. What was
    // written above the first type is forgotten by LXC as well; that helps no user, so it stays
    // here.
    if (field === 'type' && next && type !== undefined) nic.fields.clear();
    if (next) nic.fields.set(field, next);
    this.nics.set(index, nic);
    if (this.#highest !== undefined && index > this.#highest) this.#highest = index;
  }

  /**
   * What a line says, item by item: none for a value that empties the key. Undefined when the line
   * is at fault.
   */
  #parsed(raw: RawSetting, row: KeyRow): Setting<unknown>[] | undefined {
    if (raw.text === '') {
      if (row.empty === 'unset') return [];
      if (row.empty === 'refused') return this.#refuse(raw, row, new BadValue('the value is empty'));
    }
    const text = raw.text === '' && typeof row.empty === 'object' ? row.empty.as : raw.text;
    if (!row.repeated) {
      const setting = this.#parse(raw, row, { text, offset: 0 });
      return setting && [{ ...setting, text: raw.text }];
    }
    const items = row.split ? row.split(text) : [{ text, offset: 0 }];
    const parsed = items.map((item) => this.#parse(raw, row, item));
    return parsed.every((setting) => setting !== undefined) ? parsed : undefined;
  }

  /** The settings of a key after a line, given those before it. */
  #after(before: Settings, raw: RawSetting, row: KeyRow, added: Settings): Settings {
    if (added.length === 0 && raw.text === '') return [];
    if (!row.repeated) return added;
    if (raw.key === 'lxc.cap.keep') return added.reduce(withKept, before);
    return row.slot ? this.#inSlots(before, added, row.slot) : grown(before, added);
  }

  /** Each item takes the place of the one that stands for the same thing. */
  #inSlots(before: Settings, added: Settings, slot: (value: never) => string): Settings {
    const list = before as Setting<unknown>[];
    const slots =
      this.#slots.get(list) ?? new Map(list.map(({ value }, place) => [slot(value as never), place]));
    this.#slots.set(list, slots);
    for (const setting of added) {
      const name = slot(setting.value as never);
      const place = slots.get(name) ?? list.length;
      slots.set(name, place);
      list[place] = setting;
    }
    return list;
  }

  #parse(raw: RawSetting, row: KeyRow, item: Token): Setting<unknown> | undefined {
    try {
      const origin = { ...raw.origin, column: raw.origin.column + item.offset };
      const passOver = (what: string, offset: number) => {
        const column = origin.column + offset;
        this.#passedOver(
          new TslxcError({
            code: 'CONFIG_VALUE',
            message: `${raw.key}: ${what}`,
            ...origin,
            column,
            hint: `valid is ${row.type.valid}`,
          }),
        );
      };
      const value = row.type.parse(item.text, { ...this.#context, passOver });
      return { key: raw.key, value, text: item.text, origin };
    } catch (error) {
      if (!(error instanceof BadValue)) throw error;
      return this.#refuse(raw, row, new BadValue(error.message, item.offset + error.offset));
    }
  }

  #refuse(raw: RawSetting, row: KeyRow, bad: BadValue): undefined {
    const column = raw.origin.column + bad.offset;
    const message = `${raw.key}: ${bad.message}`;
    this.#fault(
      new TslxcError({
        code: 'CONFIG_VALUE',
        message,
        ...raw.origin,
        column,
        hint: `valid is ${row.type.valid}${/\s#/.test(raw.text) ? COMMENT_HINT : ''}`,
      }),
    );
    return undefined;
  }

  #isEmptied(raw: RawSetting): boolean {
    if (raw.text === '') return true;
    const hint = `"${raw.key} =" forgets everything below it; a value goes to one of the keys below it`;
    this.#fault(
      new TslxcError({ code: 'CONFIG_VALUE', message: `${raw.key} takes no value`, ...raw.origin, hint }),
    );
    return false;
  }

  #forgetHooks(): void {
    for (const key of Object.keys(KEY_TABLE)) {
      if (key.startsWith('lxc.hook.') && key !== 'lxc.hook.version') this.keys.delete(key);
    }
  }
}

/**
 * Lists are added to where they are: to copy one for each line would take the square of the lines.
 */
function grown(before: Settings, added: Settings): Settings {
  const list = before as Setting<unknown>[];
  for (const setting of added) list.push(setting);
  return list;
}

/**
 * "none" says that there is nothing to keep, so it empties the list and does not outlast another
 * name.
 */
function withKept(list: Settings, setting: Setting<unknown>): Settings {
  if (setting.value === 'none' || list[0]?.value === 'none') return [setting];
  return grown(list, [setting]);
}

function conflict(raw: RawSetting, message: string, hint: string): TslxcError {
  return new TslxcError({ code: 'CONFIG_CONFLICT', message, ...raw.origin, column: raw.keyColumn, hint });
}

function wrongNicType(raw: RawSetting, index: number, wanted: string, type: string | undefined): TslxcError {
  if (type !== undefined) {
    return conflict(
      raw,
      `${raw.key} is for type ${wanted}, and this interface has type ${type}`,
      `remove the line, or set lxc.net.${index}.type = ${wanted} above it`,
    );
  }
  return conflict(
    raw,
    `${raw.key} comes before the type of its interface`,
    `put lxc.net.${index}.type = ${wanted} above it`,
  );
}
