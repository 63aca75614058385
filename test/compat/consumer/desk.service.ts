import { Injectable } from '@nestjs/common';
import { ClsService } from 'nestjs-cls';
import { type ContextError, createTask, gather, RequestContext, WithTempContext } from 'nestjs-contextvars';
import { deferred, pause } from './timing.js';
import { role, tenant, user } from './variables.js';

/** Who this code is, as far as it can see. */
export interface Identity {
  readonly tenant: string;
  readonly user: string;
  readonly role: string;
  readonly requestId: string;
  readonly clsId: string;
}

/** What one request has seen, step by step. */
export interface Report {
  readonly before: Identity;
  readonly elevated: Identity;
  readonly siblings: readonly Identity[];
  readonly branch: string;
  readonly task: Identity;
  readonly after: Identity;
  /** What work that the elevated method left running got for the role. */
  readonly late: string;
}

@Injectable()
export class DeskService {
  constructor(
    private readonly context: RequestContext,
    private readonly cls: ClsService,
  ) {}

  async work(): Promise<Report> {
    const before = this.identity();
    await pause();
    const ended = deferred();
    const [{ elevated, late }, siblings, [branch], task] = await Promise.all([
      this.refund(ended.promise),
      this.audit(),
      gather([() => this.withTenant('of one branch')]),
      createTask(() => this.later()),
    ]);
    ended.resolve();
    return { before, elevated, siblings, branch, task, late: await late, after: this.identity() };
  }

  @WithTempContext(role.as('ledger-writer'))
  private async refund(ended: Promise<void>) {
    const late = this.roleAfter(ended);
    await pause();
    return { elevated: this.identity(), late };
  }

  private async audit() {
    const seen = [this.identity()];
    for (let reads = 0; reads < 4; reads += 1) {
      await pause();
      seen.push(this.identity());
    }
    return seen;
  }

  private async withTenant(name: string) {
    tenant.set(name);
    await pause();
    return tenant.get();
  }

  private async later() {
    await pause();
    return this.identity();
  }

  /** Not awaited by the elevated method, so that it goes on after its end. */
  private async roleAfter(ended: Promise<void>) {
    await ended;
    try {
      return role.get();
    } catch (error) {
      return (error as ContextError).code;
    }
  }

  private identity(): Identity {
    return {
      tenant: tenant.get(),
      user: this.context.get(user),
      role: role.get(),
      requestId: this.context.id,
      clsId: this.cls.getId(),
    };
  }
}
