import { TslxcError } from '../errors/tslxc-error.ts';
import { diskFull } from './disk-full.ts';
import { runTool } from './run-tool.ts';

/** How tools that divide disks tell of one that is full. */
const FULL = /No space left|Disk quota exceeded|insufficient free space|out of space/i;

/**
 * Runs a tool that manages volumes.
 * @returns the lines of its standard output
 * @throws TslxcError STORAGE with its words, DISK_FULL, TOOL_MISSING
 */
export async function volumeTool(tool: string, args: readonly string[], from: string): Promise<string[]> {
  const lines: string[] = [];
  const { code, complaints } = await runTool({
    tool,
    args,
    package: from,
    onOutput: (line) => lines.push(line),
  });
  if (code === 0) return lines;
  const said = complaints.map((line) => line.replace(/^(ERROR: |\s+)/, '')).filter((line) => line !== '');
  const [first = `exit status ${code}`] = said;
  const cause = complaints.join('\n');
  if (FULL.test(cause)) throw diskFull(args.at(-1) ?? tool, '', cause);
  const verb = /^[a-z]/.test(args[0] ?? '') ? ` ${args[0]}` : '';
  throw new TslxcError({ code: 'STORAGE', message: `${tool}${verb} failed: ${first}`, cause });
}

/** Whether it ends with 0. @throws TslxcError TOOL_MISSING */
export async function volumeToolAgrees(
  tool: string,
  args: readonly string[],
  from: string,
): Promise<boolean> {
  return (await runTool({ tool, args, package: from })).code === 0;
}
