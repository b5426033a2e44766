/**
 * One thing that the validator has to say of a definition, as ValidateStateMachineDefinition answers it.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinitionDiagnostic.html
 */
export interface Diagnostic {
  readonly severity: "ERROR" | "WARNING";
  /** `SCHEMA_VALIDATION_FAILED`, `MISSING_TRANSITION_TARGET` ... */
  readonly code: string;
  readonly message: string;
  /** Pointer to the member: `/States/Name/Next`. */
  readonly location?: string | undefined;
}
