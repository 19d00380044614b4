import { command } from '../run/command.ts';
import { spec } from './unfreeze.options.ts';

export default command(spec, async (call) => {
  await (await call.container()).unfreeze();
  return 0;
});
