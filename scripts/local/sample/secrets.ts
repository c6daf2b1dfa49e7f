/** The secrets that scripts/local/sample/understudy.yml names. */
export const APPLICATION_SECRET = 'crm/application';
export const ADMIN_SECRET = 'understudy/crm-admin';
export const DUMP_SECRET = 'understudy/crm-prod';
