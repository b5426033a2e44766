import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { configSchema } from "../../../src/config/schema.js";

interface Service {
  readonly image: string;
  readonly ports: readonly string[];
  readonly volumes: readonly string[];
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}
const compose = parse(readFileSync(join(__dirname, "../../../docker-compose.yml"), "utf8")) as Compose;

describe("docker-compose.yml", () => {
  it("uses only keys that both generations of Compose know", () => {
    // `version` is obsolete in the second; `name`, `include` and `configs` are unknown to the first.
    expect(Object.keys(compose).sort()).toEqual(["services", "volumes"]);
    const known = new Set(["image", "command", "environment", "ports", "volumes", "restart"]);
    for (const service of Object.values(compose.services))
      expect(Object.keys(service).filter((key) => !known.has(key))).toEqual([]);
  });

  it("opens its ports to this machine only, and none of those that lambda-run takes", () => {
    const ports = Object.values(compose.services).flatMap((service) => service.ports);
    expect(ports).not.toEqual([]);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:(?!4566:|3000:)\d+:\d+$/);
  });

  it("names the images that the containers backend has as defaults, and declares its volumes", () => {
    const { minio, localstack } = configSchema.parse({}).containers;
    expect(compose.services["minio"]?.image).toBe(`\${MINIO_IMAGE:-${minio.image}}`);
    expect(compose.services["localstack"]?.image).toBe(`\${LOCALSTACK_IMAGE:-${localstack.image}}`);
    const used = Object.values(compose.services).flatMap(({ volumes }) =>
      volumes.map((volume) => volume.split(":")[0]),
    );
    expect(new Set(used)).toEqual(new Set(Object.keys(compose.volumes)));
  });
});
