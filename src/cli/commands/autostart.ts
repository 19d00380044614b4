import type { AutostartResult } from '../../api/autostart.ts';
import type { AutostartChoice, AutostartVerdict } from '../../api/autostart-plan.ts';
import { usage } from '../parse/getopt.ts';
import { jsonText } from '../render/json-output.ts';
import { type Call, command } from '../run/command.ts';
import { spec } from './autostart.options.ts';

type AutostartCall = Call<typeof spec.options>;

const DEFAULT_TIMEOUT = 60;
const SOME_FAILED = 2;

export default command(spec, async (call) => {
  const { values, io } = call;
  const choice = choiceOf(call);
  const timeout = values.timeout ?? DEFAULT_TIMEOUT;
  if (timeout < -1) throw usage(`a timeout of ${timeout} seconds makes no sense`, '-1 waits for ever');
  const lxcpath = await call.lxcpath();
  const { autostart, autostartPlan } = await call.library.autostart();
  if (values.list || values.explain) {
    const verdicts = autostartPlan(lxcpath, choice);
    if (call.json) io.print(jsonText('autostart', verdicts));
    else io.print(values.explain ? explained(verdicts, choice) : listed(verdicts, choice));
    return 0;
  }
  let told = Promise.resolve();
  const results = await autostart(lxcpath, {
    ...choice,
    timeout,
    onDone: (result) => {
      told = told.then(() => tell(call, result));
    },
  });
  await told;
  if (call.json) io.print(jsonText('autostart', results));
  const failed = results.filter(({ error }) => error).length;
  return failed === 0 ? 0 : failed === results.length ? 1 : SOME_FAILED;
});

function choiceOf({ values }: AutostartCall): AutostartChoice {
  return {
    action: values.kill ? 'kill' : values.reboot ? 'reboot' : values.shutdown ? 'shutdown' : 'start',
    groups: values.groups.length === 0 ? [''] : values.groups.flatMap((list) => list.split(',')),
    all: values.all,
    ignoreAuto: values['ignore-auto'],
  };
}

/** LXC's lines. */
function listed(verdicts: readonly AutostartVerdict[], { action }: AutostartChoice): string {
  const pauses = action === 'start' || action === 'reboot';
  return verdicts
    .filter(({ chosen }) => chosen)
    .map(({ name, delay }) => (pauses ? `${name} ${delay}\n` : `${name}\n`))
    .join('');
}

function explained(verdicts: readonly AutostartVerdict[], { action }: AutostartChoice): string {
  return verdicts
    .map(({ name, chosen, why, order, delay }) =>
      chosen
        ? `${name}: ${action}, because ${why} (order ${order}${delay > 0 ? `, then ${delay} seconds of pause` : ''})\n`
        : `${name}: no ${action}, because ${why}\n`,
    )
    .join('');
}

async function tell(call: AutostartCall, { name, error, warnings }: AutostartResult): Promise<void> {
  for (const warning of warnings) await call.complain(warning.with({ container: name }), 'warning');
  if (error) await call.complain(error);
}
