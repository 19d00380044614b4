/** Stands in for tools that this host lacks: writes down how it is called, and answers as it is told. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Recorder {
  /** For PATH, in front. */
  readonly path: string;
  /** Command lines since the last time. */
  calls(): string[];
  remove(): void;
}

/** What a command line (a pattern of the shell's) is answered; 1 is a failure. Others succeed in silence. */
export type Answers = readonly (readonly [pattern: string, answer: string | 1])[];

export function recorder(tools: readonly string[], answers: Answers = []): Recorder {
  const path = mkdtempSync(join(tmpdir(), 'tslxc-recorder-'));
  const log = join(path, 'log');
  const cases = answers.map(
    ([pattern, answer]) =>
      `${pattern.replaceAll(' ', '\\ ')}) ${answer === 1 ? 'exit 1' : `printf '%s\\n' '${answer}'; exit 0`};;`,
  );
  const script = `#!/bin/sh\nline="\${0##*/} $*"\necho "$line" >>${log}\ncase "$line" in\n${cases.join('\n')}\nesac\nexit 0\n`;
  for (const tool of tools) {
    writeFileSync(join(path, tool), script);
    chmodSync(join(path, tool), 0o755);
  }
  return {
    path,
    calls() {
      if (!existsSync(log)) return [];
      const lines = readFileSync(log, 'utf8').split('\n').filter(Boolean);
      rmSync(log);
      return lines;
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}
