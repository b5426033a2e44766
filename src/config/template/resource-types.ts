/**
 * What Ref and Fn::GetAtt give for each resource type that this application model knows.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
 */
import { arnOf } from "../../shared/arn.js";
import { API_TYPES } from "./api-resource-types.js";
import {
  arn,
  awsUrl,
  name,
  named,
  part,
  seedOf,
  uuidOf,
  type Attribute,
  type ResourceType,
  type Subject,
} from "./resource-type.js";
import { stableCode } from "./physical-name.js";

/** What CloudFormation says of a resource's making. */
const MADE_AT = "2026-01-01T00:00:00.000Z";
/** A table's stream is named by the time of its making; local tables share one. */
const STREAM_LABEL = "2026-01-01T00:00:00.000";
export const streamArnOf = (tableArn: string): string => `${tableArn}/stream/${STREAM_LABEL}`;

/** The ARN of a consumer ends with the second of its making; local ones share one. */
const CONSUMER_SECONDS = Date.UTC(2026, 0) / 1000;

const functionArn: Attribute = ({ realm, name }) => arnOf.function(realm, name);
const lambdaFunction: ResourceType = {
  nameProperty: "FunctionName",
  nameForm: named(64, "mixed"),
  ref: name,
  attributes: {
    Arn: functionArn,
    Version: ({ realm, name }) => arnOf.function(realm, name, "1"),
    Alias: (subject) => arnOf.function(subject.realm, subject.name, subject.text("AutoPublishAlias") ?? "live"),
    "SnapStartResponse.ApplyOn": (subject) => subject.text("SnapStart.ApplyOn") ?? "None",
    "SnapStartResponse.OptimizationStatus": () => "Off",
  },
};

const tableArn: Attribute = ({ realm, name }) => arnOf.table(realm, name);
const table: ResourceType = {
  nameProperty: "TableName",
  nameForm: named(255),
  ref: name,
  attributes: {
    Arn: tableArn,
    StreamArn: ({ realm, name }) => streamArnOf(arnOf.table(realm, name)),
    TableId: (subject) => uuidOf(seedOf(subject)),
  },
};

const stateMachineArn = arn("states", (machine) => `stateMachine:${machine}`);
const stateMachine = (nameProperty: string): ResourceType => ({
  nameProperty,
  nameForm: { maxLength: 80, letters: "mixed", withoutStack: true },
  ref: stateMachineArn,
  attributes: { Arn: stateMachineArn, Name: name, StateMachineRevisionId: () => "INITIAL" },
});
const activityArn = arn("states", (activity) => `activity:${activity}`);

const layerArn: Attribute = ({ realm, name }) => arnOf.layer(realm, name, 1);
const layer: ResourceType = {
  nameProperty: "LayerName",
  nameForm: named(140),
  ref: layerArn,
  attributes: { LayerVersionArn: layerArn, Arn: layerArn },
};

const topicArn: Attribute = ({ realm, name }) => arnOf.topic(realm, name);
const queueUrl: Attribute = ({ realm, name }) => awsUrl.queue(realm, name);
const SECRET_SUFFIX_LENGTH = 6;
const secretArn: Attribute = (subject) =>
  `arn:aws:secretsmanager:${subject.realm.region}:${subject.realm.accountId}:secret:${subject.name}-${stableCode(seedOf(subject), SECRET_SUFFIX_LENGTH, "mixed")}`;
const keyArn = arn("kms", (id) => `key/${id}`);

