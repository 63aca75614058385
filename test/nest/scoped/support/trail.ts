import { ContextScoped, currentUnit } from 'nestjs-contextvars';

/** What has been made of Trail, and what was disposed of, by the id of the request. */
export const trails: { readonly made: Trail[]; readonly disposed: string[] } = { made: [], disposed: [] };

export function clearTrails(): void {
  trails.made.length = 0;
  trails.disposed.length = 0;
}

/** The stages that have used it in one request. */
@ContextScoped()
export class Trail {
  readonly stages: string[] = [];
  readonly unit = currentUnit()?.id;

  constructor() {
    trails.made.push(this);
  }

  note(stage: string): void {
    if (currentUnit()?.id !== this.unit)
      throw new Error(`${stage} of ${currentUnit()?.id} is in ${this.unit}`);
    this.stages.push(stage);
  }

  get text(): string {
    return this.stages.join(', ');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stages.push('disposing');
    await new Promise(setImmediate);
    this.stages.push('disposed');
    trails.disposed.push(String(this.unit));
  }
}
