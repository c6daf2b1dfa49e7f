const CRM = 'crm';

/** The id of the demo's target: your own database keeps its name, as far as it is a valid id. */
export function demoTargetId(databaseUrl: string | undefined): string {
  if (!databaseUrl) return CRM;
  const name = decodeURIComponent(new URL(databaseUrl).pathname.slice(1)).toLowerCase();
  const id = name
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, 40);
  return id === '' || id === 'understudy' ? 'database' : id;
}
