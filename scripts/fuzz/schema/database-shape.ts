import type { Random } from '../random.ts';

/** The options of CREATE DATABASE, and the settings for all its sessions. */
export type DatabaseShape = { options: string; settings: string[] };

const SETTINGS = [
  'standard_conforming_strings = off',
  'quote_all_identifiers = on',
  "DateStyle = 'SQL, DMY'",
  "DateStyle = 'German'",
  "IntervalStyle = 'iso_8601'",
  "IntervalStyle = 'sql_standard'",
  "bytea_output = 'escape'",
  'extra_float_digits = -3',
  'extra_float_digits = 0',
  'search_path = nowhere, public',
  'search_path = \'"$user"\', pg_catalog',
  "TimeZone = 'Asia/Kolkata'",
  "TimeZone = 'America/New_York'",
  "default_transaction_isolation = 'serializable'",
  'default_transaction_read_only = on',
  "client_encoding = 'LATIN1'",
  'array_nulls = off',
  'backslash_quote = off',
  "xmloption = 'document'",
  "xmlbinary = 'hex'",
  "default_text_search_config = 'pg_catalog.german'",
  'row_security = off',
  'transform_null_equals = on',
  "statement_timeout = '20s'",
  "lc_monetary = 'C'",
  'check_function_bodies = on',
  'lo_compat_privileges = on',
  "default_toast_compression = 'pglz'",
  'default_statistics_target = 10',
  "session_replication_role = 'replica'",
];

export function makeDatabaseShape(random: Random, major: number): DatabaseShape {
  const options = random.chance(0.7)
    ? "encoding 'UTF8'"
    : random.pick([
        "encoding 'UTF8' locale_provider icu icu_locale 'de-u-co-phonebk'",
        "encoding 'UTF8' locale_provider icu icu_locale 'en-US'",
        "encoding 'SQL_ASCII' locale 'C'",
        "encoding 'LATIN1' locale 'C'",
        "encoding 'UTF8' locale 'C'",
        "encoding 'EUC_JP' locale 'C'",
        "encoding 'UTF8' locale 'C.UTF-8'",
        ...(major >= 16 ? ["encoding 'UTF8' locale_provider icu icu_locale 'und' icu_rules '&u < w'"] : []),
        ...(major >= 17 ? ["encoding 'UTF8' locale_provider builtin builtin_locale 'C.UTF-8'"] : []),
        ...(major >= 18 ? ["encoding 'UTF8' locale_provider builtin builtin_locale 'PG_UNICODE_FAST'"] : []),
      ]);
  const settings = random.chance(0.4) ? random.some(SETTINGS, random.between(1, 3)) : [];
  return { options, settings };
}
