import { resolve } from 'node:path';
import { BadValue } from '../../config/values/bad-value.ts';
import { parseSize } from '../../config/values/size.ts';
import { usage } from '../parse/getopt.ts';
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
      limits: limitsOf(values),
      ...telling,
    }),
  );
  if (call.json) io.print(`${JSON.stringify({ name: made.name, lxcpath: made.lxcpath })}\n`);
  else if (!call.quiet) io.print(`Imported ${made.name}\n`);
  return 0;
});

function limitsOf(values: Readonly<Record<'max-size' | 'max-files', string | undefined>>) {
  const [size, files] = [values['max-size'], values['max-files']];
  if (files !== undefined && !/^\d{1,15}$/.test(files)) throw usage(`'${files}' is no number of files`);
  return {
    ...(size === undefined ? {} : { bytes: bytesOf(size) }),
    ...(files === undefined ? {} : { entries: Number(files) }),
  };
}

function bytesOf(text: string): number {
  try {
    return parseSize(text);
  } catch (error) {
    if (error instanceof BadValue) throw usage(`--max-size ${text}: ${error.message}`);
    throw error;
  }
}
