/** Tables and units are LXC's byte for byte: scripts cut them at columns. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { columnsText, paddedLines, tableText } from '../../src/cli/render/table.ts';
import { humanBytes, humanSeconds, megabytes } from '../../src/cli/render/units.ts';

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
