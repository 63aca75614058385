/** Who did, or tried to do, what needs a higher role. */
export interface AuditEntry {
  readonly user: string;
  /** In force at that moment; `none` where there was none. */
  readonly role: string;
  readonly requestId: string;
  readonly correlationId: string;
  readonly action: string;
  /** To what it was done. */
  readonly subject: string;
  readonly outcome: 'done' | 'refused';
  readonly reason: string | null;
}
