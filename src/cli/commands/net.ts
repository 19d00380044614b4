import type { BridgeStatus } from '../../network/bridge-status.ts';
import { usage } from '../parse/getopt.ts';
import { statusText } from '../render/bridge-status-text.ts';
import { jsonText } from '../render/json-output.ts';
import { type Call, command } from '../run/command.ts';
import { ACTIONS, spec } from './net.options.ts';

type NetCall = Call<typeof spec.options>;

/**
 * lxc-net's code for a bad command line, and the init scripts' for a service that is not running.
 */
const EXIT_USAGE = 2;
const EXIT_NOT_RUNNING = 3;

export default command(
  spec,
  async (call) => {
    const [word] = call.operands;
    const action = ACTIONS.find((known) => known === word);
    if (!action) throw usage(`'${word}' is not an action`, `actions are ${ACTIONS.join(', ')}`);
    const bridge = await call.library.bridge();
    if (action === 'status') {
      const status = await bridge.status();
      show(call, status);
      return status.up ? 0 : EXIT_NOT_RUNNING;
    }
    if (action !== 'start') await bridge.stop();
    if (action !== 'stop') {
      const status = await bridge.start();
      if (call.json) show(call, status);
    }
    return 0;
  },
  { exitCode: ({ code }) => (code === 'USAGE' ? EXIT_USAGE : undefined) },
);

function show({ io, json }: NetCall, status: BridgeStatus): void {
  io.print(json ? jsonText('net', status) : statusText(status));
}
