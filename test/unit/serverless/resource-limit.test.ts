import { createRequire } from 'node:module';

const load = createRequire(__filename);
const HOOK = 'after:aws:package:finalize:mergeCustomProviderResources';
type Judge = (count: number) => { verdict: string; message?: string };
const ResourceLimit = load('../../../scripts/serverless/resource-limit.cjs') as {
  judge: Judge;
  new (serverless: object, options: object, tools: object): { hooks: Record<typeof HOOK, () => void> };
};
const { judge } = ResourceLimit;

test.each([
  [450, 'fits'],
  [451, 'nearly'],
  [500, 'nearly'],
  [501, 'too many'],
])('%d resources: %s', (count, verdict) => {
  const found = judge(count);
  expect(found.verdict).toBe(verdict);
  if (verdict !== 'fits')
    expect(found.message).toMatch(new RegExp(`${count}.*500.*merge policies.*second stage`, 's'));
});

test('packaging warns about a template that is nearly full, and ends with one that is too large', () => {
  const warnings: string[] = [];
  const packagedWith = (count: number) => {
    const Resources = Object.fromEntries(Array.from({ length: count }, (_, index) => [`R${index}`, {}]));
    const serverless = { service: { provider: { compiledCloudFormationTemplate: { Resources } } } };
    new ResourceLimit(serverless, {}, { log: { warning: (line: string) => warnings.push(line) } }).hooks[
      HOOK
    ]();
  };
  packagedWith(450);
  expect(warnings).toEqual([]);
  packagedWith(451);
  expect(warnings).toEqual([expect.stringContaining('451 of the 500')]);
  expect(() => packagedWith(501)).toThrow('this deployment has 501 resources, and CloudFormation takes 500');
});
