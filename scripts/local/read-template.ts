import { readFileSync } from 'node:fs';

export type TemplateResource = {
  Type: string;
  Properties: Record<string, unknown>;
  DependsOn?: unknown;
  DeletionPolicy?: string;
};
export type Template = { Resources: Record<string, TemplateResource> };

/** The packaged template; `stage` renames its resources for another stage than the packaged one. */
export function readTemplate(file: string, stage?: string): Template {
  const text = readFileSync(file, 'utf8');
  if (!stage) return JSON.parse(text) as Template;
  return JSON.parse(
    text.replace(/understudy-dev\b/g, `understudy-${stage}`).replace(/"dev-/g, `"${stage}-`),
  ) as Template;
}
