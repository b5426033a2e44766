/** The ten seconds of INIT, in real time: they guard a real process. */
import { bodyOf, FunctionHost } from "../function-host.js";

const functions = new FunctionHost();
afterAll(() => functions.close());

test("an INIT of more than ten seconds is cut, and tried again inside the invocation", async () => {
  const config = functions.function("node", "slow-load.handler", { environment: { LOAD_MS: "10300" } });
  // A timer may fire a little early, as this clock has it; the report never says less than the limit.
  const now = performance.now.bind(performance);
  const clock = jest.spyOn(performance, "now").mockImplementation(() => now() * 0.999);
  const result = await functions.invoke(config).finally(() => clock.mockRestore());
  expect(bodyOf(result)).toBe("loaded in the second try");
  const reports = functions.lines(config).filter((line) => line.startsWith("INIT_REPORT"));
  expect(reports).toEqual([
    expect.stringMatching(/^INIT_REPORT Init Duration: 1\d{4}\.\d\d ms\tPhase: init\tStatus: timeout$/),
  ]);
});
