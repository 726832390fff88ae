import type { KubeObject } from '@kapell/openapi/meta/object'
import type { MutatingPolicySpec } from '../../cel/admission/mutating-policy.ts'
import type { PolicySpec } from '../../cel/admission/policy.ts'
import type { MatchShape } from '../dynamic/request-matcher.ts'
import type { LabelSelectorShape, MatchCondition } from '../dynamic/types.ts'

/** Policies and bindings as they are stored: defaulted. Source: API reference, "ValidatingAdmissionPolicy". */

interface CommonSpec {
  failurePolicy?: string
  paramKind?: { apiVersion: string; kind: string }
  matchConstraints?: MatchShape
  matchConditions?: MatchCondition[]
}

export interface ValidatingPolicy extends KubeObject {
  spec?: CommonSpec & PolicySpec
}

export interface MutatingPolicy extends KubeObject {
  spec?: CommonSpec & MutatingPolicySpec & { reinvocationPolicy?: string }
}

export interface ParamRef {
  name?: string
  namespace?: string
  selector?: LabelSelectorShape
  parameterNotFoundAction?: string
}

export interface Binding extends KubeObject {
  spec?: { policyName: string; paramRef?: ParamRef; matchResources?: MatchShape; validationActions?: string[] }
}
