/** Addresses of somebody else's API, as EventBridge and Step Functions take them: HTTPS, and HTTP to this machine alone. */

/** Names of this machine and of a network of its own: no authority gives certificates for them. */
const LOCAL_HOST = /^([^.:]+|.+\.(localhost|internal)|127(\.\d{1,3}){3}|\[::1\])$/;

/** An asterisk may stand in the path, not in the host. */
export function isOutsideUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, hash } = new URL(text);
  if (username !== "" || hash !== "" || hostname.includes("*")) return false;
  return protocol === "https:" || (protocol === "http:" && LOCAL_HOST.test(hostname));
}
