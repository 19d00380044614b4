/**
 * Everything that is generated from the specifications, as path and content. A test holds the files
 * against it.
 */
import { COMMANDS, type CommandName, loadCommand } from '../run/command-table.ts';
import { version } from '../run/version.ts';
import { bashCompletion } from './bash-completion.ts';
import { wordSpecs } from './completion-data.ts';
import { CONTAINER_CONF_PAGE, containerConfPage } from './container-conf-page.ts';
import { fishCompletion } from './fish-completion.ts';
import { manPage } from './man-page.ts';
import { SYSTEM_CONF_PAGE, systemConfPage } from './system-conf-page.ts';
import { zshCompletion } from './zsh-completion.ts';

/** Paths are relative to the package's folder. */
export async function generatedFiles(): Promise<ReadonlyMap<string, string>> {
  const names = (Object.keys(COMMANDS) as CommandName[]).sort();
  const specs = await Promise.all(names.map(async (name) => (await loadCommand(name)).spec));
  const completed = [...specs, ...(await wordSpecs())];
  return new Map([
    ...specs.map((spec): [string, string] => [`man/man1/tslxc-${spec.name}.1`, manPage(spec, version())]),
    [CONTAINER_CONF_PAGE, containerConfPage(version())],
    [SYSTEM_CONF_PAGE, systemConfPage(version())],
    ['config/completions/tslxc.bash', bashCompletion(completed)],
    ['config/completions/_tslxc', zshCompletion(completed)],
    ['config/completions/tslxc.fish', fishCompletion(completed)],
  ]);
}
