import { tenant } from '../identity/identity.variables.js';

/** Rows in memory, apart for each tenant: what runs for one tenant cannot reach the rows of another. */
export class TenantRows<Row> {
  readonly #byTenant = new Map<string, Map<string, Row>>();

  get(id: string): Row | undefined {
    return this.#rows().get(id);
  }

  set(id: string, row: Row): void {
    this.#rows().set(id, row);
  }

  list(): Row[] {
    return [...this.#rows().values()];
  }

  #rows(): Map<string, Row> {
    const owner = tenant.get();
    let rows = this.#byTenant.get(owner);
    if (!rows) {
      rows = new Map();
      this.#byTenant.set(owner, rows);
    }
    return rows;
  }
}
