// The end of the stack once more, where the store of nestjs-cls moves along: it must be back with its own unit of work.
import 'reflect-metadata';
import 'nestjs-contextvars';
import { ClsServiceManager } from 'nestjs-cls';
import {
  bindContext,
  Context,
  copyContext,
  createTask,
  preserveContext,
  runUnitOfWork,
} from 'nestjs-contextvars/core';
import { atTheEnd, isOverflow } from '../stack-end.mjs';

const cls = ClsServiceManager.getClsService();
const plain = () => 'ok';
/** Outside any context, where no store is active. */
const bound = bindContext(plain);
let promised = [];

const ops = {
  'Context.run': () => new Context().run(plain),
  'Context.run of a copy': () => copyContext().run(plain),
  'a function bound outside any context': () => bound(),
  runUnitOfWork: () => runUnitOfWork({ kind: 'inside' }, plain),
  createTask: () => {
    promised[promised.length] = createTask(plain);
  },
  preserveContext: () => preserveContext(plain)(),
};

export const sites = Object.entries(ops).map(([name, op]) => {
  let overflows = 0;
  return {
    name: `the store of nestjs-cls, the end of the stack in ${name}`,
    arrives: 'nowhere',
    tolerates: isOverflow,
    share: 1 / 8,
    count: () => overflows,
    fail: async () => {
      await op();
      const before = cls.get();
      promised = [];
      const outcomes = [];
      atTheEnd(op, outcomes);
      overflows += outcomes.length;
      for (const one of promised) one?.catch?.(() => {});
      for (const when of ['right after', 'later']) {
        if (cls.get() !== before) throw new Error(`${when}, the store is another one`);
        await null;
      }
      const other = outcomes.find((outcome) => !isOverflow(outcome));
      if (other !== undefined) throw other;
    },
    works: async () => (await op()) ?? 'ok',
    finish: () => (overflows === 0 ? ['there was room each time: nothing was tried'] : []),
  };
});
