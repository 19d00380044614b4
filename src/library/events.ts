/** Events of containers as an async iterator. */
import { loadSystemConfig } from '../config/system-config.ts';
import { reasonText } from '../container/state/end-reason.ts';
import type { ContainerEvent as WireEvent } from '../manager/wire/protocol.ts';
import { ownContext } from '../util/request-context.ts';
import type { ContainerEvent, EventOptions } from './types.ts';

/**
 * What happens to the containers of some directories. The manager may be replaced meanwhile: what
 * happened in between is told as the state that came of it. Ends when the signal aborts or the loop
 * is left.
 * @throws TslxcError NOT_PERMITTED
 */
export async function* events({ lxcpaths, signal }: EventOptions = {}): AsyncGenerator<ContainerEvent, void> {
  const { watchContainers } = await import('../api/watch.ts');
  const stop = new AbortController();
  const onAbort = () => stop.abort();
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted) stop.abort();
  const queue: WireEvent[] = [];
  let failure: unknown;
  let wake = () => {};
  const watching = watchContainers(
    ownContext(),
    lxcpaths ?? [loadSystemConfig().lxcpath],
    {
      onEvent(event) {
        queue.push(event);
        wake();
      },
    },
    stop.signal,
  )
    .catch((error: unknown) => {
      failure = error;
    })
    .finally(() => {
      stop.abort();
      wake();
    });
  try {
    for (;;) {
      for (let event = queue.shift(); event; event = queue.shift()) yield translated(event);
      if (failure) throw failure;
      if (stop.signal.aborted) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (queue.length > 0 || stop.signal.aborted) resolve();
      });
    }
  } finally {
    signal?.removeEventListener('abort', onAbort);
    stop.abort();
    await watching;
  }
}

function translated(event: WireEvent): ContainerEvent {
  const { name, lxcpath } = event;
  const time = new Date(event.time);
  if (event.type === 'exit') {
    const { status } = event;
    return {
      type: 'exit',
      time,
      name,
      lxcpath,
      ...(status ? { status } : {}),
      reason: reasonText(event.reason),
    };
  }
  const { state, reason } = event;
  return { type: 'state', time, name, lxcpath, state, ...(reason ? { reason: reasonText(reason) } : {}) };
}
