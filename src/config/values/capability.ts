import { BadValue } from './bad-value.ts';
import { meant } from './meant.ts';
import { wholeNumber } from './number.ts';
import type { ValueType } from './value-type.ts';

/** The index is the capability's number (linux/capability.h, Linux 5.9 and later). */
// biome-ignore format: forty lines of one word each are no easier to read
export const CAPABILITIES = [
  'chown', 'dac_override', 'dac_read_search', 'fowner', 'fsetid', 'kill', 'setgid', 'setuid', 'setpcap',
  'linux_immutable', 'net_bind_service', 'net_broadcast', 'net_admin', 'net_raw', 'ipc_lock', 'ipc_owner',
  'sys_module', 'sys_rawio', 'sys_chroot', 'sys_ptrace', 'sys_pacct', 'sys_admin', 'sys_boot', 'sys_nice',
  'sys_resource', 'sys_time', 'sys_tty_config', 'mknod', 'lease', 'audit_write', 'audit_control',
  'setfcap', 'mac_override', 'mac_admin', 'syslog', 'wake_alarm', 'block_suspend', 'audit_read', 'perfmon',
  'bpf', 'checkpoint_restore',
] as const;

export type CapabilityName = (typeof CAPABILITIES)[number];

const VALID =
  'capabilities as in capabilities(7), in lower case without "cap_", or by number, separated by blanks';

function parseCapability(text: string): CapabilityName {
  const name = CAPABILITIES.find((known) => known === text) ?? CAPABILITIES[wholeNumber(text) ?? -1];
  if (name) return name;
  const bare = text.toLowerCase().replace(/^cap_/, '');
  const known = CAPABILITIES.find((one) => one === bare);
  throw new BadValue(
    `"${text}" is not a capability${known ? `; write it as ${known}` : meant(bare, CAPABILITIES)}`,
  );
}

export const capability: ValueType<CapabilityName> = {
  name: 'CAPABILITY …',
  valid: VALID,
  parse: parseCapability,
};

/** `none` gives up everything. */
export const keptCapability: ValueType<CapabilityName | 'none'> = {
  name: 'CAPABILITY …|none',
  valid: `${VALID}; or none`,
  parse: (text) => (text === 'none' ? text : parseCapability(text)),
};
