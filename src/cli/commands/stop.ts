import type { StopOptions } from '../../api/options.ts';
import { forcedText } from '../../container/state/end-reason.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import { usage } from '../parse/getopt.ts';
import { command } from '../run/command.ts';
import { missing } from '../run/refusals.ts';
import { spec } from './stop.options.ts';

/** The container was not running, or does not exist: scripts can tell this from a failure. */
const EXIT_NOT_RUNNING = 2;
const DEFAULT_TIMEOUT = 60;

export default command(
  spec,
  async (call) => {
    const { values } = call;
    const timeout = values.nowait ? 0 : (values.timeout ?? DEFAULT_TIMEOUT);
    if (timeout < -1) throw usage(`a timeout of ${timeout} seconds makes no sense`, '-1 waits for ever');
    const mode: StopOptions['mode'] = values.kill ? 'kill' : values.reboot ? 'reboot' : 'shutdown';
    const container = await call.container();
    if (!container.defined() && (await container.info({ config: false })).state === 'STOPPED')
      throw missing(container);
    const killAfter = mode === 'shutdown' && !values.nokill;
    const { forced } = await container.stop({ mode, timeout, killAfter });
    if (forced)
      await call.complain(
        new TslxcError({
          code: 'STOP_TIMEOUT',
          container: container.name,
          message: forcedText(forced),
          hint:
            mode === 'shutdown' ? '-t gives init more seconds; lxc.signal.halt names its signal' : undefined,
        }),
        'warning',
      );
    return 0;
  },
  {
    exitCode: ({ code }) =>
      code === 'NOT_RUNNING' || code === 'CONTAINER_MISSING' ? EXIT_NOT_RUNNING : undefined,
  },
);
