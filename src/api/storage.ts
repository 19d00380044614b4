/** Operations on all containers of a directory, or on a container that does not exist yet. */
export { type ExportResult, exportContainer } from '../container/archive/export.ts';
export { type ImportOptions, importContainer } from '../container/archive/import.ts';
export { checkStorage, repairStorage, type StorageFault } from '../container/lifecycle/check-storage.ts';
