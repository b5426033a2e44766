/**
 * Step Functions calls `aws-sdk:` integrations through version 2 of the AWS SDK for Java and shows the names of its classes:
 * members whose names begin with several capitals have one, `DbInstanceIdentifier` for the API's DBInstanceIdentifier, `Bool`
 * and `Nul` for the BOOL and NULL of DynamoDB (aws/aws-sdk-js#4294, aws/aws-sdk-js-v3#5423, boto/boto3#4253).
 */

/** The rule of that SDK's code generator: capitals at the beginning are one word, up to the last that begins another. */
export function javaName(member: string): string {
  // A word that Java keeps for itself.
  if (member === "NULL") return "Nul";
  const [capitals = ""] = /^[A-Z]+(?![a-z])/.exec(member) ?? [];
  return capitals.charAt(0) + capitals.slice(1).toLowerCase() + member.slice(capitals.length);
}
