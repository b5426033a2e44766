/**
 * `awslambda.InvokeStore` of Node 24 and newer: libraries (AWS SDK, Powertools) ask it for the request id and the trace
 * without having the context object at hand. Shape: @aws/lambda-invoke-store, as aws-lambda-ric 4.0 installs it for
 * environments that serve one invocation at a time.
 */
import type { InvocationHeaders } from "./context.js";

const PROTECTED_KEYS = {
  REQUEST_ID: Symbol.for("_AWS_LAMBDA_REQUEST_ID"),
  X_RAY_TRACE_ID: Symbol.for("_AWS_LAMBDA_X_RAY_TRACE_ID"),
  TENANT_ID: Symbol.for("_AWS_LAMBDA_TENANT_ID"),
} as const;

type Values = Record<PropertyKey, unknown>;

class InvokeStore {
  static readonly PROTECTED_KEYS = PROTECTED_KEYS;
  #current: Values | undefined;

  /** Not among AWS's methods: a new invocation starts with its own three values. */
  begin({ requestId, traceId, tenantId }: InvocationHeaders): void {
    this.#current = {
      [PROTECTED_KEYS.REQUEST_ID]: requestId,
      [PROTECTED_KEYS.X_RAY_TRACE_ID]: traceId,
      [PROTECTED_KEYS.TENANT_ID]: tenantId,
    };
  }

  isProtectedKey(key: PropertyKey): boolean {
    return (Object.values(PROTECTED_KEYS) as PropertyKey[]).includes(key);
  }

  getRequestId(): unknown {
    return this.get(PROTECTED_KEYS.REQUEST_ID) ?? "-";
  }

  getXRayTraceId(): unknown {
    return this.get(PROTECTED_KEYS.X_RAY_TRACE_ID);
  }

  getTenantId(): unknown {
    return this.get(PROTECTED_KEYS.TENANT_ID);
  }

  getContext(): Values | undefined {
    return this.#current;
  }

  hasContext(): boolean {
    return this.#current !== undefined;
  }

  get(key: PropertyKey): unknown {
    return this.#current?.[key];
  }

  set(key: PropertyKey, value: unknown): void {
    if (this.isProtectedKey(key)) throw new Error(`Cannot modify protected Lambda context field: ${String(key)}`);
    this.#current ??= {};
    this.#current[key] = value;
  }

  run<T>(context: Values, work: () => T): T {
    this.#current = context;
    return work();
  }
}

export const invokeStore = new InvokeStore();
