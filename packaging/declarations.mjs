/**
 * `node packaging/declarations.mjs`: the library's declarations, rolled up into one file, dist/index.d.mts, that imports
 * Node's own modules only. TypeScript writes a declaration for each source; the bundler sees only those, not the sources.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { generateDtsBundle } from 'dts-bundle-generator';

const root = resolve(import.meta.dirname, '..');
const scratch = mkdtempSync(join(tmpdir(), 'tslxc-declarations-'));

/** How the bundler reads the declarations. */
const READING = {
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  module: 'nodenext',
  moduleResolution: 'nodenext',
  target: 'es2023',
  lib: ['es2023', 'esnext.disposable'],
  allowImportingTsExtensions: true,
  types: ['node'],
  typeRoots: [join(root, 'node_modules/@types')],
};

try {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [compiler, '-p', 'packaging/tsconfig.library.json', '--outDir', scratch], {
    cwd: root,
    stdio: 'inherit',
  });
  const entry = join(scratch, 'library/index.d.ts');
  const config = join(scratch, 'tsconfig.json');
  writeFileSync(config, JSON.stringify({ compilerOptions: READING, files: [entry] }));
  const output = { noBanner: true, exportReferencedTypes: false };
  const [text] = generateDtsBundle([{ filePath: entry, output, failOnClass: false }], {
    preferredConfigPath: config,
  });
  writeFileSync(join(root, 'dist/index.d.mts'), text);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
