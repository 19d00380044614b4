import type { StartResult } from '../../api/options.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import { usage } from '../parse/getopt.ts';
import { settingOptions } from '../parse/start-options.ts';
import { callerStreams } from '../run/caller-streams.ts';
import { command } from '../run/command.ts';
import { execFailure } from '../run/exec-failure.ts';
import { exitCodeOf } from '../run/exit-status.ts';
import { missing } from '../run/refusals.ts';
import { spec } from './execute.options.ts';

export default command(
  spec,
  async (call) => {
    const { values, operands, io } = call;
    const container = await call.container();
    const ids = Object.entries({ uid: values.uid, gid: values.gid }).flatMap(([key, id]) => {
      if (id === undefined) return [];
      if (id < 0 || id >= 0xffffffff) throw usage(`${id} is not an id`);
      return [`lxc.init.${key}=${id}`];
    });
    const options = { ...settingOptions(values, io, ids), command: operands };
    const told = async ({ warnings }: StartResult) => {
      for (const warning of warnings) await call.complain(warning, 'warning');
    };
    try {
      if (!values.daemon)
        return exitCodeOf(
          await container.execute({
            ...options,
            ...callerStreams(io),
            // Nothing waits for the warnings: by now the terminal is the container's.
            onStarted: (result) => void told(result),
          }),
        );
      const result = await container.executeInBackground(options);
      await told(result);
      if (call.json) io.print(`${JSON.stringify({ name: container.name, pid: result.pid })}\n`);
      return 0;
    } catch (error) {
      const unread = error instanceof TslxcError && error.code === 'CONFIG_READ';
      throw unread && !container.defined() && values.rcfile === undefined ? missing(container) : error;
    }
  },
  { exitCode: execFailure },
);
