import { createRequire } from 'node:module';
import { openSession } from '../../../scripts/cli/session.ts';

const stageOf = createRequire(__filename)('../../../scripts/serverless/stage.cjs') as (
  resolve: () => Promise<string>,
) => Promise<string>;

test.each(['my-dev', 'Prod', 'scratch', 'x'.repeat(17)])(
  'a stage %s is refused by command and packaging',
  async (stage) => {
    expect(() => openSession({ config: 'understudy.yml', stage })).toThrow('cannot be a stage');
    await expect(stageOf(async () => stage)).rejects.toThrow('cannot be a stage');
  },
);

test('another is taken', async () => {
  expect(() => openSession({ config: 'understudy.yml', stage: 'prod' })).not.toThrow();
  expect(await stageOf(async () => 'prod')).toBe('prod');
});
