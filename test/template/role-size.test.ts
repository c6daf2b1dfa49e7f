import { createRequire } from 'node:module';

type Statement = { Effect: string; Action: string | string[]; Resource: unknown; Condition?: object };
const load = createRequire(__filename);
const merged = load('../../scripts/serverless/merged.cjs') as (given: Statement[]) => Statement[];
const refuseTooLong = load('../../scripts/serverless/role-size.cjs') as (
  part: string,
  given: Statement[],
) => void;

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

test('a role that would be longer than IAM takes is refused with what to do, one that fits is not', () => {
  const name = (n: number) => ({ 'Fn::Sub': `arn:\${AWS::Partition}:ecs:\${AWS::Region}:x:service/${n}` });
  const of = (count: number) => [
    may(
      'ecs:UpdateService',
      Array.from({ length: count }, (_, n) => name(n)),
    ),
  ];
  expect(() => refuseTooLong('restore', of(150))).not.toThrow();
  expect(() => refuseTooLong('restore', of(400))).toThrow(/role of restore .* IAM takes 10240/);
});
