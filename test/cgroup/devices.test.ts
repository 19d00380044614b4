import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deviceProgram, encodeProgram, type Instruction, OP } from '../../src/cgroup/device-program.ts';
import {
  ACCESS,
  type DevicePolicy,
  deviceList,
  deviceRules,
  parseDeviceRule,
  reduceRules,
} from '../../src/cgroup/device-rules.ts';
import { hybrid, settings, unified } from './layouts.ts';

/** Whether the policy lets `access` bits of a device be used together. */
function permits(
  policy: DevicePolicy,
  device: { type: 'b' | 'c'; major: number; minor: number },
  access: number,
): boolean {
  const matches = policy.exceptions.some(
    (e) =>
      e.type === device.type &&
      (e.major === null || e.major === device.major) &&
      (e.minor === null || e.minor === device.minor) &&
      (policy.default === 'deny' ? (access & ~e.access) === 0 : (access & e.access) !== 0),
  );
  return matches !== (policy.default === 'allow');
}

/** What the kernel would do with the program, for the opcodes that it uses. */
function run(
  program: readonly Instruction[],
  type: 'b' | 'c',
  major: number,
  minor: number,
  access: number,
): number {
  const context = [(access << 16) | (type === 'b' ? 1 : 2), major, minor];
  const r = new Array<number>(11).fill(Number.NaN);
  r[1] = 0;
  for (let at = 0, steps = 0; ; at++, steps++) {
    assert.ok(steps < 10000 && at < program.length, 'the program ends by exit');
    const { code, dst, src, off, imm } = program[at]!;
    if (code === OP.LOAD32) r[dst] = context[(r[src]! + off) / 4]!;
    else if (code === OP.MOVE) r[dst] = r[src]!;
    else if (code === OP.MOVE_IMM) r[dst] = imm;
    else if (code === OP.AND) r[dst] = r[dst]! & imm;
    else if (code === OP.SHIFT_RIGHT) r[dst] = r[dst]! >>> imm;
    else if (code === OP.JUMP_NOT_EQUAL) at += r[dst] !== imm ? off : 0;
    else if (code === OP.JUMP_EQUAL) at += r[dst] === imm ? off : 0;
    else if (code === OP.EXIT) return r[0]!;
    else assert.fail(`opcode ${code}`);
    assert.ok(!Number.isNaN(r[dst]), 'no register is read before it is set');
  }
}

const rules = (text: string) => deviceRules(settings(text), unified);
const policy = (text: string) => reduceRules(rules(text));

const COMMON = `
lxc.cgroup2.devices.deny = a
lxc.cgroup2.devices.allow = c *:* m
lxc.cgroup2.devices.allow = b *:* m
lxc.cgroup2.devices.allow = c 1:3 rwm
lxc.cgroup2.devices.allow = c 1:5 rw
lxc.cgroup2.devices.allow = c 136:* rwm
lxc.cgroup2.devices.allow = b 7:0 r`;

test('the program answers as the rules do, for every combination around them', () => {
  const policies = [
    policy(COMMON),
    policy('lxc.cgroup.devices.deny = c 5:1 w\nlxc.cgroup.devices.deny = b 8:* rwm'),
    policy('lxc.cgroup.devices.deny = a'),
    policy('lxc.cgroup.devices.allow = a'),
  ];
  let asked = 0;
  for (const one of policies) {
    const program = deviceProgram(one);
    for (const type of ['b', 'c'] as const)
      for (const major of [0, 1, 5, 7, 8, 136, 4095])
        for (const minor of [0, 1, 3, 5, 1048575])
          for (let access = 1; access < 8; access++, asked++)
            assert.equal(
              run(program, type, major, minor, access) === 1,
              permits(one, { type, major, minor }, access),
              `${deviceList(one)}: ${type} ${major}:${minor} ${access}`,
            );
  }
  assert.equal(asked, 4 * 2 * 7 * 5 * 7);
});

