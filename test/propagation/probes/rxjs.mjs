import { bindContext, bindObservable } from 'nestjs-contextvars/core';
import {
  asapScheduler,
  bufferTime,
  debounceTime,
  defer,
  finalize,
  firstValueFrom,
  interval,
  map,
  mergeMap,
  Observable,
  Subject,
  share,
  shareReplay,
  take,
} from 'rxjs';
import { later, see, sleep, who, within } from '../support.mjs';

const unbound = (it) => it;

function subscribed(bind, operator = map((value) => value)) {
  const { promise, resolve } = later();
  const subject = new Subject();
  within('A', () =>
    bind(subject)
      .pipe(operator)
      .subscribe(() => resolve(see())),
  );
  within('B', () => subject.next('value'));
  return promise;
}

/** What A and B see of a source that one subscription serves. */
async function both(source, bind) {
  const seen = ['A', 'B'].map((name) => within(name, () => firstValueFrom(bind(source).pipe(map(see)))));
  return (await Promise.all(seen)).join(' ');
}

async function replayed(bind) {
  const source = defer(async () => sleep(5)).pipe(shareReplay(1));
  return both(source, bind);
}

async function scheduled(bind) {
  const jobs = ['A', 'B'].map((name) => {
    const { promise, resolve } = later();
    within(name, () => asapScheduler.schedule(bind(() => resolve(see()))));
    return promise;
  });
  return (await Promise.all(jobs)).join(' ');
}

/** One subscription works off what A and B send. */
async function oneAtATime(jobOf) {
  const seen = [];
  const { promise, resolve } = later();
  const jobs = new Subject();
  within('WORKER', () =>
    jobs.pipe(mergeMap((job) => job(), 1)).subscribe((value) => {
      if (seen.push(value) === 2) resolve(seen.join(' '));
    }),
  );
  for (const name of ['A', 'B'])
    within(name, () =>
      jobs.next(
        jobOf(async () => {
          await sleep(1);
          return see();
        }),
      ),
    );
  return promise;
}

function finalized(bind) {
  let seen;
  const source = new Observable(() => {}).pipe(finalize(() => (seen = see())));
  const subscription = within('A', () => bind(source).subscribe());
  within('B', () => subscription.unsubscribe());
  return seen;
}

/** An interceptor that runs only `next.handle()` in a context: the handler is called when it is subscribed to. */
function intercepted() {
  return firstValueFrom(within('', () => who.run('A', () => defer(async () => see()))));
}

export const rxjs = [
  {
    no: 26,
    what: 'RxJS: a subscriber of A to a `Subject`, `next` in B',
    right: 'A',
    plain: () => subscribed(unbound),
    remedy: '`bindObservable(subject)`',
    remedied: () => subscribed(bindObservable),
  },
  {
    no: 26,
    what: 'RxJS: behind `debounceTime`',
    right: 'A',
    plain: () => subscribed(unbound, debounceTime(1)),
    remedy: '`bindObservable(subject)`',
    remedied: () => subscribed(bindObservable, debounceTime(1)),
  },
  {
    no: 26,
    what: 'RxJS: behind `bufferTime`',
    right: 'A',
    plain: () => subscribed(unbound, bufferTime(2)),
    remedy: '`bindObservable(subject)`',
    remedied: () => subscribed(bindObservable, bufferTime(2)),
  },
  {
    no: 26,
    what: 'RxJS: A and B subscribe to what `shareReplay` shares',
    right: 'A B',
    plain: () => replayed(unbound),
    remedy: '`bindObservable(shared)`',
    remedied: () => replayed(bindObservable),
  },
  {
    no: 26,
    what: 'RxJS: A and B subscribe to an `interval` that is shared',
    right: 'A B',
    plain: () => both(interval(1).pipe(take(3), share()), unbound),
    remedy: '`bindObservable(shared)`',
    remedied: () => both(interval(1).pipe(take(3), share()), bindObservable),
  },
  {
    no: 26,
    what: 'RxJS: jobs that A and B give to `asapScheduler`',
    right: 'A B',
    plain: () => scheduled(unbound),
    remedy: '`bindContext(job)`',
    remedied: () => scheduled(bindContext),
  },
  {
    no: 26,
    what: 'RxJS: jobs of A and B that `mergeMap(job, 1)` works off one by one',
    right: 'A B',
    plain: () => oneAtATime(unbound),
    remedy: '`bindContext(job)` where it is sent',
    remedied: () => oneAtATime(bindContext),
  },
  {
    no: 26,
    what: 'RxJS: `finalize` of a subscription of A, unsubscribed in B',
    right: 'A',
    plain: () => finalized(unbound),
    remedy: '`bindObservable(source)`',
    remedied: () => finalized(bindObservable),
  },
  {
    no: 27,
    what: 'an interceptor that runs only `next.handle()` in a context: the handler',
    right: 'A',
    plain: intercepted,
  },
];
