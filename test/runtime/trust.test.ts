/** Which functions are given the certificate of this machine, and by which variables they know it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FunctionConfig } from "../../src/config/function-config.js";
import type { LaunchPlan } from "../../src/runtime/launch-plans.js";
import type { Sandbox } from "../../src/runtime/sandbox/sandbox.js";
import { BUNDLE_FILE, trustFolder, trusting } from "../../src/runtime/trust.js";

let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), "lambda-run-trust-"));
  mkdirSync(trustFolder(cache), { recursive: true });
  writeFileSync(join(trustFolder(cache), BUNDLE_FILE), "");
});
afterEach(() => rmSync(cache, { recursive: true, force: true }));

const plan = { mounts: [], ownVariables: () => ({ OWN: "1" }) } as unknown as LaunchPlan;
const sandbox = { paths: { resolve: () => "/var/trust" } } as unknown as Sandbox;
const config = (runtime: string, more: Partial<FunctionConfig> = {}): FunctionConfig =>
  ({ runtime, environment: {}, trustsThisMachine: true, ...more }) as FunctionConfig;
const variables = (fn: FunctionConfig): unknown => trusting(plan, fn, cache).ownVariables(sandbox);

test("each language has the variable that it goes by", () => {
  const [certificate, bundle] = ["/var/trust/certificate.pem", "/var/trust/bundle.pem"];
  expect(variables(config("nodejs22.x"))).toEqual({
    OWN: "1",
    NODE_EXTRA_CA_CERTS: certificate,
    LAMBDA_RUN_CERTIFICATE: certificate,
  });
  expect(variables(config("python3.13"))).toEqual({ OWN: "1", AWS_CA_BUNDLE: bundle });
  expect(variables(config("provided.al2023"))).toEqual({ OWN: "1", AWS_CA_BUNDLE: bundle, SSL_CERT_FILE: bundle });
  expect(trusting(plan, config("nodejs22.x"), cache).mounts).toEqual([
    { hostPath: trustFolder(cache), guestPath: "/var/trust" },
  ]);
});

test("the function's own word counts", () => {
  const own = config("python3.13", { environment: { AWS_CA_BUNDLE: "/var/task/own.pem" } });
  expect(variables(own)).toEqual({ OWN: "1" });
});

test("a function without a WebSocket API beside it, or without a certificate, is started as ever", () => {
  const { trustsThisMachine: _trusts, ...alone } = config("nodejs22.x");
  expect(trusting(plan, alone, cache)).toBe(plan);
  rmSync(join(trustFolder(cache), BUNDLE_FILE));
  expect(trusting(plan, config("nodejs22.x"), cache)).toBe(plan);
});
