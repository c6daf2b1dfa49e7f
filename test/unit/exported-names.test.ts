import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');

/** Every exported name of lib and scripts, with the files that export it. A handler's name is Lambda's. */
function exportedNames(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const folder of ['lib', 'scripts'])
    for (const file of readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts')) continue;
      const text = readFileSync(join(ROOT, folder, file), 'utf8');
      for (const [, name] of text.matchAll(/^export (?:async )?(?:function\*?|const|let|type|class) (\w+)/gm))
        found.set(name!, [...(found.get(name!) ?? []), `${folder}/${file}`]);
    }
  return found;
}

test('no two files of lib and scripts export the same name', () => {
  const names = exportedNames();
  expect(names.get('requireTarget')).toEqual(['lib/domain/plan/policy.ts']);
  expect([...names].filter(([, files]) => files.length > 1)).toEqual([]);
});
