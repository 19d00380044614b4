import type { LogLine, LogSource } from '../../api/options.ts';
import { LOG_SOURCES } from '../../container/state/log-sources.ts';
import { plain } from '../../util/plain.ts';
import { usage } from '../parse/getopt.ts';
import { jsonLine } from '../render/json-output.ts';
import { wantsColour } from '../render/report-error.ts';
import { type Call, command } from '../run/command.ts';
import { missing } from '../run/refusals.ts';
import { spec } from './logs.options.ts';

type LogsCall = Call<typeof spec.options>;

export default command(spec, async (call) => {
  const { values, io } = call;
  const count = values.lines ?? Number.POSITIVE_INFINITY;
  if (count < 0) throw usage(`${count} lines make no sense`);
  const sources = sourcesOf(values.source);
  const container = await call.container();
  // A container that runs without a config of its own has logs, too.
  const known = container.defined() || (await container.info({ config: false })).state !== 'STOPPED';
  if (!known) throw missing(container);
  const print = await printer(call);
  const wanted = (lines: readonly LogLine[]) => lines.filter(({ source }) => sources.has(source));
  if (!values.follow) {
    print(last(wanted(await container.logs()), count));
    return 0;
  }
  const { interruptible } = await import('../run/interrupt.ts');
  let begun = false;
  await interruptible(io, async (signal) => {
    await container.followLogs((lines) => {
      print(begun ? wanted(lines) : last(wanted(lines), count));
      begun = true;
    }, signal);
    // Only a signal ends it.
    throw signal.reason;
  });
  return 0;
});

function last(lines: LogLine[], count: number): LogLine[] {
  return count === 0 ? [] : lines.slice(-count);
}

function sourcesOf(list: string | undefined): ReadonlySet<LogSource> {
  if (list === undefined) return new Set(LOG_SOURCES);
  return new Set(
    list.split(',').map((word) => {
      const source = LOG_SOURCES.find((name) => name === word.trim());
      if (!source) throw usage(`'${word}' is not a source`, `sources are ${LOG_SOURCES.join(', ')}`);
      return source;
    }),
  );
}

const COLOURS = { log: 'yellow', console: 'white', hook: 'cyan', state: 'green', kernel: 'red' } as const;

async function printer({ io, json, painted: print }: LogsCall): Promise<(lines: readonly LogLine[]) => void> {
  if (json) return (lines) => io.print(lines.map((line) => jsonLine('logs', line)).join(''));
  const colour = wantsColour(io, io.stdoutIsTTY);
  const chalk = colour ? new (await import('chalk')).Chalk({ level: 1 }) : undefined;
  return (lines) =>
    print(
      lines
        .map(({ time, source, level, text }) => {
          const label = source.padEnd(8);
          const painted = chalk ? chalk[COLOURS[source]](label) : label;
          return `${localTime(time)} ${painted} ${level ? `${level} ` : ''}${withoutSequences(text)}\n`;
        })
        .join(''),
    );
}

const SEQUENCE = /\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[ -/]*[0-~])/g;

function localTime(iso: string): string {
  const date = new Date(iso);
  return `${date.toLocaleString('sv-SE')}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/**
 * Removes a program's colours and cursor movements, which say nothing in a list of lines.
 */
function withoutSequences(text: string): string {
  return plain(text.replaceAll(SEQUENCE, '').replaceAll(/[\x00-\x08\x0a-\x1f\x7f-\x9f]/g, ''));
}
