import {
  asapScheduler,
  BehaviorSubject,
  debounceTime,
  firstValueFrom,
  from,
  isObservable,
  lastValueFrom,
  map,
  Observable,
  observeOn,
  of,
  ReplaySubject,
  Subject,
  shareReplay,
  toArray,
} from 'rxjs';
import {
  bindObservable,
  ContextVar,
  currentUnit,
  runUnitOfWork,
  ScopedValue,
  withTempContext,
} from '../../src/core/index.js';
import { FAILURE } from './support/endings.js';
import { outcomeOf } from './support/outcome.js';

const text = new ContextVar<string>('text', { default: 'default' });
const role = new ScopedValue<string>('role');

function within<R>(value: string, body: () => R): R {
  return runUnitOfWork({ kind: value }, () => {
    text.set(value);
    return body();
  });
}

let seen: unknown[];
beforeEach(() => {
  seen = [];
});
const see = (value: unknown): void => void seen.push([value, text.get()]);

test('each subscriber of a Subject is called where it subscribed, not in the context of next', () => {
  const subject = new Subject<string>();
  const bound = bindObservable(subject);
  within('first', () => bound.subscribe(see));
  within('second', () => bound.subscribe({ next: see, complete: () => see('complete') }));
  within('sender', () => {
    subject.next('value');
    subject.complete();
  });
  expect(seen).toEqual([
    ['value', 'first'],
    ['value', 'second'],
    ['complete', 'second'],
  ]);
});

test('an error is given where it was subscribed', () => {
  const subject = new Subject();
  within('subscriber', () => bindObservable(subject).subscribe({ error: see }));
  within('sender', () => subject.error(FAILURE));
  expect(seen).toEqual([[FAILURE, 'subscriber']]);
});

test('operators behind it run where it was subscribed, timers that they set included', async () => {
  const subject = new Subject<string>();
  const result = within('subscriber', () =>
    lastValueFrom(
      bindObservable(subject).pipe(
        map((value) => `${value} ${text.get()}`),
        debounceTime(1),
        map((value) => `${value} ${text.get()}`),
        toArray(),
        map((values) => [...values, text.get()]),
      ),
    ),
  );
  within('sender', () => subject.next('value'));
  setTimeout(() => within('sender', () => subject.complete()), 5);
  expect(await result).toEqual(['value subscriber subscriber', 'subscriber']);
});

test('what is bound behind a scheduler or a shared source is right where those are not', async () => {
  const shared = of('value').pipe(observeOn(asapScheduler), shareReplay(1));
  const both = ['a', 'b'].map((who) =>
    within(who, () => firstValueFrom(bindObservable(shared).pipe(map(() => text.get())))),
  );
  expect(await Promise.all(both)).toEqual(['a', 'b']);
});

test('its teardown runs where it was subscribed, whoever unsubscribes', () => {
  const source = new Observable(() => () => see('torn down'));
  const subscription = within('subscriber', () => bindObservable(source).subscribe());
  within('other', () => subscription.unsubscribe());
  const piped = within('subscriber', () => bindObservable(source).pipe(map(String)).subscribe());
  within('other', () => piped.unsubscribe());
  expect(seen).toEqual([
    ['torn down', 'subscriber'],
    ['torn down', 'subscriber'],
  ]);
});

test('sees the live Context of the subscription, and its unit of work', () =>
  runUnitOfWork({ kind: 'unit' }, () => {
    const subject = new Subject<string>();
    bindObservable(subject).subscribe((value) => {
      see(currentUnit()?.kind);
      text.set(value);
    });
    text.set('set later');
    within('sender', () => subject.next('set by the callback'));
    expect(seen).toEqual([['unit', 'set later']]);
    expect(text.get()).toBe('set by the callback');
  }));

test('keeps a ContextVar under a temporary binding, and never a ScopedValue', () =>
  runUnitOfWork({ kind: 'unit' }, async () => {
    const subject = new Subject<void>();
    withTempContext([text.as('temporary'), role.as('admin')], () => {
      bindObservable(subject).subscribe(async () => see(await outcomeOf(() => role.get('fallback'))));
      subject.next();
    });
    subject.next();
    await Promise.resolve().then(() => Promise.resolve());
    const refused = { error: expect.objectContaining({ code: 'ERR_SCOPE_ENDED' }) };
    expect(seen).toEqual([
      [refused, 'temporary'],
      [refused, 'temporary'],
    ]);
  }));

test('subscribed to outside any context it calls back outside any', () => {
  const subject = new Subject<void>();
  bindObservable(subject).subscribe(() => see(currentUnit()));
  within('sender', () => subject.next());
  expect(seen).toEqual([[undefined, 'default']]);
});

test('is still what it was: an Observable, a Subject, with its state', () => {
  const subject = bindObservable(new BehaviorSubject('first'));
  expect(subject).toBeInstanceOf(BehaviorSubject);
  expect([isObservable(subject), from(subject) === subject, subject.value]).toEqual([true, true, 'first']);
  subject.next('second');
  expect([subject.value, subject.observed]).toEqual(['second', false]);
  subject.subscribe(see).unsubscribe();
  expect([seen, subject.observed]).toEqual([[['second', 'default']], false]);
  const replay = bindObservable(new ReplaySubject<number>(2));
  replay.next(1);
  replay.next(2);
  within('late', () => replay.subscribe(see));
  expect(seen.slice(1)).toEqual([
    [1, 'late'],
    [2, 'late'],
  ]);
});

test('takes whatever has a subscribe', () => {
  const store = {
    listeners: new Set<(value: number) => void>(),
    subscribe(listener: (value: number) => void) {
      this.listeners.add(listener);
      return () => this.listeners.delete(listener);
    },
  };
  const stop = within('subscriber', () => [bindObservable(store).subscribe(see)])[0];
  within('sender', () => {
    for (const listener of store.listeners) listener(7);
  });
  stop?.();
  expect([seen, store.listeners.size]).toEqual([[[7, 'subscriber']], 0]);
});

test.each([undefined, null, 'text', {}, { subscribe: 1 }, () => {}])('%p is refused', (wrong) => {
  expect(() => bindObservable(wrong as never)).toThrow(
    expect.objectContaining({
      name: 'TypeError',
      message: expect.stringMatching(/^bindObservable: expected an Observable, got /),
    }),
  );
});
