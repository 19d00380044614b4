import { setTimeout as delay } from 'node:timers/promises';
import type { ContainerShape } from '../../api/container.ts';
import { defineSpec } from '../parse/command-options.ts';
import { JSON_OPTION, OPTIONS_BUT_RCFILE } from '../parse/common-options.ts';
import { usage } from '../parse/getopt.ts';
import { type Progress, withProgress } from '../render/progress.ts';
import { type Call, command } from '../run/command.ts';
import { interruptible } from '../run/interrupt.ts';
import { type Image, madeUpName, parseImage } from './image-name.ts';

/** How long an address is waited for, seconds. */
const ADDRESS_PATIENCE = 30;
const LOOK_AGAIN_MS = 200;

const spec = defineSpec({
  name: 'launch',
  word: true,
  summary: 'create, start and wait for a container of a distribution, in one go',
  synopsis: ['[OPTIONS] IMAGE [NAME]'],
  description: [
    'Creates a container from IMAGE, starts it, and waits until it has an address. IMAGE is DISTRIBUTION[/RELEASE[/ARCHITECTURE]], where DISTRIBUTION is a template and RELEASE a number or a name, or local:NAME for a copy of a stopped container that shares its files. Without NAME a name is made up.',
  ],
  options: {
    config: {
      short: 'c',
      kind: 'required',
      argument: 'KEY=VALUE',
      repeatable: true,
      summary: "a line of the container's config, after those of the template",
      complete: 'key',
    },
    'no-start': { kind: 'none', summary: 'create only' },
    ...JSON_OPTION,
    ...OPTIONS_BUT_RCFILE,
  },
  container: 'none',
  operands: [
    { name: 'IMAGE', summary: 'what to make a container of', required: true, complete: 'template' },
    { name: 'NAME', summary: 'name of the container' },
  ],
  exitCodes: [
    ['0', 'the container runs'],
    ['1', 'an error; a container that could not be created is gone, one that could not be started stays'],
  ],
  examples: [
    { command: 'tslxc launch debian/12 web', meaning: 'a Debian called web' },
    { command: 'tslxc launch busybox', meaning: 'the smallest one, with a made-up name' },
    { command: 'tslxc launch local:web web2 -c lxc.cgroup2.memory.max=1G', meaning: 'a copy with a limit' },
  ],
  seeAlso: ['create', 'start', 'copy'],
});

type LaunchCall = Call<typeof spec.options>;

export default command(spec, async (call) => {
  const { operands, io, quiet, library, values } = call;
  const [text, given] = operands;
  const image = parseImage(text!);
  const lines = values.config.map(lineOf);
  const container = await library.container(given ?? madeUpName(image), await call.lxcpath());
  const begin = performance.now();
  await withProgress(io, { quiet: quiet || call.json }, async (progress) => {
    await make(call, container, image, progress);
    if (lines.length > 0) {
      const { applySettings } = await import('../../library/apply-settings.ts');
      await applySettings(container, lines);
    }
    if (values['no-start']) return;
    progress.step(`Starting ${container.name}`);
    for (const warning of (await container.start()).warnings) await call.complain(warning, 'warning');
    progress.step('Waiting for an address');
    await addressOf(container);
  });
  await tell(call, container, Math.round((performance.now() - begin) / 100) / 10);
  return 0;
});

async function make(
  { io, quiet, library, lxcpath }: LaunchCall,
  container: ContainerShape,
  image: Image,
  progress: Progress,
): Promise<void> {
  await interruptible(io, async (signal) => {
    if (image.kind === 'copy') {
      progress.step(`Copying ${image.of}`);
      const original = await library.container(image.of, await lxcpath());
      await original.copy(container, { snapshot: true, signal });
    } else
      await container.create({
        template: image.template,
        templateArgs: image.args,
        quiet,
        signal,
        onStep: progress.step,
        onLine: progress.line,
      });
  });
}

/** `KEY=VALUE` as a line. */
function lineOf(setting: string): readonly [key: string, value: string] {
  const [, key, value] = /^([^=\s]+)\s*=\s*(.*)$/.exec(setting) ?? [];
  if (key === undefined) throw usage(`'${setting}' is not KEY=VALUE`);
  return [key, value!];
}

/**
 * The first address, waited for; undefined where the container has no card but the loopback, or
 * none comes.
 */
async function addressOf(container: ContainerShape): Promise<string | undefined> {
  for (const end = Date.now() + ADDRESS_PATIENCE * 1000; Date.now() < end; await delay(LOOK_AGAIN_MS)) {
    const { ips, interfaces, state } = await container.info({ addresses: true, config: false });
    if (ips[0] || state !== 'RUNNING') return ips[0]?.address;
    if (interfaces.every((name) => name === 'lo')) return undefined;
  }
  return undefined;
}

async function tell(call: LaunchCall, container: ContainerShape, seconds: number): Promise<void> {
  const { io, values } = call;
  const { state, ips } = await container.info({ addresses: true, config: false });
  const { name, lxcpath } = container;
  if (call.json) {
    io.print(`${JSON.stringify({ name, lxcpath, state, addresses: ips.map(({ address }) => address) })}\n`);
    return;
  }
  if (call.quiet) return;
  const path = values.lxcpath === undefined ? '' : ` -P ${lxcpath}`;
  const where = ips[0] ? `, its address is ${ips[0].address}` : '';
  const next = state === 'STOPPED' ? `start${path} -n ${name}` : `shell${path} ${name}`;
  io.print(`${name} is ${state} after ${seconds} s${where}\n  next: tslxc ${next}\n`);
}
