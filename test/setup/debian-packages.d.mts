/** A command (or an absolute path) and the Debian package that brings it. */
export type PackageTable = readonly (readonly [what: string, name: string, only?: string])[];
export const FOR_QUICKSTART: PackageTable;
export const FOR_TESTS: PackageTable;
