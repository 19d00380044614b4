import { command } from '../run/command.ts';
import { missing } from '../run/refusals.ts';
import { spec } from './destroy.options.ts';

export default command(spec, async ({ values, container }) => {
  const doomed = await container();
  if (!doomed.defined()) throw missing(doomed);
  await doomed.destroy({ force: values.force, snapshots: values.snapshots });
  return 0;
});
