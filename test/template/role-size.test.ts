import { createRequire } from 'node:module';

type Statement = { Effect: string; Action: string | string[]; Resource: unknown; Condition?: object };
const load = createRequire(__filename);
const merged = load('../../scripts/serverless/merged.cjs') as (given: Statement[]) => Statement[];
const { fitted, lengthOf } = load('../../scripts/serverless/role-size.cjs') as {
  fitted: (part: string, given: Statement[]) => { own: Statement[]; beside: Statement[][] };
  lengthOf: (given: Statement[]) => number;
};

const may = (Action: string | string[], Resource: unknown, Condition?: object): Statement => ({
  Effect: 'Allow',
  ...{ Action, Resource },
  ...(Condition ? { Condition } : {}),
});

describe('statements of a role', () => {
  test('merge where they differ in their resources alone, or in their actions alone', () => {
    expect(merged([may('a:One', 'x'), may('a:One', ['y', 'x']), may(['a:Two'], ['x', 'y'])])).toEqual([
      may(['a:One', 'a:Two'], ['x', 'y']),
    ]);
  });

  test('do not merge where that would allow more', () => {
    const apart = [
      may('a:One', 'x'),
      may('a:Two', 'y'),
      may('a:One', 'z', { Bool: { secure: 'true' } }),
      { ...may('a:One', 'w'), Effect: 'Deny' },
    ];
    expect(merged(apart)).toEqual(apart);
  });
});

describe('a role', () => {
  const name = (n: number) => ({ 'Fn::Sub': `arn:\${AWS::Partition}:ecs:\${AWS::Region}:x:service/${n}` });
  const of = (count: number) => [
    may('logs:PutLogEvents', 'x'),
    may(
      'ecs:UpdateService',
      Array.from({ length: count }, (_, n) => name(n)),
    ),
  ];

  test('that fits has one policy', () => {
    expect(fitted('restore', of(150))).toEqual({ own: of(150), beside: [] });
  });

  test('that names more has managed policies beside it, none longer than IAM takes, and loses nothing', () => {
    const { own, beside } = fitted('restore', of(700));
    expect(lengthOf(own)).toBeLessThanOrEqual(10_240);
    expect(beside.map((each) => lengthOf(each) <= 6144)).toEqual(beside.map(() => true));
    expect(beside.length).toBeGreaterThan(1);
    const named = [own, ...beside].flat().filter(({ Action }) => Action === 'ecs:UpdateService');
    expect(new Set(named.flatMap(({ Resource }) => Resource).map((each) => JSON.stringify(each))).size).toBe(
      700,
    );
  });

  test('that names more than ten of them hold is refused with what to do', () => {
    expect(() => fitted('restore', of(3000))).toThrow(/role of restore .* IAM takes 10240/);
  });
});
