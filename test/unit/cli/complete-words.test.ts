import { completeWords } from '../../../scripts/cli/complete-words.ts';
import { COMMANDS } from '../../../scripts/cli/registry/commands.ts';

const YML = `version: 1
policies:
  production:
    retention: { all: 30d }
targets:
  crm-prod:
    policy: production
  # off: not yet
  shop:
    policy: production
`;
const words = (...typed: string[]) => completeWords(COMMANDS, typed, () => YML);

test('completion offers commands, then the jobs, targets and words of a command', () => {
  expect(words('st')).toEqual(['status']);
  expect(words('run', 're')).toEqual(['rehearse', 'rehearse-snapshot', 'rehearse-moment']);
  expect(words('run', 'dump', '')).toEqual(['crm-prod', 'shop']);
  expect(words('alerts', '')).toEqual(['list', 'test']);
  expect(words('completion', 'z')).toEqual(['zsh']);
});

test('completion offers the options of a command and of all commands, and their values', () => {
  expect(words('run', '--po')).toEqual(['--point']);
  expect(words('--sta')).toEqual(['--stage']);
  expect(words('rehearse', 'shop', '--from', 's')).toEqual(['snapshot']);
});

test('completion passes over options and their values, and reads the targets from --config', () => {
  expect(words('--stage', 'prod', 'status', 's')).toEqual(['shop']);
  const files: string[] = [];
  completeWords(COMMANDS, ['--config', 'other.yml', 'status', ''], (file) => {
    files.push(file);
    return YML;
  });
  expect(files).toEqual(['other.yml']);
});

test('completion offers nothing and does not fail where understudy.yml is missing', () => {
  const missing = () => {
    throw new Error('ENOENT');
  };
  expect(completeWords(COMMANDS, ['status', ''], missing)).toEqual([]);
});
