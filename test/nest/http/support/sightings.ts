import { ContextVar, currentUnit } from 'nestjs-contextvars';
import { requestId } from '../../../../src/nest/request-ids.js';
import { until } from './until.js';

/** Set by `setup` of the applications under test, from the header `x-tenant`. */
export const tenant = new ContextVar<string>('tenant');

/** The tenant that a test sends with the request `id`. */
export function tenantOf(id: string): string {
  return `tenant-${id}`;
}

interface Sighting {
  readonly stage: string;
  readonly id: string;
  readonly tenant: string;
  readonly unit: string;
}

/** What each stage of a request has seen of its context. */
export class Sightings {
  readonly #all: Sighting[] = [];

  clear(): void {
    this.#all.length = 0;
  }

  /** Notes what the context is here. */
  see(stage: string): void {
    const unit = currentUnit();
    this.#all.push({
      stage,
      id: requestId.get('no id'),
      tenant: tenant.get('no tenant'),
      unit: unit === undefined ? 'no unit' : `${unit.kind} ${unit.id}`,
    });
  }

  /** The stages of the request `id`, in order and without repetitions. */
  stages(id: string): string[] {
    return [...new Set(this.#all.filter((seen) => seen.id === id).map(({ stage }) => stage))];
  }

  async waitFor(stage: string, id: string): Promise<void> {
    await until(`'${stage}' has seen ${id}, not only ${this.#text()}`, () => this.stages(id).includes(stage));
  }

  /** Everything that was seen with no id, or with the tenant or unit of another request than its id says. */
  strays(): Sighting[] {
    return this.#all.filter((seen) => seen.tenant !== tenantOf(seen.id) || seen.unit !== `http ${seen.id}`);
  }

  #text(): string {
    return JSON.stringify(this.#all.map(({ stage, id }) => `${stage} ${id}`));
  }
}

export const sightings = new Sightings();
