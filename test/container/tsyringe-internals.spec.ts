// What the entry relies on in tsyringe beyond its public type, and what it does where that is missing.

import { container, type DependencyContainer } from 'tsyringe';
import { classOf } from '../../src/container/tsyringe-internals.js';

test('the class of the containers is the one that child containers are made of', () => {
  expect(container.createChildContainer()).toBeInstanceOf(classOf(container));
});

test('a tsyringe that is made in another way is refused, with the version to install', () => {
  const other = { resolve() {}, getRegistration() {}, construct() {} } as unknown as DependencyContainer;
  expect(() => classOf(other)).toThrow(
    /does not know this version of tsyringe, which has no resolveRegistration, getAllRegistrations; install tsyringe 4\.10/,
  );
});
