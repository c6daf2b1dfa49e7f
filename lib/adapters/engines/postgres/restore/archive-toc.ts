import { open } from 'node:fs/promises';
import { RestoreFailed } from '../../../../domain/errors.ts';
import { decoded } from '../bytes.ts';

/** An entry of an archive as pg_dump wrote it: names are complete here, whatever they contain. */
export type ArchiveEntry = {
  id: number;
  /** Catalog and object that it comes from; `0` where it has none. */
  catalog: number;
  oid: number;
  type: string;
  schema?: string;
  name: string;
  owner: string;
  section: 'none' | 'pre-data' | 'data' | 'post-data';
  definition: string;
  /** Ids of the entries that it depends on. */
  needs: number[];
};

const SECTIONS = ['none', 'pre-data', 'data', 'post-data'] as const;
const FIRST_READ = 1 << 20;
const FIRST_TAKEN = 1 << 16;

/** Reads the table of contents from the head of an archive in custom format, of pg_dump 15 and newer. */
export async function readArchiveToc(path: string): Promise<ArchiveEntry[]> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    for (let length = FIRST_READ; ; length *= 4) {
      const head = Buffer.alloc(Math.min(length, size));
      await file.read(head, 0, head.length, 0);
      const entries = parsed(head, head.length === size);
      if (entries) return entries;
    }
  } finally {
    await file.close();
  }
}

/** The same from a stream. Takes its head only, and ends it then. */
export async function streamArchiveToc(archive: AsyncIterable<Buffer>): Promise<ArchiveEntry[]> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let enough = FIRST_TAKEN;
  for await (const chunk of archive) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes < enough) continue;
    const entries = parsed(Buffer.concat(chunks), false);
    if (entries) return entries;
    enough = bytes * 2;
  }
  return parsed(Buffer.concat(chunks), true)!;
}

/** Undefined where the table of contents ends beyond this head. */
function parsed(head: Buffer, isWhole: boolean): ArchiveEntry[] | undefined {
  try {
    return parse(head);
  } catch (error) {
    if (error instanceof RangeError && !isWhole) return undefined;
    throw new RestoreFailed('restore-failed', 'the archive’s table of contents cannot be read', {
      hint: 'verify the point, and restore another one',
      cause: error,
    });
  }
}

function parse(head: Buffer): ArchiveEntry[] {
  if (head.toString('latin1', 0, 5) !== 'PGDMP') throw new Error('no archive in custom format');
  if (head.length < 11) throw new RangeError('beyond what was read');
  const minor = head.readUInt8(6);
  const integer = head.readUInt8(8);
  const offset = head.readUInt8(9);
  let at = 11;
  const take = (length: number) => {
    if (at + length > head.length) throw new RangeError('beyond what was read');
    at += length;
    return head.subarray(at - length, at);
  };
  const byte = () => take(1).readUInt8();
  const int = () => {
    const negative = byte() !== 0;
    const value = take(integer).readUIntLE(0, integer);
    return negative ? -value : value;
  };
  const bytes = (): Buffer | undefined => {
    const length = int();
    return length < 0 ? undefined : take(length);
  };
  let encoding = 'UTF8';
  const text = () => {
    const read = bytes();
    return read === undefined ? undefined : decoded(read, encoding);
  };

  if (minor >= 15) byte();
  else int();
  for (let field = 0; field < 7; field++) int();
  for (let field = 0; field < 3; field++) text();
  const entries: ArchiveEntry[] = [];
  for (let left = int(); left > 0; left--) {
    const id = int();
    int();
    const [catalog, oid] = [Number(text()), Number(text())];
    const [name, type] = [text() ?? '', text() ?? ''];
    const section = SECTIONS[int() - 1] ?? 'none';
    const definition = text() ?? '';
    for (let field = 0; field < 2; field++) bytes();
    const schema = text();
    for (let field = 0; field < 2; field++) bytes();
    if (minor >= 16) int();
    const owner = text() ?? '';
    bytes();
    const needs: number[] = [];
    for (let need = text(); need !== undefined; need = text()) needs.push(Number(need));
    at += 1 + offset;
    // The second entry names the encoding of all the others.
    if (type === 'ENCODING') encoding = /'(\w+)'/.exec(definition)?.[1] ?? encoding;
    entries.push({
      id,
      catalog,
      oid,
      type,
      ...(schema ? { schema } : {}),
      name,
      owner,
      section,
      definition,
      needs,
    });
  }
  return entries;
}

/** An entry for people, and as `rehearsal.leaveOut` names it: `function public.f(integer)`. No body, no value. */
export function formatEntry({ type, schema, name }: ArchiveEntry): string {
  return `${type.toLowerCase()} ${schema === undefined ? '' : `${schema}.`}${name}`.replace(/\s+/g, ' ');
}
