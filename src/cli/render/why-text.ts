/** The answer of `tslxc-info --why` in lines. */
import type { WhyReport } from '../../api/options.ts';
import { reasonText } from '../../container/state/end-reason.ts';
import { errorFromJSON } from '../../errors/tslxc-error.ts';
import { errorText } from './report-error.ts';

export function whyText(report: WhyReport, now = Date.now()): string {
  const { runningSince, ended, failed, restart } = report;
  const rows: [label: string, value: string][] = [];
  if (runningSince) rows.push(['Running since', moment(runningSince)]);
  if (ended) {
    rows.push(['Ended', ended.at ? `${moment(ended.at)}, after ${duration(ended)}` : 'at an unknown time']);
    rows.push(['Why', reasonText(ended.reason)]);
    if (ended.oomKills) rows.push(['OOM kills', String(ended.oomKills)]);
  }
  if (restart) {
    const seconds = Math.max(0, (Date.parse(restart.at) - now) / 1000);
    const limit = restart.limit === undefined ? '' : ` of ${restart.limit}`;
    rows.push(['Restart', `in ${seconds.toFixed(1)} seconds (attempt ${restart.attempt}${limit})`]);
  }
  if (failed) rows.push(['Start failed', moment(failed.at)]);
  if (rows.length === 0) rows.push(['Why', 'it has never been started']);
  const lines = rows.map(([label, value]) => `${`${label}:`.padEnd(15)} ${value}\n`).join('');
  return failed ? lines + errorText(errorFromJSON(failed.error), 'tslxc-start') : lines;
}

/** Local time, as in the log. */
function moment(iso: string): string {
  return new Date(iso).toLocaleString('sv-SE');
}

function duration({ at, startedAt }: { at?: string; startedAt: string }): string {
  const seconds = Math.max(0, (Date.parse(at!) - Date.parse(startedAt)) / 1000);
  const [days, rest] = [Math.floor(seconds / 86_400), seconds % 86_400];
  const [hours, minutes] = [Math.floor(rest / 3600), Math.floor((rest % 3600) / 60)];
  if (days > 0) return `${days} days and ${hours} hours`;
  if (hours > 0) return `${hours} hours and ${minutes} minutes`;
  if (minutes > 0) return `${minutes} minutes`;
  return `${seconds.toFixed(1)} seconds`;
}
