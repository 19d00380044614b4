import type { CgroupChange } from '../../api/options.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import { usage } from '../parse/getopt.ts';
import { jsonLine } from '../render/json-output.ts';
import { type Call, command } from '../run/command.ts';
import { spec } from './cgroup.options.ts';

type CgroupCall = Call<typeof spec.options>;

export default command(spec, async (call) => {
  const { operands, values, io, json } = call;
  const [file, value] = operands;
  const container = await call.container();
  if (value === undefined) {
    if (values.save) throw usage("'--save' needs a VALUE");
    const text = (await container.cgroup(file!)).trimEnd();
    io.print(json ? jsonLine('cgroup', { file: file!, value: text }) : `${text}\n`);
    return 0;
  }
  const change = await container.setCgroup(file!, value, { save: values.save });
  if (json) io.print(jsonLine('cgroup', change));
  else await warn(call, change);
  return 0;
});

async function warn(call: CgroupCall, { notes }: CgroupChange): Promise<void> {
  for (const { key, asked, effective, why } of notes)
    await call.complain(
      new TslxcError({
        code: 'CGROUP_VALUE',
        message: `${key}: the kernel made ${effective} of ${asked}${why ? ` (${why})` : ''}`,
      }),
      'warning',
    );
}
