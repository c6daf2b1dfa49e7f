import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseNotice } from '../../lib/adapters/aws/events/parse-notice.ts';
import { configSchema, jsonSchema } from '../../lib/config/config-schema.ts';
import { loadPlan } from '../../lib/config/load.ts';
import { FINDINGS } from '../../lib/domain/findings/finding.ts';
import { jobMessage } from '../../lib/domain/runs/job.ts';
import { generatedPages } from '../../scripts/docs/generated-pages.ts';

const ROOT = join(__dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const pagesBelow = (directory: string) =>
  readdirSync(join(ROOT, directory), { recursive: true })
    .map((name) => join(directory, String(name)))
    .filter((name) => name.endsWith('.md'));
const PAGES = ['README.md', ...pagesBelow('docs')];
/** The blocks of one language in every page. */
const blocks = (language: string) =>
  PAGES.flatMap((page) =>
    [...read(page).matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(
      (match) => match[1]!,
    ),
  );

describe('the documentation', () => {
  it('describes every finding there is and no other', () => {
    const described = pagesBelow('docs/reference/findings')
      .flatMap((page) => [...read(page).matchAll(/^## (.+)$/gm)])
      .map((match) => match[1]!);
    expect(described.sort()).toEqual(Object.keys(FINDINGS).sort());
  });

  it('shows messages that the jobs accept', () => {
    const messages = blocks('json').map((block) => JSON.parse(block) as { job?: string });
    const jobs = messages.filter((message) => message.job !== undefined);
    expect(jobs.length).toBeGreaterThan(3);
    for (const message of jobs)
      expect([message, jobMessage.safeParse(message).error]).toEqual([message, undefined]);
  });

  it('shows messages for the topic events that parseNotice understands', () => {
    const shown = blocks('json')
      .filter((message) => /"(Event ID|AlarmName)"/.test(message))
      .map((message) => parseNotice(message, '2026-11-20T02:00:01Z'));
    expect(shown).toMatchObject([
      { from: 'rds', code: 'RDS-EVENT-0001', subject: 'crm-prod' },
      { from: 'alarm', state: 'OK', subject: 'crm-prod-connections', about: [{ id: 'crm-prod' }] },
    ]);
  });

  it('names every option of understudy.yml', () => {
    const text = ['configuration', 'instances', 'smoke']
      .map((page) => read(`docs/reference/${page}.md`))
      .join();
    const names = new Set<string>();
    JSON.stringify(jsonSchema(), (key, value) => {
      if (key === 'properties') for (const name of Object.keys(value as object)) names.add(name);
      return value;
    });
    expect(configSchema).toBeDefined();
    expect([...names].filter((name) => !text.includes(name))).toEqual([]);
  });

  it('shows files of understudy.yml that pass check', () => {
    const samples = blocks('yaml')
      .filter((sample) => /^policies:/m.test(sample))
      .map((sample) => (/^version:/m.test(sample) ? sample : `version: 1\n${sample}`));
    expect(samples.length).toBeGreaterThan(3);
    for (const sample of samples)
      expect(() => loadPlan(sample, 'sample.yml', new Date('2026-11-20T12:00:00Z'))).not.toThrow();
  });

  it.each(Object.entries(generatedPages()))('has %s as `npm run docs` writes it', (path, text) => {
    expect(read(path)).toBe(text);
  });

  it('has no page of more than 400 lines', () => {
    expect(PAGES.filter((page) => read(page).split('\n').length > 401)).toEqual([]);
  });

  it('links to files that exist', () => {
    const broken = PAGES.flatMap((page) =>
      [...read(page).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)]
        .map((match) => match[1]!)
        .filter((link) => !/^https?:|^mailto:/.test(link))
        .filter((link) => {
          try {
            readdirSync(join(ROOT, page, '..', link));
            return false;
          } catch (error) {
            return (error as NodeJS.ErrnoException).code === 'ENOENT';
          }
        })
        .map((link) => `${page}: ${link}`),
    );
    expect(broken).toEqual([]);
  });

  it('links to sections that exist', () => {
    const sections = (page: string) =>
      [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
        title!
          .toLowerCase()
          .replace(/[^\p{L}\p{N} _-]/gu, '')
          .replaceAll(' ', '-'),
      );
    const broken = PAGES.flatMap((page) =>
      [...read(page).matchAll(/\]\(([^)#\s:]*)#([^)\s]+)\)/g)]
        .filter(([, to, anchor]) => !sections(join(page, to ? join('..', to) : '')).includes(anchor!))
        .map(([link]) => `${page}: ${link}`),
    );
    expect(broken).toEqual([]);
  });
});
