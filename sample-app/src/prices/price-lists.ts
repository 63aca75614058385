/** Cents by item, for each tenant. */
export const priceLists: ReadonlyMap<string, ReadonlyMap<string, number>> = new Map([
  ['acme', new Map(Object.entries({ tea: 450, ink: 1200, paper: 700 }))],
  ['globex', new Map(Object.entries({ tea: 520, ink: 990, stamps: 1600 }))],
]);
