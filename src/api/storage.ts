/** What concerns all containers of a directory, or none that is there yet. */
export { type ExportResult, exportContainer } from '../container/archive/export.ts';
export { type ImportOptions, importContainer } from '../container/archive/import.ts';
export { checkStorage, repairStorage, type StorageFault } from '../container/lifecycle/check-storage.ts';
