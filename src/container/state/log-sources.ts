/** What the manager keeps in a container's history (history.ts). */
export const HISTORY_SOURCES = ['console', 'hook', 'state', 'kernel'] as const;
export type HistorySource = (typeof HISTORY_SOURCES)[number];

/** What tslxc-logs merges; `log` is the file of lxc.log.file. */
export const LOG_SOURCES = ['log', ...HISTORY_SOURCES] as const;
export type LogSource = (typeof LOG_SOURCES)[number];
