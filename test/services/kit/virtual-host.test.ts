/** Host names by which the gateway may be called. */
import { createHostReader } from "../../../src/services/kit/virtual-host.js";

test("what SDKs put before a host does not make it another, unless somebody could own that name", () => {
  const read = createHostReader(["example.com"]);
  const allowed = (...hosts: string[]): boolean[] => hosts.map((host) => read(host).allowed);
  expect(allowed("sync-localhost:4566", "sync-127.0.0.1:4566", "streaming-localhost", "sync-states.localhost")).toEqual(
    [true, true, true, true],
  );
  expect(read("sync-localhost:4566").bucket).toBeUndefined();
  expect(allowed("example.com", "sync-example.com", "other-localhost", "sync-sync-localhost")).toEqual([
    true,
    false,
    false,
    false,
  ]);
});
