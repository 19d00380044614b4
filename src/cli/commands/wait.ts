import { STATES, type State } from '../../container/state/state.ts';
import { usage } from '../parse/getopt.ts';
import { nearestAll } from '../parse/nearest.ts';
import { jsonLine } from '../render/json-output.ts';
import { command } from '../run/command.ts';
import { spec } from './wait.options.ts';

export default command(spec, async (call) => {
  const { values } = call;
  if (values.state === undefined) throw usage('no state given', 'name one or more with -s STATE|STATE');
  const timeout = values.timeout ?? -1;
  if (timeout < -1) throw usage(`a timeout of ${timeout} seconds makes no sense`, '-1 waits for ever');
  const states = values.state.split('|').map(stateNamed);
  const reached = await (await call.container()).wait(states, timeout);
  if (call.json) call.io.print(jsonLine('wait', { name: call.name!, state: reached ?? null }));
  return reached === undefined ? 1 : 0;
});

function stateNamed(word: string): State {
  const state = STATES.find((name) => name === word.trim().toUpperCase());
  if (state) return state;
  const [close] = nearestAll(word.toUpperCase(), STATES);
  throw usage(
    `'${word}' is not a state`,
    close ? `did you mean ${close}?` : `states are ${STATES.join(', ')}`,
  );
}
