import { STATES, type State } from '../../container/state.ts';
import { command } from '../command.ts';
import { usage } from '../getopt.ts';
import { jsonLine } from '../json-output.ts';
import { nearestAll } from '../nearest.ts';
import { spec } from './wait.spec.ts';

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
