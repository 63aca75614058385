/** What the orders of a tenant come to, in cents. */
export interface Statement {
  readonly tenant: string;
  /** For whom it was drawn up. */
  readonly user: string;
  readonly lines: StatementLine[];
  readonly total: number;
}

export interface StatementLine {
  readonly orderId: string;
  readonly item: string;
  readonly quantity: number;
  /** Null, as the amount, for what is not on the tenant's price list. */
  readonly price: number | null;
  readonly amount: number | null;
}
