import { resolve } from 'node:path';
import { copying } from '../render/copy-progress.ts';
import { command } from '../run/command.ts';
import { spec } from './import.options.ts';

export default command(spec, async (call) => {
  const { values, operands, io } = call;
  const storage = await call.library.storage();
  const lxcpath = await call.lxcpath();
  const made = await copying(call, (telling) =>
    storage.importContainer({
      file: resolve(io.cwd, operands[0]!),
      lxcpath,
      ...(values.newname === undefined ? {} : { name: values.newname }),
      trust: values.trust,
      ...telling,
    }),
  );
  if (call.json) io.print(`${JSON.stringify({ name: made.name, lxcpath: made.lxcpath })}\n`);
  else if (!call.quiet) io.print(`Imported ${made.name}\n`);
  return 0;
});
