// A context-scoped class that extends another one is given what Nest would give it.

import { Inject, Injectable, Optional, type Type } from '@nestjs/common';
import { ContextScoped, scopedProvider } from 'nestjs-contextvars';
import { closeApps, inUnit, startTesting } from './support/application.js';

afterEach(closeApps);

@Injectable()
class Clock {
  readonly now = 42;
}

@Injectable()
class Mailer {
  readonly from = 'desk@example.com';
}

@Injectable()
abstract class Base {
  @Inject('label') readonly label!: string;
  @Optional() @Inject('nobody provides this') readonly note: string = 'default note';

  constructor(
    readonly clock: Clock,
    @Inject('limit') readonly limit: number,
    @Optional() readonly mailer?: Mailer,
  ) {}

  get wiring(): unknown {
    const { clock, limit, mailer, label, note } = this;
    return { clock: clock?.now, limit, mailer: mailer?.from, label, note };
  }
}

class Nothing extends Base {}

class WithConstructor extends Base {
  @Inject('own label') readonly ownLabel!: string;
  constructor(mailer: Mailer, @Inject('limit') limit: number, @Inject(Clock) clock: Clock) {
    super(clock, limit * 2, mailer);
  }
  override get wiring(): unknown {
    return [super.wiring, this.ownLabel];
  }
}

class WithoutParameters extends Base {
  constructor() {
    super(new Clock(), 1);
  }
}

class WithConstructorThatNamesNoToken extends Base {
  constructor(clock: Clock, mailer: Mailer) {
    super(clock, 3, mailer);
  }
}

class Redeclared extends Base {
  @Inject('own label') declare readonly label: string;
}

class Grandchild extends Redeclared {}

const declared = [
  Clock,
  Mailer,
  { provide: 'limit', useValue: 7 },
  { provide: 'label', useValue: 'of the base' },
  { provide: 'own label', useValue: 'of the subclass' },
];

it.each<[string, Type<Base>]>([
  ['no constructor', Nothing],
  ['a constructor', WithConstructor],
  ['a constructor that names no token', WithConstructorThatNamesNoToken],
  ['a constructor without parameters', WithoutParameters],
  ['a property that it declares anew', Redeclared],
  ['a base that extends another one', Grandchild],
])(
  'with %s has the parameters and properties that Nest gives the same class as a singleton',
  async (_, type) => {
    const token = `scoped ${type.name}`;
    // One class cannot be both: the decorator would make Nest's own a refused one.
    Injectable()(type);
    const asSingleton = await startTesting({ providers: [...declared, type] });
    ContextScoped()(type);
    const scoped = await startTesting({
      providers: [...declared, scopedProvider({ provide: token, useClass: type })],
    });
    const { wiring } = asSingleton.get(type);
    expect(inUnit(() => scoped.get<Base>(token).wiring)).toEqual(wiring);
  },
);

it('and its base are two context-scoped classes, where both are', async () => {
  @ContextScoped()
  class Cart {
    readonly kind = this.constructor.name;
  }
  @ContextScoped()
  class BigCart extends Cart {}
  const app = await startTesting({ providers: [scopedProvider(BigCart), scopedProvider(Cart)] });
  expect(inUnit(() => [app.get(Cart).kind, app.get(BigCart).kind])).toEqual(['Cart', 'BigCart']);
});
