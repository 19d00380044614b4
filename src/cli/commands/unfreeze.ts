import { command } from '../command.ts';
import { spec } from './unfreeze.spec.ts';

export default command(spec, async (call) => {
  await (await call.container()).unfreeze();
  return 0;
});
