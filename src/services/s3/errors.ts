/**
 * S3's errors, with the texts that AWS sends.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html; texts and members compared with recordings of
 * AWS in public test suites (2024-2026).
 */
import { AwsError } from "../kit/aws-error.js";

type Members = Readonly<Record<string, unknown>>;

const make = (code: string, statusCode: number, message: string, members: Members = {}): AwsError =>
  new AwsError(code, message, { statusCode, members });

export const accessDenied = (message = "Access Denied"): AwsError => make("AccessDenied", 403, message);

export const noSuchBucket = (bucket: string): AwsError =>
  make("NoSuchBucket", 404, "The specified bucket does not exist", { BucketName: bucket });

export const invalidBucketName = (bucket: string): AwsError =>
  make("InvalidBucketName", 400, "The specified bucket is not valid.", { BucketName: bucket });

export const bucketAlreadyOwnedByYou = (bucket: string): AwsError =>
  make(
    "BucketAlreadyOwnedByYou",
    409,
    "Your previous request to create the named bucket succeeded and you already own it.",
    { BucketName: bucket },
  );

export const bucketNotEmpty = (bucket: string, versioned: boolean): AwsError =>
  make(
    "BucketNotEmpty",
    409,
    `The bucket you tried to delete is not empty${versioned ? ". You must delete all versions in the bucket." : ""}`,
    { BucketName: bucket },
  );

export const noSuchKey = (key: string, headers: Readonly<Record<string, string>> = {}): AwsError =>
  new AwsError("NoSuchKey", "The specified key does not exist.", { statusCode: 404, members: { Key: key }, headers });

export const noSuchVersion = (key: string, versionId: string): AwsError =>
  make("NoSuchVersion", 404, "The specified version does not exist.", { Key: key, VersionId: versionId });

export const noSuchUpload = (uploadId: string): AwsError =>
  make(
    "NoSuchUpload",
    404,
    "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
    { UploadId: uploadId },
  );

export const keyTooLong = (size: number, maxSize: number): AwsError =>
  make("KeyTooLongError", 400, "Your key is too long", { Size: size, MaxSizeAllowed: maxSize });

export const invalidUri = (uri: string): AwsError =>
  make("InvalidURI", 400, "Couldn't parse the specified URI.", { URI: uri });

export const invalidArgument = (message: string, name: string, value?: string): AwsError =>
  make("InvalidArgument", 400, message, { ArgumentName: name, ArgumentValue: value });

/** Where notifications cannot go, and why. */
export const invalidDestinations = (faults: readonly (readonly [arn: string, reason: string])[]): AwsError =>
  make(
    "InvalidArgument",
    400,
    "Unable to validate the following destination configurations",
    Object.fromEntries(
      faults.flatMap(([arn, reason], index) => [
        [`ArgumentName${index + 1}`, arn],
        [`ArgumentValue${index + 1}`, reason],
      ]),
    ),
  );

export const invalidRequest = (message: string): AwsError => make("InvalidRequest", 400, message);

export const malformedXml = (cause?: unknown): AwsError =>
  new AwsError(
    "MalformedXML",
    "The XML you provided was not well-formed or did not validate against our published schema",
    {
      cause,
    },
  );

/** An operation that AWS has and we have not: refused by name. */
export const operationNotImplemented = (operation: string): AwsError =>
  make("NotImplemented", 501, `The operation ${operation} is not emulated by lambda-run.`);

export const headerNotImplemented = (header: string, additionalMessage: string): AwsError =>
  make("NotImplemented", 501, "A header you provided implies functionality that is not implemented", {
    Header: header,
    additionalMessage,
  });

export const methodNotAllowed = (
  method: string,
  resourceType: string,
  allow: string,
  headers: Readonly<Record<string, string>> = {},
): AwsError =>
  new AwsError("MethodNotAllowed", "The specified method is not allowed against this resource.", {
    statusCode: 405,
    members: { Method: method, ResourceType: resourceType },
    headers: { Allow: allow, ...headers },
  });

export const preconditionFailed = (condition: string): AwsError =>
  make("PreconditionFailed", 412, "At least one of the pre-conditions you specified did not hold", {
    Condition: condition,
  });

export const conditionalRequestConflict = (condition: string, key: string): AwsError =>
  make(
    "ConditionalRequestConflict",
    409,
    "The conditional request cannot succeed due to a conflicting operation against this resource.",
    { Condition: condition, Key: key },
  );

export const invalidRange = (range: string, size: number): AwsError =>
  make("InvalidRange", 416, "The requested range is not satisfiable", {
    RangeRequested: range,
    ActualObjectSize: size,
  });

export const missingContentLength = (): AwsError =>
  make("MissingContentLength", 411, "You must provide the Content-Length HTTP header.");

export const incompleteBody = (): AwsError =>
  make("IncompleteBody", 400, "You did not provide the number of bytes specified by the Content-Length HTTP header.");

export const entityTooLarge = (size: number, maxSize: number): AwsError =>
  make("EntityTooLarge", 400, "Your proposed upload exceeds the maximum allowed size", {
    ProposedSize: size,
    MaxSizeAllowed: maxSize,
  });

export const entityTooSmall = (size: number, minSize: number, partNumber: number, eTag: string): AwsError =>
  make("EntityTooSmall", 400, "Your proposed upload is smaller than the minimum allowed size", {
    ProposedSize: size,
    MinSizeAllowed: minSize,
    PartNumber: partNumber,
    ETag: eTag,
  });

export const invalidPart = (uploadId: string, partNumber: number, eTag: string): AwsError =>
  make(
    "InvalidPart",
    400,
    "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
    { UploadId: uploadId, PartNumber: partNumber, ETag: eTag },
  );

export const invalidPartOrder = (uploadId: string): AwsError =>
  make("InvalidPartOrder", 400, "The list of parts was not in ascending order. Parts must be ordered by part number.", {
    UploadId: uploadId,
  });

export const invalidDigest = (contentMd5: string): AwsError =>
  make("InvalidDigest", 400, "The Content-MD5 you specified was invalid.", { "Content-MD5": contentMd5 });

export const badMd5 = (expected: string, calculated: string): AwsError =>
  make("BadDigest", 400, "The Content-MD5 you specified did not match what we received.", {
    ExpectedDigest: expected,
    CalculatedDigest: calculated,
  });

export const badChecksum = (algorithm: string): AwsError =>
  make("BadDigest", 400, `The ${algorithm} you specified did not match the calculated checksum.`);

export const checksumNotImplemented = (algorithm: string): AwsError =>
  make("NotImplemented", 501, `Checksums by ${algorithm} are not emulated by lambda-run.`);

export const metadataTooLarge = (size: number, maxSize: number): AwsError =>
  make("MetadataTooLarge", 400, "Your metadata headers exceed the maximum allowed metadata size", {
    Size: size,
    MaxSizeAllowed: maxSize,
  });

export const invalidTag = (message: string, tagKey?: string): AwsError =>
  make("InvalidTag", 400, message, { TagKey: tagKey });

export const messageTooLong = (maxBytes: number): AwsError =>
  make("MaxMessageLengthExceeded", 400, "Your request was too big.", { MaxMessageLengthBytes: maxBytes });

/** A configuration that was asked for and is not there. */
export const noSuchConfiguration = (code: string, message: string, bucket: string): AwsError =>
  make(code, 404, message, { BucketName: bucket });
