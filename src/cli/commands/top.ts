import { setTimeout as delay } from 'node:timers/promises';
import type { ContainerUsage } from '../../api/options.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import { extendedExpression } from '../parse/extended-expression.ts';
import { usage } from '../parse/getopt.ts';
import { jsonLine } from '../render/json-output.ts';
import {
  BATCH_HEADING,
  batchLines,
  isSortLetter,
  SORT_KEYS,
  type SortLetter,
  screenLines,
  sorted,
  type TopRow,
} from '../render/top-table.ts';
import { type Call, command } from '../run/command.ts';
import { spec } from './top.options.ts';

type TopCall = Call<typeof spec.options>;

const LIVE_SECONDS = 3;
const BATCH_SECONDS = 300;
const HEADING_LINES = 2;
const CTRL_C = '\x03';

/** Takes the next round. */
type Sample = () => TopRow[];

export default command(spec, async (call) => {
  const { values, io } = call;
  const batch = values.batch || call.json;
  const seconds = secondsOf(values.delay, values.batch ? BATCH_SECONDS : LIVE_SECONDS);
  const letter = values.sort ?? 'n';
  if (!isSortLetter(letter))
    throw usage(`'${letter}' is nothing to sort by`, `letters are ${Object.keys(SORT_KEYS).join(', ')}`);
  const rounds = values.count ?? Number.POSITIVE_INFINITY;
  if (rounds < 1) throw usage(`${rounds} rounds make no sense`);
  if (!batch && !(io.stdinIsTTY && io.stdoutIsTTY))
    throw new TslxcError({
      code: 'USAGE',
      message: `${io.stdinIsTTY ? 'standard output' : 'standard input'} is not a terminal: use -b or --json without one`,
    });
  const pattern = extendedExpression(call.name ?? '');
  const { containersUsage } = await call.library.usage();
  const directory = await call.lxcpath();
  const sample = sampler(() => containersUsage(directory).filter(({ name }) => pattern.test(name)));
  const { interruptible } = await import('../run/interrupt.ts');
  return await interruptible(io, (signal) =>
    batch
      ? inBatch(call, sample, { seconds, rounds, letter, signal })
      : live(call, sample, { seconds, rounds, letter, signal }),
  );
});

function secondsOf(text: string | undefined, usual: number): number {
  if (text === undefined) return usual;
  const seconds = Number(text);
  if (text.trim() === '' || !(seconds > 0 && seconds <= 1e6))
    throw usage(`'${text}' is no number of seconds above 0`);
  return seconds;
}

/** Adds what the processor does now; the first round has nothing to compare with, and shows 0. */
function sampler(read: () => ContainerUsage[]): Sample {
  let before = new Map<string, number>();
  let at = performance.now();
  return () => {
    const usages = read();
    const now = performance.now();
    const elapsed = (now - at) * 1e6;
    const rows = usages.map((one) => {
      const old = before.get(one.name);
      // The counter of a restarted container begins at 0.
      const spent = old === undefined || old > one.cpuNanoseconds ? 0 : one.cpuNanoseconds - old;
      return { ...one, cpuPercent: elapsed > 0 ? Math.round((spent / elapsed) * 1000) / 10 : 0 };
    });
    before = new Map(usages.map(({ name, cpuNanoseconds }) => [name, cpuNanoseconds]));
    at = now;
    return rows;
  };
}

interface Course {
  readonly seconds: number;
  readonly rounds: number;
  readonly letter: SortLetter;
  readonly signal: AbortSignal;
}

async function inBatch({ io, json, values }: TopCall, sample: Sample, course: Course): Promise<number> {
  if (!json) io.print(BATCH_HEADING);
  for (let round = 1; ; round++) {
    const time = new Date();
    const rows = sorted(sample(), course.letter, values.reverse);
    io.print(
      json
        ? jsonLine('top', { time: time.toISOString(), containers: rows })
        : batchLines(time.getTime(), rows),
    );
    if (round >= course.rounds) return 0;
    await delay(course.seconds * 1000, undefined, { signal: course.signal });
  }
}

async function live({ io, values }: TopCall, sample: Sample, course: Course): Promise<number> {
  const { LiveScreen } = await import('../../terminal/live-screen.ts');
  const { linuxKernel } = await import('../../kernel/linux.ts');
  const { Interrupted } = await import('../run/interrupt.ts');
  let { letter } = course;
  let { reverse } = values;
  let rows = sample();
  let screen: InstanceType<typeof LiveScreen> | undefined;
  const draw = () => screen?.draw(screenLines(sorted(rows, letter, reverse), screen.size), HEADING_LINES);
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<number>((leave, fail) => {
      screen = new LiveScreen({
        kernel: linuxKernel(),
        input: io.stdin,
        output: io.stdout,
        onKey(key) {
          if (key === 'q') leave(0);
          else if (key === CTRL_C) fail(new Interrupted('SIGINT'));
          else if (key === 'r') reverse = !reverse;
          else if (isSortLetter(key)) letter = key;
          else return;
          draw();
        },
        onResize: draw,
        onEnd: () => leave(0),
      });
      draw();
      let round = 1;
      timer = setInterval(() => {
        if (++round > course.rounds) return leave(0);
        rows = sample();
        draw();
      }, course.seconds * 1000);
      course.signal.addEventListener('abort', () => fail(course.signal.reason));
    });
  } finally {
    clearInterval(timer);
    screen?.close();
  }
}
