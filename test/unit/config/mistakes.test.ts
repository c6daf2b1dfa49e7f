import { mistakesOf, RIGHT, withText } from './text.ts';

test('the file in which these mistakes are made has none itself', () => {
  expect(mistakesOf(RIGHT)).toEqual([]);
  expect(mistakesOf(withText(['dump: { compression', 'dump: { client: same-major, compression']))).toEqual(
    [],
  );
});

describe('a mistake is told with its line, its path and what was expected', () => {
  test.each<[string, [string, string], string]>([
    ['another version', ['version: 1', 'version: 2'], '1 version: expected 1'],
    [
      'no duration',
      ['grace: 30m', 'grace: 30 minutes'],
      '12 policies.production.grace: expected a duration such as',
    ],
    [
      'no duration',
      ['{ dump: 26h }', '{ dump: 1.5d }'],
      '5 policies.production.objectives.rpo.dump: expected a duration',
    ],
    ['a missing promise', ['      rto: 1h\n', ''], '4 policies.production.objectives.rto: is missing'],
    ['no cron', ['"0 1 * * *"', 'daily'], '8 policies.production.schedules.dump: expected five fields'],
    [
      'a list for a cron',
      ['"0 1 * * *"', '[1]'],
      '8 policies.production.schedules.dump: expected five cron fields, or {',
    ],
    [
      'an hour that is none',
      ['"0 1 * * *"', '"0 25 * * *"'],
      '8 policies.production.schedules.dump: Invalid value for hour',
    ],
    [
      'a zone that is none',
      ['"0 1 * * *"', '{ cron: "0 1 * * *", timezone: Mars/Base }'],
      '8 policies.production.schedules.dump: "Mars/Base" is not an IANA time zone',
    ],
    [
      'a newer pg_dump',
      ['dump: { compression', 'dump: { client: newer, compression'],
      '15 policies.production.dump.client: only same-major: a server of the source’s major cannot restore what a newer pg_dump writes; install',
    ],
    [
      'a depth that does not exist',
      ['depth: full', 'depth: deep'],
      '16 policies.production.verify.depth: expected one of exists, checksum, readable, full',
    ],
    [
      'a severity that does not exist',
      ['size-anomaly: P3', 'size-anomaly: P9'],
      '20 policies.production.severities.size-anomaly',
    ],
    [
      'a check that does not exist',
      ['size-anomaly: P3', 'size-anomoly: P3'],
      '20 policies.production.severities.size-anomoly: no finding "size-anomoly"; did you mean size-anomaly?',
    ],
    [
      'a policy that does not exist',
      ['policy: production', 'policy: prod'],
      '23 targets.crm.policy: no policy "prod"; known policies: production',
    ],
    [
      'a policy that does not exist',
      ['policy: production', 'policy: constructor'],
      '23 targets.crm.policy: no policy "constructor"',
    ],
    [
      'a priority that does not exist',
      ['priority: P1', 'priority: P3'],
      '24 targets.crm.priority: expected one of P0, P1, P2',
    ],
    ['no secret', ['{ secret: understudy/crm }', '{}'], '25 targets.crm.connection.secret: is missing'],
    [
      'a port that is none',
      ['understudy/crm }', 'understudy/crm, port: 70000 }'],
      '25 targets.crm.connection.port: expected 65535 or less, got 70000',
    ],
    [
      'a bad id',
      ['  crm:', '  CRM:'],
      '22 targets.CRM: expected an id of a-z, 0-9 and -, starting with a letter',
    ],
    [
      'our own id',
      ['  crm:', '  understudy:'],
      '22 targets.understudy: Understudy uses this id itself; choose another',
    ],
    [
      'a question without an answer',
      ['        minimum: 1000\n', ''],
      '27 targets.crm.assertions.0: expected exactly one of equals, minimum, rowsOf, fresherThan; found none',
    ],
    [
      'a question with two',
      ['minimum: 1000', 'minimum: 1\n        equals: 2'],
      '27 targets.crm.assertions.0: expected exactly one of equals, minimum, rowsOf, fresherThan; found equals and minimum',
    ],
    [
      'a tolerance of nothing',
      ['minimum: 1000', 'minimum: 1\n        tolerance: 5%'],
      '30 targets.crm.assertions.0.tolerance: tolerance needs rowsOf',
    ],
    [
      'an odd tolerance',
      ['minimum: 1000', 'rowsOf: a.b\n        tolerance: some'],
      '30 targets.crm.assertions.0.tolerance: expected a percentage such as 5%',
    ],
    [
      'an answer that is none',
      ['minimum: 1000', 'equals: [1]'],
      '29 targets.crm.assertions.0.equals: expected',
    ],
    ['no targets', [RIGHT.slice(RIGHT.indexOf('  crm:')), ''], '21 targets: is empty'],
    [
      'an empty list of them',
      [RIGHT.slice(RIGHT.indexOf('targets:')), 'targets: {}'],
      '21 targets: no targets',
    ],
  ])('%s: %j', (_, change, expected) => {
    const told = mistakesOf(withText(change));
    expect(told).toHaveLength(1);
    expect(told[0]).toContain(expected);
  });
});
