import { usage } from './getopt.ts';

/** `CAP|CGROUP`: words of a table in any case, separated by `|` or a comma; their values. */
export function flagList<Value>(text: string, table: Readonly<Record<string, Value>>, what: string): Value[] {
  return text.split(/[|,]/).map((word) => {
    const value = table[word.trim().toUpperCase()];
    if (value === undefined)
      throw usage(`'${word}' is not a ${what}`, `write one or more of ${Object.keys(table).join('|')}`);
    return value;
  });
}
