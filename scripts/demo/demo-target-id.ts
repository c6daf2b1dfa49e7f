const CRM = 'crm';

/** A database of one's own is shown under its own name, as far as that can be a target's. */
export function demoTargetId(databaseUrl: string | undefined): string {
  if (!databaseUrl) return CRM;
  const name = decodeURIComponent(new URL(databaseUrl).pathname.slice(1)).toLowerCase();
  const id = name
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, 40);
  return id === '' || id === 'understudy' ? 'database' : id;
}
