import { command } from '../command.ts';
import { spec } from './freeze.spec.ts';

export default command(spec, async (call) => {
  await (await call.container()).freeze();
  return 0;
});
