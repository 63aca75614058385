import type { CanActivate, ModuleMetadata, Type } from '@nestjs/common';
import { ContextError } from '../../core/index.js';
import { optionsOf } from '../../core/internal.js';
import { type InspectorAction, type ResolvedAction, readActions } from './action.options.js';
import { check } from './check-option.js';
import { REQUESTS } from './limits.js';

export interface InspectorOptions {
  /** Whether there is an inspector at all. Default: false; then nothing is mounted and nothing listens. */
  readonly enabled?: boolean;
  /**
   * Whether the application may start with it where `NODE_ENV` is `production`. Everybody who may open the page sees who
   * calls what, with values of variables and log lines. Default: false.
   */
  readonly allowInProduction?: boolean;
  /** How many requests are kept: the last ones. Default: 100, at most 1000. */
  readonly requests?: number;
  /** The log fields that have a column. Default: `tenant` and `user`. */
  readonly columns?: readonly string[];
  /**
   * Names of variables, log fields and keys of objects whose values are hidden, in any case of letters. Values of variables
   * that are made with `secret` are hidden in any case. Default: none.
   */
  readonly secrets?: readonly string[];
  /** Buttons of the page. Default: none. */
  readonly actions?: readonly InspectorAction[];
}

/** What has to be known before the application is put together, so that no factory can give it. */
export interface InspectorExtras {
  /** Where the page is, below the global prefix; the same in all versions of the API. Default: `inspector`. */
  readonly path?: string;
  /** Guards of the page and of all that it loads, beside the application's own global ones. Default: none. */
  readonly guards?: readonly (Type<CanActivate> | CanActivate)[];
  /**
   * Decorators of the controller that serves the page: metadata that a global guard asks for (`Public()`), or
   * `ApiExcludeController()`. Default: none.
   */
  readonly decorators?: readonly ClassDecorator[];
  /** Modules that provide what the guards depend on. Default: none; global modules are there anyway. */
  readonly imports?: ModuleMetadata['imports'];
}

/** What a class has to have that `InspectorModule.forRootAsync` is given. */
export interface InspectorOptionsFactory {
  create(): InspectorOptions | Promise<InspectorOptions>;
}

export interface ResolvedInspectorOptions {
  readonly enabled: boolean;
  readonly requests: number;
  readonly columns: readonly string[];
  readonly secrets: readonly string[];
  readonly actions: readonly ResolvedAction[];
}

/**
 * @throws TypeError where an option has the wrong type; ContextError `ERR_INSPECTOR_IN_PRODUCTION` where it is switched
 * on in production without being allowed there.
 */
export function resolveInspectorOptions(given: InspectorOptions): ResolvedInspectorOptions {
  const options = optionsOf('InspectorModule', given) ?? {};
  const { enabled = false, allowInProduction = false, requests = REQUESTS.byDefault } = options;
  const { columns = ['tenant', 'user'], secrets = [], actions = [] } = options;
  check('enabled', 'a boolean', typeof enabled === 'boolean');
  check('allowInProduction', 'a boolean', typeof allowInProduction === 'boolean');
  const isCount = Number.isInteger(requests) && requests >= 1 && requests <= REQUESTS.atMost;
  check('requests', `a whole number from 1 to ${REQUESTS.atMost}`, isCount);
  check('columns', 'an array of strings', areTexts(columns));
  check('secrets', 'an array of strings', areTexts(secrets));
  if (enabled && !allowInProduction && process.env.NODE_ENV === 'production') {
    throw new ContextError(
      'ERR_INSPECTOR_IN_PRODUCTION',
      'InspectorModule is enabled where NODE_ENV is "production", and shows requests, values and log lines to ' +
        'whoever may open its page; switch it off, or guard the page and say allowInProduction: true.',
    );
  }
  return { enabled, requests, columns, secrets, actions: readActions(actions) };
}

/** @throws TypeError where an extra has the wrong type. */
export function resolveInspectorExtras(extras: InspectorExtras): Required<InspectorExtras> {
  const { path = 'inspector', guards = [], decorators = [], imports = [] } = extras;
  const segments = /^\/?[\w.~-]+(\/[\w.~-]+)*$/;
  check('path', 'a path such as "inspector"', typeof path === 'string' && segments.test(path));
  check('guards', 'an array of guards', Array.isArray(guards) && guards.every(isGuard));
  const areFunctions = Array.isArray(decorators) && decorators.every((one) => typeof one === 'function');
  check('decorators', 'an array of class decorators', areFunctions);
  check('imports', 'an array of modules', Array.isArray(imports));
  return { path: path.replace(/^\//, ''), guards, decorators, imports };
}

function areTexts(texts: unknown): boolean {
  return Array.isArray(texts) && texts.every((text) => typeof text === 'string' && text !== '');
}

function isGuard(guard: unknown): boolean {
  return typeof guard === 'function' || typeof (guard as Partial<CanActivate>)?.canActivate === 'function';
}
