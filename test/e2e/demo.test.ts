import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');

function demo(...args: string[]) {
  const { AWS_ENDPOINT_URL: _, ...env } = process.env;
  return spawnSync(process.execPath, [join(ROOT, 'scripts/demo/main.ts'), ...args], {
    encoding: 'utf8',
    cwd: ROOT,
    env,
  });
}

/** The demo shows nothing that is not so. */
describe('the demo', () => {
  it('shows every step and ends with 0', () => {
    const { status, stdout, stderr } = demo();
    expect([status, status === 0 ? '' : stdout + stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /equal to its source[\s\S]*checksum-mismatch[\s\S]*public\.leads[\s\S]*all 20,000 orders are in the copy[\s\S]*the scratch instance is gone[\s\S]*production has its 20,000 orders again[\s\S]*job-silent[\s\S]*all is good again[\s\S]*until you approve[\s\S]*the application serves all 20,000 orders again[\s\S]*nothing is left running/,
    );
  });

  it.each([
    ['--verify', 'exists'],
    ['--proof', 'counts'],
    ['--moment', 'after'],
  ])('ends with 1 when a step is switched off with %s %s', (...args) => {
    expect(demo(...args).status).toBe(1);
  });
});
