/** Loaded once in standby, see `warmLoader`; shaped like the bundle of a handler. */
export const handler = (): Promise<void> => Promise.resolve();
