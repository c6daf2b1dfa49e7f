import { stripVTControlCharacters } from 'node:util';
import type { SmokeResult } from '../../../../lib/domain/smoke/smoke-step.ts';
import { smokeCommand } from '../../../../scripts/cli/commands/smoke-command.ts';
import { planWith } from '../../../support/plan.ts';

const SMOKE = `
smoke:
  url: https://app.example.com/v1/
  steps:
    - name: log in
      http: { method: POST, url: /login, headers: { x-key: "\${secret:crm/smoke#key}" }, json: { password: "\${secret:crm/smoke#p}" } }
      capture: { token: $.token }
    - name: out
      cleanup: true
      http: { method: DELETE, url: "/sessions/\${token}" }
    - name: leads are there
      sql: select count(*) from public.leads
      expect: { minimum: 1 }
`;

function run(options: object, results: SmokeResult[] = [], yaml = SMOKE) {
  const invoked: unknown[] = [];
  const session = {
    options: { config: 'understudy.yml' },
    plan: () => planWith({ target: yaml }),
    isLocal: false,
    async invoke(...asked: unknown[]) {
      invoked.push(asked);
      return { target: 'crm', results };
    },
  };
  const ran = smokeCommand(session as never, 'crm', options);
  return ran.then(({ lines, exit, document }) => ({
    ...{ exit, document, invoked },
    lines: lines.map(stripVTControlCharacters),
  }));
}

test('a dry run shows every request in its order, with references in place of values, and sends nothing', async () => {
  const { lines, exit, invoked } = await run({ dryRun: true });
  expect([exit, invoked]).toEqual([0, []]);
  expect(lines).toEqual([
    'log in (P0)',
    '  POST https://app.example.com/v1/login',
    '  x-key: ${secret:crm/smoke#key}',
    '  {"password":"${secret:crm/smoke#p}"}',
    'leads are there (P0)',
    '  select count(*) from public.leads',
    'out (P2, cleanup)',
    '  DELETE https://app.example.com/v1/sessions/${token}',
    'nothing was sent',
  ]);
});

test('a dry run shows the requests to another application', async () => {
  const { lines } = await run({ dryRun: true, url: 'https://preview.example.com' });
  expect(lines).toContain('  POST https://preview.example.com/login');
  await expect(run({ dryRun: true, url: 'preview' })).rejects.toThrow('--url takes an address');
});

test('it ends with 0 when every step passed, and with 3 and the reason when one failed', async () => {
  const good: SmokeResult = { step: 'log in', priority: 'P0', ok: true };
  expect(await run({}, [good])).toMatchObject({ exit: 0, lines: ['1 smoke step passed'] });
  const bad: SmokeResult = { step: 'search', priority: 'P2', ok: false, why: 'answered 500' };
  const { exit, lines, invoked } = await run({ url: 'https://x.example.com' }, [good, bad]);
  expect([exit, lines]).toEqual([3, ['1 of 2 smoke steps failed', '  ✖ search (P2): answered 500']]);
  expect(invoked).toEqual([['smoke', { target: 'crm', url: 'https://x.example.com' }]]);
});

test('a target without smoke steps is a mistake', async () => {
  await expect(run({ dryRun: true }, [], '')).rejects.toThrow('crm has no smoke steps');
});
