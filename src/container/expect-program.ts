import { errorFromJSON } from '../errors/tslxc-error.ts';
import type { StageProcess } from './start-services.ts';

/** Waits until a stage has become its program: the end of the stream is the word that execve(2) has succeeded. */
export async function expectProgram(stage: StageProcess): Promise<void> {
  const message = await stage.next();
  if (message?.type === 'error') throw errorFromJSON(message.error);
}
