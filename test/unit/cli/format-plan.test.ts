import { stripVTControlCharacters } from 'node:util';
import { fitLines, widthOf } from '../../../scripts/cli/fit-lines.ts';
import { formatPlan } from '../../../scripts/cli/format-plan.ts';
import { policy, snapshotPoint, target } from '../../support/builders.ts';
import { type Changes, DUMP, found, ON_RDS, passed, planOf, SNAPSHOT } from '../../support/plans.ts';

const shown = (changes: Changes = {}) =>
  fitLines(formatPlan(planOf(changes)).map(stripVTControlCharacters), 80);

test('the plan fits 80 columns, and says of each way what it loses, takes, proved, costs and what stands against it', () => {
  const usual = policy();
  const lines = shown({
    target: { ...ON_RDS, policy: { ...usual, restore: { ...usual.restore, pricePerHour: 0.2 } } },
    points: [DUMP, SNAPSHOT, snapshotPoint('2026-11-20T06:00:00Z', { place: 'eu-west-1' })],
    known: { lastSuccess: { preflight: { endedAt: '2026-11-20T06:01:00Z' } as never } },
    evidence: [
      passed('moment', '2026-11-18T00:00:00Z', 2500),
      passed('moment', '2026-11-11T00:00:00Z', 3100),
      passed('snapshot', '2026-11-15T00:00:00Z', 1900, { point: SNAPSHOT.id }),
      passed('dump', '2026-11-17T00:00:00Z', 60, { point: '20261116T010000Z-1' }),
    ],
    findings: [
      found('backups-disabled', 'crm-prod', { severity: 'P0', message: 'crm-prod keeps no backups' }),
      found('engine-end-of-support', 'support', {
        severity: 'P2',
        message: 'the standard support of postgres 13, which crm runs, ends in 81 d',
      }),
    ],
  });
  expect(lines.filter((line) => widthOf(line) > 80 && !line.includes('./understudy'))).toEqual([]);
  expect(`\n${lines.join('\n')}\n`).toMatchInlineSnapshot(`
"
crm: ways back. Nothing has been changed.
The last preflight was at 2026-11-20 06:01 UTC.

WAY          BACK TO, UTC      LOSES               TAKES         TESTED
  rows       2026-11-20 01:00  nothing             60 s          2026-11-17
                                                   1 rehearsal   equal
                                                                 another point
✖ moment     2026-11-20 13:54  5 min               52 min        2026-11-18
                                                   least 42 min  bounded
                                                   most 52 min
                                                   2 rehearsals
→ snapshot   2026-11-20 12:00  2 h, to 2 h 15 min  32 min        2026-11-15
             ± 15 min                              1 rehearsal   bounded
  snapshot   2026-11-20 06:00  8 h, to 8 h 15 min  32 min        2026-11-15
  eu-west-1  ± 15 min                              1 rehearsal   bounded
                                                                 another point
  dump       2026-11-20 01:00  13 h                60 s          2026-11-17
                                                   1 rehearsal   equal
                                                                 another point

→ snapshot: of the ways that passed their last rehearsal it loses least (2 h to
2 h 15 min), and took about 32 min (1 rehearsal); moment would lose less, but
backups-disabled would stop it

Only some rows are gone or wrong: bring them back, and keep everything since:
  ./understudy diff crm --point 20261120T010000Z-1
  costs: reads of S3 and a run of a function; it stores no copy

A moment, onto a new instance:
  ./understudy restore crm --at 2026-11-20T13:54:59Z --way moment --go
  P0 backups-disabled, which would stop it: crm-prod keeps no backups
  P2 engine-end-of-support: the standard support of postgres 13, which crm runs,
  ends in 81 d
  costs: about $146 a month beside the old one, and its storage (not known)

A snapshot, onto a new instance (recommended):
  ./understudy restore crm --at 2026-11-20T12:00:00Z --way snapshot --go
  P2 engine-end-of-support: the standard support of postgres 13, which crm runs,
  ends in 81 d
  costs: about $146 a month beside the old one, and its storage (not known)

A snapshot, onto a new instance in eu-west-1:
  docs/restore.md, "From a snapshot or to a moment":
  20261120T060000Z-snapshot@eu-west-1
  costs: not estimated: an instance there, or the transfer of a copy from there

A dump, into a new database:
  ./understudy restore crm --point 20261120T010000Z-1 --to postgres://USER@HOST/EMPTY_DATABASE
  ./understudy restore crm --at 2026-11-20T01:00:00Z --way dump --go
  P2 engine-end-of-support: the standard support of postgres 13, which crm runs,
  ends in 81 d
  costs: with --go about $146 a month beside the old one, and its storage (not
  known)
"
`);
});

test('a snapshot that may hold what came after the wanted moment says so', () => {
  const points = [{ ...SNAPSHOT, availableAt: '2026-11-20T12:08:00Z' }];
  const text = (at: string) => shown({ points, at }).join(' ').replace(/\s+/g, ' ');
  expect(text('2026-11-20T12:05:00Z')).toContain(
    'it may have data of up to 2026-11-20 12:08 UTC, which is after what you want',
  );
  expect(text('2026-11-20T12:09:00Z')).not.toContain('it may have data of');
});

test('it says that no preflight is on record, and since when the source takes no writes', () => {
  const text = shown({
    target: { ...ON_RDS, heartbeat: true },
    known: { heartbeatAt: '2026-11-20T13:32:00Z' },
    findings: [found('instance-deleted', 'crm-prod', { since: '2026-11-20T13:33:00Z' })],
  }).join(' ');
  expect(text).toContain('No preflight is on record');
  expect(text).toContain('The source took its last write between 2026-11-20 13:32 and 2026-11-20 13:33 UTC.');
  expect(shown({ target: target(), status: undefined }).join(' ')).not.toContain('preflight');
});

test('a point that is not known to be good says why', () => {
  const text = shown({ points: [{ ...DUMP, state: 'available' }], point: DUMP.id }).join('\n');
  expect(text).toContain('not known to be good: it was never verified');
});
