export interface InspectorSettings {
  /** Whether there is a page that shows what happens in the application. */
  readonly enabled: boolean;
}

/** From `INSPECTOR` (on or off; off where NODE_ENV is production, and there it is refused). */
export function readInspectorSettings(env: NodeJS.ProcessEnv): InspectorSettings {
  const inspector = env.INSPECTOR || (env.NODE_ENV === 'production' ? 'off' : 'on');
  if (inspector !== 'on' && inspector !== 'off') {
    throw new Error(`INSPECTOR is '${inspector}'; it can be on or off`);
  }
  return { enabled: inspector === 'on' };
}
