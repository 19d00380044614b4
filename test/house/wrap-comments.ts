/**
 * Wraps comments at 100 columns, as the formatter does with code: `npm run format:comments --
 * src/stage`. Paragraphs are filled anew when one of their lines is too wide; diagrams, tables and
 * lists keep their lines.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Comment, commentsOf } from './comments.ts';

const WIDTH = 100;

/** Begins a paragraph whose other lines hang. */
const ITEM = /^(?:@\w|- )/;

function filesOf(path: string): string[] {
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(path, name));
}

function wrapFile(file: string): void {
  const before = readFileSync(file, 'utf8');
  let text = before;
  for (const group of groups(before).reverse()) {
    const start = before.lastIndexOf('\n', group.start) + 1;
    const indent = before.slice(start, group.start);
    // Behind code there is no room to wrap in.
    if (indent.trim() !== '') continue;
    const lines = group.text.split('\n');
    if (lines.every((line, at) => width(at === 0 ? indent + line : line) <= WIDTH)) continue;
    const wrapped = group.text.startsWith('//') ? wrapLines(lines, indent) : wrapBlock(group.text, indent);
    text = text.slice(0, group.start) + wrapped + text.slice(group.end);
  }
  if (text !== before) writeFileSync(file, text);
}

/** Line comments below each other are one. */
function groups(source: string): Comment[] {
  const found: Comment[] = [];
  for (const comment of commentsOf(source)) {
    const last = found.at(-1);
    const between = last && source.slice(last.end, comment.start);
    if (last?.text.startsWith('//') && comment.text.startsWith('//') && /^\n[ \t]*$/.test(between!))
      found[found.length - 1] = { ...last, end: comment.end, text: source.slice(last.start, comment.end) };
    else found.push(comment);
  }
  return found;
}

function wrapLines(lines: readonly string[], indent: string): string {
  const content = lines.map((line) => line.replace(/^\s*\/\/ ?/, ''));
  return fill(content, WIDTH - indent.length - 3)
    .map((line) => `// ${line}`.trimEnd())
    .join(`\n${indent}`);
}

function wrapBlock(text: string, indent: string): string {
  const opening = text.startsWith('/**') ? '/**' : '/*';
  const content = text
    .slice(opening.length, -2)
    .split('\n')
    .map((line) => line.replace(/^\s*\*? ?/, '').trimEnd());
  while (content[0] === '') content.shift();
  while (content.at(-1) === '') content.pop();
  const body = fill(content, WIDTH - indent.length - 3).map((line) => `${indent} * ${line}`.trimEnd());
  return [opening, ...body, `${indent} */`].join('\n');
}

/** Fills each paragraph that has a line too many columns wide. */
function fill(lines: readonly string[], columns: number): string[] {
  const result: string[] = [];
  let paragraph: string[] = [];
  const flush = () => {
    const isWide = paragraph.some((line) => width(line) > columns);
    result.push(...(isWide ? flow(paragraph, columns) : paragraph));
    paragraph = [];
  };
  for (const line of lines) {
    const continues = ITEM.test(paragraph[0] ?? '') && /^\s{2,}\S/.test(line) && !/\S\s{3,}\S/.test(line);
    const isText = line !== '' && !/^\s{2,}\S|\s{3,}\S|^[|+]/.test(line);
    if (!continues && (!isText || ITEM.test(line))) flush();
    if (continues || isText) paragraph.push(line);
    else result.push(line);
  }
  flush();
  return result;
}

function flow(lines: readonly string[], columns: number): string[] {
  const hanging = ITEM.test(lines[0]!) ? '  ' : '';
  const wrapped: string[] = [];
  let current = '';
  for (const word of lines.join(' ').split(/\s+/)) {
    const next = current === '' ? word : `${current} ${word}`;
    if (width(next) <= columns || current.trim() === '') current = next;
    else {
      wrapped.push(current);
      current = hanging + word;
    }
  }
  return [...wrapped, current];
}

function width(text: string): number {
  return [...text].length;
}

for (const given of process.argv.slice(2)) for (const file of filesOf(given)) wrapFile(file);
