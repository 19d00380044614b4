/** What becomes of `lxc.seccomp.*`: the policies themselves are tested beside their parser. */
import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { planSeccomp, type SeccompHost } from '../../src/container/plan/seccomp-plan.ts';
import type { ErrorDetails } from '../../src/errors/tslxc-error.ts';
import { load } from '../config/config-folder.ts';
import { covers } from '../register/covers.ts';

const HOST: SeccompHost = {
  filtered: false,
  compile: () => ({ filter: 'AAAA', notifies: false, unknown: [] }),
};

function plan(t: TestContext, lines: readonly string[], host: Partial<SeccompHost> = {}) {
  const warnings: ErrorDetails[] = [];
  const config = load(t, ['lxc.seccomp.profile = /srv/policy', ...lines].join('\n'));
  return { plan: planSeccomp(config, { ...HOST, ...host }, (warning) => warnings.push(warning)), warnings };
}

it('has no filter under one that is in force already, unless it may be nested', (t) => {
  covers('lxc.seccomp.allow_nesting');
  const alone = plan(t, [], { filtered: true });
  assert.equal(alone.plan, undefined);
  assert.match(alone.warnings[0]?.message ?? '', /under a seccomp filter already: \/srv\/policy is left out/);
  const nested = plan(t, ['lxc.seccomp.allow_nesting = 1'], { filtered: true });
  assert.deepEqual(nested, {
    plan: { file: '/srv/policy', load: { filter: 'AAAA', notify: false } },
    warnings: [],
  });
});

it('needs a proxy for a policy that notifies', (t) => {
  const compile = () => ({ filter: 'AAAA', notifies: true, unknown: [] });
  assert.match(plan(t, [], { compile }).warnings[0]?.message ?? '', /fail with ENOSYS/);
  const asked = plan(t, ['lxc.seccomp.notify.proxy = unix:/run/p', 'lxc.seccomp.notify.cookie = web'], {
    compile,
  });
  const { origin, ...proxy } = asked.plan!.proxy!;
  assert.deepEqual(proxy, { socket: '/run/p', cookie: 'web' });
  assert.equal(origin.line, 2);
  assert.deepEqual(asked.warnings, []);
});

it('says which line of the config names a policy that cannot be read', (t) => {
  const compile = () => {
    throw Object.assign(new Error('no'), { code: 'ENOENT' });
  };
  assert.throws(() => plan(t, [], { compile }), { code: 'CONFIG_READ', line: 1, errno: 'ENOENT' });
});
