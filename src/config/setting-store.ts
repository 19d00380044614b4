import { TslxcError } from '../errors/tslxc-error.ts';
import { lookUpKey } from './key-lookup.ts';
import { KEY_TABLE, type SubtreePrefix } from './key-table.ts';
import type { KeyRow } from './keys/key-row.ts';
import type { FaultListener, Origin, RawSetting, Setting } from './setting.ts';
import { unknownKey } from './unknown-key.ts';
import { BadValue } from './values/bad-value.ts';
import type { ParseContext, Token } from './values/value-type.ts';

type Settings = readonly Setting<unknown>[];

/** One network interface as it is being read. */
export interface NicFields {
  readonly index: number;
  readonly origin: Origin;
  readonly fields: Map<string, Settings>;
  /** Its type was given, but can not be read: what depends on the type is not complained about as well. */
  typeIsBad: boolean;
}

const COMMENT_HINT = '; a comment needs a line of its own: here the # belongs to the value';
/** Fields that exist for one type of interface only are named after the type. */
const TYPES_WITH_FIELDS = ['veth', 'vlan', 'macvlan', 'ipvlan'];
/** LXC keeps one list of capabilities and of namespaces, and with it whether to drop or keep; emptying either empties it. */
const EMPTIED_TOGETHER: Readonly<Record<string, readonly string[]>> = {
  'lxc.cap.drop': ['lxc.cap.keep'],
  'lxc.cap.keep': ['lxc.cap.drop'],
};

/**
 * The configuration while it is being read: settings are applied in the order of the lines, later ones replace,
 * add to or empty earlier ones. Faults go to the listener and leave no trace in the store.
 */
export class SettingStore {
  readonly keys = new Map<string, Settings>();
  readonly subtrees = new Map<SubtreePrefix, Settings>();
  readonly nics = new Map<number, NicFields>();
  /** In which order settings of the families were read, across families and files. */
  readonly #order = new WeakMap<Setting<unknown>, number>();
  #read = 0;
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
        this.#fault(unknownKey(raw.key, { ...raw.origin, column: raw.keyColumn }));
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
        if (this.#isEmptied(raw)) this.subtrees.delete(target.prefix);
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

  #applyKey(raw: RawSetting, row: KeyRow): void {
    if (raw.text === '') for (const key of EMPTIED_TOGETHER[raw.key] ?? []) this.keys.delete(key);
    const rival = row.excludes === undefined ? undefined : this.keys.get(row.excludes)?.[0];
    if (rival && raw.text !== '') {
      this.#fault(
        conflict(
          raw,
          `${raw.key} can not be set together with ${rival.key}`,
          `"${rival.key} =" above this line undoes ${rival.origin.file}:${rival.origin.line}`,
        ),
      );
      return;
    }
    const next = this.#next(raw, row, this.keys.get(raw.key) ?? []);
    // "none" says that there is nothing to keep, so it empties the list and does not outlast another name.
    if (next) this.keys.set(raw.key, raw.key === 'lxc.cap.keep' ? withoutStaleNone(next) : next);
  }

  #applySubtree(raw: RawSetting, prefix: SubtreePrefix, row: KeyRow): void {
    const all = this.subtrees.get(prefix) ?? [];
    const same = all.filter(({ key }) => key === raw.key);
    const next = this.#next(raw, row, same);
    if (!next) return;
    const added = next.filter((setting) => !same.includes(setting));
    for (const setting of added) this.#order.set(setting, this.#read++);
    const kept = all.filter((setting) => setting.key !== raw.key || next.includes(setting));
    const place = all.findIndex(({ key }) => key === raw.key);
    // A single value is replaced where it stands, as LXC does; the order shows in what `lxc-info -c` prints.
    const replaced = !row.repeated && place >= 0 && added.length === 1;
    this.subtrees.set(prefix, replaced ? kept.toSpliced(place, 0, ...added) : [...kept, ...added]);
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
    const next = this.#next(raw, row, nic.fields.get(field) ?? []);
    if (field === 'type') nic.typeIsBad = next === undefined;
    // Another type makes another interface: LXC forgets everything that the nic had. What was written above the
    // first type is forgotten by LXC as well; that serves nobody, so it stays here.
    if (field === 'type' && next && type !== undefined) nic.fields.clear();
    if (next) nic.fields.set(field, next);
    this.nics.set(index, nic);
  }

  /** The settings of a key after a line, given those before it; undefined when the line is at fault. */
  #next(raw: RawSetting, row: KeyRow, before: Settings): Settings | undefined {
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
    if (!parsed.every((setting) => setting !== undefined)) return undefined;
    return parsed.reduce<Settings>((list, setting) => addItem(list, setting, row.slot), before);
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

function addItem(
  list: Settings,
  setting: Setting<unknown>,
  slot: ((value: never) => string) | undefined,
): Settings {
  if (!slot) return [...list, setting];
  const name = slot(setting.value as never);
  const place = list.findIndex((other) => slot(other.value as never) === name);
  return place < 0 ? [...list, setting] : list.with(place, setting);
}

function withoutStaleNone(list: Settings): Settings {
  const none = list.findLastIndex(({ value }) => value === 'none');
  if (none < 0) return list;
  return none === list.length - 1 ? list.slice(none) : list.slice(none + 1);
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
