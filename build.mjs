/**
 * Bundles the client, the pool that does commands for callers, the first moments of tslxcd and the manager. One CommonJS file each: Node 24 starts a CommonJS program 4 ms sooner than
 * an ES module, and what is behind an `import()` is in the file but not run until it is asked for.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

const root = import.meta.dirname;
const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));

const BUNDLES = [
  { entry: 'src/cli/main.ts', outfile: 'dist/cli.cjs' },
  { entry: 'src/cli/pool/main.ts', outfile: 'dist/pool.cjs' },
  { entry: 'src/manager/boot.ts', outfile: 'dist/tslxcd.cjs' },
  { entry: 'src/manager/main.ts', outfile: 'dist/manager.cjs' },
];

/** The manager proper is no part of what its keeper and fork server are forked of: they would carry it about. */
const managerApart = {
  name: 'manager-apart',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^\.\/main\.ts$/ }, ({ importer }) =>
      importer.endsWith('/manager/boot.ts') ? { path: './manager.cjs', external: true } : undefined,
    ),
};

// Code compiled for the last bundle is of no use to this one, and nothing else would ever remove it.
rmSync(`${root}/dist/.cache`, { recursive: true, force: true });

await Promise.all(
  BUNDLES.filter(({ entry }) => existsSync(`${root}/${entry}`)).map(({ entry, outfile }) =>
    build({
      absWorkingDir: root,
      entryPoints: [entry],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node22',
      // Native code can not be bundled; it is found in node_modules beside dist.
      external: ['@koromix/*'],
      plugins: [managerApart],
      // Loading by require is cheaper, and tells what a CommonJS bundle exports.
      supported: { 'dynamic-import': false },
      // A CommonJS file has no import.meta; sources use it to find what is shipped with the package.
      banner: {
        js: "const __importMetaUrl = 'file://' + encodeURI(__filename).replace(/[?#]/g, encodeURIComponent);",
      },
      // The same parser without what reads its settings from files: loading node:module costs 1 ms.
      alias: { 'yargs-parser': 'yargs-parser/browser' },
      define: {
        'import.meta.url': '__importMetaUrl',
        'import.meta.dirname': '__dirname',
        'import.meta.filename': '__filename',
        TSLXC_VERSION: JSON.stringify(version),
      },
      legalComments: 'none',
      logLevel: 'warning',
    }),
  ),
);

/**
 * The library, as an ES module for programs on any Node from 22 on. Its declarations take
 * seconds, so only a package has them: packaging/declarations.mjs.
 */
await build({
  absWorkingDir: root,
  entryPoints: ['src/library/index.ts'],
  outfile: 'dist/index.mjs',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  external: ['@koromix/*'],
  // Bundled CommonJS packages ask for Node's modules by require.
  banner: {
    js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
  },
  define: { TSLXC_VERSION: JSON.stringify(version) },
  keepNames: true,
  legalComments: 'none',
  logLevel: 'warning',
});
// What commands and their pool know each other by: bin/tslxc reads it too.
const hash = createHash('sha256');
for (const { outfile } of BUNDLES) hash.update(readFileSync(`${root}/${outfile}`));
writeFileSync(`${root}/dist/build-id`, `${hash.digest('hex').slice(0, 16)}\n`);
