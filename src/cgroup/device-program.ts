/**
 * v2 has no devices controller: access is decided by an eBPF program attached to the cgroup. This
 * builds one from a policy, instruction by instruction (no compiler is needed at run time), and
 * attaches it.
 */
import { closeSync, constants, openSync } from 'node:fs';
import type { Kernel } from '../kernel/kernel.ts';
import { ALL_ACCESS, type DevicePolicy } from './device-rules.ts';

/** `struct bpf_insn` in parts. */
export interface Instruction {
  readonly code: number;
  readonly dst: number;
  readonly src: number;
  readonly off: number;
  readonly imm: number;
}

/** The opcodes that the program uses (include/uapi/linux/bpf.h). */
export const OP = {
  /** dst = *(u32 *)(src + off) */
  LOAD32: 0x61,
  /** 32-bit: dst = src */
  MOVE: 0xbc,
  /** 32-bit: dst &= imm */
  AND: 0x54,
  /** 32-bit: dst >>= imm */
  SHIFT_RIGHT: 0x74,
  /** dst = imm */
  MOVE_IMM: 0xb7,
  /** if dst != imm skip off instructions */
  JUMP_NOT_EQUAL: 0x55,
  /** if dst == imm skip off instructions */
  JUMP_EQUAL: 0x15,
  EXIT: 0x95,
} as const;

const insn = (code: number, dst = 0, src = 0, off = 0, imm = 0): Instruction => ({
  code,
  dst,
  src,
  off,
  imm,
});

/** Registers: r1 holds the context at first and is scratch afterwards. */
const R = { result: 0, scratch: 1, type: 2, access: 3, major: 4, minor: 5 } as const;
const TYPE = { b: 1, c: 2 } as const;

/** `struct bpf_cgroup_dev_ctx`: access << 16 | type, major, minor. */
const PROLOGUE = [
  insn(OP.LOAD32, R.type, R.scratch, 0),
  insn(OP.LOAD32, R.major, R.scratch, 4),
  insn(OP.LOAD32, R.minor, R.scratch, 8),
  insn(OP.MOVE, R.access, R.type),
  insn(OP.AND, R.type, 0, 0, 0xffff),
  insn(OP.SHIFT_RIGHT, R.access, 0, 0, 16),
];

const answer = (allowed: boolean) => [insn(OP.MOVE_IMM, R.result, 0, 0, allowed ? 1 : 0), insn(OP.EXIT)];

/**
 * The program for a policy: one block for each exception, left as soon as something does not fit.
 */
export function deviceProgram(policy: DevicePolicy): Instruction[] {
  const allowing = policy.default === 'deny';
  const blocks = policy.exceptions.flatMap(({ type, major, minor, access }) => {
    const tests = [insn(OP.JUMP_NOT_EQUAL, R.type, 0, 0, TYPE[type])];
    if (major !== null) tests.push(insn(OP.JUMP_NOT_EQUAL, R.major, 0, 0, major));
    if (minor !== null) tests.push(insn(OP.JUMP_NOT_EQUAL, R.minor, 0, 0, minor));
    if (access !== ALL_ACCESS) {
      // Allowed are requests for nothing but these bits; denied are requests for any of them.
      tests.push(insn(OP.MOVE, R.scratch, R.access));
      tests.push(insn(OP.AND, R.scratch, 0, 0, allowing ? ALL_ACCESS & ~access : access));
      tests.push(insn(allowing ? OP.JUMP_NOT_EQUAL : OP.JUMP_EQUAL, R.scratch));
    }
    const block = [...tests, ...answer(allowing)];
    const jumps = new Set<number>([OP.JUMP_NOT_EQUAL, OP.JUMP_EQUAL]);
    return block.map((one, at) => (jumps.has(one.code) ? { ...one, off: block.length - at - 1 } : one));
  });
  return [...PROLOGUE, ...blocks, ...answer(!allowing)];
}

