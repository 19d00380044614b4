import { textsOf } from '../../config/given-config.ts';
import { type ConfigReport, readConfig } from '../../config/load-config.ts';
import { type ContainerRef, configFile } from '../state/paths.ts';
import type { RuntimeRecord } from '../state/runtime-record.ts';

/**
 * The config that counts for a container now: of a running one what it was started with (`-f`,
 * `-s`), else its own file. Does not throw.
 */
export function configInForce(ref: ContainerRef, record: RuntimeRecord | undefined): ConfigReport {
  const { given, defines } = record?.overrides ?? {};
  return readConfig(given?.file ?? record?.configFile ?? configFile(ref), {
    name: ref.name,
    defines,
    texts: given && textsOf(given),
  });
}
