/** What our containers carry. */

/** On everything that is ours, so that `lambda-run down` finds it and touches nothing else. */
export const OWN_LABEL = "lambda-run=true";
/** Those that one process made: they are gone when it is. */
export const SESSION_LABEL = "lambda-run.session";
/** For a person who asks `docker ps` whose it is, and for tests that share an engine. */
export const PROJECT_LABEL = "lambda-run.project";
/** What a function's containers carry: its name. */
export const FUNCTION_LABEL = "lambda-run.function";
/** Its volumes are used by others that have to be removed before it. */
export const HOLDER_LABEL = "lambda-run.holder";
