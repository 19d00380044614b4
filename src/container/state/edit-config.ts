import type { ConfigDocument } from '../../config/config-document.ts';
import { readDocument, saveDocument } from '../../config/document-file.ts';
import { lockPatiently } from './lock.ts';
import { type ContainerRef, configFile } from './paths.ts';

/** How long to wait for another command that works on the container, milliseconds. */
const PATIENCE_MS = 10_000;

/**
 * Edits a container's own config file under the container's lock. Nothing is written when `change`
 * throws or changes nothing. Concurrent readers, and a crash, never see half a file.
 * @throws TslxcError CONTAINER_BUSY, CONFIG_READ, CONFIG_WRITE, DISK_FULL
 */
export async function editConfig(
  ref: ContainerRef,
  change: (document: ConfigDocument) => void,
): Promise<void> {
  using _lock = await lockPatiently(ref, PATIENCE_MS);
  const file = configFile(ref);
  const document = readDocument(file);
  const before = document.toString();
  change(document);
  if (document.toString() !== before) saveDocument(file, document);
}
