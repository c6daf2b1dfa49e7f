import { UnderstudyError } from '../../../lib/domain/errors.ts';
import { runName } from '../../../lib/domain/names.ts';
import { rehearsalRun } from '../../../lib/domain/runs/job.ts';
import { cancel } from '../../../lib/workflows/operator/cancel.ts';
import { COPY, STARTER } from '../../support/doubles/hooks.ts';
import { SMOKE } from '../../support/emergency-world.ts';
import { deathsOf } from '../../support/executions.ts';
import {
  instanceOf,
  jobOf,
  nameOf,
  proofOf,
  type RehearsalWorld,
  rehearsalWorld,
} from '../../support/rehearsals.ts';

const worldOf = (application: string | undefined = STARTER) =>
  rehearsalWorld({ policy: instanceOf({ application, hoursAMonth: 1000 }), target: { smoke: SMOKE } });
/** Another rehearsal, an hour later. */
const later = async (made: RehearsalWorld) => {
  await made.clock.advance(3600);
  return made.evidence(jobOf('snapshot', { scheduledFor: '2026-11-20T13:00:00Z' }));
};
const SENT = [
  { name: 'log in', passed: true, detail: 'as expected', smoke: 'P0' },
  { name: 'search', passed: true, detail: 'as expected', smoke: 'P2' },
];
const fails = () => {
  throw new Error('no');
};

test.each(['snapshot', 'moment'] as const)(
  'an application runs against a proven copy of a %s, is asked, and stopped before the copy is torn down',
  async (from) => {
    const made = await worldOf();
    const stood: boolean[] = [];
    made.hooks.instead[`${STARTER} stop`] = async () => {
      stood.push((await made.left()).includes(`instance ${nameOf(jobOf(from))}`));
      return null;
    };
    const evidence = await made.evidence(jobOf(from));
    expect(evidence).toMatchObject({ outcome: 'passed', assertions: SENT, findings: [] });
    expect(evidence.phases.map(({ name }) => name).slice(-3)).toEqual(['proof', 'application', 'tear down']);
    expect(made.hooks.called).toEqual([`${STARTER} start`, `${STARTER} stop`]);
    expect([stood, await made.left()]).toEqual([[true], []]);
  },
);

test('the hook can tell a rehearsal from a restore, and never has the address of production', async () => {
  const made = await worldOf();
  await made.rehearse();
  const at = expect.stringMatching(/^2026-11-20T/);
  const said = { schemaVersion: 1, target: 'crm', restore: null, by: 'schedule', old: null };
  const run = runName(rehearsalRun(jobOf('snapshot')));
  const its = { rehearsal: run, at, notAfter: at, expires: expect.stringMatching(/^2026-11-2\dT/) };
  const there = { host: expect.stringContaining(nameOf(jobOf('snapshot'))), port: expect.any(Number) };
  expect(made.hooks.payloads).toEqual(
    ['start', 'stop'].map((hook) => ({ ...said, ...its, hook, new: there })),
  );
});

test('a P0 that fails by HTTP fails the rehearsal, like one by SQL; a later pass closes it', async () => {
  const made = await worldOf();
  const good = made.world.smoke;
  made.world.smoke = async () => ({
    results: [
      { step: 'log in', priority: 'P0', ok: false, why: 'answered 500' },
      { step: 'search', priority: 'P2', ok: true },
    ],
  });
  expect(await made.evidence()).toMatchObject({
    outcome: 'failed',
    assertions: [{ name: 'log in', passed: false, detail: 'answered 500', smoke: 'P0' }, SENT[1]],
    findings: [{ code: 'smoke-failed', severity: 'P0' }],
  });
  expect(await made.left()).toEqual([]);
  expect(made.hooks.application.copy).toBeUndefined();
  made.world.smoke = good;
  await later(made);
  expect(await made.open()).toEqual([]);
});

