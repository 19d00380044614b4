import { StartAttempt } from './start-attempt.ts';
import type { StartContext, Started } from './start-context.ts';

/**
 * Starts a container. When a step fails, everything is undone and the hooks of an end have run
 * before this throws.
 * @throws TslxcError the cause; HELPER_DIED where an attempt with `alone` may succeed
 */
export async function startContainer(context: StartContext): Promise<Started> {
  await using attempt = new StartAttempt(context);
  await attempt.prepare();
  return await attempt.commit();
}
