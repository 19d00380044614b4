/**
 * What the commands print with --json: the schemas in docs/schema are generated from these types
 * (test/schema/generate.ts), one for each member of JsonOutputs, and real output is held against
 * them.
 */

import type { AutostartAction, AutostartVerdict } from '../../api/autostart-plan.ts';
import type {
  CgroupChange,
  ContainerInfo,
  ContainerUsage,
  ExportResult,
  HostCheck,
  LogLine,
  NicInfo,
  PlanResult,
  PublishedPortInfo,
  SnapshotInfo,
  State,
  StorageFault,
  TreeNode,
  WhyReport,
} from '../../api/options.ts';
import type { StartPlan } from '../../container/plan/start-plan.ts';
import type { EndReason, StateReason } from '../../container/state/end-reason.ts';
import type { ErrorDetails } from '../../errors/tslxc-error.ts';
import type { BridgeStatus } from '../../network/bridge-status.ts';

/** An error or a warning. */
export interface JsonError extends Omit<ErrorDetails, 'cause' | 'also'> {
  /** What lies below it, from the nearest on. */
  readonly causes?: readonly string[];
  /** Others that were found along with it. */
  readonly also?: readonly JsonError[] | undefined;
}

interface Info extends Omit<ContainerInfo, 'fault'> {
  readonly fault?: JsonError;
}

interface Reason extends Omit<EndReason, 'error'> {
  readonly error?: JsonError;
}

type AnyReason = Reason | Exclude<StateReason, EndReason>;

interface Why extends Omit<WhyReport, 'ended' | 'failed'> {
  readonly ended?: Omit<NonNullable<WhyReport['ended']>, 'reason'> & { readonly reason: Reason };
  readonly failed?: { readonly at: string; readonly error: JsonError };
}

interface Moment {
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly name: string;
  readonly lxcpath: string;
}

interface NameAndPlace {
  readonly name: string;
  readonly lxcpath: string;
}

/**
 * The output of each command, by name. A command with several forms has an alternative for each.
 */
export interface JsonOutputs {
  /** Verdicts with --list or --explain; else what was done. */
  autostart:
    | readonly AutostartVerdict[]
    | readonly {
        readonly name: string;
        readonly action: AutostartAction;
        readonly error?: JsonError;
        readonly warnings: readonly JsonError[];
      }[];
  /** Published ports, or nics. */
  network: readonly PublishedPortInfo[] | readonly NicInfo[];
  cgroup: { readonly file: string; readonly value: string } | CgroupChange;
  checkconfig: HostCheck & {
    /** The version of tslxc. */
    readonly version: string;
  };
  /** The keys, the value of one, or what a check found. */
  config:
    | readonly string[]
    | { readonly key: string; readonly value: string | null }
    | {
        readonly name: string;
        readonly ok: boolean;
        readonly errors: readonly JsonError[];
        readonly warnings: readonly JsonError[];
      }
    | { readonly lxcpath: string; readonly ok: boolean; readonly faults: readonly StorageFault[] };
  copy:
    | { readonly name: string; readonly flattened: boolean }
    | (NameAndPlace & { readonly origin?: string });
  device: { readonly action: 'add' | 'del'; readonly device: string; readonly path: string };
  /** On standard error, in a line of its own, for each error or warning. */
  error: { readonly error: JsonError } | { readonly warning: JsonError };
  /** With -d. */
  execute: { readonly name: string; readonly pid: number };
  export: ExportResult;
  import: NameAndPlace;
  info: Partial<Info> & {
    /** Values of the keys that were asked for; null for one that there is not. */
    readonly config?: Readonly<Record<string, string | null>>;
    readonly why?: Why;
  };
  /** A JSON object a line. */
  logs: LogLine;
  ls: readonly (Info & {
    /** With --nesting: the containers that it is in, the outermost first. */
    readonly within?: readonly string[];
  })[];
  /** A JSON object a line. */
  monitor:
    | (Moment & { readonly type: 'state'; readonly state: State; readonly reason?: AnyReason })
    | (Moment & {
        readonly type: 'exit';
        /** Null where it is not known. */
        readonly status: { readonly code: number | null; readonly signal: number | null } | null;
        readonly reason: Reason;
      });
  net: BridgeStatus;
  /** A snapshot that was made, the list of them, or with --tree who shares files with whom. */
  snapshot: SnapshotInfo | readonly SnapshotInfo[] | readonly TreeNode[];
  start:
    | { readonly name: string; readonly pid: number; readonly milliseconds: number }
    | (Omit<StartPlan, 'warnings'> &
        Omit<PlanResult, 'plan' | 'warnings'> & { readonly warnings: readonly JsonError[] });
  /** A JSON object a line for each round. */
  top: {
    /** ISO 8601, UTC. */
    readonly time: string;
    readonly containers: readonly (ContainerUsage & {
      /** Percent of one processor since the last round; 0 in the first round. */
      readonly cpuPercent: number;
    })[];
  };
  /** The state that was reached; null when the time was over. */
  wait: { readonly name: string; readonly state: State | null };
}

/** JSON on a line of its own. */
export function jsonLine<Name extends keyof JsonOutputs>(_of: Name, value: JsonOutputs[Name]): string {
  return `${JSON.stringify(value)}\n`;
}

/** For people, too. */
export function jsonText<Name extends keyof JsonOutputs>(_of: Name, value: JsonOutputs[Name]): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
