import { join } from 'node:path';

type Resources = Record<string, { Properties: Record<string, unknown> }>;
type Generate = (given: object) => Promise<{ Resources: Resources }>;

// The sample plan has no RDS instance, so it subscribes to none of RDS's events. The generators read this when loaded.
process.env['UNDERSTUDY_CONFIG'] = join(__dirname, 'everything.yml');

const generated = async (file: 'schedules' | 'alarms' | 'instances', standby: string): Promise<Resources> => {
  const generate = require(`../../scripts/serverless/${file}.cjs`) as Generate;
  const resolveVariable = async (what: string) => (what === 'param:standby' ? standby : 'prod');
  return (await generate({ resolveVariable, resolveConfigurationProperty: async () => ({}) })).Resources;
};
const statesOf = async (standby: string) =>
  new Set(Object.values(await generated('schedules', standby)).map(({ Properties }) => Properties['State']));

test('nothing of a standby runs by itself, the watch neither, and nobody is alarmed by that', async () => {
  expect(await statesOf('yes')).toEqual(new Set(['DISABLED']));
  expect((await generated('alarms', 'yes'))['WatchAlarm']!.Properties).toMatchObject({
    TreatMissingData: 'notBreaching',
  });
});

test('a standby hears nothing of RDS: a copy that the other Region’s retention deletes is no attack', async () => {
  const enabledOf = async (standby: string) =>
    Object.values(await generated('instances', standby)).flatMap(({ Properties }) =>
      'SubscriptionName' in Properties ? [Properties['Enabled']] : [],
    );
  const [standby, other] = [await enabledOf('yes'), await enabledOf('no')];
  expect([new Set(standby), new Set(other)]).toEqual([new Set([false]), new Set([true])]);
});

test('everything of any other deployment does', async () => {
  expect(await statesOf('no')).toEqual(new Set(['ENABLED']));
  expect((await generated('alarms', 'no'))['WatchAlarm']!.Properties).toMatchObject({
    TreatMissingData: 'breaching',
  });
});

test('a deployment is refused that is not said to be one or the other', async () => {
  await expect(statesOf('true')).rejects.toThrow('standby is yes or no');
});
