export { contextTelemetry } from './context-telemetry.js';
export type { ContextTelemetryOptions, JobContextOptions } from './job-context.options.js';
export { type CarryingJob, WithJobContext, withJobContext } from './with-job-context.js';
