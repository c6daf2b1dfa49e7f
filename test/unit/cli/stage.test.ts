import { createRequire } from 'node:module';
import { openSession } from '../../../scripts/cli/session.ts';

const stageOf = createRequire(__filename)('../../../scripts/serverless/stage.cjs') as (
  resolve: () => Promise<string>,
) => Promise<string>;

test.each(['my-dev', 'Prod', 'scratch', 'x'.repeat(17)])(
  'the command and the packaging refuse the stage %s',
  async (stage) => {
    expect(() => openSession({ config: 'understudy.yml', stage })).toThrow('cannot be a stage');
    await expect(stageOf(async () => stage)).rejects.toThrow('cannot be a stage');
  },
);

test('the command and the packaging take the stage prod', async () => {
  expect(() => openSession({ config: 'understudy.yml', stage: 'prod' })).not.toThrow();
  expect(await stageOf(async () => 'prod')).toBe('prod');
});
