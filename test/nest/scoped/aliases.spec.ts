// What useExisting names is injected, whatever stands between.

import { forwardRef, Inject, Injectable } from '@nestjs/common';
import { ContextScoped, scopedProvider } from 'nestjs-contextvars';
import { closeApps, got, inUnit, moduleOf, startTesting } from './support/application.js';
import { Made } from './support/made.js';

afterEach(closeApps);

@Injectable()
class Clock {
  readonly now = 42;
}

@ContextScoped()
class Cart {
  constructor(@Inject('clock') readonly clock: Clock) {}
}

describe('a context-scoped class that depends on an alias', () => {
  it('gets the singleton behind it', async () => {
    const app = await startTesting({
      providers: [Clock, { provide: 'clock', useExisting: Clock }, scopedProvider(Cart)],
    });
    expect(inUnit(() => app.get(Cart).clock)).toBe(app.get(Clock));
  });

  it('gets the singleton behind an alias of an alias in another module', async () => {
    const Clocks = moduleOf('Clocks', {
      providers: [Clock, { provide: 'inner', useExisting: Clock }],
      exports: ['inner'],
    });
    const app = await startTesting({
      imports: [Clocks],
      providers: [{ provide: 'clock', useExisting: 'inner' }, scopedProvider(Cart)],
    });
    expect(inUnit(() => app.get(Cart).clock)).toBe(got(app, Clock));
  });

  it('gets the singleton that the alias names by forwardRef', async () => {
    const app = await startTesting({
      providers: [
        Clock,
        { provide: 'clock', useExisting: forwardRef(() => Clock) as never },
        scopedProvider(Cart),
      ],
    });
    expect(inUnit(() => app.get(Cart).clock)).toBe(app.get(Clock));
  });

  it('gets the context-scoped one behind it, of the same unit of work', async () => {
    const { Noted } = new Made();
    @ContextScoped()
    class Scoped extends Noted {}
    const app = await startTesting({
      providers: [scopedProvider(Scoped), { provide: 'clock', useExisting: Scoped }, scopedProvider(Cart)],
    });
    const [first, second] = [1, 2].map(() =>
      inUnit(() => {
        const { identity } = app.get(Cart).clock as never as { identity: object };
        expect(identity).toBe(app.get(Scoped).identity);
        return identity;
      }),
    );
    expect(first).not.toBe(second);
  });
});

describe('an alias of a context-scoped class', () => {
  it('injects the same stand-in, into singletons and by the token', async () => {
    const { Noted, instances } = new Made();
    @ContextScoped()
    class Scoped extends Noted {}
    @Injectable()
    class Holder {
      constructor(
        readonly scoped: Scoped,
        @Inject('alias') readonly alias: Scoped,
      ) {}
    }
    const app = await startTesting({
      providers: [Holder, { provide: 'alias', useExisting: Scoped }, scopedProvider(Scoped)],
    });
    const { scoped, alias } = app.get(Holder);
    expect(alias).toBe(scoped);
    expect(app.get('alias')).toBe(scoped);
    inUnit(() => expect(alias.identity).toBe(scoped.identity));
    expect(instances).toHaveLength(1);
  });
});
