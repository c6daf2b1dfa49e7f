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

test('commands, then what stands in their places', () => {
  expect(words('st')).toEqual(['status']);
  expect(words('run', 're')).toEqual(['rehearse', 'rehearse-snapshot', 'rehearse-moment']);
  expect(words('run', 'dump', '')).toEqual(['crm-prod', 'shop']);
  expect(words('alerts', '')).toEqual(['list', 'test']);
  expect(words('completion', 'z')).toEqual(['zsh']);
});

test('options of the command and of all, and their values', () => {
  expect(words('run', '--po')).toEqual(['--point']);
  expect(words('--sta')).toEqual(['--stage']);
  expect(words('rehearse', 'shop', '--from', 's')).toEqual(['snapshot']);
});

test('an option and its value take no place, and --config says where the targets are', () => {
  expect(words('--stage', 'prod', 'status', 's')).toEqual(['shop']);
  const files: string[] = [];
  completeWords(COMMANDS, ['--config', 'other.yml', 'status', ''], (file) => {
    files.push(file);
    return YML;
  });
  expect(files).toEqual(['other.yml']);
});

test('a file that is not there completes nothing, and fails nothing', () => {
  const missing = () => {
    throw new Error('ENOENT');
  };
  expect(completeWords(COMMANDS, ['status', ''], missing)).toEqual([]);
});
