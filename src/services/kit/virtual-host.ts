/**
 * What the Host header says: whether we may be called by that name at all, and which bucket or service it names.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
 *
 * A page in a browser can point a name of its own at 127.0.0.1 and so reach us past the same-origin rule (DNS
 * rebinding). It cannot do so with an IP address, nor with `localhost` and the names under it, which never leave the
 * machine. All other names have to be allowed in the options.
 */
import { isIP } from "node:net";

/** `localhost.localstack.cloud` resolves to 127.0.0.1 by public DNS; scripts of this field are full of it. */
const LOCAL_BASES = ["localhost", "localhost.localstack.cloud"];
/**
 * SDKs put it before the host of StartSyncExecution, TestState and StartLiveTail, whatever that host is. Before names that
 * nobody can register: an allowed `example.com` says nothing of `sync-example.com`.
 */
const OPERATION_PREFIX = /^(?:sync|streaming)-/;
const MAX_CACHED_HOSTS = 512;

export interface HostReading {
  readonly allowed: boolean;
  /** Name without the port, lower case. */
  readonly hostname: string;
  /** Bucket, when the host is `BUCKET.s3.localhost`, `BUCKET.s3.REGION.localhost` or `BUCKET.localhost`. */
  readonly bucket: string | undefined;
  /** What stands before the base name: `sqs.us-east-1` of `sqs.us-east-1.localhost`; empty when nothing does. */
  readonly prefix: string;
}

/** Reads hosts; the readings are kept, as a client sends the same one every time. */
export function createHostReader(extraHosts: readonly string[]): (host: string) => HostReading {
  const bases = [...LOCAL_BASES, ...extraHosts.map((host) => host.toLowerCase())].toSorted(
    (a, b) => b.length - a.length,
  );
  const known = new Map<string, HostReading>();
  return (host) => {
    const cached = known.get(host);
    if (cached !== undefined) return cached;
    if (known.size >= MAX_CACHED_HOSTS) known.clear();
    const reading = readHost(host, bases);
    known.set(host, reading);
    return reading;
  };
}

function readHost(host: string, bases: readonly string[]): HostReading {
  const match = /^(\[[0-9a-f:.]+\]|[^:/?#@\s]+)(?::\d{1,5})?$/i.exec(host);
  const hostname = (match?.[1] ?? "").toLowerCase().replace(/\.$/, "");
  const bare = hostname.replace(OPERATION_PREFIX, "");
  if (isIP(bare.replace(/^\[|\]$/g, "")) !== 0 || LOCAL_BASES.includes(bare))
    return { allowed: true, hostname, bucket: undefined, prefix: "" };
  for (const base of bases) {
    if (hostname === base) return { allowed: true, hostname, bucket: undefined, prefix: "" };
    if (hostname.endsWith(`.${base}`)) {
      const prefix = hostname.slice(0, -base.length - 1);
      return { allowed: true, hostname, bucket: bucketOf(prefix), prefix };
    }
  }
  return { allowed: false, hostname, bucket: undefined, prefix: "" };
}

function bucketOf(prefix: string): string | undefined {
  if (/^s3(?:[.-][a-z]{2}(?:-[a-z]+)+-\d)?$/.test(prefix)) return undefined;
  const named = /^(.+)\.s3(?:[.-][a-z]{2}(?:-[a-z]+)+-\d)?$/.exec(prefix);
  return named?.[1] ?? prefix;
}

/** Is this the origin of a page on this machine, or one that the options allow? */
export function isLocalOrigin(origin: string, allowed: ReadonlySet<string>): boolean {
  if (allowed.has(origin)) return true;
  const match = /^https?:\/\/(\[[0-9a-f:.]+\]|[^:/?#@]+)(?::\d{1,5})?$/i.exec(origin);
  const hostname = match?.[1]?.toLowerCase();
  if (hostname === undefined) return false;
  return (
    hostname === "localhost" ||
    hostname.endsWith(".localhost") ||
    hostname === "[::1]" ||
    /^127(?:\.\d{1,3}){3}$/.test(hostname)
  );
}

/** RFC 9112 3.2: such a request is refused, since whoever reads the other one sees another address. Node keeps the first. */
export function hasTwoHosts(rawHeaders: readonly string[]): boolean {
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 4 && name.toLowerCase() === "host") hosts += 1;
  }
  return hosts > 1;
}
