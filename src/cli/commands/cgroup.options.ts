import { defineSpec } from '../parse/command-options.ts';
import { CONTAINER_OPTIONS, JSON_OPTION, NO_RCFILE } from '../parse/common-options.ts';

export const spec = defineSpec({
  name: 'cgroup',
  summary: 'read or set a control group value of a running container',
  synopsis: ['[OPTIONS] [-n] NAME FILE [VALUE]'],
  description: [
    "Prints what a control group file of the container says, or writes VALUE into it. FILE is a name of either version of control groups: on a host with v2, memory.limit_in_bytes is answered from memory.max, and the reverse. The values are the container's limits, not those that it sets itself.",
    'What is written is read back; a warning says so where the kernel made something else of it.',
  ],
  options: {
    save: {
      kind: 'none',
      extension: true,
      summary: "write it to the container's config too, for later starts",
    },
    ...CONTAINER_OPTIONS,
    ...NO_RCFILE,
    ...JSON_OPTION,
  },
  container: 'required',
  operands: [
    { name: 'FILE', summary: 'name of a control group file, as memory.max or cpuset.cpus', required: true },
    { name: 'VALUE', summary: 'what to write' },
  ],
  exitCodes: [
    ['0', 'done'],
    ['1', 'not running, no such file, or the kernel refused the value'],
  ],
  examples: [
    { command: 'tslxc-cgroup -n web memory.max', meaning: 'the memory limit' },
    { command: 'tslxc-cgroup -n web cpuset.cpus 0,3', meaning: 'change its processors' },
    { command: 'tslxc-cgroup -n web --save pids.max 200', meaning: 'for later starts, too' },
  ],
  seeAlso: ['info', 'device', 'tslxc.container.conf(5)'],
});
