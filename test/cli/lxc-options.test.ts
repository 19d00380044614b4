/** Every option that LXC's commands tell of is one of ours, with the same letter and the same need of an argument. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { allOptions } from '../../src/cli/render/help.ts';
import { COMMANDS, loadCommand } from '../../src/cli/run/command-table.ts';

const DIFFERENCES = readFileSync(join(import.meta.dirname, '../../docs/differences.md'), 'utf8');

/** What LXC's help has that is no option of the command. */
const ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  // It has nothing to do with container directories.
  unshare: ['lxcpath'],
};

/** Lines such as `  -n, --name=NAME  …`, `  -g --groups  …` and `      --usage  …`. */
const OPTION = /^\s+(?:-(\S),?\s+)?--([a-z][a-z-]*)(?:\[?=|\s|$)/;

function optionsOfLxc(name: string): Map<string, string | undefined> | undefined {
  const { error, stdout, stderr } = spawnSync(`lxc-${name}`, ['--help'], { encoding: 'utf8' });
  if (error) return undefined;
  const options = new Map<string, string | undefined>();
  for (const line of `${stdout}${stderr}`.split('\n')) {
    const [, short, long] = OPTION.exec(line) ?? [];
    if (long) options.set(long, short === '?' ? undefined : short);
  }
  return options;
}

describe("LXC's options", () => {
  for (const name of Object.keys(COMMANDS) as (keyof typeof COMMANDS)[]) {
    const theirs = optionsOfLxc(name);
    it(name, { skip: theirs ? false : `there is no lxc-${name}` }, async () => {
      const { spec } = await loadCommand(name);
      const ours = allOptions(spec);
      for (const [long, short] of theirs!) {
        if (ELSEWHERE[name]?.includes(long)) continue;
        assert.ok(long in ours, `--${long}`);
        const refused = ours[long]!.unsupported !== undefined;
        if (refused)
          assert.ok(DIFFERENCES.includes(`\`--${long}\``), `--${long} is refused: docs/differences.md`);
        if (short) assert.equal(ours[long]!.short, short, `--${long}`);
      }
    });
  }
});