export const RESOURCE_TYPES: Readonly<Record<string, ResourceType>> = {
  "AWS::Serverless::Function": lambdaFunction,
  "AWS::Lambda::Function": lambdaFunction,
  "AWS::Lambda::Url": {
    id: (subject) => stableCode(`${seedOf(subject)}/url`, 32, "lower"),
    ref: urlTargetArn,
    attributes: { FunctionUrl: ({ realm, name }) => awsUrl.functionUrl(realm, name), FunctionArn: urlTargetArn },
  },
  "AWS::Lambda::Version": {
    id: () => "1",
    ref: versionArn,
    attributes: { Version: () => "1", FunctionArn: versionArn },
  },
  "AWS::Lambda::Alias": {
    nameProperty: "Name",
    ref: aliasArn,
    attributes: { AliasArn: aliasArn },
  },
  "AWS::Lambda::LayerVersion": layer,
  "AWS::Serverless::LayerVersion": layer,
  "AWS::Lambda::EventSourceMapping": {
    id: (subject) => uuidOf(seedOf(subject)),
    ref: name,
    attributes: { Id: name, EventSourceMappingArn: arn("lambda", (id) => `event-source-mapping:${id}`) },
  },
  "AWS::Lambda::Permission": part(12, "Id"),
  "AWS::Lambda::EventInvokeConfig": part(12, "Id"),
  "AWS::S3::Bucket": {
    nameProperty: "BucketName",
    nameForm: named(63, "lower"),
    ref: name,
    attributes: {
      Arn: ({ name }) => arnOf.bucket(name),
      DomainName: ({ name }) => `${name}.s3.amazonaws.com`,
      RegionalDomainName: ({ name, realm }) => `${name}.s3.${realm.region}.amazonaws.com`,
      DualStackDomainName: ({ name, realm }) => `${name}.s3.dualstack.${realm.region}.amazonaws.com`,
      WebsiteURL: ({ name, realm }) => `http://${name}.s3-website-${realm.region}.amazonaws.com`,
    },
  },
  "AWS::S3::BucketPolicy": part(12),
  "AWS::SQS::Queue": {
    nameProperty: "QueueName",
    nameForm: named(80),
    ref: queueUrl,
    attributes: { Arn: ({ realm, name }) => arnOf.queue(realm, name), QueueName: name, QueueUrl: queueUrl },
  },
  "AWS::SQS::QueuePolicy": part(12, "Id"),
  "AWS::DynamoDB::Table": table,
  "AWS::DynamoDB::GlobalTable": table,
  "AWS::Serverless::SimpleTable": table,
  "AWS::SNS::Topic": {
    nameProperty: "TopicName",
    nameForm: named(256),
    ref: topicArn,
    attributes: { TopicArn: topicArn, TopicName: name },
  },
  "AWS::SNS::Subscription": {
    id: (subject) => uuidOf(seedOf(subject)),
    ref: subscriptionArn,
    attributes: { Arn: subscriptionArn },
  },
  "AWS::SNS::TopicPolicy": part(12, "Id"),
  "AWS::SecretsManager::Secret": {
    nameProperty: "Name",
    nameForm: { maxLength: 512, letters: "mixed", withoutStack: true },
    ref: secretArn,
    attributes: { Id: secretArn },
  },
  "AWS::SSM::Parameter": {
    nameProperty: "Name",
    nameForm: { maxLength: 2048, letters: "mixed" },
    ref: name,
    attributes: {
      Type: (subject) => subject.text("Type") ?? "String",
      Value: (subject) => subject.text("Value") ?? "",
    },
  },
  "AWS::Events::EventBus": {
    nameProperty: "Name",
    nameForm: named(256),
    ref: name,
    attributes: { Arn: ({ realm, name }) => arnOf.eventBus(realm, name), Name: name },
  },
  "AWS::Events::Connection": {
    nameProperty: "Name",
    nameForm: named(64),
    ref: name,
    attributes: {
      Arn: (subject) => arnOf.connection(subject.realm, subject.name, uuidOf(seedOf(subject))),
      ArnForPolicy: arn("events", (connection) => `connection/${connection}`),
      SecretArn: connectionSecretArn,
    },
  },
  "AWS::Events::ApiDestination": {
    nameProperty: "Name",
    nameForm: named(64),
    ref: name,
    attributes: {
      Arn: (subject) => arnOf.apiDestination(subject.realm, subject.name, uuidOf(seedOf(subject))),
      ArnForPolicy: arn("events", (destination) => `api-destination/${destination}`),
    },
  },
  "AWS::Events::Rule": { nameProperty: "Name", nameForm: named(64), ref: name, attributes: { Arn: ruleArn } },
  "AWS::Scheduler::Schedule": {
    nameProperty: "Name",
    nameForm: named(64),
    ref: name,
    attributes: { Arn: scheduleArn },
  },
  "AWS::Scheduler::ScheduleGroup": {
    nameProperty: "Name",
    nameForm: named(64),
    ref: name,
    attributes: { Arn: arn("scheduler", (group) => `schedule-group/${group}`) },
  },
  "AWS::Pipes::Pipe": {
    nameProperty: "Name",
    nameForm: named(64),
    ref: name,
    attributes: {
      Arn: ({ realm, name }) => arnOf.pipe(realm, name),
      CurrentState: (subject) => subject.text("DesiredState") ?? "RUNNING",
      StateReason: () => "",
      CreationTime: () => MADE_AT,
      LastModifiedTime: () => MADE_AT,
    },
  },
  "AWS::StepFunctions::StateMachine": stateMachine("StateMachineName"),
  "AWS::Serverless::StateMachine": stateMachine("Name"),
  "AWS::StepFunctions::StateMachineVersion": {
    id: () => "1",
    ref: machineVersionArn,
    attributes: { Arn: machineVersionArn },
  },
  "AWS::StepFunctions::StateMachineAlias": {
    nameProperty: "Name",
    ref: machineAliasArn,
    attributes: { Arn: machineAliasArn },
  },
  "AWS::StepFunctions::Activity": {
    nameProperty: "Name",
    nameForm: named(80),
    ref: activityArn,
    attributes: { Arn: activityArn, Name: name },
  },
  "AWS::IAM::Role": {
    nameProperty: "RoleName",
    nameForm: named(64, "mixed"),
    ref: name,
    attributes: {
      Arn: (subject) => `arn:aws:iam::${subject.realm.accountId}:role${subject.text("Path") ?? "/"}${subject.name}`,
      RoleId: (subject) => `AROA${stableCode(seedOf(subject), 17, "upper")}`,
    },
  },
  "AWS::IAM::Policy": part(12, "Id"),
  "AWS::IAM::ManagedPolicy": {
    nameProperty: "ManagedPolicyName",
    nameForm: named(128),
    ref: policyArn,
    attributes: { PolicyArn: policyArn },
  },
  "AWS::Logs::LogGroup": {
    nameProperty: "LogGroupName",
    nameForm: named(512, "mixed"),
    ref: name,
    attributes: { Arn: ({ realm, name }) => `${arnOf.logGroup(realm, name)}:*` },
  },
  "AWS::Logs::SubscriptionFilter": {
    nameProperty: "FilterName",
    nameForm: named(512, "mixed"),
    ref: name,
    attributes: {},
  },
  "AWS::CloudWatch::Alarm": {
    nameProperty: "AlarmName",
    nameForm: named(255),
    ref: name,
    attributes: { Arn: ({ realm, name }) => arnOf.alarm(realm, name) },
  },
  "AWS::Kinesis::Stream": {
    nameProperty: "Name",
    nameForm: named(128),
    ref: name,
    attributes: { Arn: ({ realm, name }) => arnOf.stream(realm, name) },
  },
  "AWS::Kinesis::StreamConsumer": {
    id: (subject) => `${subject.text("StreamARN")}/consumer/${subject.text("ConsumerName")}:${CONSUMER_SECONDS}`,
    ref: name,
    attributes: {
      ConsumerARN: name,
      ConsumerName: (subject) => subject.text("ConsumerName") ?? "",
      ConsumerStatus: () => "ACTIVE",
      ConsumerCreationTimestamp: () => String(CONSUMER_SECONDS),
      StreamARN: (subject) => subject.text("StreamARN") ?? "",
    },
  },
  ...API_TYPES,
  "AWS::KMS::Key": { id: (subject) => uuidOf(seedOf(subject)), ref: name, attributes: { Arn: keyArn, KeyId: name } },
};

