/**
 * LXC's states (its lxc(7)); FREEZING and THAWED are passed through so quickly that only events
 * show them.
 */
export const STATES = [
  'STOPPED',
  'STARTING',
  'RUNNING',
  'STOPPING',
  'ABORTING',
  'FREEZING',
  'FROZEN',
  'THAWED',
] as const;

export type State = (typeof STATES)[number];