test('an allowlist', () => {
  const p = policy(COMMON);
  const { m, r, w } = ACCESS;
  assert.ok(permits(p, { type: 'c', major: 1, minor: 3 }, r | w));
  assert.ok(permits(p, { type: 'b', major: 8, minor: 0 }, m), 'any node may be made');
  assert.ok(!permits(p, { type: 'b', major: 8, minor: 0 }, r), 'but not opened');
  assert.ok(!permits(p, { type: 'c', major: 1, minor: 5 }, r | w | m), 'all bits must come from one rule');
  assert.ok(permits(p, { type: 'c', major: 136, minor: 77 }, r | w));
});

test('rules in order, as the v1 controller takes them', () => {
  assert.deepEqual(
    policy(
      'lxc.cgroup.devices.deny = a\nlxc.cgroup.devices.allow = c 1:3 r\nlxc.cgroup.devices.allow = c 1:3 w',
    ),
    {
      default: 'deny',
      exceptions: [{ type: 'c', major: 1, minor: 3, access: ACCESS.r | ACCESS.w }],
    },
  );
  const taken =
    'lxc.cgroup.devices.deny = a\nlxc.cgroup.devices.allow = c 1:3 rwm\nlxc.cgroup.devices.deny = c 1:3 w';
  assert.equal(deviceList(policy(taken)), 'c 1:3 rm');
  const reset = `${taken}\nlxc.cgroup.devices.allow = a`;
  assert.deepEqual(policy(reset), { default: 'allow', exceptions: [] });
  assert.equal(deviceList(policy('lxc.cgroup.devices.deny = c 1:3 w')), 'a *:* rwm');
  const other =
    'lxc.cgroup.devices.deny = a\nlxc.cgroup.devices.allow = c *:* rwm\nlxc.cgroup.devices.deny = c 1:3 w';
  assert.equal(deviceList(policy(other)), 'c *:* rwm', 'only the very same device is taken back');
});

test('an allow that comes first in v2 spelling means "and nothing else", as in LXC', () => {
  assert.equal(policy('lxc.cgroup2.devices.allow = c 1:3 rwm').default, 'deny');
  assert.equal(policy('lxc.cgroup.devices.allow = c 1:3 rwm').default, 'allow');
  assert.equal(policy('lxc.cgroup2.devices.deny = c 1:3 rwm').default, 'allow');
});

test("of rules in both spellings the host's own are taken", () => {
  const both = 'lxc.cgroup.devices.deny = a\nlxc.cgroup2.devices.deny = c 5:1 rwm';
  assert.equal(reduceRules(deviceRules(settings(both), hybrid)).default, 'deny');
  assert.equal(reduceRules(deviceRules(settings(both), unified)).default, 'allow');
  assert.equal(deviceRules(settings('lxc.cgroup.devices.deny = a'), unified).length, 1);
});

test('rubbish is refused with its line', () => {
  for (const value of [
    'c 1:3',
    'd 1:3 rwm',
    'c 1 rwm',
    'c 1:3 rx',
    'c 4096:0 r',
    'c 1:1048576 r',
    'c -1:0 r',
    'all',
  ])
    assert.equal(parseDeviceRule(true, value), undefined, value);
  for (const spelling of ['cgroup', 'cgroup2'])
    assert.throws(() => rules(`lxc.cgroup2.devices.deny = a\nlxc.${spelling}.devices.allow = c 1:3`), {
      code: 'CGROUP_VALUE',
      line: 2,
    });
  assert.throws(() => rules('lxc.cgroup2.devices.list = a'), { code: 'CGROUP_VALUE' });
});

test('instructions are laid out as struct bpf_insn', () => {
  const [load] = deviceProgram(policy('lxc.cgroup.devices.deny = a'));
  assert.deepEqual(load, { code: 0x61, dst: 2, src: 1, off: 0, imm: 0 });
  assert.equal(
    encodeProgram([{ code: 0x55, dst: 2, src: 0, off: -2, imm: 5 }]).toString('hex'),
    '5502feff05000000',
  );
});
