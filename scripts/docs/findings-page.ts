import { FINDINGS, type FindingCode } from '../../lib/domain/findings/registry.ts';

const BEGIN = '<!-- from FINDINGS, by npm run docs -->';
const END = '<!-- end -->';

/** A page of findings, with the generated part under each heading written anew. The detail below it stays. */
export function findingsPage(page: string): string {
  return page.replace(
    new RegExp(`^## ([a-z-]+)\\n\\n(?:${BEGIN}\\n[^]*?${END}\\n\\n)?`, 'gm'),
    (heading, code: string) => {
      if (!isFinding(code)) return heading;
      return [`## ${code}`, '', BEGIN, ...describe(code), END, '', ''].join('\n');
    },
  );
}

/** The list of all findings, one table for each page. */
export function findingsIndex(index: string, pages: { name: string; text: string }[]): string {
  const tables = pages.flatMap(({ name, text }) => [
    '',
    `## [${/^# (.+)$/m.exec(text)![1]}](findings/${name})`,
    '',
    '| finding | severity | means |',
    '|---|---|---|',
    ...codesOf(text).map(
      (code) =>
        `| [${code}](findings/${name}#${code}) | ${FINDINGS[code].severity} | ${FINDINGS[code].means} |`,
    ),
  ]);
  return `${index.slice(0, index.indexOf(BEGIN))}${[BEGIN, ...tables, '', END, ''].join('\n')}`;
}

const isFinding = (code: string): code is FindingCode => Object.hasOwn(FINDINGS, code);

const codesOf = (page: string) =>
  [...page.matchAll(/^## (.+)$/gm)].map((match) => match[1]!).filter(isFinding);

function describe(code: FindingCode): string[] {
  const entry: { severity: string; means: string; next: string; ofCluster?: string } = FINDINGS[code];
  return [
    `**${entry.severity}.** ${entry.means}`,
    '',
    `**Next:** ${named(entry.next)}`,
    ...(entry.ofCluster ? ['', `**Next, for a cluster:** ${named(entry.ofCluster)}`] : []),
  ];
}

/** Names the gaps of a next step: T for the target, JOB, ID, DAYS … */
function named(next: string): string {
  const names: Record<string, string> = {
    target: 'T',
    modify: 'aws rds modify-db-instance --db-instance-identifier ID',
  };
  return next.replace(/\{(\w+)\}/g, (_, gap: string) => names[gap] ?? gap.toUpperCase());
}
