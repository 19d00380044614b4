import { command } from '../run/command.ts';
import { spec } from './freeze.options.ts';

export default command(spec, async (call) => {
  await (await call.container()).freeze();
  return 0;
});
