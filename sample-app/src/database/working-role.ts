import { sql } from 'drizzle-orm';
import type { Queries } from './store.js';

interface WorkingRole {
  readonly name: string;
  readonly bypasses: boolean;
  readonly owns: boolean;
}

/** @throws where row-level security would not hold for whom the application works as. */
export async function requirePlainRole(queries: Queries): Promise<void> {
  const { rows } = (await queries.execute(sql`
    select rolname as name, rolsuper or rolbypassrls as bypasses,
      exists (select from pg_tables where schemaname = 'desk' and tableowner = rolname) as owns
    from pg_roles where rolname = current_user`)) as { rows: WorkingRole[] };
  const [role] = rows;
  if (role === undefined || role.bypasses || role.owns) {
    throw new Error(
      `The database is worked with as '${role?.name}', for whom row-level security does not hold; let it be desk_application`,
    );
  }
}
