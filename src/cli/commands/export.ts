import { resolve } from 'node:path';
import { copying } from '../render/copy-progress.ts';
import { command } from '../run/command.ts';
import { missing } from '../run/refusals.ts';
import { spec } from './export.options.ts';

export default command(spec, async (call) => {
  const { values, io } = call;
  const container = await call.container();
  if (!container.defined()) throw missing(container);
  const { snapshot, compress } = values;
  const name = snapshot === undefined ? container.name : `${container.name}-${snapshot}`;
  const file = resolve(io.cwd, values.output ?? `${name}.tslxc`);
  const result = await copying(call, (telling) =>
    container.export({
      file,
      ...(snapshot === undefined ? {} : { snapshot }),
      ...(compress === undefined ? {} : { compressor: compress }),
      ...telling,
    }),
  );
  if (call.json) io.print(`${JSON.stringify(result)}\n`);
  else if (!call.quiet) io.print(`Exported ${name} to ${result.file}\n`);
  return 0;
});
