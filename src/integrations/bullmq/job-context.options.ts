import {
  type CarrierSignOptions,
  type CarrierVerifyOptions,
  Context,
  type ExtractOptions,
  extractContext,
  injectContext,
} from '../../core/index.js';
import { optionsOf, wrongArgument } from '../../core/internal.js';

/** What the side that works off jobs decides. */
export interface JobContextOptions extends Omit<ExtractOptions, 'verify'> {
  /**
   * Takes only carriers that one of these keys has signed, for the queue that the job is in. Default: a signature is not
   * looked at.
   */
  readonly verify?: Omit<CarrierVerifyOptions, 'audience'>;
  /**
   * What becomes of a job whose carrier is refused. `fail`: it cannot read any variable, so it fails with
   * `ERR_INVALID_CARRIER` when it tries; behind `withJobContext` it does not even begin. `empty`: it begins with an empty
   * context, as a job without a carrier does, and the refusal is reported. Default: `fail`.
   */
  readonly onInvalid?: 'fail' | 'empty';
  /**
   * What the jobs of a job scheduler begin with. `carry`: with what was there where the scheduler was registered, for as
   * long as it is. `empty`: with an empty context. Default: `carry`.
   */
  readonly schedulers?: 'carry' | 'empty';
}

export interface ContextTelemetryOptions extends JobContextOptions {
  /** Signs the carriers of jobs that are added, for their queue as audience. Default: not signed. */
  readonly sign?: Omit<CarrierSignOptions, 'audience'>;
}

/** @throws TypeError where an option has the wrong type, and not first when a job comes. */
export function checkedOptions<O extends ContextTelemetryOptions>(where: string, options: O | undefined): O {
  const given = optionsOf(where, options) ?? ({} as O);
  requireOneOf(where, 'onInvalid', ['fail', 'empty'], given.onInvalid);
  requireOneOf(where, 'schedulers', ['carry', 'empty'], given.schedulers);
  const { accept, verify, sign } = given;
  extractContext({}, { ...(accept !== undefined && { accept }), ...(verify !== undefined && { verify }) });
  if (sign !== undefined) injectContext({}, { context: new Context(), sign });
  return given;
}

function requireOneOf(where: string, name: string, values: readonly string[], value: unknown): void {
  if (value !== undefined && !values.includes(value as string)) {
    throw wrongArgument(where, `'${values.join("' or '")}' as ${name}`, value);
  }
}
