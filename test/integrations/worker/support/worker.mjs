// As worker.cjs; see there. Only for threads that are not ended while they start.

import { withWorkerContext } from 'nestjs-contextvars/worker';
import { tenant } from './variables.cjs';

export default withWorkerContext((payload) => ({ payload, tenant: tenant.get(null) }));

export const shout = withWorkerContext(async (payload) => `${payload.toUpperCase()} of ${tenant.get()}`);
