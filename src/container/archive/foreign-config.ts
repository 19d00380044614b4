/**
 * What becomes of a config that comes from elsewhere: it may give the container less than the
 * shipped ones, not more.
 */
import { readFileSync } from 'node:fs';
import { ConfigDocument } from '../../config/config-document.ts';
import { updateLegacy } from '../../config/update-config.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import { readBridgeSettings } from '../../network/bridge-settings.ts';
import { type ContainerRef, containerDirectory } from '../state/paths.ts';
import { type ForeignPlace, objectionTo } from './allowed-settings.ts';
import { freeIdRange, RANGE } from './free-id-range.ts';

const COMMON = '/usr/share/tslxc/config/common.conf';
/** More interfaces than that are work for the host, and nothing that a container needs. */
const MOST_NICS = 16;

/**
 * Makes a foreign config one that widens nothing: refuses lines that would, and adds what keeps a
 * container in.
 * @returns the config, and what was added, as sentences
 * @throws TslxcError CONFIG_VALUE with every line that is refused, and why
 */
export function confined(
  config: ConfigDocument,
  ref: ContainerRef,
  archive: string,
): { document: ConfigDocument; notices: string[] } {
  refuseHostThings(config, ref, archive);
  const document = ConfigDocument.parse(config.toString());
  updateLegacy(document);
  return addConfinement(document, ref);
}

/**
 * @throws TslxcError CONFIG_VALUE with every line that asks for more than the shipped configs give,
 *   and why it does
 */
export function refuseHostThings(config: ConfigDocument, ref: ContainerRef, archive: string): void {
  const settings = config.settings();
  const lines = config.toString().split('\n');
  const place: ForeignPlace = {
    directory: containerDirectory(ref),
    bridge: readBridgeSettings().bridge,
    hostIds: hostIds(),
  };
  const refused = settings.flatMap(({ index }) => {
    // Names from before LXC 3.0 say the same, and the table has today's only.
    const [modern] = modernised(lines[index] ?? '');
    const why = modern && objectionTo(modern.key, modern.value, place);
    return why === undefined ? [] : [`line ${index + 1}: ${(lines[index] ?? '').trim()} (it ${why})`];
  });
  const nics = new Set(settings.map(({ key }) => /^lxc\.net\.(\d+)\./.exec(key)?.[1]).filter(Boolean));
  if (nics.size > MOST_NICS)
    refused.push(`it has ${nics.size} network interfaces, and ${MOST_NICS} are allowed`);
  if (refused.length === 0) return;
  throw new TslxcError({
    code: 'CONFIG_VALUE',
    container: ref.name,
    message: `the config in ${archive} asks for more than the configs that come with tslxc:${refused.map((line) => `\n    ${line}`).join('')}`,
    hint: 'if you know whose archive it is and want these lines, import it with --trust, which takes all of them; or remove them and export it again',
  });
}

function modernised(line: string): { key: string; value: string }[] {
  const document = ConfigDocument.parse(line);
  // A network key of a block belongs to some interface: which one does not matter here.
  const [setting] = document.settings();
  if (setting && /^lxc\.network\.(?!type$|\d)/.test(setting.key))
    document.rewriteLine(setting, setting.key.replace('lxc.network.', 'lxc.network.0.'));
  updateLegacy(document);
  return document.settings();
}

function addConfinement(
  document: ConfigDocument,
  ref: ContainerRef,
): { document: ConfigDocument; notices: string[] } {
  const notices: string[] = [];
  // Not for hooks: those of other packages, as lxcfs, run on the host.
  for (const setting of document.settings())
    if (setting.key === 'lxc.environment') document.rewriteLine(setting, 'lxc.environment.runtime');
  if (!document.settings().some(({ key }) => key === 'lxc.idmap')) {
    const first = freeIdRange(ref.lxcpath);
    for (const type of ['u', 'g']) document.append('lxc.idmap', `${type} 0 ${first} ${RANGE}`);
    notices.push(
      `the archive has no id map, so its root would be root of this host: it gets the ids ${first} to ${first + RANGE - 1} (--trust leaves it without)`,
    );
  }
  if (document.settings().some(({ key, value }) => key === 'lxc.include' && /\/common\.conf$/.test(value)))
    return { document, notices };
  notices.push(
    `the archive does not include ${COMMON}, which confines containers: it does now (--trust leaves it out)`,
  );
  return { document: ConfigDocument.parse(`lxc.include = ${COMMON}\n${document}`), notices };
}

/** Ids of the host's users and groups. */
function hostIds(): ReadonlySet<number> {
  const ids = new Set<number>();
  for (const file of ['/etc/passwd', '/etc/group'])
    try {
      for (const line of readFileSync(file, 'utf8').split('\n')) {
        const id = line.split(':')[2];
        if (id) ids.add(Number(id));
      }
    } catch {
      // No such file, and so no ids.
    }
  return ids;
}
