import type { PackageTable } from './debian-packages.mjs';

export const ROOT: string;
export function pinnedNode(): string;
export function installNpmPackages(): Promise<void>;
export function installDebianPackages(table: PackageTable): Promise<void>;
export function buildProgram(): Promise<void>;
export function explain(error: unknown): string;