export function encodeProgram(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8);
  program.forEach(({ code, dst, src, off, imm }, i) => {
    bytes.writeUInt8(code, i * 8);
    bytes.writeUInt8(dst | (src << 4), i * 8 + 1);
    bytes.writeInt16LE(off, i * 8 + 2);
    bytes.writeInt32LE(imm | 0, i * 8 + 4);
  });
  return bytes;
}

const BPF = { PROG_LOAD: 5, PROG_ATTACH: 8, PROG_DETACH: 9, PROG_GET_FD_BY_ID: 13, PROG_QUERY: 16 } as const;
const PROG_TYPE_CGROUP_DEVICE = 15;
const ATTACH_CGROUP_DEVICE = 6;
const F_ALLOW_MULTI = 2;
/** The kernel's own limit of programs on one cgroup. */
const MAX_PROGRAMS = 64;

function load(kernel: Kernel, program: readonly Instruction[]): number {
  const code = encodeProgram(program);
  const license = Buffer.from('Apache-2.0\0');
  const attribute = Buffer.alloc(72);
  attribute.writeUInt32LE(PROG_TYPE_CGROUP_DEVICE, 0);
  attribute.writeUInt32LE(program.length, 4);
  attribute.writeBigUInt64LE(BigInt(kernel.addressOf(code) ?? 0), 8);
  attribute.writeBigUInt64LE(BigInt(kernel.addressOf(license) ?? 0), 16);
  attribute.write('tslxc_devices', 48, 'latin1');
  attribute.writeUInt32LE(ATTACH_CGROUP_DEVICE, 68);
  return kernel.bpf(BPF.PROG_LOAD, attribute);
}

/** Ids of the device programs attached to the cgroup itself. */
function attached(kernel: Kernel, cgroup: number): number[] {
  const ids = Buffer.alloc(MAX_PROGRAMS * 4);
  const attribute = Buffer.alloc(32);
  attribute.writeUInt32LE(cgroup, 0);
  attribute.writeUInt32LE(ATTACH_CGROUP_DEVICE, 4);
  attribute.writeBigUInt64LE(BigInt(kernel.addressOf(ids) ?? 0), 16);
  attribute.writeUInt32LE(MAX_PROGRAMS, 24);
  kernel.bpf(BPF.PROG_QUERY, attribute);
  const count = attribute.readUInt32LE(24) % (MAX_PROGRAMS + 1);
  return Array.from({ length: count }, (_, i) => ids.readUInt32LE(i * 4)).filter((id) => id !== 0);
}

function attachment(cgroup: number, program: number, flags = 0): Buffer {
  const attribute = Buffer.alloc(20);
  attribute.writeUInt32LE(cgroup, 0);
  attribute.writeUInt32LE(program, 4);
  attribute.writeUInt32LE(ATTACH_CGROUP_DEVICE, 8);
  attribute.writeUInt32LE(flags, 12);
  return attribute;
}

/**
 * Puts the policy in force on a v2 cgroup and takes what we attached before away. The new program
 * comes first: all programs must agree, so at no moment is more allowed than before or after. It
 * stays attached when we are gone.
 */
export function attachDevicePolicy(kernel: Kernel, directory: string, policy: DevicePolicy): void {
  const cgroup = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const before = attached(kernel, cgroup);
    if (policy.default === 'deny' || policy.exceptions.length > 0) {
      const program = load(kernel, deviceProgram(policy));
      try {
        kernel.bpf(BPF.PROG_ATTACH, attachment(cgroup, program, F_ALLOW_MULTI));
      } finally {
        kernel.close(program);
      }
    }
    for (const id of before) {
      const attribute = Buffer.alloc(12);
      attribute.writeUInt32LE(id, 0);
      const old = kernel.bpf(BPF.PROG_GET_FD_BY_ID, attribute);
      try {
        kernel.bpf(BPF.PROG_DETACH, attachment(cgroup, old));
      } finally {
        kernel.close(old);
      }
    }
  } finally {
    closeSync(cgroup);
  }
}
