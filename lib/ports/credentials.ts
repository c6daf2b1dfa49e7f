/** How to connect to a database. Never logged, never in argv. */
export type Credentials = {
  host: string;
  port: number;
  database: string;
  user: string;
  password: string;
  sslmode: 'disable' | 'require' | 'verify-ca' | 'verify-full';
};
