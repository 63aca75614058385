import type { InspectorAction, InspectorRequest } from 'nestjs-contextvars/inspector';
import { demoUsers } from '../identity/demo-users.js';
import type { Identity } from '../identity/identity.js';

const [ada, bob, cleo, dan] = demoUsers as [Identity, Identity, Identity, Identity];

/** What the page can fire at the application, as users of the demo. */
export const buttons: InspectorAction[] = [
  {
    label: 'Orders of two tenants',
    requests: [post('/orders', ada), post('/orders', cleo)],
    times: 3,
  },
  {
    label: 'A refund beside orders',
    requests: [post('/returns', ada), post('/orders', bob), post('/orders', cleo), post('/orders', dan)],
  },
  {
    label: 'A refund that outlives its role',
    requests: [post('/returns/detached', ada), get('/whoami', ada), get('/whoami', cleo)],
  },
  {
    label: 'Refused',
    requests: [get('/orders', { ...ada, tenant: cleo.tenant }), post('/orders', demoUsers[4] as Identity)],
    overlapping: false,
  },
];

function get(path: string, { name, tenant }: Identity): InspectorRequest {
  return { path, headers: { authorization: `Bearer ${name}`, 'x-tenant': tenant } };
}

function post(path: string, caller: Identity): InspectorRequest {
  return { ...get(path, caller), method: 'POST', body: { item: 'fountain pen', quantity: 2 } };
}
