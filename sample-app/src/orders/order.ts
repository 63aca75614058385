export interface NewOrder {
  readonly item: string;
  readonly quantity: number;
}

export interface Order extends NewOrder {
  readonly id: string;
  readonly tenant: string;
  readonly placedBy: string;
  readonly status: 'placed' | 'refunded';
}
