import { firstLoaded } from '../../core/internal.js';
import * as own from './inspector.module.js';

const loaded: typeof own = firstLoaded('inspector', () => own);

export const InspectorModule: typeof own.InspectorModule = loaded.InspectorModule;
export type InspectorModule = own.InspectorModule;

export type { InspectorAction, InspectorRequest } from './action.options.js';
export type { InspectorModuleAsyncOptions } from './inspector.module.js';
export type { InspectorExtras, InspectorOptions, InspectorOptionsFactory } from './inspector.options.js';
