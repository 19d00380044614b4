/** The schemas of what --json prints, from the types in src/cli/render/json-output.ts. Run by itself it writes docs/schema. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createGenerator } from 'ts-json-schema-generator';

const root = join(import.meta.dirname, '../..');
export const SCHEMAS = join(root, 'docs/schema');
const TYPES = join(root, 'src/cli/render/json-output.ts');

/** By the command's name. */
export function generateSchemas(): Map<string, object> {
  const generator = createGenerator({
    path: TYPES,
    tsconfig: join(root, 'tsconfig.json'),
    type: 'JsonOutputs',
    expose: 'none',
    topRef: false,
    skipTypeCheck: true,
    // A later version may add members.
    additionalProperties: true,
  });
  const { properties, definitions } = generator.createSchema('JsonOutputs');
  const schemas = new Map<string, object>();
  for (const [name, schema] of Object.entries(properties ?? {}))
    schemas.set(name, {
      $schema: 'http://json-schema.org/draft-07/schema#',
      title: name === 'error' ? 'errors and warnings of tslxc commands' : `tslxc-${name} --json`,
      ...(schema as object),
      ...used(schema, definitions ?? {}),
    });
  return schemas;
}

/** The definitions that a schema refers to, also by way of others. */
function used(schema: unknown, definitions: Readonly<Record<string, unknown>>): object {
  const found = new Map<string, unknown>();
  const visit = (part: unknown) => {
    for (const [, name] of JSON.stringify(part).matchAll(/"#\/definitions\/([^"]+)"/g)) {
      const id = decodeURIComponent(name!);
      if (found.has(id)) continue;
      found.set(id, definitions[id]);
      visit(definitions[id]);
    }
  };
  visit(schema);
  return found.size > 0 ? { definitions: Object.fromEntries([...found].sort()) } : {};
}

/** The generator names a definition by its place in the source. Numbers in order of use stay when lines move. */
export function schemaText(schema: object): string {
  const numbers = new Map<string, string>();
  const text = JSON.stringify(schema, null, 2).replaceAll(/\binterface(?:-\d+)+/g, (name) => {
    if (!numbers.has(name)) numbers.set(name, `definition-${numbers.size + 1}`);
    return numbers.get(name)!;
  });
  return `${text}\n`;
}

export function writtenSchema(name: string): string {
  return readFileSync(join(SCHEMAS, `${name}.json`), 'utf8');
}

if (process.argv[1] === import.meta.filename) {
  rmSync(SCHEMAS, { recursive: true, force: true });
  mkdirSync(SCHEMAS);
  for (const [name, schema] of generateSchemas())
    writeFileSync(join(SCHEMAS, `${name}.json`), schemaText(schema));
}
