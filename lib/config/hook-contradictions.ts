import type { Policy, RestoreSettings } from '../domain/plan/policy.ts';

/** Hooks that nothing calls, and a freeze that has none: each with its place below `restore`, and why it does not fit. */
export function hookContradictions({
  freeze,
  cutover,
  hooks,
}: Pick<RestoreSettings, 'freeze' | 'cutover' | 'hooks'>): { where: (string | number)[]; message: string }[] {
  const twice = hooks.cutover.findIndex((hook, index) => hooks.cutover.indexOf(hook) !== index);
  return [
    ...(freeze === 'hook' && hooks.freeze === undefined
      ? [{ where: ['freeze'], message: 'no function is named for it; add hooks: { freeze: NAME }' }]
      : []),
    ...(freeze !== 'hook' && hooks.freeze !== undefined
      ? [{ where: ['hooks', 'freeze'], message: 'is called only with freeze: hook; add that, or remove it' }]
      : []),
    ...(cutover === 'none' && hooks.cutover.length > 0
      ? [
          {
            where: ['hooks', 'cutover'],
            message: 'are called only after a cutover; add cutover: secret or rename, or remove them',
          },
        ]
      : []),
    ...(twice >= 0
      ? [{ where: ['hooks', 'cutover', twice], message: `duplicate hook ${hooks.cutover[twice]}` }]
      : []),
  ];
}

/** An application of rehearsals that cannot reach its copy, or whose hook would act on production. */
export function rehearsalHookContradictions({
  rehearsal: { instance },
  restore: { hooks },
}: Policy): string[] {
  const { application, subnetGroup, securityGroups } = instance;
  if (application === undefined) return [];
  return [
    ...(subnetGroup && securityGroups
      ? []
      : [
          'needs subnetGroup and securityGroups that let your application in: the deployment’s quarantine lets in nothing but Understudy',
        ]),
    ...([hooks.freeze, ...hooks.cutover].includes(application)
      ? [`${application} is a hook that acts on production; name another function`]
      : []),
  ];
}
