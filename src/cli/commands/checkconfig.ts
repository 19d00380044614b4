import type { HostCheck, HostCheckItem } from '../../api/options.ts';
import { plain } from '../../util/plain.ts';
import { wantsColour } from '../render/report-error.ts';
import { command } from '../run/command.ts';
import { LXC_VERSION, version } from '../run/version.ts';
import { spec } from './checkconfig.options.ts';

type Paint = (text: string) => string;

export default command(
  spec,
  async ({ values, io, as, library, lxcpath, json, painted }) => {
    const check = await library.checkHost(await lxcpath(), io.env.CONFIG);
    const items = values.missing ? check.items.filter(({ status }) => status !== 'enabled') : check.items;
    if (json) io.print(`${JSON.stringify({ version: version(), ...check, items }, null, 2)}\n`);
    else {
      const colours = wantsColour(io, io.stdoutIsTTY);
      // Programs look for these words in the first line.
      if (as === 'lxc') io.print(`LXC version ${LXC_VERSION}\n`);
      painted(textOf({ ...check, items }, await painter(colours)));
    }
    return check.ready ? 0 : 1;
  },
  { anyUser: true },
);

async function painter(colours: boolean): Promise<Record<'green' | 'red' | 'yellow' | 'bold', Paint>> {
  const { Chalk } = await import('chalk');
  return new Chalk({ level: colours ? 1 : 0 });
}

function textOf(
  { kernel, architecture, ready, items }: HostCheck,
  paint: Awaited<ReturnType<typeof painter>>,
): string {
  const lines = [`tslxc version ${version()} on Linux ${kernel} (${architecture})`];
  let section = '';
  for (const item of items) {
    if (item.section !== section) lines.push('', paint.bold(`--- ${item.section} ---`));
    section = item.section;
    lines.push(...itemLines(item, paint));
  }
  lines.push(
    '',
    ready
      ? paint.green('Containers can start here.')
      : paint.red('Containers cannot start here: see what is required.'),
  );
  return `${lines.join('\n')}\n`;
}

function itemLines(
  { name, required, status, detail, cost, remedy }: HostCheckItem,
  paint: Awaited<ReturnType<typeof painter>>,
): string[] {
  const word =
    status === 'enabled'
      ? paint.green('enabled')
      : status === 'missing' && required
        ? paint.red('required')
        : paint.yellow(status);
  const line = `${name}: ${word}${detail ? `, ${plain(detail)}` : ''}`;
  if (status === 'enabled') return [line];
  return [line, `  without it: ${cost}`, `  to get it:  ${remedy}`];
}
