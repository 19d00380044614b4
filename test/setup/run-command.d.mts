import type { ChildProcess, SpawnOptions } from 'node:child_process';

export class CommandFailed extends Error {
  readonly output: string;
}
export interface CommandOptions extends SpawnOptions {
  onLine?(line: string): void;
  onChild?(child: ChildProcess): void;
}
export function endCommands(signal?: NodeJS.Signals): void;
export function runCommand(
  command: string,
  args: readonly string[],
  options?: CommandOptions,
): Promise<string>;
