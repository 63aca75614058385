/** Where jobs wait. */
export interface QueuePlace {
  readonly kind: 'redis' | 'postgres';
  readonly url: string;
  /** Whether a worker has to look for jobs, because nobody can tell it. */
  readonly mustLook: boolean;
  /** After all queues and workers. */
  close(): Promise<void>;
}
