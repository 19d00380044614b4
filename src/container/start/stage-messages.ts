/** What the manager hears of a stage, in the order of a start. */

import { errorFromJSON, TslxcError } from '../../errors/tslxc-error.ts';
import type { FromStage } from '../../stage/channel.ts';
import type { StageProcess } from './start-host.ts';

/** Host pid of the container's first process. */
export async function firstProcess(stage: StageProcess): Promise<number> {
  await stage.begun;
  const message = await stage.next();
  if (message?.type === 'error') throw errorFromJSON(message.error);
  if (message?.type === 'init') return message.pid;
  throw stageDied('waiting for init', stage.isSpawner);
}

export async function expectFrom<T extends FromStage['type']>(
  stage: StageProcess,
  type: T,
): Promise<Extract<FromStage, { type: T }>> {
  const message = await stage.next();
  if (message?.type === 'error') throw errorFromJSON(message.error);
  if (message?.type === type) return message as Extract<FromStage, { type: T }>;
  throw stageDied(`waiting for ${type}`);
}

export async function failureOf(stage: StageProcess, otherwise: string): Promise<TslxcError> {
  const message = await stage.next();
  return message?.type === 'error' ? errorFromJSON(message.error) : stageDied(otherwise);
}

/**
 * @param another whether a stage of its own may do better: it was a spawner, which may have died
 *   before it was asked
 */
function stageDied(what: string, another = false): TslxcError {
  return new TslxcError({
    code: another ? 'HELPER_DIED' : 'START_FAILED',
    message: `a process of the start was killed (${what})`,
    hint: 'start it again; what it had made is removed',
  });
}

/**
 * Waits until a stage has become its program: the end of the stream is the word that execve(2) has
 * succeeded, or a spawner's own, which is taken for that end (src/manager/forks/stage-socket.ts).
 * @param listen sees to the listener of a seccomp filter, by its number in the stage, while the
 *   stage waits
 */
export async function expectProgram(
  stage: StageProcess,
  listen: (fd: number) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  for (;;) {
    const message = await stage.next();
    if (message?.type === 'error') throw errorFromJSON(message.error);
    if (message?.type !== 'listener') return;
    await listen(message.fd);
    stage.send({ type: 'taken' });
  }
}
