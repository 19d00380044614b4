import { join, resolve } from 'node:path';
import { TslxcError } from '../../errors/tslxc-error.ts';
import { volumeOptions } from '../parse/volume-options.ts';
import { withProgress } from '../render/progress.ts';
import { command } from '../run/command.ts';
import { interruptible } from '../run/interrupt.ts';
import { spec } from './create.options.ts';

export default command(
  spec,
  async ({ values, operands, io, quiet, container, paster }) => {
    const { template } = values;
    if (template === undefined)
      throw new TslxcError({
        code: 'USAGE',
        message: 'no template given',
        hint: 'name one with -t TEMPLATE; -t none makes a container without a root filesystem',
      });
    const here = (path: string) => resolve(io.cwd, path);
    const created = await container();
    const paste = await paster();
    await withProgress(io, { quiet }, (progress) =>
      interruptible(io, (signal) =>
        created.create({
          template,
          templateArgs: operands,
          ...(values.config === undefined ? {} : { config: here(values.config) }),
          ...(values.bdev === undefined ? {} : { backingStore: values.bdev }),
          volumeOptions: volumeOptions(values, here),
          quiet,
          signal,
          onStep: progress.step,
          onLine: (line, stream) => progress.line(paste(line), stream),
        }),
      ),
    );
    return 0;
  },
  {
    async afterHelp({ values, io }) {
      const { template } = values;
      if (template === undefined || template === 'none') return;
      const [{ findTemplate }, { templateHelp }, { packageFolder }] = await Promise.all([
        import('../../template/find-template.ts'),
        import('../../template/template-help.ts'),
        import('../../config/include-path.ts'),
      ]);
      const path = await findTemplate(template, join(packageFolder(), 'templates'));
      const text = await templateHelp(path);
      io.print(`\nTemplate ${template} (${path}):\n\n${text ?? 'It has no help.'}\n`);
    },
  },
);
