import { errorFromJSON } from '../errors/tslxc-error.ts';
import type { StageProcess } from './start-services.ts';

/**
 * Waits until a stage has become its program: the end of the stream is the word that execve(2) has succeeded.
 * @param listen sees to the listener of a seccomp filter, by its number in the stage, while the stage waits
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