test.each<[string, (made: RehearsalWorld) => void, string]>([
  [
    'a hook that fails',
    ({ hooks }) => {
      hooks.instead[`${STARTER} start`] = fails;
    },
    `the hook ${STARTER} failed at start, 3 times`,
  ],
  [
    'a hook without an address',
    ({ hooks }) => {
      hooks.instead[`${STARTER} start`] = () => ({ message: 'up' });
    },
    `the hook ${STARTER} answered start with something else than { url }`,
  ],
  [
    'a function of smoke steps that refuses',
    ({ world }) => {
      world.smoke = async () => ({ mistake: { message: 'no secret' } });
    },
    'no secret',
  ],
  [
    'a function of smoke steps that forgets some',
    ({ world }) => {
      world.smoke = async () => ({ results: [] });
    },
    'it has no result',
  ],
])(
  '%s leaves its steps unasked, which is no pass, and the application is stopped',
  async (_, breaks, why) => {
    const made = await worldOf();
    breaks(made);
    const unasked = { passed: false, detail: why, unasked: true };
    expect(await made.evidence()).toMatchObject({
      outcome: 'failed',
      strength: 'bounded',
      assertions: [
        { name: 'log in', smoke: 'P0', ...unasked },
        { name: 'search', smoke: 'P2', ...unasked },
      ],
      findings: [{ code: 'smoke-unasked' }, { code: 'smoke-unasked' }],
    });
    expect(made.hooks.called.at(-1)).toBe(`${STARTER} stop`);
    expect(await made.left()).toEqual([]);
  },
);

test('a step that is asked the next time is unanswered no longer', async () => {
  const made = await worldOf();
  made.hooks.instead[`${STARTER} start`] = fails;
  await made.evidence();
  expect(await made.open()).toEqual([
    'smoke-unasked log in, of a snapshot',
    'smoke-unasked search, of a snapshot',
  ]);
  delete made.hooks.instead[`${STARTER} start`];
  await later(made);
  expect(await made.open()).toEqual([]);
});

test('a hook that is not there is not called', async () => {
  const made = await worldOf();
  made.deps.hooks.check = async () => {
    throw new UnderstudyError('hook-missing', `there is no ${STARTER}`);
  };
  expect((await made.evidence()).assertions[0]).toMatchObject({
    unasked: true,
    detail: `there is no ${STARTER}`,
  });
  expect(made.hooks.called).toEqual([]);
});

test('a copy that is not shown to be silenced gets no application', async () => {
  const made = await worldOf();
  made.world.prove = () => proofOf({ failure: { code: 'quarantine-open', message: 'it can act' } });
  expect(await made.evidence()).toMatchObject({ outcome: 'failed', assertions: [] });
  expect(made.hooks.called).toEqual([]);
});

test('without such a hook the steps by HTTP are a note and no fault', async () => {
  const made = await worldOf('');
  const { outcome, assertions, notes } = await made.evidence();
  expect([outcome, assertions]).toEqual(['passed', []]);
  expect(notes).toContain(
    'smoke steps not sent, because no application runs against the copy (rehearsal.instance.application): log in (P0), search (P2)',
  );
  expect(made.hooks.called).toEqual([]);
});

test('an application that cannot be stopped is told until a later rehearsal stops it', async () => {
  const made = await worldOf();
  made.hooks.instead[`${STARTER} stop`] = fails;
  expect(await made.evidence()).toMatchObject({
    outcome: 'passed',
    findings: [{ code: 'application-left-running', subject: STARTER }],
  });
  expect(await made.left()).toEqual([]);
  delete made.hooks.instead[`${STARTER} stop`];
  await later(made);
  expect(await made.open()).toEqual([]);
});

test('a person who cancels during the proof gets no application, and nothing is left', async () => {
  const made = await worldOf();
  made.world.prove = async () => {
    await cancel({ target: 'crm', job: 'rehearse-snapshot', by: 'ben', local: false }, made.deps);
    return proofOf();
  };
  await made.rehearse();
  expect([made.hooks.called, await made.left()]).toEqual([[], []]);
});

test('is stopped and torn down whenever the function dies', async () => {
  const first = await worldOf();
  const deaths = await deathsOf(first.execution(), first.bodyOf(jobOf('snapshot')));
  const near = deaths.filter(({ at }) => at.includes(STARTER) || at.includes('to the copy'));
  expect(near.length).toBeGreaterThan(8);
  for (const death of near) {
    const made = await worldOf();
    const execution = made.execution();
    await execution.run(made.bodyOf(jobOf('snapshot')), death);
    await execution.run(made.bodyOf(jobOf('snapshot')));
    expect([death, made.hooks.application.copy, await made.left()]).toEqual([death, undefined, []]);
  }
});

test('an attempt that died for good has its application stopped by the next one', async () => {
  const made = await worldOf();
  const death = { at: 'send the smoke steps to the copy', when: 'kept' } as const;
  await made.execution().run(made.bodyOf(jobOf('snapshot')), death);
  expect(made.hooks.application.copy).toBe(COPY);
  await made.clock.advance(36 * 3600);
  made.hooks.called.length = 0;
  await made.rehearse();
  expect(made.hooks.called).toEqual(['stop', 'start', 'stop'].map((ask) => `${STARTER} ${ask}`));
  expect([made.hooks.application.copy, await made.left()]).toEqual([undefined, []]);
});
