/** The command line is read as getopt_long reads it: LXC's users and scripts depend on every form of it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { OptionTable } from '../../src/cli/parse/command-options.ts';
import { scanArguments } from '../../src/cli/parse/getopt.ts';

const TABLE = {
  name: { short: 'n', kind: 'required', summary: '' },
  daemon: { short: 'd', kind: 'none', summary: '' },
  foreground: { short: 'F', kind: 'none', summary: '' },
  elevated: { short: 'e', kind: 'optional', summary: '' },
  'share-net': { kind: 'required', summary: '' },
  'share-ipc': { kind: 'required', summary: '' },
  quiet: { short: 'q', kind: 'none', summary: '' },
} as const satisfies OptionTable;

/** `name=value`, a bare `name`, and operands after a `|`. */
function scanned(...argv: string[]): string {
  const { options, operands } = scanArguments(argv, TABLE);
  const shown = options.map(({ name, value }) => (value === undefined ? name : `${name}=${value}`));
  return [...shown, ...(operands.length > 0 ? ['|', ...operands] : [])].join(' ');
}

describe('getopt', () => {
  const CASES: [argv: string[], meaning: string][] = [
    [['-n', 'web'], 'name=web'],
    [['-nweb'], 'name=web'],
    [['-n=web'], 'name==web'],
    [['--name=web'], 'name=web'],
    [['--name', 'web'], 'name=web'],
    [['--name='], 'name='],
    [['-n', ''], 'name='],
    [['-dFn', 'web'], 'daemon foreground name=web'],
    [['-dFnweb'], 'daemon foreground name=web'],
    [['-dnF'], 'daemon name=F'],
    [['--na', 'web'], 'name=web'],
    [['--d'], 'daemon'],
    [['--share-n', '1'], 'share-net=1'],
    [['-e'], 'elevated'],
    [['-e', 'CAP'], 'elevated | CAP'],
    [['-eCAP|LSM'], 'elevated=CAP|LSM'],
    [['--elevated=CAP'], 'elevated=CAP'],
    [['--elevated', 'CAP'], 'elevated | CAP'],
    [['-de'], 'daemon elevated'],
    [['-n', '-d'], 'name=-d'],
    [['-n', '--', 'x'], 'name=-- | x'],
    [['--name', '--daemon'], 'name=--daemon'],
    [['web', '-d', 'x'], 'daemon | web x'],
    [['-d', '--', '-F', 'x'], 'daemon | -F x'],
    [['-d', '--', '--', 'x'], 'daemon | -- x'],
    [['-'], '| -'],
    [['-n', 'a', '-n', 'b'], 'name=a name=b'],
    [['--name=a=b'], 'name=a=b'],
    [['--name=two words\nand lines'], 'name=two words\nand lines'],
    [['-nü'], 'name=ü'],
    [[], ''],
  ];
  for (const [argv, meaning] of CASES) {
    it(JSON.stringify(argv), () => assert.equal(scanned(...argv), meaning));
  }

  const FAULTS: [argv: string[], message: RegExp][] = [
    [['--bogus'], /unknown option '--bogus'/],
    [['-x'], /unknown option '-x'/],
    [['-dxF'], /unknown option '-x' in '-dxF'/],
    [['-n'], /option '-n' needs an argument/],
    [['--name'], /option '--name' needs an argument/],
    [['--daemon=1'], /option '--daemon' takes no argument/],
    [['--share', '1'], /ambiguous: --share-net, --share-ipc/],
    [['--=x'], /ambiguous|unknown option/],
    [['--constructor'], /unknown option/],
    [['--__proto__=1'], /unknown option/],
  ];
  for (const [argv, message] of FAULTS) {
    it(`refuses ${JSON.stringify(argv)}`, () =>
      assert.throws(() => scanned(...argv), { code: 'USAGE', message }));
  }

  it('suggests the option that a typing slip meant', () => {
    assert.throws(() => scanned('--quite'), { hint: 'did you mean --quiet?' });
  });

  it('knows -? as a question', () => {
    assert.equal(scanArguments(['-?'], TABLE).question, true);
  });
});
