import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type AutostartChoice,
  type AutostartFacts,
  autostartSteps,
  autostartVerdicts,
} from '../../src/api/autostart-plan.ts';

const START: AutostartChoice = { action: 'start', groups: [''], all: false, ignoreAuto: false };

function container(name: string, more: Partial<AutostartFacts> = {}): AutostartFacts {
  return { name, state: 'STOPPED', auto: true, order: 0, delay: 0, groups: [], ...more };
}

const names = (containers: readonly AutostartFacts[], choice: Partial<AutostartChoice> = {}) =>
  autostartVerdicts(containers, { ...START, ...choice })
    .filter(({ chosen }) => chosen)
    .map(({ name }) => name);

const why = (containers: readonly AutostartFacts[], choice: Partial<AutostartChoice> = {}) =>
  Object.fromEntries(
    autostartVerdicts(containers, { ...START, ...choice }).map((one) => [one.name, one.why]),
  );

describe('which containers autostart chooses', () => {
  const web = container('web', { groups: ['onboot', 'web'] });
  const on = container('on', { groups: ['on'] });
  const bare = container('bare');
  const idle = container('idle', { auto: false });
  const all = [bare, idle, on, web];

  it('only those without a group, unless groups are named', () => {
    assert.deepEqual(names(all), ['bare']);
    assert.deepEqual(names(all, { ignoreAuto: true }), ['bare', 'idle']);
    assert.deepEqual(names(all, { all: true }), ['bare', 'on', 'web']);
    assert.deepEqual(names(all, { all: true, ignoreAuto: true }), ['bare', 'idle', 'on', 'web']);
  });

  it('by whole names of groups, in the order of the groups, each container once', () => {
    assert.deepEqual(names(all, { groups: ['onboot'] }), ['web'], 'a group "on" is not meant');
    assert.deepEqual(names(all, { groups: ['on', 'onboot'] }), ['on', 'web']);
    assert.deepEqual(names(all, { groups: ['web', '', 'onboot'] }), ['web', 'bare']);
    assert.deepEqual(names(all, { groups: ['nobody'] }), []);
  });

  it('by order, then by name; the other way round to stop', () => {
    const three = [container('a', { order: 5 }), container('b', { order: -1 }), container('c', { order: 5 })];
    assert.deepEqual(names(three), ['b', 'a', 'c']);
    const running = three.map((one) => ({ ...one, state: 'RUNNING' as const }));
    assert.deepEqual(names(running), []);
    for (const action of ['shutdown', 'kill'] as const)
      assert.deepEqual(names(running, { action }), ['c', 'a', 'b']);
    assert.deepEqual(names(running, { action: 'reboot' }), ['b', 'a', 'c']);
    assert.deepEqual(names(three, { action: 'kill' }), []);
  });

  it('and why', () => {
    const said = why([...all, container('busy', { state: 'FROZEN' })]);
    assert.equal(said.bare, 'it is in no group');
    assert.equal(said.idle, 'lxc.start.auto is not 1');
    assert.equal(said.busy, 'it is FROZEN already');
    assert.match(said.web!, /only in onboot, web; asked for: those without a group/);
  });
});

describe('the steps of the work', () => {
  const steps = (containers: readonly AutostartFacts[], choice: Partial<AutostartChoice> = {}) => {
    const whole = { ...START, ...choice };
    return autostartSteps(autostartVerdicts(containers, whole), whole).map((step) => [
      step.containers.map(({ name }) => name).join(' '),
      step.delay,
    ]);
  };

  it('is done at a time within one order value', () => {
    assert.deepEqual(steps([container('a'), container('b'), container('c', { order: 1 })]), [
      ['a b', 0],
      ['c', 0],
    ]);
  });

  it('pauses behind a container with a delay, but not when stopping', () => {
    const some = [container('a', { delay: 3 }), container('b'), container('c')];
    assert.deepEqual(steps(some), [
      ['a', 3],
      ['b c', 0],
    ]);
    const running = some.map((one) => ({ ...one, state: 'RUNNING' as const }));
    assert.deepEqual(steps(running, { action: 'kill' }), [['c b a', 0]]);
  });

  it('does not mix the groups', () => {
    const some = [container('a', { groups: ['x'] }), container('b', { groups: ['y'] })];
    assert.deepEqual(steps(some, { groups: ['y', 'x'] }), [
      ['b', 0],
      ['a', 0],
    ]);
  });
});
