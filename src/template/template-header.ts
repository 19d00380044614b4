import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** Options with a secret value: more people read a config file than a command line. */
const SECRET = /^--?(?:root[-_]password|password|auth-password)$/;

/**
 * The comment at the top of a config: which template made the container, in which version and with
 * which arguments.
 */
export async function templateHeader(template: string, args: readonly string[]): Promise<string> {
  const script = await readFile(template).catch(() => undefined);
  const shown = withoutSecrets(args).map(shellWord).join(' ');
  const lines = [
    `# Made by tslxc-create from the template ${printable(template)}`,
    `# Arguments given to the template: ${shown || 'none'}`,
    ...(script ? [`# SHA-256 of the template: ${createHash('sha256').update(script).digest('hex')}`] : []),
    '# Every key is explained in tslxc.container.conf(5). A change takes effect at the next start.',
    '#',
    '# To run containers inside this one, take the # off the next line; its guests are less confined then:',
    '#lxc.include = /usr/share/tslxc/config/nesting.conf',
  ];
  return `${lines.join('\n')}\n\n`;
}

function withoutSecrets(args: readonly string[]): string[] {
  return args.map((arg, index) => {
    if (SECRET.test(args[index - 1] ?? '')) return '***';
    const equals = arg.indexOf('=');
    return equals > 0 && SECRET.test(arg.slice(0, equals)) ? `${arg.slice(0, equals)}=***` : arg;
  });
}

/** Quotes an argument for a shell, so that the line can be pasted. */
function shellWord(arg: string): string {
  const text = printable(arg);
  return /^[\w@%+=:,./*-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A line break in an argument must not end the comment and begin a config line. */
function printable(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
