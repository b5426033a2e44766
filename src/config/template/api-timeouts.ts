/** How long an API waits by itself. https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html */
export const REST_TIMEOUT_MS = 29_000;
export const HTTP_TIMEOUT_MS = 30_000;
