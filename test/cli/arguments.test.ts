/** From a command line to typed values, with the checks that a specification asks for. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { spec as attach } from '../../src/cli/commands/attach.options.ts';
import { spec as create } from '../../src/cli/commands/create.options.ts';
import { spec as info } from '../../src/cli/commands/info.options.ts';
import { spec as net } from '../../src/cli/commands/net.options.ts';
import { spec as start } from '../../src/cli/commands/start.options.ts';
import { spec as stop } from '../../src/cli/commands/stop.options.ts';
import { parseArguments } from '../../src/cli/parse/arguments.ts';

describe('arguments', () => {
  it('takes the name from -n, else from the first operand', () => {
    assert.equal(parseArguments(['-n', 'a'], info).name, 'a');
    assert.equal(parseArguments(['a'], info).name, 'a');
    const both = parseArguments(['-n', 'a', 'b', 'c'], start);
    assert.deepEqual([both.name, both.operands], ['a', ['b', 'c']]);
    assert.equal(parseArguments([], info).name, undefined);
  });

  it('gives every option a value of its type', () => {
    const { values } = parseArguments(['x', '-t', '-1', '--nokill'], stop);
    assert.equal(values.timeout, -1);
    assert.equal(values.nokill, true);
    assert.equal(values.reboot, false);
    assert.deepEqual(parseArguments(['x'], start).values.define, []);
    assert.equal(parseArguments(['x'], start).values.pidfile, undefined);
  });

  it('leaves values as they are typed', () => {
    const odd = ['007', '1e3', 'true', '"quoted"', "'q'", '', '--x', 'a,b', 'lxc.net.0.link=br0'];
    const argv = odd.flatMap((value) => ['-s', value]);
    assert.deepEqual(parseArguments(['x', ...argv], start).values.define, odd);
  });

  it('lets the last of a single option win', () => {
    assert.equal(parseArguments(['-n', 'a', '--name=b'], info).name, 'b');
    assert.equal(parseArguments(['x', '-t', '1', '-t', '2'], stop).values.timeout, 2);
  });

  it('collects a repeatable option in order', () => {
    const { values } = parseArguments(['x', '-c', 'lxc.b', '--config=lxc.a'], info);
    assert.deepEqual(values.config, ['lxc.b', 'lxc.a']);
  });

  it('tells a bare optional argument from none', () => {
    assert.equal(parseArguments(['x'], attach).values['elevated-privileges'], undefined);
    assert.equal(parseArguments(['x', '-e'], attach).values['elevated-privileges'], '');
    assert.equal(parseArguments(['x', '-eCAP'], attach).values['elevated-privileges'], 'CAP');
  });

  it('does not take --no-humanize for a negation', () => {
    assert.equal(parseArguments(['x', '--no-humanize'], info).values['no-humanize'], true);
  });

  it('passes a program and its options through after --', () => {
    const { name, operands } = parseArguments(['web', '--', 'ls', '-l', '--', '-n'], attach);
    assert.deepEqual([name, operands], ['web', ['ls', '-l', '--', '-n']]);
    assert.deepEqual(parseArguments(['-n', 'd', '-t', 'debian', '--', '-r', 'bookworm'], create).operands, [
      '-r',
      'bookworm',
    ]);
  });

  it('reads options after the name and the program, as LXC does', () => {
    const { values, operands } = parseArguments(['web', 'env', '--clear-env'], attach);
    assert.deepEqual([values['clear-env'], operands], [true, ['env']]);
  });

  const REFUSED: [argv: string[], spec: Parameters<typeof parseArguments>[1], message: RegExp][] = [
    [['x', '-k', '-r'], stop, /'-r' can't be used with '-k'|'-k' can't be used with '-r'/],
    [['x', '-k', '--nokill'], stop, /can't be used/],
    [['x', '-k', '-t', '5'], stop, /'-t' can't be used with '-k'/],
    [['x', '--nolock'], stop, /'--nolock' needs '-k'/],
    [['x', '-t', 'soon'], stop, /needs a whole number/],
    [['x', '-t', '1.5'], stop, /needs a whole number/],
    [['a', 'b'], info, /unexpected argument 'b'/],
    [[], net, /ACTION is missing/],
  ];
  for (const [argv, spec, message] of REFUSED)
    it(`refuses ${spec.name} ${argv.join(' ')}`, () =>
      assert.throws(() => parseArguments(argv, spec), { code: 'USAGE', message }));

  it('names an option that is not supported yet', () => {
    assert.throws(() => parseArguments(['x', '-t', 'none', '--rcfile=/x'], create), {
      code: 'NOT_SUPPORTED',
      message: /'--rcfile'/,
    });
  });

  it('gives help whatever else is wrong with the options', () => {
    assert.equal(parseArguments(['-k', '-r', '-h'], stop).wants, 'help');
    assert.equal(parseArguments(['--usage'], stop).wants, 'usage');
    assert.equal(parseArguments(['--version'], stop).wants, 'version');
    assert.equal(parseArguments(['-?'], stop).wants, 'question');
  });
});
