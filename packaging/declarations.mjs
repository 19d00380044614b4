/** The library's declarations, rolled up into one file that imports Node's own modules only. */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { generateDtsBundle } from 'dts-bundle-generator';

const root = resolve(import.meta.dirname, '..');

/** Writes dist/index.d.mts. */
export function writeDeclarations() {
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
}