/** ARN of the function that a version, alias or URL belongs to. */
function targetArn(subject: Subject, property: string): string {
  const target = subject.text(property) ?? "";
  return target.startsWith("arn:") ? target : arnOf.function(subject.realm, target);
}
function urlTargetArn(subject: Subject): string {
  return targetArn(subject, "TargetFunctionArn");
}
function versionArn(subject: Subject): string {
  return `${targetArn(subject, "FunctionName")}:1`;
}
function aliasArn(subject: Subject): string {
  return `${targetArn(subject, "FunctionName")}:${subject.name}`;
}
function machineVersionArn(subject: Subject): string {
  return `${subject.text("StateMachineArn") ?? ""}:${subject.name}`;
}
/** An alias says no machine, only versions. */
function machineAliasArn(subject: Subject): string {
  const version =
    subject.text("DeploymentPreference.StateMachineVersionArn") ??
    subject.text("RoutingConfiguration.0.StateMachineVersionArn") ??
    "";
  return `${version.slice(0, version.lastIndexOf(":"))}:${subject.name}`;
}
function subscriptionArn(subject: Subject): string {
  return `${subject.text("TopicArn") ?? ""}:${subject.name}`;
}
function policyArn({ realm, name }: Subject): string {
  return `arn:aws:iam::${realm.accountId}:policy/${name}`;
}
function ruleArn(subject: Subject): string {
  const bus = (subject.text("EventBusName") ?? "default").replace(/^arn:.*:event-bus\//, "");
  const path = bus === "default" ? subject.name : `${bus}/${subject.name}`;
  return `arn:aws:events:${subject.realm.region}:${subject.realm.accountId}:rule/${path}`;
}
/** EventBridge makes the secret, under a name of its own. */
function connectionSecretArn(subject: Subject): string {
  const seed = `${seedOf(subject)}/secret`;
  const secret = `events!connection/${subject.name}/${uuidOf(seed)}-${stableCode(seed, 6, "mixed")}`;
  return `arn:aws:secretsmanager:${subject.realm.region}:${subject.realm.accountId}:secret:${secret}`;
}
function scheduleArn(subject: Subject): string {
  return `arn:aws:scheduler:${subject.realm.region}:${subject.realm.accountId}:schedule/${subject.text("GroupName") ?? "default"}/${subject.name}`;
}
