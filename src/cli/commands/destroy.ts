import { command } from '../command.ts';
import { missing } from '../refusals.ts';
import { spec } from './destroy.spec.ts';

export default command(spec, async ({ values, container }) => {
  const doomed = await container();
  if (!doomed.defined()) throw missing(doomed);
  await doomed.destroy({ force: values.force, snapshots: values.snapshots });
  return 0;
});
