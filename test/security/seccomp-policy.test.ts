/** The policy language and what it is compiled to. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { linuxKernel } from '../../src/kernel/linux.ts';
import { compilePolicy } from '../../src/security/seccomp/compile.ts';
import { parsePolicy } from '../../src/security/seccomp/policy.ts';

const parse = (...lines: string[]) => parsePolicy('/policy', lines.join('\n'));
const SHIPPED = join(import.meta.dirname, '../../config/*.seccomp');

describe('a seccomp policy', () => {
  it('has defaults by its kind of list, and takes others', () => {
    const heads: [string, string, string][] = [
      ['denylist', 'allow', 'kill'],
      ['blacklist', 'allow', 'kill'],
      ['allowlist', 'kill', 'allow'],
      ['whitelist trap', 'trap', 'allow'],
      ['denylist errno 0', 'errno', 'kill'],
    ];
    for (const [head, otherwise, listed] of heads) {
      const policy = parse('2', head, 'mkdir');
      assert.equal(policy.otherwise.kind, otherwise, head);
      assert.equal(policy.rules[0]?.action.kind, listed, head);
    }
  });

  it('reads sections, comments, actions and comparisons', () => {
    const { rules } = parse(
      '2',
      'denylist',
      'reject_force_umount  # as shipped',
      '[X86]',
      '  ioctl errno EPERM [1,0x9400,SCMP_CMP_MASKED_EQ,0xff00] [0,010,>=]',
      '',
      '[all]',
      'mount notify',
    );
    assert.deepEqual(
      rules.map(({ call, section, line, action }) => `${line} ${section} ${call} ${action.kind}`),
      ['3 all umount2 errno', '5 x86 ioctl errno', '8 all mount notify'],
    );
    assert.deepEqual(rules[1]?.comparisons, [
      { index: 1, operator: 7, value: 0x9400n, mask: 0xff00n },
      { index: 0, operator: 5, value: 8n, mask: 0n },
    ]);
  });

  it('is refused with its line', () => {
    const faults: [number, string[]][] = [
      [1, ['']],
      [2, ['2']],
      [2, ['1', 'denylist']],
      [3, ['1', 'allowlist', '[all]']],
      [4, ['2', 'denylist', '', 'mkdir errno']],
      [3, ['2', 'denylist', 'mkdir kill 1']],
      [3, ['2', 'denylist', 'MKDIR']],
      [3, ['2', 'denylist', 'mkdir [0,1]']],
      [3, ['2', 'denylist', 'mkdir [0,1,&=]']],
      [3, ['2', 'denylist', 'mkdir [0,0x10000000000000000,==]']],
      [3, ['2', 'denylist', 'mkdir [0,1,==] or']],
    ];
    for (const [line, lines] of faults)
      assert.throws(
        () => parse(...lines),
        { code: 'SECCOMP_POLICY', line, file: '/policy' },
        lines.join('|'),
      );
  });

  it('is compiled by libseccomp, the shipped ones among them', () => {
    const kernel = linuxKernel();
    for (const file of globSync(SHIPPED)) {
      const { bpf, notifies, unknown } = compilePolicy(kernel, parsePolicy(file, readFileSync(file, 'utf8')));
      assert.ok(bpf.length > 0 && bpf.length % 8 === 0, file);
      assert.deepEqual([notifies, unknown], [false, []], file);
    }
    const odd = compilePolicy(kernel, parse('2', 'denylist', 'frobnicate', 'mount notify', 'mkdir allow'));
    assert.deepEqual([odd.notifies, odd.unknown.map(({ call }) => call)], [true, ['frobnicate']]);
  });
});
