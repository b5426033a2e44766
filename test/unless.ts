/** Tests that not every machine can run. */

/** `it`; when there is a reason against it, a skipped one whose title tells the reason. */
export function itUnless(reason: string | undefined): (...test: Parameters<jest.It>) => void {
  return reason === undefined
    ? it
    : (title, body, timeoutMs) => it.skip(`${title} (skipped: ${reason})`, body, timeoutMs);
}

/** Why a test that looks into /proc or makes namespaces cannot run here. */
export const NOT_LINUX = process.platform === "linux" ? undefined : `${process.platform} is not Linux`;
