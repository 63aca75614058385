import { ContextVar, RequestContext, ScopedValue } from '../../src/index.js';
import { fakeRequestContext, runInTestUnit } from '../../src/testing/index.js';

const tenant = new ContextVar<string>('tenant', { default: 'nobody' });
const user = new ContextVar<string>('user');
const role = new ScopedValue<string>('role');

const outside = expect.objectContaining({ code: 'ERR_NO_ACTIVE_CONTEXT' });

test('it is a RequestContext, with what was filled in, outside any unit of work', () => {
  const request = { headers: {} };
  const response = {};
  const startedAt = new Date('2020-02-20T20:20:20Z');
  const values = {
    id: 'r-1',
    correlationId: 'c-1',
    traceId: 't-1',
    spanId: 's-1',
    startedAt,
    elapsed: 7,
    request,
    response,
  };
  const context: RequestContext = fakeRequestContext(RequestContext, values);
  expect(context).toBeInstanceOf(RequestContext);
  expect(context).toMatchObject(values);
  expect(context.request).toBe(request);
});

test('the correlation id is the id, and the elapsed time counts from the start, where they are left out', () => {
  const startedAt = new Date(Date.now() - 1000);
  const context = fakeRequestContext(RequestContext, { id: 'r-1', startedAt });
  expect(context.correlationId).toBe('r-1');
  expect(context.elapsed).toBeGreaterThanOrEqual(1000);
});

test('what was not filled in is as in the real one', () => {
  const context = fakeRequestContext(RequestContext, { request: {} });
  for (const read of [
    () => context.id,
    () => context.correlationId,
    () => context.elapsed,
    () => context.response,
  ])
    expect(read).toThrow(outside);
  runInTestUnit({ id: 'u-1' }, () => {
    expect(context.id).toBe('u-1');
    expect(() => context.response).toThrow(expect.objectContaining({ code: 'ERR_NOT_IN_REQUEST' }));
  });
});

test('variables are found in the current context first, then in what was filled in', () => {
  const context = fakeRequestContext(RequestContext, { bindings: [tenant.as('acme'), role.as('clerk')] });
  expect([context.get(tenant), context.has(tenant)]).toEqual(['acme', true]);
  expect([context.get(role, 'none'), context.has(role)]).toEqual(['clerk', true]);
  runInTestUnit({ bindings: [tenant.as('globex')] }, () => {
    expect([context.get(tenant), context.get(role)]).toEqual(['globex', 'clerk']);
    expect(context.run(role, 'admin', () => context.get(role))).toBe('admin');
  });
});

test('a variable that is in neither is as in the real one', () => {
  const context = fakeRequestContext(RequestContext, { bindings: [role.as('clerk')] });
  expect(() => context.get(user)).toThrow(outside);
  runInTestUnit({}, () => {
    expect(context.get(user, 'none')).toBe('none');
    expect(context.get(tenant)).toBe('nobody');
    expect([context.has(user), context.has(tenant)]).toEqual([false, false]);
    expect(() => context.get(user)).toThrow(expect.objectContaining({ code: 'ERR_VAR_UNSET' }));
  });
});

test('a variable that is set is set in the current context, and read from there', () => {
  const context = fakeRequestContext(RequestContext, { bindings: [user.as('ada')] });
  expect(() => context.set(user, 'bob')).toThrow(outside);
  runInTestUnit({}, () => {
    const token = context.set(user, 'bob');
    expect([context.get(user), user.get()]).toEqual(['bob', 'bob']);
    user.reset(token);
    expect(context.get(user)).toBe('ada');
  });
  expect(user.get('none')).toBe('none');
});

test('two of them know nothing of each other', () => {
  const [one, other] = ['ada', 'bob'].map((name) =>
    fakeRequestContext(RequestContext, { id: name, bindings: [user.as(name)] }),
  );
  expect([one?.get(user), other?.get(user), one?.id, other?.id]).toEqual(['ada', 'bob', 'ada', 'bob']);
});

test('arguments of another type are a TypeError', () => {
  const wrong = [
    () => fakeRequestContext(undefined as never),
    () => fakeRequestContext(RequestContext, null as never),
    () => fakeRequestContext(RequestContext, { id: '' }),
    () => fakeRequestContext(RequestContext, { correlationId: 1 as never }),
    () => fakeRequestContext(RequestContext, { startedAt: 0 as never }),
    () => fakeRequestContext(RequestContext, { elapsed: '1' as never }),
    () => fakeRequestContext(RequestContext, { bindings: [tenant as never] }),
  ];
  for (const call of wrong) expect(call).toThrow(TypeError);
});
