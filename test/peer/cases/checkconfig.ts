import type { PeerCase } from '../peer-case.ts';

export const CASES: readonly PeerCase[] = [
  { title: 'a host that runs containers', compare: 'code', lines: [['checkconfig']] },
];
