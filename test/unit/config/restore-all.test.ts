import { loadPlan } from '../../../lib/config/load.ts';
import { mistakesOf, NOW, RIGHT } from './text.ts';

const withSteps = (steps: string, more = '') => `${RIGHT}restoreAll:\n${more}  steps:\n${steps}`;

test('the steps are read in their order, with their defaults', () => {
  const text = withSteps(`    - { name: network, function: network-up }
    - { name: databases, targets: P0 }
    - { name: look, confirm: "Does it run?" }
    - { name: others, targets: [crm], }
    - { name: dns, function: "arn:aws:lambda:eu-west-1:111122223333:function:dns", within: 2m }
`);
  expect(loadPlan(text, 'understudy.yml', NOW).restoreAll).toEqual({
    atOnce: 4,
    steps: [
      { name: 'network', function: 'network-up', within: 900 },
      { name: 'databases', targets: 'P0' },
      { name: 'look', confirm: 'Does it run?' },
      { name: 'others', targets: ['crm'] },
      { name: 'dns', function: 'arn:aws:lambda:eu-west-1:111122223333:function:dns', within: 120 },
    ],
  });
  expect(loadPlan(RIGHT, 'understudy.yml', NOW).restoreAll).toBeUndefined();
});

test.each<[string, string, string, string?]>([
  [
    'a target that is not there',
    '    - { name: all, targets: [crn] }\n',
    'no target "crn"; did you mean crm?',
  ],
  [
    'two steps of one name',
    '    - { name: all, targets: P0 }\n    - { name: all, targets: P1 }\n',
    'a second step is called "all"',
  ],
  [
    'a function that may take longer than Lambda lets it',
    '    - { name: f, function: f, within: 20m }\n',
    'within 15m',
  ],
  [
    'a step that does nothing',
    '    - { name: f }\n',
    'expected exactly one of targets, function, confirm; found none',
  ],
  [
    'a step that does two things',
    '    - { name: f, targets: P0, confirm: "?" }\n',
    'found targets and confirm',
  ],
  ['no step at a time', '    - { name: f, targets: P0 }\n', 'atOnce', '  atOnce: 0\n'],
])('%s is a mistake', (_, steps, message, more = '') => {
  expect(mistakesOf(withSteps(steps, more))).toEqual([expect.stringContaining(message)]);
});
