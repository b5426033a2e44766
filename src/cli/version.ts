/** Set by the build; tests run the sources. */
declare const __LAMBDA_RUN_VERSION__: string | undefined;

export const VERSION: string = typeof __LAMBDA_RUN_VERSION__ === "string" ? __LAMBDA_RUN_VERSION__ : "development";
