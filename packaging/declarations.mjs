/**
 * `node packaging/declarations.mjs`: the library's declarations, rolled up into one file, dist/index.d.mts, that imports
 * Node's own modules only.
 */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { generateDtsBundle } from 'dts-bundle-generator';

const root = resolve(import.meta.dirname, '..');

const [text] = generateDtsBundle(
  [
    {
      filePath: resolve(root, 'src/library/index.ts'),
      output: { noBanner: true, exportReferencedTypes: false },
      failOnClass: false,
    },
  ],
  { preferredConfigPath: resolve(root, 'tsconfig.json') },
);
writeFileSync(resolve(root, 'dist/index.d.mts'), text);
