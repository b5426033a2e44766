/**
 * The intrinsic functions that need nothing but their arguments.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
 */

/** One piece of a Fn::Sub text: plain text, or the name between `${` and `}`. */
export type SubPart = { readonly text: string } | { readonly name: string };

/** Cuts a Fn::Sub text. `${!Literal}` is the text `${Literal}`. */
export function subParts(template: string): SubPart[] {
  const parts: SubPart[] = [];
  let last = 0;
  for (const match of template.matchAll(/\$\{(!?)([^}]*)\}/g)) {
    parts.push({ text: template.slice(last, match.index) });
    const [whole, literal, name = ""] = match;
    parts.push(literal === "!" ? { text: `\${${name}}` } : { name });
    last = match.index + whole.length;
  }
  parts.push({ text: template.slice(last) });
  return parts;
}

/** What CloudFormation accepts between the braces. */
export const isSubName = (name: string): boolean => /^[\w.:]+$/.test(name);

const toNumber = (address: string): bigint | undefined => {
  const octets = address.split(".").map(Number);
  if (octets.length !== 4 || octets.some((octet) => !Number.isInteger(octet) || octet < 0 || octet > 255))
    return undefined;
  return octets.reduce((sum, octet) => sum * 256n + BigInt(octet), 0n);
};

const toAddress = (value: bigint): string => [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join(".");

/** Fn::Cidr for IPv4: `count` blocks of 2^bits addresses. Undefined when the block is not IPv4 or too small. */
export function cidrBlocks(block: string, count: number, bits: number): string[] | undefined {
  const [address = "", prefix = ""] = block.split("/");
  const base = toNumber(address);
  const length = Number(prefix);
  if (base === undefined || !Number.isInteger(length) || length < 0 || length > 32 || bits < 1 || bits > 32)
    return undefined;
  const size = 1n << BigInt(bits);
  const start = base & ~((1n << BigInt(32 - length)) - 1n);
  if (size * BigInt(count) > 1n << BigInt(32 - length)) return undefined;
  return Array.from({ length: count }, (_, i) => `${toAddress(start + size * BigInt(i))}/${32 - bits}`);
}

/** Local stacks know three zones in every region. */
export const availabilityZones = (region: string): string[] => ["a", "b", "c"].map((zone) => `${region}${zone}`);
