/** Tables and units are LXC's byte for byte: scripts cut them at columns. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { helpText } from '../../src/cli/render/help.ts';
import { wantsColour } from '../../src/cli/render/report-error.ts';
import { columnsText, fitting, paddedLines, tableText } from '../../src/cli/render/table.ts';
import { screenLines, type TopRow } from '../../src/cli/render/top-table.ts';
import { humanBytes, humanSeconds, megabytes } from '../../src/cli/render/units.ts';
import { COMMANDS, type CommandName, loadCommand } from '../../src/cli/run/command-table.ts';

describe('table', () => {
  it('pads cells to the widest and puts a space after each, the last one too', () => {
    assert.equal(
      tableText(
        ['NAME', 'STATE', 'GROUPS'],
        [
          ['inv-a', 'RUNNING', 'onboot'],
          ['b', 'STOPPED', 'onboot, web'],
        ],
      ),
      'NAME  STATE   GROUPS      \ninv-a RUNNING onboot      \nb     STOPPED onboot, web \n',
    );
  });

  it('lays out names in columns of the terminal', () => {
    assert.equal(columnsText(['a', 'bbb', 'cc'], 8), 'a   bbb \ncc  \n');
    assert.equal(columnsText(['long-name', 'b'], 4), 'long-name \nb         \n');
    assert.equal(columnsText([], 80), '');
  });

  it('pads names in a pipe', () => {
    assert.equal(paddedLines(['a', 'bbb']), 'a  \nbbb\n');
    assert.equal(paddedLines([]), '');
  });
});

describe('units', () => {
  const BYTES: [number, string][] = [
    [0, '0 bytes'],
    [1023, '1023 bytes'],
    [1270, '1.24 KiB'],
    [544768, '532.00 KiB'],
    [3219128, '3.07 MiB'],
    [2 ** 31, '2.00 GiB'],
  ];
  for (const [count, text] of BYTES) it(text, () => assert.equal(humanBytes(count), text));

  it('has seconds and megabytes with two decimals', () => {
    assert.equal(humanSeconds(12_345_678), '0.01 seconds');
    assert.equal(megabytes(3219128), '3.07MB');
  });
});

describe('the width of the terminal', () => {
  it('lays out every help', async () => {
    for (const name of Object.keys(COMMANDS) as CommandName[]) {
      const { spec } = await loadCommand(name);
      for (const width of [40, 80, 100]) {
        // A word that is longer by itself cannot be broken, and examples are to be pasted.
        const [head = ''] = helpText(spec, width).split('\nExamples:');
        const long = head.split('\n').filter((line) => line.length > width && / \S+ \S/.test(line.trim()));
        assert.deepEqual(width < 80 ? [] : long, [], `${name} at ${width}`);
      }
      assert.notEqual(helpText(spec, 60), helpText(spec, 100), name);
    }
  });

  it('leaves out columns of ls that are empty, then the last ones', () => {
    const header = ['NAME', 'STATE', 'AUTOSTART', 'GROUPS', 'IPV4'];
    const rows = [['web', 'RUNNING', '0', '-', '10.0.4.2']];
    assert.deepEqual(fitting(header, rows, 80), [0, 1, 2, 3, 4]);
    assert.deepEqual(fitting(header, rows, 32), [0, 1, 2, 4]);
    assert.deepEqual(fitting(header, rows, 24), [0, 1, 2]);
    assert.deepEqual(fitting(header, rows, 5), [0, 1], 'never the name and the state');
  });

  it('keeps memory in the table of top', () => {
    const row = { name: 'web', cpuPercent: 1, memoryBytes: 2 ** 30, memorySwapBytes: 2 ** 30 } as TopRow;
    for (const columns of [40, 60, 80, 100]) {
      const lines = screenLines([row], { rows: 10, columns });
      assert.ok(lines.every((line) => line.length <= columns));
      assert.match(lines[0]!, /CPU +Mem/);
      assert.match(lines[2]!, /^web .* 1\.00 GiB/);
    }
  });
});

describe('colours', () => {
  for (const [env, terminal, pipe] of [
    [{}, true, false],
    [{ TERM: 'dumb' }, false, false],
    [{ NO_COLOR: '1' }, false, false],
    [{ FORCE_COLOR: '1' }, true, true],
    [{ FORCE_COLOR: '1', TERM: 'dumb' }, true, true],
    [{ FORCE_COLOR: '0' }, false, false],
    [{ FORCE_COLOR: '1', NO_COLOR: '1' }, false, false],
  ] as const)
    it(`${JSON.stringify(env)}: on a terminal ${terminal}, in a pipe ${pipe}`, () => {
      assert.deepEqual([wantsColour({ env }, true), wantsColour({ env }, false)], [terminal, pipe]);
    });
});
