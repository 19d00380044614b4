/** The plan of a start for people: a heading on the left, what belongs to it on the right. */
import { resolve } from 'node:path';
import type { PlanResult } from '../../api/options.ts';
import { CAPABILITIES } from '../../config/values/capability.ts';
import { HOOK_TYPES } from '../../container/plan/hook-plan.ts';
import { CLONE, RLIMIT } from '../../kernel/constants.ts';
import { mountText, namespaceWords, nicText, signalName } from './plan-words.ts';

const HEADING = 18;

export function planText(result: PlanResult): string {
  return sections(result)
    .filter(([, lines]) => lines.length > 0)
    .flatMap(([title, lines]) =>
      lines.map((line, at) => `${(at === 0 ? `${title}:` : '').padEnd(HEADING)} ${line}\n`),
    )
    .join('');
}

type Section = readonly [title: string, lines: readonly string[]];

function sections({ plan, cgroups, warnings, notes }: PlanResult): Section[] {
  const { stage, limits, devices, nics } = plan;
  const place = new Map(cgroups.map(({ id, limit }) => [id, limit]));
  return [
    ['Container', [`${plan.name} in ${plan.lxcpath}`]],
    ['Config', [plan.configFile]],
    ['Root filesystem', [rootfsText(plan.stage)]],
    ['Init', [stage.init.args.map(quoted).join(' ')]],
    [
      'Runs as',
      [
        `user ${stage.init.uid}, group ${[stage.init.gid, ...stage.init.groups].join(', ')}, in ${stage.init.cwd}`,
      ],
    ],
    ['Environment', stage.init.env],
    ['Host name', stage.hostname ? [stage.hostname] : []],
    ['Personality', stage.personality === undefined ? [] : ['linux32']],
    ['Namespaces', namespaceLines(stage)],
    ['Clocks', stage.clockOffsets.map(clockText)],
    ['Id maps', stage.idmap.map(({ type, nsId, hostId, range }) => `${type} ${nsId} ${hostId} ${range}`)],
    ['Mounts', stage.mounts.map(mountText)],
    ['/dev', [devText(stage)]],
    ['Terminals', [terminalText(plan)]],
    [
      'Network',
      (stage.namespaces & CLONE.NEWNET) === 0
        ? [stage.joined.some(({ name }) => name === 'net') ? 'shared' : "the host's"]
        : nics.length === 0
          ? ['loopback only']
          : nics.map(nicText),
    ],
    ['Cgroups', cgroups.map(({ limit }) => limit)],
    [
      'Limits',
      limits.map(({ hierarchy, file, value, note, setting }) =>
        file === null
          ? `${setting.key}: nothing to write${note ? ` (${note})` : ''}`
          : `${resolve(place.get(hierarchy) ?? hierarchy, file)} = ${value}${note ? ` (${note})` : ''}`,
      ),
    ],
    ['Device rules', [devices.length === 0 ? 'none: every device is allowed' : String(devices.length)]],
    ['Resource limits', stage.rlimits.map(rlimitText)],
    ['Kernel parameters', stage.sysctls.map(({ name, value }) => `${name} = ${value}`)],
    ['Capabilities', [capabilityText(stage.capabilities)]],
    ['New privileges', stage.noNewPrivileges ? ['none (no_new_privs)'] : []],
    ['System calls', plan.seccomp ? [seccompText(plan.seccomp)] : []],
    ['Hooks', hooksInOrder(plan).map(({ type, command }) => `${type}: ${command}`)],
    [
      'Signals',
      [
        `halt ${plan.signals.halt ? signalName(plan.signals.halt) : 'SIGPWR (SIGRTMIN+3 for systemd)'}`,
        `reboot ${plan.signals.reboot ? signalName(plan.signals.reboot) : 'SIGINT'}`,
        `stop ${signalName(plan.signals.stop)}`,
      ],
    ],
    ['Log', [`${plan.log.file} (${plan.log.level})`]],
    ['When it stops', plan.ephemeral ? ['it is destroyed'] : []],
    ['Note', notes],
    ['Not acted on', warnings.map(({ message, file, line }) => `${file}:${line}: ${message}`)],
  ];
}

type Plan = PlanResult['plan'];
type Stage = Plan['stage'];

const quoted = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word));

function rootfsText({ rootfs, idmap }: Stage): string {
  const how = [
    ...(rootfs.flags & 1 ? ['read-only'] : []),
    ...(idmap.length > 0 ? ['owners mapped'] : []),
    ...(rootfs.inMemory ? ['what is written is kept in memory'] : []),
    `hooks see it at ${rootfs.mountPoint}`,
  ];
  return `${rootfs.source} (${how.join(', ')})`;
}

function namespaceLines({ namespaces, joined, idmap }: Stage): string[] {
  const user = idmap.length > 0 && !joined.some(({ name }) => name === 'user');
  return [
    namespaceWords(namespaces, user),
    ...joined.map(({ name, path, link }) => `${name} shared, from ${path} (${link})`),
  ];
}

function clockText({ clock, seconds, nanoseconds }: Stage['clockOffsets'][number]): string {
  return `${clock} is ${seconds + nanoseconds / 1e9} s off`;
}

function devText({ dev }: Stage): string {
  if (!dev) return 'as the root filesystem has it';
  return `tmpfs of ${dev.size} bytes with ${dev.nodes.map(({ name }) => name).join(', ')}`;
}

function terminalText({ stage, console }: Plan): string {
  if (stage.ptyMax === 0) return 'none';
  const directory = stage.ttyDir ? `/dev/${stage.ttyDir}/` : '/dev/';
  const ttys = stage.ttys === 0 ? 'no ttys' : `${directory}tty1 to tty${stage.ttys}`;
  const log = console.log ? `, copied to ${console.log}` : '';
  return `${stage.console ? 'console' : 'no console'}${log}; ${ttys}; at most ${stage.ptyMax} ptys`;
}

function rlimitText({ resource, soft, hard }: Stage['rlimits'][number]): string {
  const name = Object.entries(RLIMIT).find(([, number]) => number === resource)?.[0] ?? resource;
  return `${name} ${soft ?? 'unlimited'}:${hard ?? 'unlimited'}`;
}

function capabilityText(kept: readonly number[]): string {
  const names = kept.map((number) => CAPABILITIES[number] ?? String(number));
  return names.length === 0 ? 'none' : names.join(' ');
}

function seccompText({ file, load, proxy }: NonNullable<Plan['seccomp']>): string {
  const asked = load.notify ? `, asks ${proxy?.socket ?? 'nobody'}` : '';
  return `filtered by ${file} (${Buffer.from(load.filter, 'base64').length / 8} instructions${asked})`;
}

/** In the order in which they run, wherever they do. */
function hooksInOrder({ hostHooks, stage }: Plan) {
  return [...hostHooks, ...stage.hooks].sort((a, b) => moment(a.type) - moment(b.type));
}

const moment = (type: string) => (HOOK_TYPES as readonly string[]).indexOf(type);
